"""The data itself: copied, put back, sealed anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from commands.front import settings_of

if TYPE_CHECKING:
    from engine.settings import Settings


@click.command()
@click.argument("file")
@click.pass_context
def backup(context: click.Context, file: str) -> None:
    """A copy of all data, made while serving, and checked. It opens only with the encryption_key: keep that apart from it.

    Example: python run.py backup /backups/doorstep-monday.db
    """
    from storage.sqlite_backup import back_up

    settings = settings_of(context, "backup")
    made = back_up(_file_of(settings), _keys(settings), file, datetime.now(UTC))
    click.echo(f"{file}: {made.orders} orders, {made.megabytes} MB. Checked.")


@click.command()
@click.argument("file")
@click.option("--force", is_flag=True, help="Replace newer data too; it is kept beside the restored.")
@click.pass_context
def restore(context: click.Context, file: str, force: bool) -> None:
    """Puts a backup in the place of the database. Stop serve first; nothing that was sent meanwhile is sent again.

    Example: python run.py restore /backups/doorstep-monday.db
    """
    from storage.sqlite_backup import restore as put_back

    settings = settings_of(context, "restore")
    made, kept = put_back(file, _keys(settings), _file_of(settings), datetime.now(UTC), force=force)
    click.echo(f"Restored: {made.orders} orders, of {made.at:%Y-%m-%d %H:%M} UTC.")
    if kept is not None:
        click.echo(f"What stood there before is {kept}: delete it when all is well, it holds personal data.")
    click.echo(
        "Start serve: it fetches what came since, and asks the providers before it sends anything a second time."
    )
    click.echo("A shop that uses POST /orders: send its orders since the backup again; known ones change nothing.")


@click.command("rotate-key")
@click.pass_context
def rotate_key(context: click.Context) -> None:
    """Wraps everything by a new encryption_key. First put the old one into storage.old_keys, and restart serve with both.

    Example: python run.py rotate-key
    """
    settings = settings_of(context, "rotate-key")
    if not settings.storage.old_keys:
        raise click.ClickException(
            "storage.old_keys is empty: put the former key there, and the new one into encryption_key."
        )

    def progress(kind: str, many: int) -> None:
        click.echo(f"  {kind}: {many}", err=True)

    path = settings.storage.path
    done = (
        _rotate_file(settings, path, progress) if path is not None else asyncio.run(_rotate_mongo(settings, progress))
    )
    click.echo(
        f"Wrapped anew: {done} keys. The old key opens nothing any more; links that customers hold still need it."
    )
    click.echo("Take it out of storage.old_keys in a week, and make a backup: older ones open only with the old key.")


def _rotate_file(settings: Settings, path: str, progress: Callable[[str, int], None]) -> int:
    from storage.sqlite_keys import rotate_file

    return rotate_file(path, _keys(settings), progress)


async def _rotate_mongo(settings: Settings, progress: Callable[[str, int], None]) -> int:
    from storage.mongo import MongoStore

    storage = settings.storage
    store = MongoStore(storage.url.reveal(), storage.key(), old_keys=storage.former_keys())
    try:
        return await store.rotate(progress)
    finally:
        await store.close()


def _keys(settings: Settings) -> tuple[bytes, ...]:
    return settings.storage.key(), *settings.storage.former_keys()


def _file_of(settings: Settings) -> str:
    if settings.storage.path is None:
        raise click.ClickException(
            "Backup and restore are for SQLite. For MongoDB use its own mongodump and mongorestore."
        )
    return settings.storage.path
