"""Business time that runs faster than the machine's, the same in the service's process and with the pretend providers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from sandbox.world import World

#: Real seconds of the longest single wait: what another process changed is noticed by then.
LONGEST_WAIT_S = 5.0


class Pace(Struct, frozen=True):
    """`base` was the time at the machine's `since`; each machine second since then is `factor` seconds."""

    base: datetime
    since: float
    factor: float

    @classmethod
    def start(cls, factor: float) -> Pace:
        return cls(datetime.now(UTC), time.time(), factor)

    def now(self) -> datetime:
        return self.base + timedelta(seconds=(time.time() - self.since) * self.factor)

    def at(self, factor: float) -> Pace:
        """The same time, running on at another pace."""
        return Pace(self.now(), time.time(), factor)


class FastClock:
    """Implements engine.clock.Clock."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def now(self) -> datetime:
        return self._pace.now()

    async def wait(self, until: datetime | None, wake: asyncio.Event) -> None:
        timeout = LONGEST_WAIT_S
        if until is not None:
            timeout = min(max((until - self.now()).total_seconds() / self._pace.factor, 0.0), timeout)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), timeout)
        wake.clear()


class FastWorld(World):
    """The pretend providers' world on the same time."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self.pace = pace

    def now(self) -> datetime:
        return self.pace.now()
