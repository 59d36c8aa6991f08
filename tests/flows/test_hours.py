"""Local time in every zone there is, around every change of its offset from 2026 to 2030."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.hours import (
    ZONE_OF,
    at_local,
    next_open,
    open_now,
    quiet_until,
    waking_end,
    zone,
    zone_for,
)
from flows.policy import Hours, Policy, Quiet

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
NIGHT = Quiet(time(21), time(9))
#: Quiet times that begin, end or lie inside what a change of clocks skips or repeats.
QUIETS = (NIGHT, Quiet(time(1, 30), time(2, 30)), Quiet(time(2, 30), time(3, 15)), Quiet(time(23, 45), time(0, 15)))
ZONES = sorted(z for z in available_timezones() if z not in ("localtime", "Factory"))
#: The quick run takes every so many-th zone, another choice of them each day of the month would be no test: always the same.
SAMPLED = ZONES if os.environ.get("HYPOTHESIS_PROFILE") == "long" else random.Random(7).sample(ZONES, 60)
MUST = ["Europe/Madrid", "Africa/Casablanca", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The moments (UTC, to the second) from which this zone keeps another offset."""
    tz, found, step = ZoneInfo(name), [], timedelta(days=1)
    moment = FIRST
    while moment < LAST:
        if moment.astimezone(tz).utcoffset() != (moment + step).astimezone(tz).utcoffset():
            low, high = moment, moment + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(tz).utcoffset() == low.astimezone(tz).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(microsecond=0))
        moment += step
    return tuple(found)


def around(name: str) -> Iterator[datetime]:
    """Moments before, at and after each change, and over a common night."""
    for change in changes(name) or (FIRST,):
        for minutes in (-1500, -600, -121, -61, -30, -1, 0, 1, 29, 30, 59, 61, 125, 600, 1500):
            yield change + timedelta(minutes=minutes)
        yield change - timedelta(seconds=1)


def clock(moment: datetime, tz: ZoneInfo) -> time:
    return moment.astimezone(tz).time().replace(fold=0)


def is_quiet(moment: datetime, quiet: Quiet, tz: ZoneInfo) -> bool:
    now = clock(moment, tz)
    if quiet.start < quiet.end:
        return quiet.start <= now < quiet.end
    return now >= quiet.start or now < quiet.end


@pytest.mark.parametrize("name", sorted({*SAMPLED, *MUST}))
def test_quiet_time_in_every_zone(name: str) -> None:
    """Quiet exactly where the wall clock says so; it ends in the future, at a moment that is no longer quiet, and not a minute
    later than need be."""
    tz = ZoneInfo(name)
    for quiet in QUIETS:
        for now in around(name):
            until = quiet_until(now, quiet, name)
            assert (until is not None) == is_quiet(now, quiet, tz), (now, quiet)
            if until is None:
                continue
            assert until > now
            assert until - now <= timedelta(hours=26)
            assert not is_quiet(until, quiet, tz), (now, until, quiet)
            before = until - timedelta(minutes=1)
            assert before <= now or is_quiet(before, quiet, tz), (now, until, quiet)


@pytest.mark.parametrize("name", sorted({*SAMPLED, *MUST}))
def test_a_local_time_is_shown_by_the_clock(name: str) -> None:
    """The moment of a wall-clock time shows that time; where no clock ever shows it, it is the first moment after the gap."""
    tz = ZoneInfo(name)
    for change in changes(name) or (FIRST,):
        for day in (change.date() - timedelta(days=1), change.date(), change.date() + timedelta(days=1)):
            for hour, minute in ((0, 0), (0, 30), (1, 30), (2, 0), (2, 30), (3, 0), (9, 0), (21, 0), (23, 59)):
                wanted = datetime.combine(day, time(hour, minute))
                got = at_local(day, time(hour, minute), tz)
                shown = got.astimezone(tz).replace(tzinfo=None)
                if shown != wanted:
                    assert got in changes(name), (name, wanted, got)
                    assert shown > wanted
                    assert (got - timedelta(seconds=1)).astimezone(tz).replace(tzinfo=None) < wanted
                else:
                    assert got.astimezone(tz).fold == 0, "a time that comes twice is its first coming"


@pytest.mark.parametrize("name", sorted({*SAMPLED[:25], *MUST}))
def test_a_waking_wait_is_so_much_waking_time(name: str) -> None:
    """Counted minute by minute, exactly the wait lies outside the quiet time; elapsed time is never less than the wait."""
    tz = ZoneInfo(name)
    for change in (changes(name) or (FIRST,))[:2]:
        for start in (change - timedelta(hours=20), change - timedelta(minutes=30), change + timedelta(hours=3)):
            for wait in (timedelta(hours=4), timedelta(hours=24)):
                end = waking_end(start, wait, NIGHT, name)
                assert end - start >= wait
                minutes = int((end - start) / timedelta(minutes=1))
                awake = sum(not is_quiet(start + timedelta(minutes=m), NIGHT, tz) for m in range(0, minutes, 5)) * 5
                assert abs(timedelta(minutes=awake) - wait) <= timedelta(minutes=15), (start, end)


def test_without_quiet_time_waiting_is_elapsing() -> None:
    """No quiet hours, or ones of no length: four hours are four hours, over a change of clocks as well."""
    start = changes("Europe/Madrid")[0] - timedelta(hours=1)
    for quiet in (None, Quiet(time(9), time(9))):
        assert waking_end(start, timedelta(hours=4), quiet, "Europe/Madrid") == start + timedelta(hours=4)
        assert quiet_until(start, quiet, "Europe/Madrid") is None


def test_madrid_s_nights_by_hand() -> None:
    """The night of the spring change ends at nine by the clock, which is an hour sooner; in autumn an hour later."""
    spring = quiet_until(datetime(2027, 3, 27, 22, 0, tzinfo=UTC), NIGHT, "Europe/Madrid")
    autumn = quiet_until(datetime(2026, 10, 24, 22, 0, tzinfo=UTC), NIGHT, "Europe/Madrid")
    assert spring == datetime(2027, 3, 28, 7, 0, tzinfo=UTC)
    assert autumn == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


def test_new_year_and_leap_day() -> None:
    """Midnight of New Year's Eve and of the 28th of February 2028 are crossed like any other."""
    assert quiet_until(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), NIGHT, "UTC") == datetime(
        2027, 1, 1, 9, tzinfo=UTC
    )
    assert quiet_until(datetime(2028, 2, 28, 22, tzinfo=UTC), NIGHT, "UTC") == datetime(2028, 2, 29, 9, tzinfo=UTC)
    assert at_local(date(2028, 2, 29), time(9), ZoneInfo("Asia/Kolkata")) == datetime(2028, 2, 29, 3, 30, tzinfo=UTC)


WEEK = Hours(
    {**{day: ((time(9), time(13)), (time(15), time(18))) for day in range(5)}, 5: ((time(10), time(14)),)},
    frozenset({"2026-12-25"}),
)


@given(st.integers(0, 5 * 365 * 24 * 3600), st.sampled_from(sorted({*SAMPLED[:20], *MUST})))
def test_the_next_opening(seconds: int, name: str) -> None:
    """Somebody is there at the next opening, and nobody in between."""
    now = FIRST + timedelta(seconds=seconds)
    found = next_open(now, WEEK, name)
    assert found is not None
    assert found >= now
    assert open_now(found, WEEK, name)
    assert (found == now) == open_now(now, WEEK, name)
    steps = int((found - now) / timedelta(minutes=20))
    assert not any(open_now(now + timedelta(minutes=20 * n), WEEK, name) for n in range(steps))


def test_holidays_and_no_hours() -> None:
    """A dated closing closes; a shop without hours never opens."""
    christmas = datetime(2026, 12, 25, 11, tzinfo=UTC)
    assert not open_now(christmas, WEEK, "Europe/Madrid")
    assert next_open(christmas, WEEK, "Europe/Madrid") == datetime(2026, 12, 26, 9, tzinfo=UTC)
    assert next_open(christmas, Hours(), "Europe/Madrid") is None


def test_whose_zone_it_is() -> None:
    """The address' country has its zone; the shop's holds at home, and where a country has many or is not named."""
    policy = Policy(shop="demo", name="Demo", country="ES", zone="Atlantic/Canary")
    assert zone_for("ES", policy) == "Atlantic/Canary"
    assert zone_for("IN", policy) == "Asia/Kolkata"
    assert zone_for("US", policy) == zone_for("", policy) == "Atlantic/Canary"
    assert all(zone(name).key == name for name in ZONE_OF.values())
    assert zone("Nowhere/At_All").key == "UTC"
