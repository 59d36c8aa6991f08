"""What couriers say who have no API."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from commands.front import settings_of, shop_of
from commands.history import pairs


@click.command("import-events")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask after the preview.")
@click.option("--map", "columns", multiple=True, callback=pairs, help="field=column, where names do not tell.")
@click.option(
    "--event", "events", multiple=True, callback=pairs, help="word=event[:reason], for words of this courier."
)
@click.option("--encoding", default=None, help="Where it is taken for another.")
@click.option("--delimiter", default=None, help="Where it is taken for another.")
@click.option("--url", default=None, help="Where the service listens, if not as the settings say.")
@click.pass_context
def import_events(
    context: click.Context,
    file: Path,
    shop: str | None,
    yes: bool,
    columns: dict[str, str],
    events: dict[str, str],
    encoding: str | None,
    delimiter: str | None,
    url: str | None,
) -> None:
    """Tells the running service what a courier's CSV says: order, event, reason, at, tracking. Repeatable; refused rows go
    to FILE.rejects.csv.

    Example: python run.py import-events today.csv --event "NE-1=attempt_failed:not_home"
    """
    from rich.console import Console

    from adapters.own_api import OwnApi
    from engine.courier_file import Told
    from engine.courier_import import import_events as bring
    from engine.ports import ServiceError

    settings = settings_of(context, "import-events")
    home = shop_of(settings, shop)
    if home.api_token is None:
        raise click.ClickException(f"shop {home.id} has no api_token: set one, the events go through the orders API")
    told = Told(
        zone=home.timezone,
        now=datetime.now(UTC),
        language=home.language,
        map=columns,
        events=events,
        encoding=encoding,
        delimiter=delimiter,
    )
    token = home.api_token.reveal()

    async def run() -> bool:
        async with OwnApi(url or f"http://{settings.listen}", token) as service:
            done = await bring(file, told, service, Console(), lambda: yes or click.confirm("Tell all of it?"))
        return done is not None

    try:
        agreed = asyncio.run(run())
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("stopped: import the file again, what was told is known") from None
    if not agreed:
        raise SystemExit(1)
