"""The two clocks. Business time (rungs, quiet hours, windows, pacing) is asked here and may be moved in the sandbox; leases and
socket timeouts use the machine's monotonic time and never come here."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

#: The longest single wait: a clock that is set forward meanwhile is noticed no later than this.
LONGEST_WAIT_S = 30.0


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware UTC."""

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        """Return when `until` has come or `wake` is set, whichever is first; clears `wake`."""


#: A jump of the machine's clock beyond this is a fault, not a correction.
JUMP = timedelta(minutes=5)
#: After a jump the clock has to go evenly for so long, in machine seconds, before timers are trusted again.
STEADY_AFTER_S = 120.0


class SteadyClock:
    """Tells whether the machine's clock jumped: it is compared with the time since boot, which nobody sets.

    Seconds since boot count a machine's sleep too (CLOCK_BOOTTIME; elsewhere the monotonic clock), so a lid that was closed is no jump.
    """

    def __init__(self, wall: Callable[[], float] = time.time, since_boot: Callable[[], float] | None = None) -> None:
        self._wall = wall
        self._boot = since_boot or _since_boot
        self._apart = wall() - self._boot()
        self._steady_from = float("-inf")
        self._jumped = timedelta()

    def steady(self) -> bool:
        """Whether timers may be acted on."""
        boot = self._boot()
        moved = timedelta(seconds=self._wall() - boot - self._apart)
        if abs(moved) > JUMP:
            self._apart = self._wall() - boot
            self._steady_from = boot + STEADY_AFTER_S
            self._jumped = moved
        return boot >= self._steady_from

    def jumped(self) -> timedelta:
        """How far the last jump went, told once; zero where there was none since the last question."""
        self.steady()
        told, self._jumped = self._jumped, timedelta()
        return told


def _since_boot() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class RunningClock:
    """The machine's time plus an offset that only the sandbox moves, forward only."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._waiting: set[asyncio.Event] = set()

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now + self._offset if self._offset else now

    def skip_to(self, moment: datetime) -> None:
        """Set the clock forward; every waiter looks again. Raises ValueError for a moment that is past."""
        ahead = moment - self.now()
        if ahead < timedelta():
            raise ValueError("the clock only goes forward")
        self._offset += ahead
        for event in self._waiting:
            event.set()

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        timeout = LONGEST_WAIT_S
        if until is not None:
            timeout = min(max((until - self.now()).total_seconds(), 0.0), LONGEST_WAIT_S)
        self._waiting.add(wake)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), timeout)
        finally:
            self._waiting.discard(wake)
        wake.clear()


class FakeClock:
    """For tests: moves only by `advance` or `set`, refuses to go back, and reading it never moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._waiting: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        if moment < self._now:
            raise ValueError("a fake clock does not go back")
        self._now = moment
        for event in self._waiting:
            event.set()

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        self._waiting.add(wake)
        try:
            while not wake.is_set() and (until is None or self._now < until):
                await wake.wait()
        finally:
            self._waiting.discard(wake)
        wake.clear()
