"""A shop that goes quiet is noticed by its own usual hours, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.ports import StoreUnavailable
from engine.pulse import fallen, silent
from engine.rhythm import Rhythm
from flows.desk import Desk
from flows.desk_events import HoursCounted
from flows.events import AnyEvent
from flows.rhythm import HOURS_KEPT, confirmed, counted, hour_of, orders

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = hour_of(NOW)


def days(per_hour: int, back: int, *, open_from: int = 0) -> dict[int, int]:
    """Orders in each hour of the last days, none in the last three hours and in this one."""
    hours = range(HOUR - 24 * back, HOUR - 3)
    return {hour: per_hour for hour in hours if hour % 24 >= open_from}


def test_a_usual_hour_without_orders_is_told() -> None:
    """Five days with orders at this time, and none in the last three hours."""
    assert silent(days(2, 5), HOUR)
    assert silent(days(2000, 28), HOUR)


def test_what_is_usual_is_not_told() -> None:
    """A new shop, a shop that is always quiet at this time, one that had an order just now, one that was closed a day."""
    assert not silent({}, HOUR)
    assert not silent(days(2, 2), HOUR)
    assert not silent(days(2, 5) | {HOUR: 1}, HOUR)
    assert not silent(days(2, 5) | {HOUR - 3: 1}, HOUR)
    assert not silent(days(2, 5, open_from=16), HOUR)
    closed = {hour: n for hour, n in days(2, 5).items() if not HOUR - 50 < hour < HOUR - 20}
    assert not silent(closed, HOUR)


def shares(now: tuple[int, int], usual: tuple[int, int], back: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(orders, confirmed) in each of the last four hours, and in the same hours so many days back."""
    orders = {HOUR - n: now[0] for n in range(1, 5)}
    confirmed = {HOUR - n: now[1] for n in range(1, 5)}
    for day in back:
        orders |= {HOUR - 24 * day - n: usual[0] for n in range(1, 5)}
        confirmed |= {HOUR - 24 * day - n: usual[1] for n in range(1, 5)}
    return fallen(orders, confirmed, HOUR)


def test_confirmations_that_fall_are_told() -> None:
    """Seventy of a hundred are usual on this weekday, twenty came now; Tuesdays stand in where Mondays are too few."""
    assert shares((10, 2), (10, 7), (7, 14)) == (20, 70, 40)
    assert shares((10, 2), (3, 2), (1, 2, 3, 4)) == (20, 67, 40)


def test_what_may_be_chance_or_usual_is_not_told() -> None:
    """Few orders, a share as always, a little less, better, or nothing to compare with."""
    assert shares((4, 0), (10, 7), (7, 14)) is None
    assert shares((10, 7), (10, 7), (7,)) is None
    assert shares((10, 5), (10, 7), (7,)) is None
    assert shares((10, 10), (10, 2), (7,)) is None
    assert shares((10, 2), (10, 7), ()) is None
    assert shares((10, 1), (10, 2), (7,)) is None, "half of little is chance"


def test_mondays_are_compared_with_mondays() -> None:
    """A weekday that is always weak is no alarm, however strong the other days are."""
    orders = {HOUR - 24 * day - n: 10 for day in range(22) for n in range(1, 5)}
    confirmed = {HOUR - 24 * day - n: 2 if day % 7 == 0 else 8 for day in range(22) for n in range(1, 5)}
    assert fallen(orders, confirmed, HOUR) is None


def told(hours: dict[int, tuple[int, int]], n: int) -> HoursCounted:
    return HoursCounted(event_id=f"hours:p:{n}", to=(), at=NOW, hours=hours)


def test_the_desk_adds_what_each_process_saw() -> None:
    """Two processes, two hours: added up by the hour."""
    desk = Desk(id="d", shop="demo")
    desk = counted(desk, told({HOUR: (3, 1), HOUR - 1: (2, 0)}, 1), NOW)
    desk = counted(desk, told({HOUR: (4, 2)}, 2), NOW)
    assert desk.rhythm == {HOUR: (7, 3), HOUR - 1: (2, 0)}
    assert orders(desk) == {HOUR: 7, HOUR - 1: 2}
    assert confirmed(desk) == {HOUR: 3, HOUR - 1: 0}


def test_the_rhythm_forgets_after_four_weeks() -> None:
    """A desk stays as small as four weeks of hours, and takes nothing of hours that have not come."""
    desk = Desk(id="d", shop="demo")
    for n in range(0, 3 * HOURS_KEPT, 7):
        desk = counted(desk, told({HOUR + n: (1, 0), HOUR + n + 99: (1, 0)}, n), NOW + timedelta(hours=n))
    assert 0 < len(desk.rhythm) <= HOURS_KEPT
    assert max(desk.rhythm) <= HOUR + 3 * HOURS_KEPT


async def test_what_a_process_saw_is_told_once() -> None:
    """A store that fails loses no count and doubles none: the same event goes again, and what came meanwhile follows."""
    rhythm, heard, fails = Rhythm(), [], [True]

    async def handle(event: AnyEvent) -> None:
        assert isinstance(event, HoursCounted)
        if fails:
            fails.pop()
            raise StoreUnavailable("away")
        heard.append(event)

    rhythm.add("demo", "orders", NOW)
    rhythm.add("demo", "confirmed", NOW)
    with pytest.raises(StoreUnavailable):
        await rhythm.tell(handle, "p", NOW)
    rhythm.add("demo", "orders", NOW)
    await rhythm.tell(handle, "p", NOW)
    await rhythm.tell(handle, "p", NOW)
    assert [event.hours for event in heard] == [{HOUR: (1, 1)}, {HOUR: (1, 0)}]
    assert len({event.event_id for event in heard}) == 2
