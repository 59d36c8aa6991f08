"""The engine: one road for every event, and what follows a commit.

handle: event -> store.transact(decide) -> what passed the gate goes on the wire, what must wait goes to its lane, timers are looked
at -> Handled. Adapters and bot see only the Front port.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine import metrics, searching
from engine.clock import Clock
from engine.counting import Counting, Key
from engine.decide import Decider
from engine.journal_log import tell
from engine.knowing import Knowing
from engine.lanes import Lanes
from engine.overlay import Overlay
from engine.ports import Handled, Kept, OrderRow, PageView, Store
from engine.rhythm import Rhythm
from engine.tokens import Tokens
from flows import pointers
from flows.conversation import Conversation, Note
from flows.decision import Decision, Document
from flows.desk import Desk
from flows.desk_events import Alarmed, BodyKept
from flows.effects import Open
from flows.events import AnyEvent, CustomerPressed, CustomerWrote, OrderTold, PagePressed, TimerDue
from flows.money import exponent
from flows.pointers import Pointer
from flows.policy import Policy

log = logging.getLogger("doorstep.engine")

#: So many bodies are kept per shop route and hour; a flood of them is one fault, not a thousand.
KEPT_PER_HOUR = 200
#: A channel whose set-up is at fault rests so long: orders go on to the next rung instead of each failing there.
PAUSE = timedelta(minutes=10)
#: What counts as an answer.
_ANSWERS = (CustomerWrote, CustomerPressed, PagePressed)
#: An event follows an order that moved through at most so many hands.
MOVES_MOST = 5


class Engine:
    """Implements engine.ports.Front. `after_commit` is set by the outbox; `on_due` wakes the timer pump."""

    def __init__(self, store: Store, decider: Decider, clock: Clock, tokens: Tokens) -> None:
        self.store = store
        self.clock = clock
        self.policies: dict[str, Policy] = decider.policies
        self.lanes: Lanes = decider.lanes
        self.counters: dict[Key, float] = defaultdict(float)
        self._events = Counting(self.counters, "events", "type", "result")
        self._answers = Counting(self.counters, "answers", "channel", "order")
        self._money = Counting(self.counters, "order_money", "state", "currency")
        self.waits = metrics.Waits()
        self.rhythm = Rhythm()  # of orders and confirmations, for engine/pulse.py
        self._decider = decider
        self._tokens = tokens
        self.overlay = Overlay(decider.policies)
        self._kept: dict[tuple[str, str], int] = {}
        self.after_commit: Callable[[Document, tuple[Open, ...]], Awaitable[None] | None] | None = None
        self.knowing: Knowing | None = None  # what is looked up before an order is decided
        self.on_due: Callable[[datetime], None] | None = None

    # -- Front

    def now(self) -> datetime:
        return self.clock.now()

    async def handle(self, event: AnyEvent) -> Handled:
        """One event down the road; returns after the commit. Raises StoreUnavailable, or what a bug in deciding raised."""
        if isinstance(event, OrderTold) and self.knowing is not None:
            event = await self.knowing.about(event.to[-1].shop, event, self.clock.now())
            if event.over_limit:
                await self.alarm(event.to[-1].shop, "limit", event.over_limit, limit=event.over_limit)
        for _ in range(MOVES_MOST):
            handled = await self.store.transact(event, self._decider, self.clock.now())
            decision = handled.decision
            if decision is None or not decision.forward:
                break
            # the other number may not be known yet: what comes early opens its conversation, and waits there
            event = replace(event, to=(pointers.phone(decision.document.shop, decision.forward),), opens=True)
        first = self._committed(event, handled)
        if first is not None:
            await first
        return handled

    async def wake(self, events: Sequence[TimerDue]) -> list[tuple[TimerDue, Exception]]:
        """Many timers down the road at once, without a task for each, which costs as much as their writing. Gives what failed:
        a conversation whose step fails holds nobody else up."""
        now = self.clock.now()
        units = [asyncio.ensure_future(self.store.transact(event, self._decider, now)) for event in events]
        failed: list[tuple[TimerDue, Exception]] = []
        for event, unit in zip(events, units, strict=True):
            try:
                first = self._committed(event, await unit)
                if first is not None:
                    await first
            except Exception as error:  # noqa: BLE001 -- given to the caller
                failed.append((event, error))
        return failed

    def _committed(self, event: AnyEvent, handled: Handled) -> Awaitable[None] | None:
        """What is counted, told and set going once a unit is done. Gives what is to be waited for before anybody hears of it."""
        decision = handled.decision
        if decision is None:
            self._events.add((type(event).__name__, "duplicate" if handled.duplicate else "nobody"))
            return None
        self._log(event, decision)
        return self.follow(decision.document, decision.perform) if decision.changed else None

    def follow(self, document: Document, perform: tuple[Open, ...]) -> Awaitable[None] | None:
        """What a commit set going: the wire, the lanes, the timer pump; what a desk wishes holds from here on. Nearly always there
        is nothing to wait for, and so this is no coroutine: each costs a microsecond, and every event comes by."""
        if isinstance(document, Desk):
            self.overlay.desk(document, self.clock.now())
        due = document.next_due()
        if due is not None and self.on_due is not None:
            self.on_due(due)
        if self.after_commit is not None and (perform or document.open):
            return self.after_commit(document, perform)
        return None

    def _log(self, event: AnyEvent, decision: Decision) -> None:
        kind = type(event).__name__
        self._events.add((kind, "handled"))
        self._tally(event, decision)
        document = decision.document
        facts = {
            "event": kind,
            "event_id": event.event_id,
            "conversation": document.id,
            "shop": document.shop,
            "states": dict(decision.orders),
            "effects": len(decision.planned) + len(decision.perform),
            "notice": decision.notice,
        }
        tell(log, "event.handled", facts)

    def _tally(self, event: AnyEvent, decision: Decision) -> None:
        """What shops ask of /metrics: answers by channel, and the money of the orders that changed their state."""
        document = decision.document
        if isinstance(event, _ANSWERS):
            channel = "page" if isinstance(event, PagePressed) else event.channel
            self._answers.add((channel, decision.orders[0][1] if decision.orders else ""))
        for order_id, state in decision.orders:
            if isinstance(event, OrderTold) and state in ("pending", "flagged", "held", "confirmed"):
                self.rhythm.add(document.shop, "orders", self.clock.now())
            if state == "confirmed":
                self.rhythm.add(document.shop, "confirmed", self.clock.now())
            order = document.order(order_id) if isinstance(document, Conversation) else None
            if order is not None:
                total = order.fields.total
                amount = total.minor / 10 ** exponent(total.currency)
                self._money.add((state, total.currency), amount)

    async def keep(self, route: str, body: bytes, headers: dict[str, str], why: str) -> None:
        """See Front. The id is the route and the body's SHA-256: the same body again is the same thing kept."""
        now = self.clock.now()
        hour = (route, now.strftime("%Y%m%d%H"))
        self.count("kept", route=route)
        if self._kept.get(hour, 0) >= KEPT_PER_HOUR:
            return
        self._kept = {k: n for k, n in self._kept.items() if k[1] == hour[1]}
        self._kept[hour] = self._kept.get(hour, 0) + 1
        kept_id = f"{route}:{hashlib.sha256(body).hexdigest()}"
        if not await self.store.keep(Kept(id=kept_id, route=route, at=now, why=why, body=body, headers=headers)):
            return
        log.warning(
            "body.kept", extra={"route": route, "id": kept_id[-16:]}
        )  # why it was may quote what a customer wrote
        for shop in self.policies:
            await self.handle(
                BodyKept(
                    event_id=f"kept:{kept_id}", to=(pointers.desk(shop),), at=now, opens=True, route=route, why=why
                )
            )

    async def page(self, token: str) -> PageView | None:
        if len(token) != 22 or not token.isascii():
            return None
        named = [pointers.conversation(id_) for id_ in self._tokens.conversations(token)]
        for pointer in (*named, Pointer("page", token)):
            found = await self.store.load(pointer)
            if isinstance(found, Conversation) and (bound := self._tokens.find(token, found)) is not None:
                order, version, channel = bound
                return PageView(found, order.id, version, channel, version == order.version)
        return None

    async def order(self, shop: str, order_id: str) -> Conversation | None:
        found = await self.store.load(pointers.order(shop, order_id))
        for _ in range(MOVES_MOST):
            if not isinstance(found, Conversation) or found.order(order_id) is not None:
                break
            phone = found.moved.get(order_id)
            if phone is None:
                break
            found = await self.store.load(pointers.phone(shop, phone))
        return found if isinstance(found, Conversation) else None

    async def by_id(self, conversation_id: str) -> Conversation | None:
        found = await self.store.load(pointers.conversation(conversation_id))
        return found if isinstance(found, Conversation) else None

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]:
        return await self.store.orders(shop, state, since, limit)

    async def search(self, shop: str, text: str, limit: int) -> list[OrderRow]:
        return await searching.search(self.store, self.policies[shop], text, limit)

    async def desk(self, shop: str) -> Desk:
        found = await self.store.load(pointers.desk(shop))
        return found if isinstance(found, Desk) else Desk(id="", shop=shop)

    async def journal(self, conversation: str) -> list[Note]:
        return await self.store.journal(conversation)

    def count(self, name: str, **labels: str) -> None:
        self.counters[name, tuple(sorted(labels.items()))] += 1

    def add(self, name: str, amount: float, /, **labels: str) -> None:
        """Add to a counter of /metrics."""
        self.counters[name, tuple(sorted(labels.items()))] += amount

    async def trouble(
        self, shop: str, kind: str, values: dict[str, str | int], pause: str = "", rest_s: int = 0
    ) -> None:
        """A fault of a provider: the owner hears of it once in a while, and its channel rests before it is tried again."""
        if pause:
            now = self.clock.now()
            self.overlay.rest(shop, pause, now + (timedelta(seconds=rest_s) or PAUSE), now)
        shown = {name: value for name, value in values.items() if name != "shop"}
        await self.alarm(shop, kind, ":".join(str(value) for value in shown.values()), **shown)

    async def look_at_desks(self) -> None:
        """Channels that have rested long enough are tried again; what another process has set at a desk holds here, too."""
        for shop in list(self.policies):
            found = await self.store.load(pointers.desk(shop))
            if isinstance(found, Desk):
                self.overlay.desk(found, self.clock.now())
        self.overlay.look(self.clock.now())

    async def alarm(self, shop: str, kind: str, key: str, lasting: bool = False, /, **values: str | int) -> None:
        """Tell the owner of something, once in a while; `lasting`: once, until an AlarmOver."""
        now = self.clock.now()
        event_id = f"alarm:{kind}:{key}:{int(now.timestamp())}"
        await self.handle(
            Alarmed(
                event_id=event_id,
                to=(pointers.desk(shop),),
                at=now,
                opens=True,
                key=f"{kind}:{key}",
                kind=kind,
                values={"shop": self.policies[shop].name, **values},
                lasting=lasting,
            )
        )
