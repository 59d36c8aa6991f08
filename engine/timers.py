"""The timer pump: wakes conversations at the moments they asked for. Timers are state; this is only the alarm clock."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.engine import Engine
from engine.ports import Due, StoreUnavailable
from flows import pointers
from flows.events import TimerDue

log = logging.getLogger("doorstep.timers")

#: Conversations woken together: their units share commits.
BATCH = 128
#: Read ahead of the batches: one query serves many.
READ_AHEAD = 2048
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
                self._next = await self._engine.store.next_due()
            except StoreUnavailable:
                await asyncio.sleep(STORE_AGAIN.total_seconds())
                continue
            except Exception:
                log.exception("timers.failed")
                await asyncio.sleep(STORE_AGAIN.total_seconds())
                continue
            await self._engine.clock.wait(self._next, self._wake)

    async def run_due(self) -> int:
        """Wake everything due now, oldest first; gives how many. A conversation whose step fails holds nobody else up: its
        error is raised after the others of this reading."""
        done = 0
        while True:
            now = self._engine.now()
            due = await self._engine.store.due(now, READ_AHEAD)
            if not due:
                return done
            self.busy = len(due)
            try:
                failed = await self._wake_all(due)
            finally:
                self.busy = 0
            if failed:
                raise next((e for e in failed if isinstance(e, StoreUnavailable)), failed[0])
            done += len(due)

    async def _wake_all(self, due: list[Due]) -> list[Exception]:
        """BATCH by BATCH, two under way at a time: what follows the one is done while the disk takes the other. Gives what failed;
        after a StoreUnavailable no further batch is begun."""
        failed: list[Exception] = []
        under_way: deque[asyncio.Task[list[Exception]]] = deque()
        for start in range(0, len(due), BATCH):
            events = [_event(each, self._engine.now()) for each in due[start : start + BATCH]]
            under_way.append(asyncio.ensure_future(self._engine.wake(events)))
            if len(under_way) > 1:
                failed += await under_way.popleft()
            if any(isinstance(e, StoreUnavailable) for e in failed):
                break
        for last in under_way:
            failed += await last
        return failed


def _event(due: Due, now: datetime) -> TimerDue:
    to = (pointers.conversation(due.conversation),)
    return TimerDue(event_id=f"timer:{due.conversation}:{due.at.timestamp():.3f}", to=to, at=now, due=due.at)
