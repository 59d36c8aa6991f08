"""Tell the running service what a courier's file says, row by row, in the order of time: over its own API, on the one road.

The service knows every fact that it was told before: an import that was broken off, or is made again, changes nothing twice. Rows
that cannot be read, and those that the service refuses, go to FILE.rejects.csv with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from engine.courier_file import Line, Lines, Survey, Told, read, survey
from engine.history_rejects import Rejects, rejects_path
from engine.history_rows import Rejected
from engine.ports import TheirFault


class NotHeard(TheirFault):
    """The service does not answer; the message says where it was looked for."""


class Answer(Struct, frozen=True):
    """What the service said of one event: accepted | same | odd | unknown (no such order) | refused, with its reason."""

    outcome: str
    why: str = ""


class Service(Protocol):
    """The running service, as a shop's system reaches it."""

    async def tell(self, order_id: str, body: dict[str, str]) -> Answer:
        """Raises NotHeard."""
        ...


class Tally(Struct):
    """What became of the rows; they add up to the file's."""

    told: int = 0
    before: int = 0
    odd: int = 0
    rejected: int = 0


async def import_events(
    path: Path, told: Told, service: Service, console: Console, agreed: Callable[[], bool]
) -> Tally | None:
    """Survey, preview, ask, tell, sum up. None where the person said no. Raises UnreadableFile, NoCourierFile, NotHeard."""
    found = survey(path, told)
    lines = read(found)
    preview(found, lines, console)
    if not agreed():
        return None
    tally = Tally()
    with (
        Rejects(rejects_path(path), found.sheet.header, 0) as rejects,
        Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console) as bar,
    ):
        rejects.add(lines.rejected)
        tally.rejected = len(lines.rejected)
        for line in bar.track(lines.good, description="Telling"):
            await _tell(line, service, rejects, tally)
    summary(tally, path, console)
    return tally


async def _tell(line: Line, service: Service, rejects: Rejects, tally: Tally) -> None:
    said = await service.tell(line.order_id, line.body)
    match said.outcome:
        case "accepted":
            tally.told += 1
        case "same":
            tally.before += 1
        case "odd":
            tally.odd += 1
        case _:
            why = said.why or f"no order {line.order_id} is known"
            rejects.add([Rejected(line.row.line, why, line.row.cells)])
            tally.rejected += 1


def preview(found: Survey, lines: Lines, console: Console) -> None:
    """How the file is read: columns with an example, the courier's words, and what will be refused."""
    console.print(f"{escape(found.path.name)}: {found.rows:,} rows, encoding {found.sheet.encoding}", highlight=False)
    table = Table("we need", "taken from", "for example")
    for field, at in found.columns.items():
        cells = [row.cells[at] for row in found.first if at < len(row.cells) and row.cells[at].strip()]
        table.add_row(field, escape(found.sheet.header[at]), escape(cells[0][:40] if cells else ""))
    console.print(table)
    words = Table("the courier says", "rows", "means")
    for word, count, means in found.words[:25]:
        words.add_row(escape(word[:60]), f"{count:,}", means.replace(":", ", ") or "[red]not known: refused[/red]")
    console.print(words)
    if lines.rejected:
        first = lines.rejected[0]
        console.print(
            f"[yellow]{len(lines.rejected):,} rows would be refused; line {first.line}: {escape(first.reason)}[/yellow]",
            highlight=False,
        )


def summary(tally: Tally, path: Path, console: Console) -> None:
    table = Table("rows", "", show_header=False)
    for label, count in (
        ("told", tally.told),
        ("known already, just so", tally.before),
        ("told, but the order's state does not allow it: shown to staff", tally.odd),
        (f"refused: see {rejects_path(path).name}", tally.rejected),
    ):
        if count:
            table.add_row(escape(label), f"{count:,}")
    console.print(table)
