"""The shop's past: brought in, and asked."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from commands.front import past_of, settings_of, shop_of

if TYPE_CHECKING:
    from engine.settings import Settings
    from flows.policy import Policy
    from flows.risk.report import Costs


def pairs(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """name=value options as a dict. A column's name or a shop's word may hold a "=", our names never do."""
    del context
    found = [value.partition("=") if option.name == "columns" else value.rpartition("=") for value in values]
    wrong = next((value for value, (name, _, _) in zip(values, found, strict=True) if not name), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not like name=value", param=option)
    return {name: value for name, _, value in found}


#: The keys of a large file lie anywhere, so that more is met again no sooner; with two readers beside it all stays below 300 MB.
CACHE_MB = 24


@click.command("import-history")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--yes", is_flag=True, help="Do not ask after the preview.")
@click.option("--map", "columns", multiple=True, callback=pairs, help="field=column, where names do not tell.")
@click.option(
    "--outcome", "outcomes", multiple=True, callback=pairs, help="status=ending[:fault], for words of this shop."
)
@click.option("--dates", type=click.Choice(["ymd", "dmy", "mdy"]), default=None, help="Where the file cannot tell.")
@click.option("--encoding", default=None, help="Where it is taken for another.")
@click.option("--delimiter", default=None, help="Where it is taken for another.")
@click.pass_context
def import_history(
    context: click.Context,
    file: Path,
    shop: str | None,
    yes: bool,
    columns: dict[str, str],
    outcomes: dict[str, str],
    dates: Any,
    encoding: str | None,
    delimiter: str | None,
) -> None:
    """Past orders with how they ended, from a shop's CSV. Resumable and repeatable; refused rows go to FILE.rejects.csv.

    Example: python run.py import-history orders.csv --map status="Last state" --outcome "RTO=returned"
    """
    from rich.console import Console

    from engine.history_commands import import_history as bring
    from engine.history_survey import Told
    from engine.ports import ServiceError

    settings = settings_of(context, "import-history")
    home = shop_of(settings, shop)
    told = Told(
        language=home.language,
        country=home.country,
        currency=home.currency,
        zone=home.timezone,
        now=datetime.now(UTC),
        map=columns,
        outcomes=outcomes,
        dates=dates,
        encoding=encoding,
        delimiter=delimiter,
    )

    def agreed() -> bool:
        if not yes and not sys.stdin.isatty():
            raise click.ClickException("Nothing was changed. If the preview is right, run this again with --yes.")
        return yes or click.confirm("Import it so?")

    async def go() -> bool:
        store = past_of(settings)
        store.remember(CACHE_MB)
        try:
            return await bring(file, home.id, told, store, Console(), agreed) is not None
        finally:
            await store.close()

    try:
        done = asyncio.run(go())
    except KeyboardInterrupt:
        click.echo("Stopped. What was imported stays; run the same command again to go on from there.", err=True)
        raise SystemExit(130) from None
    except (ServiceError, OSError) as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(0 if done else 1)


@click.command()
@click.option("--phone", default="", help="As the customer wrote it.")
@click.option("--email", default="", help="As the customer wrote it.")
@click.option("--address", default="", help="In one line: street and number, postcode, town.")
@click.option("--total", default="", help="Of the order, in the shop's currency.")
@click.option("--name", default="", help="The customer's.")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--backtest", is_flag=True, help="How well verdicts would have foretold returns so far. Changes nothing.")
@click.option(
    "--table", is_flag=True, help="With --backtest: tables to read and what they say of the settings, no JSON."
)
@click.option("--return-cost", type=float, default=9.0, show_default=True, help="Of a parcel that comes back.")
@click.option("--look-cost", type=float, default=1.2, show_default=True, help="Of one order that staff look into.")
@click.pass_context
def assess(
    context: click.Context,
    phone: str,
    email: str,
    address: str,
    total: str,
    name: str,
    shop: str | None,
    backtest: bool,
    table: bool,
    return_cost: float,
    look_cost: float,
) -> None:
    """What the history says of an order, as JSON: verdict, reasons, the orders behind each reason.

    Example: python run.py assess --phone "600 000 000" --total 49.90
    """
    from bot.words import Words
    from engine.history_assess import Asked, assessed, replayed
    from engine.ports import ServiceError
    from engine.settings import policies
    from flows.money import exponent
    from flows.risk.report import Costs

    if not backtest and not (phone or email or address):
        raise click.UsageError("Say who: --phone, --email or --address; or --backtest.")
    settings = settings_of(context, "assess")
    policy = policies(settings)[shop_of(settings, shop).id]
    minor = 10 ** exponent(policy.currency)
    costs = Costs(round(return_cost * minor), round(look_cost * minor))
    if backtest and table:
        _show_backtest(settings, policy, costs)
        return
    asked = Asked(phone=phone, email=email, address=address, total=total, name=name)

    async def look() -> dict[str, Any]:
        store = past_of(settings)
        try:
            if backtest:
                return replayed(policy, store, costs)
            return await assessed(asked, policy, store, Words(policy.language).say, datetime.now(UTC))
        finally:
            await store.close()

    try:
        found = asyncio.run(look())
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _show_backtest(settings: Settings, policy: Policy, costs: Costs) -> None:
    from rich.console import Console

    from engine.history_advice import show
    from engine.history_assess import replay

    async def look() -> None:
        store = past_of(settings)
        try:
            show(replay(policy, store, costs), costs, policy.currency, Console())
        finally:
            await store.close()

    asyncio.run(look())
