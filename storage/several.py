"""What only a house of several processes has: leases on a shared store, and hints through Redis where the settings name one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from engine.bursts import Bursts
from engine.bursts_shared import SharedBursts
from engine.engine import Engine
from engine.leases import Leases, Processes, fenced, share_lanes
from engine.ports import Channel
from storage.mongo_schema import SLOTS, slot
from storage.redis_hints import RedisHints

#: Timers that are due later than this are found by everybody's regular look: nobody has to be told.
SOON = timedelta(seconds=60)


class Several:
    """One per process on a shared store. `ended`: this process must not go on."""

    def __init__(
        self,
        engine: Engine,
        store: Processes,
        process: str,
        redis: str | None,
        key: bytes,
        ended: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self.leases = Leases(engine, store, process, ended, SLOTS, slot)
        self.hints = RedisHints(redis, key, process) if redis else None
        self._shared: list[SharedBursts] = []
        share_lanes(engine.lanes, self.leases, lambda: self.hints is not None and self.hints.up)
        if self.hints is not None:
            engine.lanes.on_charge = self.hints.charge

    def channels(self, channels: Mapping[tuple[str, str], Channel]) -> dict[tuple[str, str], Channel]:
        """The same ones, through which nothing leaves once this process may have been declared gone."""
        return fenced(channels, self.leases)

    def bursts(self, window: timedelta, what: str) -> Bursts:
        """Counts that the processes share where there is Redis."""
        if self.hints is None:
            return Bursts(window)
        made = SharedBursts(window, what, self.hints)
        self._shared.append(made)
        return made

    async def start(self, on_lead: Callable[[], None]) -> None:
        """Before anything is put on the wire, with the timers built. `on_lead`: called once, should this process come to lead."""
        consider = self._engine.on_due or (lambda due: None)
        if self.hints is not None:
            hints = self.hints

            def told(due: datetime) -> None:
                consider(due)
                if due - self._engine.now() < SOON:
                    hints.wake(due)

            self._engine.on_due = told
            hints.on_wake = consider
            hints.on_burst = self._heard
            await hints.start()
        self.leases.on_gone = lambda: consider(self._engine.now())
        self.leases.on_lead = on_lead
        await self.leases.start()

    def _heard(self, what: str, key: str, at: datetime) -> None:
        for counts in self._shared:
            counts.heard(what, key, at)

    async def stop(self) -> None:
        """After everything on the wire was settled."""
        await self.leases.stop()
        if self.hints is not None:
            await self.hints.stop()
