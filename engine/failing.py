"""What becomes of timers whose step raised: the conversation puts them off itself (flows/stuck.py), by an event down the one road.

Where even that fails (a document that cannot be read, a shop that the settings no longer have) nothing can be written, so this process
alone remembers it: asked again after 1, 2, 4 … s up to an hour, and the owner hears of it once in a while.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from msgspec import Struct

from engine.decide import UnknownShop
from engine.engine import Engine
from engine.ports import Due, StoreUnavailable
from engine.watching import house_shops
from flows import stuck
from flows.events import StepFailed, TimerDue

log = logging.getLogger("doorstep.timers")

#: Tracebacks of one reading; a fault of the program may strike thousands at once.
TRACEBACKS_MOST = 3
#: Put off together: their units share commits.
AT_ONCE = 128


class Resting(Struct):
    """A conversation that cannot be written: how often that failed, and until when it is left alone."""

    failures: int
    until: datetime


class Failing:
    """One per process, the timer pump's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._resting: dict[str, Resting] = {}

    def __len__(self) -> int:
        return len(self._resting)

    def without_resting(self, due: list[Due], now: datetime) -> list[Due]:
        """Those that may be woken now."""
        if not self._resting:
            return due
        left_alone = {name for name, resting in self._resting.items() if resting.until > now}
        return [each for each in due if each.conversation not in left_alone]

    def next_moment(self) -> datetime | None:
        """When the first of those that rest is to be tried again."""
        return min((resting.until for resting in self._resting.values()), default=None)

    def woke(self, conversation: str) -> None:
        """Its step went well."""
        self._resting.pop(conversation, None)

    async def put_off(self, failed: list[tuple[TimerDue, Exception]]) -> None:
        """Each for as long as its failures say. Raises StoreUnavailable: then nothing has failed but the store."""
        for place, (event, error) in enumerate(failed):
            self._engine.count("steps_failed", event="TimerDue", error=type(error).__name__)
            log.error(
                "timers.failed",
                exc_info=error if place < TRACEBACKS_MOST else None,
                extra={"conversation": event.to[0].key, "error": type(error).__name__},
            )
        for start in range(0, len(failed), AT_ONCE):
            await asyncio.gather(*(self._one(event, error) for event, error in failed[start : start + AT_ONCE]))

    async def _one(self, event: TimerDue, error: Exception) -> None:
        conversation = event.to[0].key
        try:
            await self._engine.handle(_failed(event, error, self._engine.now()))
        except StoreUnavailable:
            raise
        except Exception as unwritable:  # noqa: BLE001 -- it rests in memory instead
            await self._rest(conversation, unwritable)
        else:
            self.woke(conversation)

    async def _rest(self, conversation: str, error: Exception) -> None:
        now, known = self._engine.now(), self._resting.get(conversation)
        failures = 1 if known is None else known.failures + 1
        self._resting[conversation] = Resting(failures, now + stuck.again_after(failures))
        if failures == stuck.TOLD_AT and not isinstance(error, UnknownShop):
            for shop in house_shops(self._engine):
                await self._engine.alarm(shop, "stuck", "unwritable")


def _failed(event: TimerDue, error: Exception, now: datetime) -> StepFailed:
    ident = f"failed:{event.event_id}:{now.timestamp():.3f}"
    return StepFailed(event_id=ident, to=event.to, at=now, due=event.due, error=type(error).__name__)
