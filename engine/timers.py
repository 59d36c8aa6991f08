"""The timer pump: wakes conversations at the moments they asked for. Timers are state; this is only the alarm clock."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.engine import Engine
from engine.failing import Failing
from engine.ports import Due, StoreUnavailable
from flows import pointers
from flows.events import TimerDue

log = logging.getLogger("doorstep.timers")

#: Conversations woken together: their units share commits.
BATCH = 128
#: Read ahead of the batches: one query serves some of them, and holds up people for a millisecond or two.
READ_AHEAD = 512
STORE_AGAIN = timedelta(seconds=1)
#: Between two looks at a clock that jumped, machine time.
CLOCK_AGAIN = timedelta(seconds=1)


class Timers:
    """One per process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wake = asyncio.Event()
        self._next: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._failing = Failing(engine)
        self.busy = 0
        #: Asked before each waking: a clock that has just jumped is not acted on.
        self.trusted: Callable[[], bool] = lambda: True
        engine.on_due = self.consider

    def consider(self, due: datetime) -> None:
        """A commit asked for this moment: look again if it is sooner than what is waited for."""
        if self._next is None or due < self._next:
            self._next = due
            self._wake.set()

    def lag_s(self) -> float:
        """How long the earliest timer that is not done has been due, in seconds."""
        return 0.0 if self._next is None else max((self._engine.now() - self._next).total_seconds(), 0.0)

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            if not self.trusted():
                await asyncio.sleep(CLOCK_AGAIN.total_seconds())
                continue
            try:
                await self.run_due()
                self._next = await self._next_due()
            except StoreUnavailable:
                await asyncio.sleep(STORE_AGAIN.total_seconds())
                continue
            except Exception:
                log.exception("timers.failed")
                await asyncio.sleep(STORE_AGAIN.total_seconds())
                continue
            await self._engine.clock.wait(self._next, self._wake)

    async def _next_due(self) -> datetime | None:
        """When to look again. What rests is due all the while: beside it the others are looked for each second."""
        first = await self._engine.store.next_due()
        now = self._engine.now()
        if not len(self._failing) or first is None or first > now:
            return first
        rested = self._failing.next_moment() or now
        return min(max(rested, now), now + STORE_AGAIN)

    async def run_due(self) -> int:
        """Wake everything due now, oldest first; gives how many. A conversation whose step fails holds nobody else up: it is put
        off, for longer each time (engine/failing.py). Raises StoreUnavailable."""
        done = 0
        while True:
            now = self._engine.now()
            found = await self._engine.store.due(now, READ_AHEAD + len(self._failing))
            due = self._failing.without_resting(found, now)
            if not due:
                return done
            self.busy = len(due)
            try:
                failed = await self._wake_all(due)
                away = next((error for _, error in failed if isinstance(error, StoreUnavailable)), None)
                if away is not None:
                    raise away
                if failed:
                    await self._failing.put_off(failed)
            finally:
                self.busy = 0
            if len(self._failing):
                self._woke(due, failed)
            done += len(due)

    def _woke(self, due: list[Due], failed: list[tuple[TimerDue, Exception]]) -> None:
        """Whose step went well rests no more."""
        not_well = {event.to[0].key for event, _ in failed}
        for each in due:
            if each.conversation not in not_well:
                self._failing.woke(each.conversation)

    async def _wake_all(self, due: list[Due]) -> list[tuple[TimerDue, Exception]]:
        """BATCH by BATCH, two under way at a time: what follows the one is done while the disk takes the other. Gives what failed;
        after a StoreUnavailable no further batch is begun."""
        failed: list[tuple[TimerDue, Exception]] = []
        under_way: deque[asyncio.Task[list[tuple[TimerDue, Exception]]]] = deque()
        for start in range(0, len(due), BATCH):
            events = [_event(each, self._engine.now()) for each in due[start : start + BATCH]]
            under_way.append(asyncio.ensure_future(self._engine.wake(events)))
            if len(under_way) > 1:
                failed += await under_way.popleft()
            if any(isinstance(error, StoreUnavailable) for _, error in failed):
                break
        for last in under_way:
            failed += await last
        return failed


def _event(due: Due, now: datetime) -> TimerDue:
    to = (pointers.conversation(due.conversation),)
    return TimerDue(event_id=f"timer:{due.conversation}:{due.at.timestamp():.3f}", to=to, at=now, due=due.at)
