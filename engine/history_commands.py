"""What `run.py import-history` shows: the preview of how a file is read, the progress, and what became of every record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.history_import import Tally, import_file
from engine.history_rejects import rejects_path
from engine.history_rows import read_rows
from engine.history_survey import Survey, Told, survey
from engine.ports import History

#: Statuses that are shown; the rest is counted.
_SHOWN = 25
_STYLES = {"ymd": "year/month/day", "dmy": "day/month/year", "mdy": "month/day/year"}


async def import_history(
    path: Path, shop: str, told: Told, store: History, console: Console, agreed: Callable[[], bool]
) -> Tally | None:
    """Survey, preview, ask, import, sum up. None where the person said no. Raises what survey and import_file raise."""
    with console.status(f"Looking through {escape(path.name)} …"):
        found = survey(path, told)
    preview(found, path, shop, told, console)
    if not agreed():
        return None
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bar:
        task = bar.add_task("Importing", total=found.records)
        tally = await import_file(path, shop, found, store, lambda so_far: bar.update(task, completed=so_far.records))
        bar.update(task, completed=found.records)
    summary(tally, path, console)
    return tally


def preview(found: Survey, path: Path, shop: str, told: Told, console: Console) -> None:
    """How the file will be read: encoding, columns with an example, date style, endings, and what to look at twice."""
    sheet = found.sheet
    form = f", an export of {found.columns.form}" if found.columns.form else ""
    name = {"\t": "tab"}.get(sheet.delimiter, sheet.delimiter)
    console.print(
        f"{escape(path.name)}: {found.records:,} records for shop {escape(shop)}{form}; "
        f"encoding {sheet.encoding}, delimiter {name}",
        highlight=False,
    )
    table = Table("we need", "taken from", "for example")
    taken: set[int] = set()
    for field, places in sorted(found.columns.columns.items()):
        taken.update(places)
        cells = [row.cells[at] for row in found.first for at in places if at < len(row.cells) and row.cells[at].strip()]
        names = ", else ".join(sheet.header[at] for at in places)
        table.add_row(field, escape(names), escape(cells[0][:40] if cells else ""))
    console.print(table)
    rest = [column for at, column in enumerate(sheet.header) if at not in taken and column]
    if rest:
        console.print(f"Not used: {escape(', '.join(rest)[:400])}", highlight=False)
    _endings(found, console)
    for line in warnings(found, told):
        console.print(f"[yellow]{escape(line)}[/yellow]", highlight=False)


def _endings(found: Survey, console: Console) -> None:
    if not found.statuses:
        return
    table = Table("status in the file", "records", "means")
    for word, count, meaning in found.statuses[:_SHOWN]:
        ended, _, fault = meaning.partition(":")
        shown = ended.replace("_", " ") + (f", the {fault}'s doing" if fault not in {"", "none"} else "")
        means = "not closed yet: left out" if meaning == "open" else shown or "[red]not known: refused[/red]"
        table.add_row(escape(word[:60]), f"{count:,}", means)
    if len(found.statuses) > _SHOWN:
        table.add_row(f"and {len(found.statuses) - _SHOWN} more", "", "")
    console.print(table)


def warnings(found: Survey, told: Told) -> list[str]:
    """What a person should look at before they say yes."""
    lines = []
    for field, evidence in found.evidence.items():
        style = _STYLES[found.reading.dates[field]]
        if evidence.day_first and evidence.month_first:
            lines.append(
                f"{field}: both day first and month first stand in this column; read as {style}, the others are refused"
            )
        elif evidence.style is None and told.dates is None and evidence.open:
            lines.append(
                f"{field}: no date tells the day from the month; read as {style}. If that is wrong: --dates dmy or mdy"
            )
    unknown = [word for word, _, meaning in found.statuses if not meaning]
    if unknown:
        lines.append(
            f"Endings that are not known: {', '.join(unknown[:10])}. Tell with --outcome {unknown[0]!r}=returned:courier"
        )
    if "id" not in found.columns.columns:
        lines.append("No column with the order's number: a row is known by its date, customer and total")
    if "total" not in found.columns.columns:
        lines.append("No column with the total: every order counts 0, and nothing is known of the usual amount")
    failed = _trial(found)
    if failed:
        lines.append(failed)
    return lines


def _trial(found: Survey) -> str:
    """A word where all of the first rows would be refused: the mapping is wrong then."""
    chunk = read_rows(found.reading, found.first)
    if chunk.closed or not chunk.rejected:
        return ""
    return f"All of the first {len(chunk.rejected)} records would be refused, the first because: {chunk.rejected[0].reason}"


def summary(tally: Tally, path: Path, console: Console) -> None:
    """What became of every record; the lines add up to what was read."""
    table = Table("records", "", show_header=False)
    lines = (
        ("read", tally.records),
        ("done before, by the import that was broken off", tally.before),
        ("new orders kept", tally.new),
        ("orders brought up to date", tally.changed),
        ("known already, just so", tally.same),
        ("of customers who were erased: left out", tally.erased),
        ("further lines of an order", tally.item_lines),
        (f"refused: see {rejects_path(path).name}", tally.rejected),
    )
    for label, count in lines:
        if count or label == "read":
            table.add_row(escape(label), f"{count:,}")
    console.print(table)
