"""The cells of one record by what they are, wherever the file has them.

plan = Plan(Reading(…))          once per file: columns, styles, shop
cell = Cells(plan, cells)        cell.text("phone"), cell.date("placed"), cell.of_parcel(ADDRESS, "line1", …)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.history_values import BadValue, DateStyle, moment

#: No name, street or number is longer; a longer cell is refused with its row rather than cut in silence.
MOST_CELL = 2000
ADDRESS = ("line1", "line2", "house", "city", "region", "postcode", "country")
NAMES = ("first_name", "last_name")
#: Numbers about an order that most files do not have.
COUNTED = frozenset(("attempts", "complaints", "refunds", "refunded"))
#: Columns about the end of an order that most files do not have.
OF_PARTS = frozenset(("financial", "fulfilment", "tags", "cancelled_by", "cancelled", "fulfilled", "refunded"))


class Reading(Struct, frozen=True):
    """How the rows of one file are read. `dates` by field; `extra`: status in normal form -> "ended:fault"."""

    columns: dict[str, tuple[int, ...]]
    ranks: dict[int, int]
    dates: dict[str, DateStyle]
    comma: bool | None
    country: str
    currency: str
    zone: str
    now: datetime
    language: str = ""
    extra: dict[str, str] = {}


class Plan:
    """Where the fields of one file's rows stand, worked out once and not for each cell."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.columns = reading.columns
        self.one = {field: places[0] for field, places in reading.columns.items() if len(places) == 1}
        self.zone = _zone(reading.zone)
        self.ends = self.says(OF_PARTS)
        self.counts = self.says(COUNTED)
        self.of_one_address = all(len(reading.columns.get(field, ())) < 2 for field in ADDRESS)
        self.of_one_person = all(len(reading.columns.get(field, ())) < 2 for field in NAMES)

    def says(self, fields: Iterable[str]) -> bool:
        """Whether the file has a column for any of them."""
        return not self.columns.keys().isdisjoint(fields)


class Cells:
    """The cells of one record by field."""

    __slots__ = ("cells", "plan", "reading")

    def __init__(self, plan: Plan, cells: list[str]) -> None:
        self.plan = plan
        self.reading = plan.reading
        self.cells = cells

    def text(self, field: str) -> str:
        """The first cell of the field that says something. Raises BadValue for one that is no cell of an order."""
        one = self.plan.one.get(field)
        if one is not None:
            return self._at(one, field)
        for at in self.plan.columns.get(field, ()):
            if text := self._at(at, field):
                return text
        return ""

    def _at(self, at: int, field: str) -> str:
        text = self.cells[at].strip() if at < len(self.cells) else ""
        if len(text) > MOST_CELL:
            raise BadValue(f"{field} has {len(text):,} characters")
        if text[:1] == "'" and text[1:2] in "=+-@":  # as our own rejects are written
            return text[1:]
        return text

    def date(self, field: str) -> datetime | None:
        text = self.text(field)
        if not text:
            return None
        return moment(text, self.reading.dates.get(field, "dmy"), self.plan.zone, self.reading.now)

    def of_parcel(self, fields: tuple[str, ...], lead: str, *, alone: bool) -> list[str]:
        """The fields from one address: the parcel's where its `lead` is filled, else the customer's, else the bill's.

        `alone`: the file has one column for each, so that there is nothing to choose.
        """
        if alone:
            one = self.plan.one
            return [self._at(one[field], field) if field in one else "" for field in fields]
        ranks, columns = self.reading.ranks, self.plan.columns
        chosen = next((ranks.get(at, 1) for at in columns.get(lead, ()) if self._at(at, lead)), None)
        found = []
        for field in fields:
            places = columns.get(field, ())
            same = [at for at in places if chosen is None or ranks.get(at, 1) == chosen] or places
            found.append(next((text for at in same if (text := self._at(at, field))), ""))
        return found


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)
