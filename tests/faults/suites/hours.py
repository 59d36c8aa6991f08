"""Time that is not as it should be: clocks that jump, zones that change, everything due at once after an outage."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from engine.clock import SteadyClock
from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    number,
    patched,
    percentile,
    twice,
)
from tests.flows import test_hours as zones_of
from tests.town import Town, town

#: Seconds that a machine's clock jumps by.
JUMPS_S = (3600, -3600, 86400, -86400, -600, 7200)


async def jumps(size: int, folder: Path, dice: random.Random) -> Figure:
    """The machine's clock jumps and is set right again: nothing leaves early, and the question comes once, at its time."""
    figure, wall, boot = Figure(), [0.0], [0.0]
    with mock.patch("engine.timers.CLOCK_AGAIN", timedelta(milliseconds=2)):
        async with town(folder, more=OPEN, twilio_more=FAST) as t:
            steady = SteadyClock(lambda: wall[0], lambda: boot[0])
            t.house.timers.trusted = steady.steady
            for n in range(4):
                await t.api("POST", "/orders", an_order(t, n))
            await t.skip(minutes=1)
            early = 0
            for _ in range(size):
                jump, before = dice.choice(JUMPS_S), len(t.world.ledger)
                wall[0] += jump
                right = t.clock.now()
                _put(t, right + timedelta(seconds=jump))
                await asyncio.sleep(0.01)
                early += len(t.world.ledger) - before
                wall[0] -= jump
                _put(t, right)
                steady.steady()
                wall[0] += 130
                boot[0] += 130  # it has gone evenly for two minutes
            figure.check(early == 0, f"{early} messages left while the clock was wrong")
            steady.steady()
            await t.skip(hours=4.1)
            figure.failures += twice(t)
            for n in range(4):
                got = len(t.got("whatsapp", number(n)))
                figure.check(got == 1, f"{number(n)} got {got} second questions")
    figure.said = f"{size} jumps (an hour, a day, ten minutes, both ways): 0 messages early, 0 twice, each question once at its time"
    return figure


def _put(t: Town, moment: datetime) -> None:
    """The clock as a machine's is set: backwards too, which the tests' clock otherwise refuses."""
    if moment < t.clock.now():
        t.clock._now = moment
        t.world.set_clock(moment)
    else:
        t._set(moment)


async def zones(size: int, folder: Path, dice: random.Random) -> Figure:
    """Quiet hours and local times around every change of the clocks from 2026 to 2030, by a second reckoning."""
    figure, changes = Figure(), 0
    names = [*zones_of.MUST, *dice.sample(zones_of.ZONES, min(size, len(zones_of.ZONES)))][:size]
    for name in names:
        changes += len(zones_of.changes(name))
        for look in (zones_of.test_quiet_time_in_every_zone, zones_of.test_a_local_time_is_shown_by_the_clock):
            try:
                look(name)
            except AssertionError as error:
                figure.failures.append(f"{name}: {str(error)[:120]}")
    figure.said = f"{len(names)} zones with {changes} changes from 2026 to 2030: 0 moments wrong"
    return figure


def _without_changes(now: datetime, quiet: Any, name: str) -> datetime | None:
    """As if the offset of today were that of tomorrow."""
    here = timezone(now.astimezone(ZoneInfo(name)).utcoffset() or timedelta())
    local = now.astimezone(here)
    if not zones_of.is_quiet(now, quiet, ZoneInfo(name)):
        return None
    end = local.replace(hour=quiet.end.hour, minute=quiet.end.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


async def storm(size: int, folder: Path, dice: random.Random) -> Figure:
    """Twelve hours without the service: everything is overdue at once, and it is night for the customers."""
    figure, took = Figure(), []
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        for n in range(size):
            await t.api("POST", "/orders", an_order(t, n))
        await t.skip(minutes=2)
        await t.close_house()
        asked = len(t.world.ledger)
        t.leap(hours=12)
        opening = asyncio.ensure_future(t.open_house())
        await asyncio.sleep(0)
        for n in range(20):
            start = time.monotonic()
            status = await _posted(t, an_order(t, size + n, phone=None))
            took.append((time.monotonic() - start) * 1000)
            figure.check(status in (0, 202), f"an order was answered {status}")
        await opening
        await t.settle()
        night = len(t.world.ledger) - asked
        figure.check(night == 0, f"{night} messages in the night")
        start = time.monotonic()
        await t.skip(hours=12)
        spent = time.monotonic() - start
        figure.failures += twice(t)
        got = Counter(received.to for received in t.world.ledger)
        for n in range(size):
            to = number(n)
            figure.check(got[to] == 2, f"{to} got {got[to]} messages: the first and one overdue question are right")
    figure.said = (
        f"{size} timers overdue by hours, at night: 0 messages before the morning, then one question each ({size / spent:.0f}/s); "
        f"orders meanwhile {percentile(took, 0.5):.0f} ms median, {percentile(took, 0.99):.0f} ms p99"
    )
    return figure


async def _posted(t: Town, body: dict[str, Any]) -> int:
    try:
        status, _ = await t.api("POST", "/orders", body)
    except OSError:
        await asyncio.sleep(0.02)
        return 0
    return status


SUITES = (
    Suite(
        "clock jumps", ("F7",), ("P5",), "jumps", 30, 1000, jumps,
        {"every clock is trusted": patched("engine.clock.SteadyClock.steady", lambda _self: True)},
    ),
    Suite(
        "zones", ("F8",), ("P5",), "zones", 20, len(zones_of.ZONES), zones,
        {"clocks never change": patched("tests.flows.test_hours.quiet_until", _without_changes)},
    ),
    Suite(
        "outage", ("F18",), ("P5", "P12"), "timers", 40, 10_000, storm,
        {"nights are not looked at": patched("flows.hours.quiet_until", lambda *_: None)},
    ),
)  # fmt: skip
