"""New orders from a file, for shops that sell by phone, Instagram or a sheet."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.front import settings_of, shop_of
from commands.history import pairs

if TYPE_CHECKING:
    from engine.orders_import import Tally
    from engine.settings import Settings


@click.command("import-orders")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask after the preview.")
@click.option("--map", "columns", multiple=True, callback=pairs, help="field=column, where names do not tell.")
@click.option("--dates", type=click.Choice(["ymd", "dmy", "mdy"]), default=None, help="Where the file cannot tell.")
@click.pass_context
def import_orders(
    context: click.Context, file: Path, shop: str | None, yes: bool, columns: dict[str, str], dates: Any
) -> None:
    """New orders from a CSV, as if the shop had sent them: each is asked about. `serve` may run meanwhile, and sends what was
    planned; without it, it waits for the next start. Repeatable: an order is known by its number. Refused rows go to FILE.rejects.csv.

    Example: python run.py import-orders today.csv --map total="Importe"
    """
    from rich.console import Console

    from adapters.orders_file import find
    from engine.orders_import import preview, summary
    from engine.ports import ServiceError
    from engine.settings import policies

    settings = settings_of(context, "import-orders")
    home = shop_of(settings, shop)
    policy = policies(settings)[home.id]
    console = Console()
    try:
        found = find(file, policy, columns, datetime.now(UTC), dates)
        preview(file, home.id, found.sheet, found.columns, found.first, found.records, console)
        if not yes and not sys.stdin.isatty():
            raise click.ClickException("Nothing was changed. If the preview is right, run this again with --yes.")
        if not (yes or click.confirm("Import them so, and ask each customer?")):
            raise SystemExit(1)
        tally = asyncio.run(_bring(settings, home.id, file, found, console))
    except KeyboardInterrupt:
        click.echo("Stopped. What was imported stays; run the same command again to go on from there.", err=True)
        raise SystemExit(130) from None
    except (ServiceError, OSError) as error:
        raise click.ClickException(str(error)) from error
    summary(tally, file, console)


async def _bring(settings: Settings, shop: str, file: Path, found: Any, console: Any) -> Tally:
    from adapters.orders_file import event_of, orders
    from engine.clock import RunningClock
    from engine.decide import Decider
    from engine.engine import Engine
    from engine.knowing import Knowing
    from engine.lanes import WaitingLanes
    from engine.orders_import import bring
    from engine.settings import policies
    from engine.tokens import Tokens
    from storage.opening import open_store

    kept = settings.storage
    store = open_store(kept.path or kept.url.reveal(), kept.key(), lambda why: None, kept.former_keys())
    try:
        rules = policies(settings)
        tokens = Tokens(kept.key())
        engine = Engine(store, Decider(rules, WaitingLanes({}), "import-orders"), RunningClock(), tokens)
        engine.knowing = Knowing(store, rules)

        def read(order: Any) -> Any:
            return event_of(order, found, rules[shop], engine.now())

        return await bring(file, found.sheet.header, found.records, orders(file, found), read, engine, console)
    finally:
        await store.close()
