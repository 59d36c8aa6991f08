"""What has been kept long enough goes: once a night, in small steps, and the log says how much of what.

A conversation that rested is made blank as by `run.py erase-customer`: a new key, no journal, and the stop of who said stop stays known.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from engine.engine import Engine
from engine.ports import OurFault, StoreUnavailable
from flows import pointers
from flows.conversation import Conversation
from flows.forgetting import Forgotten, forget
from flows.retention import outlived

log = logging.getLogger("doorstep.retention")

#: Between two rounds, business time.
EVERY = timedelta(hours=24)
#: Conversations looked at in one step, and the pause after it, machine time: a million take an hour of a tenth of one core.
PAGE = 200
PAUSE_S = 0.2
#: Unreadable bodies looked at in one round.
BODIES = 10_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@runtime_checkable
class Expiring(Protocol):
    """What a store can do that lets go of things."""

    async def resting(self, after: str, limit: int) -> list[str]:
        """Ids of conversations that nothing waits for, in the order of the ids, after this one."""

    async def forget(self, conversation: str, left: Callable[[Conversation], Forgotten | None]) -> bool:
        """See engine.people_data.Forgetting."""

    async def trim_journal(self, conversation: str, before: datetime) -> int:
        """Drop blocks of old journal lines whose last line is older; how many blocks. The lines in the document stay."""

    async def expire_history(self, shop: str, before_day: int) -> int:
        """Make closed orders unreadable that closed before this day (counted from 1970); how many."""


class Retention:
    """One per process; of several processes the leading one lets go."""

    def __init__(self, engine: Engine, pause_s: float = PAUSE_S) -> None:
        self._engine = engine
        self._pause_s = pause_s
        self._next: datetime | None = None
        self._running: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin a round in the background, if it is time and none runs."""
        now = self._engine.now()
        if self._next is None:
            self._next = now + timedelta(hours=1)  # not amid a start
        if now >= self._next and (self._running is None or self._running.done()):
            self._next = now + EVERY
            self._running = asyncio.ensure_future(self._guarded())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _guarded(self) -> None:
        try:
            await self.run()
        except StoreUnavailable:
            log.warning("retention.store_unavailable")
        except Exception:
            log.exception("retention.failed")

    async def run(self) -> Counter[str]:
        """One whole round; what went, by kind. Raises StoreUnavailable: the rest goes the next night."""
        store = self._engine.store
        gone: Counter[str] = Counter()
        if isinstance(store, Expiring):
            await self._conversations(store, gone)
            day = self._engine.now().toordinal() - _EPOCH_DAY
            for shop, policy in list(self._engine.policies.items()):
                if policy.keep.history is not None:
                    gone["history"] += await store.expire_history(shop, day - policy.keep.history.days)
        await self._bodies(gone)
        log.info("retention.done", extra={"gone": dict(gone)})
        for kind, many in gone.items():
            for _ in range(many):
                self._engine.count("expired", kind=kind)
        return gone

    async def _conversations(self, store: Expiring, gone: Counter[str]) -> None:
        after = ""
        while True:
            page = await store.resting(after, PAGE)
            for id_ in page:
                await self._conversation(store, id_, gone)
            if len(page) < PAGE:
                return
            after = page[-1]
            await asyncio.sleep(self._pause_s)  # noqa: TID251 -- the machine's time: people's answers go first

    async def _conversation(self, store: Expiring, id_: str, gone: Counter[str]) -> None:
        now = self._engine.now()
        try:
            document = await self._engine.store.load(pointers.conversation(id_))
        except OurFault:
            log.exception("retention.unreadable", extra={"conversation": id_})
            return
        policy = self._engine.policies.get(document.shop) if isinstance(document, Conversation) else None
        if not isinstance(document, Conversation) or policy is None:
            return
        keep = policy.keep
        if outlived(document, keep, now):
            gone["conversations"] += await store.forget(
                id_, lambda was: forget(was, now) if outlived(was, keep, now) else None
            )
        elif keep.journal is not None and document.notes_ever > len(document.notes):
            gone["journal"] += await store.trim_journal(id_, now - keep.journal)

    async def _bodies(self, gone: Counter[str]) -> None:
        kept = [policy.keep.bodies for policy in self._engine.policies.values()]
        if not kept or any(each is None for each in kept):
            return  # a body does not say whose it is: the longest wish holds
        limit = max(each for each in kept if each is not None)
        old = [body.id for body in await self._engine.store.kept(BODIES) if self._engine.now() - body.at > limit]
        if old:
            await self._engine.store.drop_kept(old)
        gone["bodies"] += len(old)
