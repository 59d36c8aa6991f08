"""The shop's numbers: tables for reading, pictures for looking."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from commands.front import settings_of, shop_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from bot.words import Words
    from engine.settings import Settings, Shop
    from flows.numbers import Report
    from flows.numbers.tables import Row, Table

#: Without --since a report covers so many days.
DAYS = 30


def _day(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    del context
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day. Write it like 2026-11-21.", param=option) from None


@click.command()
@click.option("--since", callback=_day, help="First day, like 2026-11-01; without it the last 30 days.")
@click.option("--until", callback=_day, help="The day after the last one; without it now.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for tables (CSV), JSON and PNG.")
@click.option("--shop", default=None, help="The shop, where there are several.")
@click.option("--lang", default=None, help="Of the labels; without it the shop's.")
@click.pass_context
def report(
    context: click.Context, since: datetime | None, until: datetime | None, out: Path | None, shop: str | None, lang: str | None
) -> None:  # fmt: skip
    """Numbers as tables and PNG charts: confirmed, returned, answered, spent, saved.

    Example: python run.py report --since 2026-11-01 --out november
    """
    from rich.console import Console

    from bot.words import Words
    from flows import hours

    settings = settings_of(context, "report")
    home = shop_of(settings, shop)
    zone = hours.zone(home.timezone)
    last = until.replace(tzinfo=until.tzinfo or zone) if until else datetime.now(UTC)
    first = since.replace(tzinfo=since.tzinfo or zone) if since else last - timedelta(days=DAYS)
    if first >= last:
        raise click.UsageError("--until has to be later than --since.")
    console = Console(stderr=True)
    with console.status("Reading the journals …") as status:
        found = asyncio.run(
            _read(settings, home, first, last, lambda n: status.update(f"Reading the journals … {n} conversations"))
        )
    words = Words(lang or home.language)
    show(found, words, Console())
    if out is not None:
        for path in write(found, words, out):
            click.echo(str(path), err=True)


async def _read(
    settings: Settings, home: Shop, since: datetime, until: datetime, progress: Callable[[int], None]
) -> Report:
    from engine.reporting import costs, numbers
    from storage.opening import open_store

    prices = settings.blocks(home).numbers
    store = open_store(settings.storage.path or settings.storage.url.reveal(), settings.storage.key(), lambda why: None)
    try:
        return await numbers(
            store,
            store,
            home.id,
            since,
            until,
            home.timezone,
            costs(home.currency, prices.sms_segment, prices.whatsapp_message, prices.returned_parcel),
            prices.returned_before,
            progress,
        )
    finally:
        await store.close()


def show(found: Report, words: Words, console: Console) -> None:
    """The tables on a terminal."""
    from rich.table import Table as Shown

    from flows.numbers.tables import tables

    console.print(f"{found.shop}  {found.since:%Y-%m-%d %H:%M} … {found.until:%Y-%m-%d %H:%M} UTC")
    for table in tables(found):
        shown = Shown(title=words.say(table.title), title_justify="left", show_header=False, box=None, pad_edge=False)
        for row in table.rows:
            shown.add_row(label_of(row, words), figure_of(row, words), row.beside)
        console.print(shown)
        console.print()


def label_of(row: Row, words: Words) -> str:
    if row.plain:
        return row.plain
    return words.say(row.label) if words.has(row.label) else row.label.partition(".")[2]


def figure_of(row: Row, words: Words) -> str:
    from flows.money import Money
    from flows.wording.values import money_text

    return money_text(row.figure, words.language, False) if isinstance(row.figure, Money) else str(row.figure)


def write(found: Report, words: Words, out: Path) -> list[Path]:
    """report.json, one CSV for all tables, and the pictures; gives what was written."""
    import csv

    from bot.texts import RIGHT_TO_LEFT
    from bot.words import Words
    from engine.charts import charts, drawable
    from flows.numbers.tables import tables

    out.mkdir(parents=True, exist_ok=True)
    made = [out / "report.json", out / "report.csv"]
    made[0].write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    with made[1].open("w", newline="", encoding="utf-8-sig") as held:
        sheet = csv.writer(held)
        for table in tables(found):
            sheet.writerows(_cells(table, row, words) for row in table.rows)
    if not drawable(words.say("numbers.confirmed_via") + words.say("numbers.answered_at")):
        click.echo(
            "No font of this machine has these letters (Debian: fonts-noto-core); pictures are in English.", err=True
        )
        words = Words("en")
    for name, png in charts(found, words.say, right_to_left=words.language in RIGHT_TO_LEFT).items():
        made.append(out / name)
        made[-1].write_bytes(png)
    return made


def _cells(table: Table, row: Row, words: Words) -> list[str]:
    from engine.history_rejects import safe

    return [words.say(table.title), safe(label_of(row, words)), figure_of(row, words), row.beside]
