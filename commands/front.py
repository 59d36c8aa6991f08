"""What every command needs: the settings or all their faults at once, the shop that is meant, the store."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.settings import Settings, Shop
    from storage.mongo import MongoStore
    from storage.sqlite import SqliteStore


def settings_of(context: click.Context, command: str) -> Settings:
    """The settings, or every fault at once and exit 1."""
    from engine.settings import BadSettings, load, unset

    try:
        settings = load(context.obj, os.environ)
        faults = unset(settings, command)
    except BadSettings as error:
        faults = list(error.faults)
    if faults:
        for fault in faults:
            click.echo(str(fault), err=True)
        raise SystemExit(1)
    return settings


#: Why nobody can listen there.
NO_PORT = {
    errno.EADDRINUSE: "another program listens there, perhaps a Doorstep that runs already",
    errno.EACCES: "ports below 1024 are for the system's administrator",
}
OTHER_PORT = "Another one: `listen` in the settings for serve, --port (make run PORT=8081) for the sandbox"


class Plain(click.Group):
    """What is wrong with the house or with what was typed is said in one line, without a traceback or a usage page."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise _said(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        from engine.ports import ServiceError

        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise _said(error) from None
        except ServiceError as error:
            click.echo(f"doorstep: {error}", err=True)
            raise SystemExit(1) from None
        except OSError as error:
            if error.errno not in NO_PORT:
                raise
            click.echo(f"doorstep: the port cannot be used: {NO_PORT[error.errno]}. {OTHER_PORT}", err=True)
            raise SystemExit(1) from None


def _said(error: click.ClickException) -> Exception:
    """The end of the command, its error said in one line with the way to the help; nothing typed at all is answered by the help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    line = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        line += f" (see {error.ctx.command_path} --help)"
    click.echo(f"doorstep: {line}", err=True)
    return click.exceptions.Exit(error.exit_code)


def past_of(settings: Settings) -> SqliteStore:
    """The store with the shop's past, opened."""
    from storage.opening import open_store
    from storage.sqlite import SqliteStore

    kept = settings.storage
    store = open_store(kept.path or kept.url.reveal(), kept.key(), lambda why: None, kept.former_keys())
    if not isinstance(store, SqliteStore):
        raise click.ClickException("The history is kept in SQLite only: set storage.url to sqlite:///data/doorstep.db")
    return store


def people_of(settings: Settings) -> SqliteStore | MongoStore:
    """The store with what is held about people, opened."""
    from storage.opening import open_store

    kept = settings.storage
    return open_store(kept.path or kept.url.reveal(), kept.key(), lambda why: None, kept.former_keys())


def shop_of(settings: Settings, shop: str | None) -> Shop:
    """The shop that is meant, the only one where there is one. Raises UsageError."""
    known = [s.id for s in settings.shops]
    if shop is None and len(known) > 1:
        raise click.UsageError(f"Which shop? Say --shop and one of: {', '.join(known)}")
    if shop is not None and shop not in known:
        raise click.UsageError(f"There is no shop {shop}. Shops: {', '.join(known)}")
    return settings.shop(shop or known[0])
