"""Several processes on one store: who lives, who shares which timers, and what becomes of the work of one that died.

Each process beats in the store. Each watches, by its own monotonic clock, whether the others' beats go on: a clock is never compared
with another machine's. One whose beat stood still through GONE_AFTER_S of good looks is gone: what it had `sending` becomes
unknown (asked about, never resent), its timers and planned effects are shared among the others. Looks that fail say nothing, so
a store that was away kills nobody. The sweep is led by one; the lead lies in the store with a fence that grows with every hand.

A process that was only frozen is fenced twice when it thaws: nothing leaves it while its own beat is older than HOLD_S, which
is shorter than GONE_AFTER_S; and its next beat finds no entry, which ends it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol, runtime_checkable

from engine.engine import Engine
from engine.lanes import Lanes
from engine.ports import Channel, Found, Lookup, Message, StoreUnavailable
from flows import pointers
from flows.effects import Outcome, TryAgain
from flows.events import Recovered

log = logging.getLogger("doorstep.leases")

#: Between two beats, and between two looks at the others, in machine seconds.
BEAT_S = 1.0
#: A beat that stood still for so long: gone. With the look that finds it and the sweep, an effect is unknown within 10 s.
GONE_AFTER_S = 6.0
#: Nothing leaves a process whose own last beat is older.
HOLD_S = 4.0
#: Planned effects are offered again in pages of this size.
PAGE = 500
SWEEPS = "sweeps"


@runtime_checkable
class Processes(Protocol):
    """What a store that several processes serve can do beside engine.ports.Store. All raise StoreUnavailable."""

    #: Slots of conversations whose timers this process wakes on time; None: all. Late ones are anybody's.
    slots: frozenset[int] | None

    async def enter(self, process: str) -> None: ...

    async def beat(self, process: str) -> bool:
        """False: this process was declared gone."""

    async def leave(self, process: str) -> None: ...

    async def processes(self) -> dict[str, int]:
        """Name -> beats so far."""

    async def take_lead(self, what: str, process: str, alive: frozenset[str]) -> int:
        """The fence of this process' lead, 0 where a living one has it."""

    async def flights(self) -> list[tuple[str, tuple[str, ...]]]:
        """(conversation, processes that have something of it on the wire)."""


class Leases:
    """One per process. `ended`: called once when this process was declared gone and must not go on."""

    def __init__(
        self,
        engine: Engine,
        store: Processes,
        process: str,
        ended: Callable[[str], None],
        slots: int,
        slot: Callable[[str], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._store = store
        self._process = process
        self._ended = ended
        self._slots, self._slot = slots, slot
        self._now = now
        self._beat_at = 0.0
        self._still: dict[str, tuple[int, float]] = {}  # name -> (beats, when first seen so)
        self._tasks: list[asyncio.Task[None]] = []
        self._numbers = itertools.count()
        self.alive: frozenset[str] = frozenset({process})
        self.leads = False
        self.on_gone: Callable[[], None] = lambda: None
        self.on_lead: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Before anything is put on the wire. Raises StoreUnavailable."""
        await self._store.enter(self._process)
        self._beat_at = self._now()
        await self._look()
        await self.take_over()
        for work in (self._beating, self._watching):
            self._tasks.append(asyncio.ensure_future(self._forever(work)))

    async def stop(self) -> None:
        """After everything on the wire was settled: nobody has to be waited for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._store.leave(self._process)
        except StoreUnavailable:
            log.warning("leases.not_left")

    def holds(self) -> bool:
        """Whether nobody can have declared this process gone."""
        return self._now() - self._beat_at < HOLD_S

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except StoreUnavailable:
                self._still.clear()
            except Exception:
                log.exception("leases.failed")
            await asyncio.sleep(BEAT_S)  # noqa: TID251 -- the machine's time: no business clock moves a lease

    async def _beating(self) -> None:
        began = self._now()
        if not await self._store.beat(self._process):
            self._ended("this process was silent for too long and was declared gone; its work was taken over")
            return
        self._beat_at = began

    async def _watching(self) -> None:
        before = self.alive
        gone = await self._look()
        led, self.leads = self.leads, await self._store.take_lead(SWEEPS, self._process, self.alive) > 0
        if self.leads and not led:
            self.on_lead()
        if self.leads:
            await self._recover(gone)
        if before - self.alive:
            await self.take_over()
            self.on_gone()

    async def _look(self) -> frozenset[str]:
        """Who is gone; sets who is alive and which slots are this one's."""
        now = self._now()
        found = await self._store.processes()
        self._still = {
            name: self._still[name] if self._still.get(name, (-1, 0.0))[0] == beats else (beats, now)
            for name, beats in found.items()
        }
        silent = {n for n, (_, since) in self._still.items() if now - since > GONE_AFTER_S and n != self._process}
        self.alive = (frozenset(found) - silent) | {self._process}
        names = sorted(self.alive)
        mine, many = names.index(self._process), len(names)
        self._store.slots = None if many == 1 else frozenset(s for s in range(self._slots) if s % many == mine)
        return frozenset(silent)

    async def _recover(self, gone: frozenset[str]) -> None:
        """What is on the wire by nobody who lives is unknown. Flights are read before names: a name is entered before it flies."""
        flights = await self._store.flights()
        known = frozenset(await self._store.processes()) - gone | {self._process}
        for conversation, names in flights:
            for name in set(names) - known:
                await self._engine.handle(
                    Recovered(
                        event_id=f"recovered:{name}:{self._process}:{next(self._numbers)}",
                        to=(pointers.conversation(conversation),),
                        at=self._engine.now(),
                        gone=(name,),
                        by=self._process,
                    )
                )
        for name in gone:
            log.warning("leases.gone", extra={"who": name})
            await self._store.leave(name)

    async def take_over(self) -> None:
        """Offer the planned effects of this process' slots to its lanes; the gate lets each leave once, whoever else offers it."""
        after = None
        horizon = self._engine.now() + timedelta(days=36500)
        while True:
            page = await self._engine.store.sendable(horizon, PAGE, after)
            for due in page:
                if self._store.slots is None or self._slot(due.conversation) in self._store.slots:
                    document = await self._engine.store.load(pointers.conversation(due.conversation))
                    if document is not None:
                        self._engine.follow(document, ())  # performs nothing: there is nothing to wait for
            if len(page) < PAGE:
                return
            after = (page[-1].at, page[-1].conversation)


class Fenced:
    """A channel that sends only while this process surely lives. Implements engine.ports.Channel."""

    def __init__(self, channel: Channel, leases: Leases) -> None:
        self._channel = channel
        self._leases = leases
        self.provider = channel.provider

    async def send(self, message: Message) -> Outcome:
        """TryAgain, and nothing was sent, where this process may have been declared gone."""
        if not self._leases.holds():
            return TryAgain(after_s=1, reason="lease lapsed")
        return await self._channel.send(message)

    async def find(self, lookup: Lookup) -> Found | None:
        return await self._channel.find(lookup)

    async def close(self) -> None:
        await self._channel.close()


def fenced(channels: Mapping[tuple[str, str], Channel], leases: Leases) -> dict[tuple[str, str], Channel]:
    """The same channels, each behind the fence; one that several shops share stays one."""
    made: dict[int, Channel] = {id(channel): Fenced(channel, leases) for channel in channels.values()}
    return {key: made[id(channel)] for key, channel in channels.items()}


def share_lanes(lanes: Lanes, leases: Leases, shared: Callable[[], bool]) -> None:
    """Without pacing that is shared, each of n living processes takes an n-th of every sender's pace. While this process may have been
    declared gone nothing is claimed either: what the fence would send back costs two commits each time, of a store that is slow already."""
    lanes.share = lambda: 1.0 if shared() else 1.0 / len(leases.alive)
    lanes.may_send = leases.holds
