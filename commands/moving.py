"""A live shop's data, moved."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.front import settings_of

if TYPE_CHECKING:
    from engine.settings.model import Storage


@click.command()
@click.option(
    "--to", "target", required=True, help="mongodb://host/database. The data is sealed with the same encryption_key."
)
@click.pass_context
def migrate(context: click.Context, target: str) -> None:
    """A shop's data to another storage. May be broken off and run again; run it once while serving, and once after.

    Example: python run.py migrate --to mongodb://127.0.0.1/doorstep
    """
    from engine.ports import ServiceError

    settings = settings_of(context, "migrate")
    if settings.storage.path is None or not target.startswith(("mongodb://", "mongodb+srv://")):
        raise click.ClickException("A move goes from storage.url sqlite:///... to --to mongodb://host/database.")
    try:
        same, ended = asyncio.run(_migrate(settings.storage.path, target, settings.storage))
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    if ended and same:
        click.echo(f"Moved. Set storage.url to {target.partition('?')[0].rpartition('@')[2]} and start serve.")
    elif not ended:
        click.echo("Copied while the shop is being served. Stop serve and run this again: it copies only what changed.")
    else:
        click.echo("The two sides differ. Run this again; nothing was changed at the source.", err=True)
    raise SystemExit(0 if same or not ended else 1)


async def _migrate(path: str, target: str, storage: Storage) -> tuple[bool, bool]:
    """(both sides are the same, and nobody served the source meanwhile)."""
    from engine.migrating import move
    from engine.ports import StoreUnavailable
    from storage.mongo import MongoStore
    from storage.serving_lock import ServingLock
    from storage.sqlite_moving import SqliteSource

    if not Path(path).exists():
        raise click.ClickException(f"There is no {path} to move.")
    key, former = storage.key(), storage.former_keys()
    lock, source = ServingLock(path), SqliteSource(path, key, former)
    store = MongoStore(target, key, old_keys=former)
    last = True
    try:
        lock.take()
    except StoreUnavailable:
        last = False
    try:
        report = await move(
            source,
            store.moving(source.index()),
            last=last,
            progress=lambda kind, many: click.echo(f"  {kind}: {many}", err=True),
        )
    finally:
        source.close()
        await store.close()
        lock.release()
    for moved in report:
        click.echo(
            f"{moved.kind:<16} {moved.count:>9}  copied {moved.copied:>9}  {'same' if moved.same else 'DIFFERS'}"
        )
    return all(moved.same for moved in report), last
