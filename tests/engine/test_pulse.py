"""A shop that goes quiet is noticed by its own usual hours, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.bursts import Bursts
from engine.pulse import fallen, silent
from engine.rhythm import HOURS_KEPT, Rhythm, hour_of

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def days(per_hour: int, back: int) -> tuple[datetime, ...]:
    """Orders at each of the hours of the last days, today's last three hours apart."""
    start = NOW - timedelta(days=back)
    hours = [start + timedelta(hours=h) for h in range(back * 24 - 4)]
    return tuple(hour + timedelta(minutes=7 * n) for hour in hours for n in range(per_hour))


def test_a_usual_hour_without_orders_is_told() -> None:
    """Five days with orders at this time, and none in the last three hours."""
    assert silent(days(2, 5), NOW)


def test_what_is_usual_is_not_told() -> None:
    """A new shop, a shop that is always quiet at this time, and one that had an order just now."""
    assert not silent((), NOW)
    assert not silent(days(2, 2), NOW)
    assert not silent((*days(2, 5), NOW - timedelta(minutes=5)), NOW)
    at_night = tuple(m for m in days(2, 5) if m.hour < 8)
    assert not silent(at_night, NOW)


def test_a_busy_shop_goes_quiet() -> None:
    """Two thousand orders a day are remembered for as many days as the comparison needs."""
    bursts = Bursts(timedelta(days=7))
    start = NOW - timedelta(days=5)
    for n in range(5 * 2000):
        at = start + timedelta(days=5) * n / (5 * 2000)
        if at < NOW - timedelta(hours=3):
            bursts.add("demo", at)
    assert silent(bursts.moments("demo"), NOW)


HOUR = hour_of(NOW)


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


def test_the_rhythm_forgets_after_four_weeks() -> None:
    """Memory of a shop stays as small as four weeks of hours."""
    rhythm = Rhythm()
    for n in range(3 * HOURS_KEPT):
        rhythm.add("demo", "orders", NOW + timedelta(hours=n))
    assert len(rhythm.hours("demo", "orders")) <= HOURS_KEPT
    assert rhythm.hours("other", "orders") == {}
