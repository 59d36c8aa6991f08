"""Couriers as a shop describes them, a slot that one of them can keep, and what the owner wants done after the yes.

Plain values: what follows from them is decided in flows/calendar.py (which slots), flows/news.py (what the customer hears),
flows/still.py (second thoughts) and flows/replanning.py (failed attempts).
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal

from msgspec import Struct

#: What the customer is told on the way: the parcel left, it comes today, it was handed over.
News = Literal["shipped", "today", "delivered"]
Windows = tuple[tuple[time, time], ...]


class Span(Struct, frozen=True):
    """Local times; may cross midnight."""

    start: time
    end: time

    def holds(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


class Area(Struct, frozen=True):
    """Where a courier goes. No country named: the shop's own. A postcode or a city named: one of them has to fit."""

    countries: frozenset[str] = frozenset()
    postcodes: tuple[str, ...] = ()  # a beginning ("28"), a pattern ("SW1? *"), or a range ("08001-08042")
    cities: frozenset[str] = frozenset()  # as flows.calendar.plain writes them


class Courier(Struct, frozen=True, kw_only=True):
    """One courier. Windows are on the customer's clock, the cut-off on the shop's. Days are 0 (Monday) to 6."""

    name: str
    week: dict[int, Windows]  # the windows of each day on which it delivers
    collects: frozenset[int] | None = None  # days on which it fetches parcels; None: every day on which it delivers
    cut_off: time = time(12)  # what is ready before it leaves the same day
    lead_days: int = 1  # its delivery days after the fetching until it can be there; 0: the same day
    again_days: int = 1  # the same, after a failed attempt
    ahead_days: int = 10  # how far ahead a customer may choose, in days
    holidays: frozenset[str] = frozenset()  # ISO dates on which it neither fetches nor delivers
    area: Area = Area()
    tells: bool = True  # it reports out_for_delivery itself; False: we tell the customer in the morning of the slot


class Slot(Struct, frozen=True, gc=False):
    """One window of one courier on one day, on the clock of `zone`, which is the customer's."""

    day: date
    start: time
    end: time
    courier: str
    zone: str

    @property
    def hours(self) -> str:
        """ "15:00-18:00"."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    @property
    def text(self) -> str:
        """For the shop and the courier's note: "2026-11-26 15:00-18:00"."""
        return f"{self.day.isoformat()} {self.hours}"


class Option(Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that a customer can choose, under its number in the list."""

    kind: Literal["slot", "neighbour", "pickup", "cancel"]
    slot: Slot | None = None
    place: str = ""  # of a pick-up


class Offer(Struct, frozen=True, gc=False):
    """A list that was offered about an order; answers and buttons are bound to its number."""

    n: int  # 1, 2 … within the order
    options: tuple[Option, ...]


class Aftercare(Struct, frozen=True, kw_only=True):
    """What happens between the yes and the door, as the owner wants it."""

    couriers: tuple[Courier, ...] = ()
    news: frozenset[News] = frozenset()
    replan: bool = False  # a failed attempt is talked over with the customer
    attempts_most: int = 3  # failed attempts after which only staff go on
    pickup_points: tuple[str, ...] = ()
    neighbour: bool = True  # a neighbour may take the parcel, and the cash is theirs to have ready
    still_after: timedelta | None = None  # asked once more when a confirmed order waits so long for its dispatch
    still_night: Span | None = None  # asked once more when the order and its yes both came in these hours
