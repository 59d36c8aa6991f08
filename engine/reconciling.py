"""Finds what webhooks never told, and puts it on the one road as the same events with the same ids: what was told changes nothing.

Twilio tries a webhook for 15 seconds, WooCommerce once, Shopify for four hours: whatever this service misses meanwhile is only found by
asking. Each sweep asks its provider for everything since the moment it came to last, with some overlap; that moment is kept in
the desk's document, so an outage of any length is covered. The first sweep of all only notes the moment: what happened
before this service is none of its business.

Some things change long after they began (a phone that was off gets its text). For these a sweep also looks far back: once an hour,
after an outage, and as long as it goes on finding news.
"""

from __future__ import annotations

import logging
import traceback
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.engine import Engine
from engine.ports import StoreUnavailable, Sweeper, Unanswered
from flows import pointers
from flows.desk_events import SweptTo
from flows.events import AnyEvent, OrderTold

log = logging.getLogger("doorstep.reconciling")

#: Between two sweeps, business time. With what is left to the webhooks first, an outage's leavings are found within 5 minutes.
EVERY = timedelta(minutes=2)
#: Providers' clocks and lists lag; what lies in the overlap is known by its event id.
OVERLAP = timedelta(minutes=10)
#: A position older than this tells of an outage.
GAP = timedelta(minutes=10)
DEEP_EVERY = timedelta(hours=1)
#: A sweep of which an event fails stays where it is, for so long at most: a window that only grew would end in no answer at all.
HELD_MOST = timedelta(days=3)
#: Behind a sweep's name: the moment of its very first run, before which it never looks.
BEGAN = ":began"
#: Events handed in lately: a hint that saves the store the question.
TOLD_MOST = 50_000


class Reconciler:
    """One per process; of several processes the leading one sweeps."""

    def __init__(self, engine: Engine, sweepers: Sequence[Sweeper]) -> None:
        self._engine = engine
        self._sweepers = sweepers
        self._next: datetime | None = None
        self._deep_at: dict[str, datetime] = {}
        self._missing: set[str] = set()
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def look(self) -> None:
        """Sweep, if it is time."""
        now = self._engine.now()
        if self._next is None or now >= self._next:
            self._next = now + EVERY
            await self.sweep()

    async def sweep(self) -> int:
        """Sweep now; gives how many events were news. A provider that does not answer holds up no other."""
        found = 0
        for sweeper in self._sweepers:
            try:
                found += await self._one(sweeper)
            except Unanswered as error:
                log.warning("sweep.unanswered", extra={"sweep": sweeper.name, "why": str(error)})
                self._engine.count("sweeps", sweep=sweeper.name, result="unanswered")
            except StoreUnavailable:
                log.warning("sweep.store_unavailable", extra={"sweep": sweeper.name})
            except Exception:
                log.exception("sweep.failed", extra={"sweep": sweeper.name})
        return found

    async def _one(self, sweeper: Sweeper) -> int:
        now = self._engine.now()
        positions = (await self._engine.desk(sweeper.shop)).swept
        last, began = positions.get(sweeper.name), positions.get(sweeper.name + BEGAN)
        if last is None or began is None:
            await self._came_to(sweeper.shop, sweeper.name, now)
            await self._came_to(sweeper.shop, sweeper.name + BEGAN, now)
            return 0
        outage = now - last > GAP
        swept = await sweeper.sweep(max(began, self._since(sweeper, last, now, outage)), now)
        news, failed = 0, False
        for event in swept.events:
            try:
                news += await self._tell(event)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 -- one event that cannot be stepped holds up no other; it is asked for again
                frames = "".join(traceback.format_tb(error.__traceback__))
                log.error("sweep.step_failed", extra={"error": type(error).__name__, "frames": frames})
                failed = True
        if not failed or now - last > HELD_MOST:
            await self._came_to(sweeper.shop, sweeper.name, swept.upto)
        self._engine.count("sweeps", sweep=sweeper.name, result="news" if news else "nothing")
        (self._missing.add if news else self._missing.discard)(sweeper.name)
        if news:
            log.warning("sweep.news", extra={"sweep": sweeper.name, "count": news, "after_outage": outage})
            if sweeper.tells and not outage:
                await self._engine.alarm(
                    sweeper.shop, "hooks_silent", sweeper.provider, provider=sweeper.provider, count=news
                )
        return news

    def _since(self, sweeper: Sweeper, last: datetime, now: datetime, outage: bool) -> datetime:
        since = last - OVERLAP
        due = self._deep_at.get(sweeper.name)
        if sweeper.deep and (outage or sweeper.name in self._missing or due is None or now >= due):
            self._deep_at[sweeper.name] = now + DEEP_EVERY
            return min(since, now - sweeper.deep)
        return since

    async def _tell(self, event: AnyEvent) -> bool:
        """Whether it was news."""
        mark = (event.event_id, event.to[0].shop)
        if mark in self._told:
            return False
        if isinstance(event, OrderTold):
            return await self._order(event, mark)
        handled = await self._engine.handle(event)
        self._remember(mark)
        return handled.decision is not None and handled.decision.changed

    async def _order(self, event: OrderTold, mark: tuple[str, str]) -> bool:
        """A webhook's body has no id of its own that a list repeats, so an order is known by the shop's time of its last change."""
        shop = event.to[-1].shop
        known = await self._engine.order(shop, event.fields.id)
        order = known.order(event.fields.id) if known is not None else None
        told = order is not None and order.source_at is not None and event.source_at is not None
        if not (told and order is not None and event.source_at <= order.source_at):  # type: ignore[operator]  # both are there
            await self._engine.handle(event)
        self._remember(mark)
        return known is None

    def _remember(self, mark: tuple[str, str]) -> None:
        self._told[mark] = None
        if len(self._told) > TOLD_MOST:
            self._told.popitem(last=False)

    async def _came_to(self, shop: str, name: str, upto: datetime) -> None:
        await self._engine.handle(
            SweptTo(
                event_id=f"swept:{name}:{upto.isoformat()}",
                to=(pointers.desk(shop),),
                at=self._engine.now(),
                opens=True,
                name=name,
                upto=upto,
            )
        )
