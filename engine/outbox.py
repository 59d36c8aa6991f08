"""The outbox: takes what may leave from the lanes, passes the final gate, has it performed once, and brings the outcome back.

planned --permit, gate, commit `sending`--> on the wire --outcome--> an event on the one road. A crash between the commit and the outcome
leaves `sending`, which the next start turns into Unknown: asked about, never resent. In memory here are only hints.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta

from engine.counting import Counting
from engine.engine import Engine
from engine.journal_log import tell
from engine.lanes import Lane
from engine.performing import Performing
from engine.ports import OurFault, StoreUnavailable
from flows import pointers
from flows.decision import Document
from flows.effects import Accepted, CallBack, HandOver, Open, Outcome, Refused, Say, SpreadStop, TryAgain, Unknown
from flows.events import Claimed, EffectSettled, Recovered

log = logging.getLogger("doorstep.outbox")

#: At most so many requests of one lane are under way at once.
FLYING_MOST = 32
#: A message that waits longer than this for its sender is a backlog: counted, and the owner hears of it.
BACKLOG = timedelta(seconds=60)
#: What the store could not take is tried again after so long; a process that may not send looks again whether it may.
STORE_AGAIN = timedelta(seconds=1)
SCAN_PAGE = 500
#: So much of a provider's reason is a label of /metrics: codes are short, and there are few of them.
CODE_MOST = 60

#: What stays inside the house.
_INSIDE = (HandOver, CallBack, SpreadStop)


class Outbox:
    """One per process."""

    def __init__(self, engine: Engine, performing: Performing, process: str) -> None:
        self._engine = engine
        self._performing = performing
        self._process = process
        self._tasks: set[asyncio.Task[None]] = set()
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._outcomes = Counting(engine.counters, "outcomes", "provider", "effect", "outcome")
        engine.after_commit = self.follow

    # -- after a commit

    def follow(self, document: Document, perform: tuple[Open, ...]) -> Coroutine[None, None, None] | None:
        """Put on the wire what passed the gate, and let what is planned wait on its lane.

        What stays inside the house (an order handed over, a STOP spread) is to be done before the 2xx: it is given, to be awaited.
        """
        for open_ in perform:
            if isinstance(open_.effect, _INSIDE):
                return self._inside_first(document, perform)
        for open_ in perform:
            self._spawn(self._perform(document.id, document.shop, open_))
        self._offer(document)
        return None

    async def _inside_first(self, document: Document, perform: tuple[Open, ...]) -> None:
        for open_ in perform:
            if isinstance(open_.effect, _INSIDE):
                await self._perform(document.id, document.shop, open_)
            else:
                self._spawn(self._perform(document.id, document.shop, open_))
        self._offer(document)

    def _offer(self, document: Document) -> None:
        """What is planned, to its lanes."""
        for open_ in document.open:
            if open_.status == "planned":
                lane = self._engine.lanes.get(open_.lane)
                lane.offer(document.id, open_)
                self._pump(lane)
                kind = self._performing.digesting.due(document.shop, lane)
                if kind:
                    self._spawn(self._performing.digesting.look(document.shop, kind))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)  # ensure_future would look first what kind of thing it is
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def busy(self) -> int:
        """Requests on the wire."""
        return len(self._tasks)

    def backlog_s(self) -> dict[str, float]:
        """Lane -> how long its newest message will wait."""
        return {lane.name: lane.backlog_s() for lane in self._engine.lanes.all() if len(lane)}

    def ages_s(self) -> dict[str, float]:
        """Lane -> how long the oldest message has waited that may leave."""
        now = self._engine.now()
        return {lane.name: lane.age_s(now) for lane in self._engine.lanes.all() if len(lane)}

    def next_moment(self) -> datetime | None:
        """When the next planned effect can leave; None: nothing waits."""
        now = self._engine.now()
        moments = [m for lane in self._engine.lanes.all() if (m := lane.next_moment(now)) is not None]
        return min(moments, default=None)

    # -- the lanes

    def _pump(self, lane: Lane) -> None:
        if lane.name not in self._pumps and not self._stopping:
            self._pumps[lane.name] = asyncio.ensure_future(self._run(lane))

    async def _run(self, lane: Lane) -> None:
        """One lane: wait for the next permit, claim, send."""
        clock = self._engine.clock
        while not self._stopping:
            if len(lane) and lane.closed():
                await self._pause(STORE_AGAIN)
                continue
            now = clock.now()
            taken = lane.take(now) if lane.flying < FLYING_MOST else None
            if taken is None:
                until = lane.next_moment(now) if lane.flying < FLYING_MOST else None
                lane.sleeps_until = until
                await clock.wait(until, lane.wake)
                lane.sleeps_until = None
                continue
            lane.flying += 1
            self._spawn(self._claim(lane, *taken))

    async def _claim(self, lane: Lane, conversation: str, effect_id: str) -> None:
        now = self._engine.now()
        event = Claimed(
            event_id=f"claim:{effect_id}:{now.timestamp()}",
            to=(pointers.conversation(conversation),),
            at=now,
            effect_id=effect_id,
            by=self._process,
        )
        try:
            decision = (await self._engine.handle(event)).decision
            if decision is None or not decision.perform:
                lane.refund()
            if decision is not None and not decision.changed:
                self._offer(decision.document)  # its moment has not come: back into the lane
        except StoreUnavailable:
            await self._pause(STORE_AGAIN)
            document = await self._load(conversation)
            if document is not None:
                self._offer(document)
        except Exception:
            log.exception("outbox.claim_failed", extra={"conversation": conversation})
        finally:
            lane.flying -= 1
            lane.wake.set()

    async def _load(self, conversation: str) -> Document | None:
        return await self._engine.store.load(pointers.conversation(conversation))

    async def _pause(self, long: timedelta) -> None:
        """Machine time, not business time: a database that is locked does not follow the sandbox's clock."""
        await asyncio.sleep(long.total_seconds())

    # -- the wire

    async def _perform(self, conversation: str, shop: str, open_: Open) -> None:
        """One attempt, and its outcome as an event. `sending` is committed already."""
        try:
            outcome, provider = await self._performing.attempt(conversation, shop, open_.id, open_.effect)
        except Exception as error:
            log.exception("outbox.bug", extra={"effect": type(open_.effect).__name__, "conversation": conversation})
            outcome, provider = Unknown(f"bug: {type(error).__name__}"), "doorstep"
        lane = self._engine.lanes.get(open_.lane)
        lane.done(open_.id)
        if isinstance(outcome, TryAgain) and outcome.reason == "too_many":
            lane.hold(self._engine.now() + timedelta(seconds=outcome.after_s))  # the next one would be refused as well
        kind, effect = type(outcome).__name__.lower(), type(open_.effect).__name__
        self._outcomes.add((provider, effect, kind))
        facts = {
            "effect": effect,
            "provider": provider,
            "conversation": conversation,
            "code": getattr(outcome, "code", "") or getattr(outcome, "reason", ""),
        }
        tell(log, f"outbox.{kind}", facts)
        self._measure(open_, provider, outcome)
        await self._settle(conversation, open_, provider, outcome)

    def _measure(self, open_: Open, provider: str, outcome: Outcome) -> None:
        """For /metrics: how long a question took to be accepted, and by which code a provider failed."""
        effect = open_.effect
        if not isinstance(outcome, Accepted):
            code = outcome.code if isinstance(outcome, Refused) else outcome.reason
            self._engine.count("provider_errors", provider=provider, code=code[:CODE_MOST])
        elif isinstance(effect, Say) and effect.purpose in ("first", "rung"):
            waited = self._engine.now() - max(open_.at, open_.not_before)
            self._engine.waits.observe(effect.channel, waited.total_seconds())

    async def _settle(self, conversation: str, open_: Open, provider: str, outcome: Outcome) -> None:
        """Bring the outcome back, for as long as it takes: without it the effect would count as unknown.

        The attempt is part of the event's id: what a "later" and then a yes to the same effect plan are two effects, not one.
        """
        while True:
            event = EffectSettled(
                event_id=f"settled:{open_.id}:{open_.tries}",
                to=(pointers.conversation(conversation),),
                at=self._engine.now(),
                effect_id=open_.id,
                provider=provider,
                outcome=outcome,
            )
            try:
                await self._engine.handle(event)
                return
            except StoreUnavailable:
                if self._stopping:
                    return
                await self._pause(STORE_AGAIN)
            except Exception:
                log.exception("outbox.settle_failed", extra={"conversation": conversation})
                return

    # -- start and stop

    async def recover(self) -> int:
        """After a start: what another life of this service had on the wire is unknown; what it had planned waits again.

        A conversation that cannot be read or stepped is logged and left as it is: it does not keep the service from starting.
        """
        recovered = 0
        for conversation in await self._engine.store.in_flight():
            event = Recovered(
                # effects are named after their event, and the desk hears of many conversations: each has an event of its own
                event_id=f"recovered:{self._process}:{conversation}",
                to=(pointers.conversation(conversation),),
                at=self._engine.now(),
                by=self._process,
            )
            try:
                await self._engine.handle(event)
                recovered += 1
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("outbox.recover_failed", extra={"conversation": conversation})
        await self.rescan()
        return recovered

    async def rescan(self) -> None:
        """Offer every planned effect to its lane: the heaps are only hints, the store knows."""
        after = None
        horizon = self._engine.now() + timedelta(days=36500)
        while True:
            page = await self._engine.store.sendable(horizon, SCAN_PAGE, after)
            for due in page:
                try:
                    document = await self._load(due.conversation)
                except OurFault:
                    log.exception("outbox.unreadable", extra={"conversation": due.conversation})
                    continue
                if document is not None:
                    self._offer(document)
            if len(page) < SCAN_PAGE:
                return
            after = (page[-1].at, page[-1].conversation)

    async def glance(self) -> None:
        """Offer what could leave by now to its lane, and look at the next timer: a command of another process (import-orders)
        writes into the same store. What waits already is known to its lane."""
        for due in await self._engine.store.sendable(self._engine.now(), SCAN_PAGE, None):
            document = await self._load(due.conversation)
            if document is not None:
                self._offer(document)
        soonest = await self._engine.store.next_due()
        if soonest is not None and self._engine.on_due is not None:
            self._engine.on_due(soonest)

    async def watch_backlog(self) -> None:
        """Tell the owner of a sender that is more than a minute behind."""
        for name, seconds in self.backlog_s().items():
            if seconds > BACKLOG.total_seconds() and not name.startswith("telegram"):
                for shop in self._engine.policies:
                    await self._engine.alarm(shop, "backlog", name, sender=name, seconds=int(seconds))

    async def stop(self) -> None:
        """Claim nothing more; wait for what is on the wire."""
        self._stopping = True
        for task in self._pumps.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=20)
        with contextlib.suppress(StoreUnavailable):
            await self._performing.spending.give_back()
