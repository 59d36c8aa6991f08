"""Orders of a file down the one road: what the person sees, and what became of every row.

Each order is an event whose id says its number and content, so that a file brought in twice, or again after Ctrl-C, asks nobody
twice. Nothing leaves from here: what is to be sent is planned in the store, where the serving process finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.engine import Engine
from engine.history_file import Sheet
from engine.history_rejects import Rejects, rejects_path
from engine.history_rows import Rejected
from engine.ports import TheirFault
from flows import pointers
from flows.conversation import Conversation
from flows.events import OrderTold

CONFLICT = "another order has this number: it was brought in before and said something else, or has changed since"


class Row(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def rows(self) -> list[list[str]]: ...


class Tally(Struct):
    """What became of the orders of a file."""

    records: int = 0
    new: int = 0
    same: int = 0
    ignored: int = 0
    rejected: int = 0


async def bring(
    path: Path,
    header: Sequence[str],
    total: int,
    orders: Iterator[tuple[int, Row]],
    read: Callable[[Row], OrderTold],
    engine: Engine,
    console: Console,
) -> Tally:
    """Every order of the file, in turn. Raises StoreUnavailable, OSError."""
    tally = Tally()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
    with Rejects(rejects_path(path), header, 0) as rejects, bar:
        task = bar.add_task("Importing", total=total)
        for count, order in orders:
            why = await _one(read, order, engine, tally)
            if why:
                tally.rejected += 1
                rejects.add([Rejected(order.line, why, cells) for cells in order.rows])
            tally.records = count
            bar.update(task, completed=count)
    return tally


async def _one(read: Callable[[Row], OrderTold], order: Row, engine: Engine, tally: Tally) -> str:
    """Bring one in; gives why it was refused, "" when it was not."""
    try:
        event = read(order)
    except TheirFault as error:
        return str(error)
    handled = await engine.handle(event)
    notice = handled.decision.notice if handled.decision is not None else ""
    if handled.duplicate or handled.decision is None:
        notice = await _compared(engine, event)
    if notice == "conflict":
        return CONFLICT
    if notice == "same":
        tally.same += 1
    else:
        tally.new += 1
        document = handled.decision.document if handled.decision is not None else None
        placed = document.order(event.fields.id) if isinstance(document, Conversation) else None
        tally.ignored += placed is not None and placed.state == "ignored"
    return ""


async def _compared(engine: Engine, event: OrderTold) -> str:
    """What is seen again is what we hold, unless the order was changed since."""
    found = await engine.store.load(pointers.order(event.to[-1].shop, event.fields.id))
    known = found.order(event.fields.id) if isinstance(found, Conversation) else None
    if known is None:
        return "same"
    return "same" if (known.shop_said or known.fields).same_as(event.fields) else "conflict"


def preview(
    path: Path,
    shop: str,
    sheet: Sheet,
    columns: Mapping[str, Sequence[int]],
    first: list[list[str]],
    count: int,
    to: Console,
) -> None:
    """How the file will be read: encoding, and for every field its column with an example."""
    delimiter = {"\t": "tab"}.get(sheet.delimiter, sheet.delimiter)
    to.print(
        f"{escape(path.name)}: {count:,} rows for shop {escape(shop)}; encoding {sheet.encoding}, delimiter {delimiter}",
        highlight=False,
    )
    table = Table("we need", "taken from", "for example")
    taken: set[int] = set()
    for field, places in sorted(columns.items()):
        taken.update(places)
        cells = [row[at] for row in first for at in places if at < len(row) and row[at].strip()]
        names = ", else ".join(sheet.header[at] for at in places)
        table.add_row(field, escape(names), escape(cells[0][:40] if cells else ""))
    to.print(table)
    rest = [column for at, column in enumerate(sheet.header) if at not in taken and column]
    if rest:
        to.print(f"Not used: {escape(', '.join(rest)[:400])}", highlight=False)


def summary(tally: Tally, path: Path, to: Console) -> None:
    """What became of every order."""
    table = Table("rows", "", show_header=False)
    lines = (
        ("rows read", tally.records),
        ("new orders", tally.new),
        ("of them not cash on delivery: nothing is asked", tally.ignored),
        ("known already, just so", tally.same),
        (f"refused: see {rejects_path(path).name}", tally.rejected),
    )
    for label, count in lines:
        if count or label == "rows read":
            table.add_row(escape(label), f"{count:,}")
    to.print(table)
