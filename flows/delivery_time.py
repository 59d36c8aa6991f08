"""A wished delivery time, made a real one: inside the shop's hours, in the customer's zone, not in the past.

"after 5 tomorrow" comes as day="tomorrow", window="17:00-" (flows.understand), or from the page as a date and a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from flows import hours
from flows.policy import Hours
from flows.wording import Moment
from flows.wording.values import moment_text

#: A wish further ahead is no delivery time but a postponement. As far as the page's calendar goes.
AHEAD_MOST = timedelta(days=21)
#: Where the shop names no hours: when couriers ring. Our own value.
USUAL = ((time(8), time(22)),)
#: A shorter stretch inside the hours is no window that a courier can keep.
SHORTEST = timedelta(minutes=30)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NEAR = {"today": 0, "tomorrow": 1, "day_after_tomorrow": 2}


class Wish(Struct, frozen=True):
    """A day, and the hours of it where the customer named any; `zone` is theirs."""

    day: date
    zone: str
    start: time | None = None
    end: time | None = None

    @property
    def text(self) -> str:
        """For the courier's note: "2026-11-24 17:00-18:00"."""
        return f"{self.day.isoformat()}{self._hours()}"

    def _hours(self) -> str:
        return f" {self.start:%H:%M}-{self.end:%H:%M}" if self.start and self.end else ""

    def shown(self, lang: str) -> str:
        """For the customer: "Tue 24 Nov 17:00-18:00"."""
        moment = Moment(hours.at_local(self.day, time(12), hours.zone(self.zone)), self.zone, "day")
        return f"{moment_text(moment, lang)}{self._hours()}"

    @property
    def at(self) -> datetime:
        """The moment it begins, aware UTC; of a day alone, the morning."""
        return hours.at_local(self.day, self.start or time(9), hours.zone(self.zone))


def resolve(day: str | None, window: str | None, now: datetime, open_: Hours, zone: str) -> Wish | None:
    """The first time that fits what was said; None where the shop's hours have none of it."""
    local = now.astimezone(hours.zone(zone))
    start, end = _window(window)
    for candidate in _days(day, local.date()):
        if not local.date() <= candidate <= local.date() + AHEAD_MOST:
            continue
        found = _inside(candidate, start, end, open_)
        if found is None or hours.at_local(candidate, found[1], hours.zone(zone)) <= now:
            continue
        if window is None:
            return Wish(candidate, zone)
        return Wish(candidate, zone, *found)
    return None


def day_of(day: str | None, now: datetime, zone: str) -> date | None:
    """The first day that the words can mean, whether the shop is open or not; None where they name none."""
    today = now.astimezone(hours.zone(zone)).date()
    return next((d for d in _days(day, today) if d >= today), None) if day else None


def days_meant(day: str, today: date) -> tuple[date, ...]:
    """Every day that the words can mean, nearest first; "fri" is this Friday and the next."""
    return tuple(d for d in _days(day, today) if d >= today)


def window_meant(text: str | None) -> tuple[time, time]:
    """The clock times between which it shall be; an open end reaches to the day's."""
    return _window(text)


def _window(text: str | None) -> tuple[time, time]:
    """The clock times between which it shall be; an open end reaches to the day's."""
    first, _, last = (text or "").partition("-")
    return _clock(first) or time(0), _clock(last) or time(23, 59)


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None


def _inside(day: date, start: time, end: time, open_: Hours) -> tuple[time, time] | None:
    """What of start-end lies in the hours of that day: the first stretch that is long enough."""
    if day.isoformat() in open_.holidays:
        return None
    spans = open_.week.get(day.weekday(), ()) if any(open_.week.values()) else USUAL
    for opens, closes in sorted(spans):
        first, last = max(start, opens), min(end, closes)
        if first < last and _minutes(last) - _minutes(first) >= SHORTEST.total_seconds() / 60:
            return first, last
    return None


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _days(day: str | None, today: date) -> Iterator[date]:
    """The days that the words can mean, nearest first."""
    if day is None:
        yield from (today + timedelta(days=n) for n in range(8))
    elif day in _NEAR:
        yield today + timedelta(days=_NEAR[day])
    elif day in WEEKDAYS:
        ahead = (WEEKDAYS.index(day) - today.weekday()) % 7
        yield from (today + timedelta(days=n) for n in (ahead, ahead + 7))
    elif day == "weekend":
        saturday = today + timedelta(days=5 - today.weekday())
        yield from (d for d in (saturday, saturday + timedelta(days=1)) if d >= today)
    elif day == "next_week":
        monday = today + timedelta(days=7 - today.weekday())
        yield from (monday + timedelta(days=n) for n in range(7))
    elif day == "next_month":
        yield (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    elif day.startswith("+") and day[1:].isdigit() and len(day) <= 4:  # +999
        yield today + timedelta(days=int(day[1:]))
    else:
        yield from _dated(day, today)


def _dated(day: str, today: date) -> Iterator[date]:
    """YYYY-MM-DD, MM-DD (this year or next) or DD (this month or next)."""
    numbers = [int(part) for part in day.split("-") if part.isascii() and part.isdigit()]
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    shapes: list[tuple[int, int, int]] = []
    match numbers:
        case [year, month, date_]:
            shapes = [(year, month, date_)]
        case [month, date_]:
            shapes = [(today.year, month, date_), (today.year + 1, month, date_)]
        case [date_]:
            shapes = [(today.year, today.month, date_), (following.year, following.month, date_)]
    for year, month, number in shapes:
        try:
            yield date(year, month, number)
        except ValueError:
            continue
