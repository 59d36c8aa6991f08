"""One look through the whole file before anything is kept: what the columns are, how dates and amounts are written, which words
say how orders ended. What it finds is the preview, and the Reading that every row is read with.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.history_cells import Reading
from engine.history_columns import Columns, MissingColumns, map_columns, missing, normal
from engine.history_file import Record, Sheet, UnreadableFile, look, records
from engine.history_outcomes import look_up, parse_outcome
from engine.history_rows import Row
from engine.history_values import MONTH_FIRST, DateStyle, Evidence, comma_decimal, date_style

#: Distinct values remembered of a column: dates of ten years, and more statuses than any shop has.
_MOST_DATES, _MOST_STATUSES, _MOST_AMOUNTS = 200_000, 500, 200_000
#: Rows shown and tried before anybody says yes.
_FIRST = 50
#: The moment of importing is no part of how a file is read.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)

DATE_FIELDS = ("placed", "ended", "confirmed", "cancelled", "fulfilled", "paid_at")


class Told(Struct, frozen=True, kw_only=True):
    """What the person who imports says, and the shop's settings. Words of --map and --outcome as they were typed."""

    language: str
    country: str
    currency: str
    zone: str
    now: datetime
    map: dict[str, str] = {}
    outcomes: dict[str, str] = {}
    dates: DateStyle | None = None
    encoding: str | None = None
    delimiter: str | None = None


class Survey(Struct, frozen=True):
    """What was found. `source` names the file and how it is read: the same import has the same."""

    sheet: Sheet
    columns: Columns
    reading: Reading
    source: bytes
    records: int  # lines of items are records of their own
    evidence: dict[str, Evidence]
    statuses: list[tuple[str, int, str]]  # (word, rows, "ended:fault" | "open" | "" for unknown)
    first: list[Row]


def survey(path: Path, told: Told, progress: Callable[[int], None] | None = None) -> Survey:
    """Look through the file. Raises UnreadableFile, MissingColumns, UnknownOutcome for a wrong --outcome."""
    sheet = look(path, told.language, told.encoding, told.delimiter)
    columns = map_columns(sheet.header, told.map)
    if lacks := missing(columns.columns):
        raise MissingColumns(_lacking(lacks, sheet.header))
    for written in told.outcomes.values():
        parse_outcome(written)
    extra = {normal(word): written for word, written in told.outcomes.items()}
    seen = _see(path, sheet, columns.columns, progress)
    if not seen.records:
        raise UnreadableFile("under the names of its columns the file holds no order")
    evidence = {field: date_style(dates, told.now) for field, dates in seen.dates.items()}
    reading = Reading(
        columns.columns,
        columns.ranks,
        {field: told.dates or found.style or _usual(evidence, told.country) for field, found in evidence.items()},
        comma_decimal(seen.amounts),
        told.country,
        told.currency,
        told.zone,
        told.now,
        told.language,
        extra,
    )
    statuses = [(word, rows, _meaning(word, extra)) for word, rows in seen.statuses.most_common(_MOST_STATUSES)]
    source = _source(path, reading, sheet)
    return Survey(sheet, columns, reading, source, seen.records, evidence, statuses, seen.first)


#: Of a file's columns, so many are named, and so much of each name: enough to find one's own.
_MOST_NAMES, _MOST_NAME = 40, 40


def _lacking(lacks: Mapping[str, str], header: Sequence[str]) -> str:
    """What is missing, what there is instead, and what to type."""
    names = [f"{name[:_MOST_NAME]}…" if len(name) > _MOST_NAME else name for name in header if name][:_MOST_NAMES]
    told = f"the file does not say {', nor '.join(lacks.values())}. Its columns: {', '.join(names)}. "
    if any(looks_like_data(name) for name in header):
        return (
            f"{told}The first line has to name the columns; here it looks like an order: put a line with names above it"
        )
    return f"{told}Tell which column it is: --map {next(iter(lacks))}='name of the column'"


def looks_like_data(name: str) -> bool:
    """Whether a cell of the first line is a date, a mailbox or a long number, and no column's name."""
    return "@" in name or sum(map(str.isdigit, name)) >= 6


class _Seen:
    def __init__(self) -> None:
        self.records = 0
        self.dates: dict[str, set[str]] = {}
        self.amounts: set[str] = set()
        self.statuses: Counter[str] = Counter()
        self.first: list[Row] = []


def _see(
    path: Path, sheet: Sheet, columns: Mapping[str, Sequence[int]], progress: Callable[[int], None] | None
) -> _Seen:
    seen = _Seen()
    dated = [(seen.dates.setdefault(field, set()), at) for field in DATE_FIELDS for at in columns.get(field, ())]
    totals = columns.get("total", ())
    statuses = columns.get("status", ())[:1]
    for record in records(path, sheet, progress):
        seen.records += 1
        cells = record.cells
        if record.fault:
            continue
        if len(seen.first) < _FIRST:
            seen.first.append(Row(record.line, cells))
        width = len(cells)
        for dates, at in dated:
            if at < width and cells[at] and len(dates) < _MOST_DATES:
                dates.add(cells[at].strip()[:10])
        for at in totals:
            if at < width and len(cells[at]) < 40 and len(seen.amounts) < _MOST_AMOUNTS:
                seen.amounts.add(cells[at])
        for at in statuses:
            if at < width and cells[at] and len(cells[at]) < 200 and len(seen.statuses) < 4 * _MOST_STATUSES:
                seen.statuses[cells[at].strip()] += 1
    return seen


def _usual(evidence: Mapping[str, Evidence], country: str) -> DateStyle:
    """What nothing in the column speaks against: as the file's other dates, else as the shop's country writes."""
    styles = [found.style for found in evidence.values() if found.style is not None and found.style != "ymd"]
    return next(iter(styles), "mdy" if country in MONTH_FIRST else "dmy")


def _meaning(word: str, extra: Mapping[str, str]) -> str:
    plain = normal(word)
    found = parse_outcome(extra[plain]) if plain in extra else look_up(plain)
    return "" if found is None else "open" if found[0] == "open" else ":".join(found)


def _source(path: Path, reading: Reading, sheet: Sheet) -> bytes:
    told = msgspec.json.encode([str(path.resolve()), msgspec.structs.replace(reading, now=_ANY_TIME), sheet])
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "blake2b").digest()
    return hashlib.blake2b(content + told, digest_size=16).digest()


def rows(found: Iterator[Record], reading: Reading) -> Iterator[tuple[int, Row | Record]]:
    """(records so far, a row) for every order, its further item lines folded in; faulty records as they are.

    Item lines follow their order under its number: with all else empty (Shopify), or with all else repeated (export plugins); or
    with the number left out, too ("first row only" of WooCommerce's export plugins).
    """
    number, about = _one(reading.columns.get("id")), _telling(reading)
    item = reading.columns.get("sku", reading.columns.get("item", ()))[:1]
    held: Row | None = None
    count = 0
    for record in found:
        if held is not None and not record.fault and _continues(held.cells, record.cells, number, about, item):
            if len(held.items) < 50:
                held.items.extend(record.cells[at] for at in item if at < len(record.cells) and record.cells[at])
            count += 1
            continue
        if held is not None:
            yield count, held
        count += 1
        held = None
        if record.fault:
            yield count, record
        elif record.cells:
            held = Row(record.line, record.cells, [])
    if held is not None:
        yield count, held


def _one(places: Sequence[int] | None) -> int:
    return places[0] if places else -1


def _telling(reading: Reading) -> tuple[int, ...]:
    """The columns that are the order's, not an item's."""
    return tuple(
        at for field in ("placed", "status", "financial", "phone", "total") for at in reading.columns.get(field, ())
    )


def _continues(
    order: Sequence[str], line: Sequence[str], number: int, about: Sequence[int], item: Sequence[int]
) -> bool:
    if number < 0 or len(line) <= number or len(order) <= number:
        return False
    if not line[number].strip():
        return _says(line, item) and not _says(line, about)
    if line[number] != order[number]:
        return False
    return all(at >= len(line) or not line[at] or (at < len(order) and line[at] == order[at]) for at in about)


def _says(line: Sequence[str], places: Sequence[int]) -> bool:
    return any(at < len(line) and line[at].strip() for at in places)
