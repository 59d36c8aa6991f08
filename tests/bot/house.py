"""A small house around the real flows: documents in memory, the real step, and an outbox that performs what was wished for."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.ports import DeskPort, Handled, OrderRow, PageView, StoreUnavailable
from engine.searching import matches
from flows import pointers
from flows.conversation import Conversation, Note
from flows.decision import Decision, Document
from flows.desk import Desk, Person
from flows.desk_step import step_desk
from flows.effects import Accepted, Open, Outcome, PingOwner, Say, ShowCard, TellPerson, TellStaff
from flows.events import AnyEvent, Claimed, CustomerWrote, EffectSettled, OrderTold, StaffPressed, StaffWrote
from flows.money import Money
from flows.orders import Order, OrderFields
from flows.pointers import Pointer
from flows.policy import Policy, Rung, Sender
from flows.postal import PostalAddress
from flows.step import start, step
from sandbox.world import World

STAFF = (Person(111, "Olga", "owner"), Person(222, "Ana", "staff"), Person(333, "Ben", "staff", language="es"))
PHONE = "+34600000001"
SMS = Sender("sms", "twilio", "+15550001111", two_way=True)


def policy(shop: str = "demo", chat: int = 0, **fields: object) -> Policy:
    """A shop whose orders go to staff at once, so that every order has a card."""
    settings: dict[str, object] = {"ladder": (Rung("staff", timedelta(hours=24)),), "quiet": None, "sms": SMS}
    return Policy(shop=shop, name="Demo Shop", country="ES", staff_chat=str(chat), **(settings | fields))  # type: ignore[arg-type]


class House:
    """Implements engine.ports.Front. `performed`: every effect that left with its outcome; `said`: texts to customers."""

    def __init__(self, world: World, *policies: Policy, people: tuple[Person, ...] = STAFF) -> None:
        self.world = world
        self.policies = {p.shop: p for p in policies}
        self.desks = {
            p.shop: Desk(id=f"desk-{p.shop}", shop=p.shop, people=people, staff_chat=p.staff_chat) for p in policies
        }
        self.documents: dict[str, Conversation] = {}
        self.known: dict[Pointer, str] = {}
        self.port: DeskPort | None = None
        self.said: list[Say] = []
        self.performed: list[tuple[Open, Outcome]] = []
        self.staff_events: list[StaffPressed | StaffWrote] = []
        self.kept: list[tuple[str, bytes, str]] = []
        self.counters: Counter[str] = Counter()
        self.down = 0  # so many events meet a store that cannot write
        self.broken = 0  # so many events meet a bug

    # -- Front

    def now(self) -> datetime:
        return self.world.now()

    async def handle(self, event: AnyEvent) -> Handled:
        if self.down:
            self.down -= 1
            raise StoreUnavailable
        if self.broken:
            self.broken -= 1
            raise RuntimeError("a bug, quoting secret words")
        document = self._find(event)
        if document is None:
            return Handled(None)
        if event.event_id in document.seen:
            return Handled(None, duplicate=True)
        if isinstance(event, StaffPressed | StaffWrote):
            self.staff_events.append(event)
        return Handled(self._write(document, event))

    async def keep(self, route: str, body: bytes, headers: dict[str, str], why: str) -> None:
        self.kept.append((route, body, why))

    async def page(self, token: str) -> PageView | None:
        return None

    async def order(self, shop: str, order_id: str) -> Conversation | None:
        found = self.known.get(pointers.order(shop, order_id))
        return self.documents[found] if found else None

    async def by_id(self, conversation_id: str) -> Conversation | None:
        return self.documents.get(conversation_id)

    async def orders(self, shop: str, state: str | None, since: object, limit: int) -> list[OrderRow]:
        rows = [
            OrderRow(shop, order.id, document.id, order.state, order.received_at)
            for document in self.documents.values()
            for order in document.orders
            if document.shop == shop and state in (None, order.state)
        ]
        return rows[:limit]

    async def search(self, shop: str, text: str, limit: int) -> list[OrderRow]:
        wanted = text.casefold()
        return [
            r for r in await self.orders(shop, None, None, limit) if matches(self.order_now(r.order_id, shop), wanted)
        ]

    async def desk(self, shop: str) -> Desk:
        return self.desks[shop]

    async def journal(self, conversation: str) -> list[Note]:
        return list(self.documents[conversation].notes)

    def count(self, name: str, **labels: str) -> None:
        self.counters[name] += 1

    # -- the store

    def _find(self, event: AnyEvent) -> Document | None:
        for pointer in event.to:
            if pointer.kind == "desk":
                return self.desks[pointer.shop]
            found = pointer.key if pointer.kind == "conversation" else self.known.get(pointer)
            if found in self.documents:
                return self.documents[found]
            if (desk := next((d for d in self.desks.values() if d.id == found), None)) is not None:
                return desk
        if not event.opens:
            return None
        last = event.to[-1]
        document = start(f"{len(self.documents) + 1:016x}", last.shop, self.now())
        self.known[last] = document.id
        return document

    def _write(self, document: Document, event: AnyEvent) -> Decision:
        shop = self.policies[document.shop]
        if isinstance(document, Conversation):
            return self._keep_document(step(document, event, self.now(), shop))
        return self._keep_document(step_desk(document, event, self.now(), shop))

    def _keep_document(self, decision: Decision) -> Decision:
        after = decision.document
        if isinstance(after, Desk):
            self.desks[after.shop] = after
        else:
            self.documents[after.id] = after
            for pointer in decision.claims:
                self.known[pointer] = after.id
        return decision

    # -- the outbox

    async def settle(self) -> None:
        """Perform what may leave now, until nothing is left that is due within the ten seconds of an Undo."""
        for _ in range(200):
            document, open_ = self._ready()
            if document is None or open_ is None:
                return
            if open_.not_before > self.now():
                self.world.set_clock(open_.not_before)
            await self.perform(document, open_)

    async def perform(self, document: Document, open_: Open) -> Outcome | None:
        """One attempt through the final gate; None when the gate kept it back."""
        to = (pointers.desk(document.shop) if isinstance(document, Desk) else pointers.conversation(document.id),)
        claim = Claimed(event_id=f"claim:{open_.id}", to=to, at=self.now(), effect_id=open_.id, by="test")
        passed = self._write(document, claim).perform
        if not passed:
            return None
        effect = passed[0].effect
        outcome: Outcome = Accepted("sent")
        if isinstance(effect, ShowCard | TellStaff | TellPerson | PingOwner):
            assert self.port is not None
            outcome = await self.port.perform(effect, open_.id, document.shop)
        elif isinstance(effect, Say):
            self.said.append(effect)
        self.performed.append((passed[0], outcome))
        settled = EffectSettled(
            event_id=f"settled:{open_.id}:{open_.tries}",
            to=to,
            at=self.now(),
            effect_id=open_.id,
            provider="telegram",
            outcome=outcome,
        )
        now_document = self._find(settled)
        assert now_document is not None
        self._write(now_document, settled)
        return outcome

    def _ready(self) -> tuple[Document | None, Open | None]:
        soon = self.now() + timedelta(seconds=11)
        waiting: list[tuple[Document, Open]] = []
        documents: list[Document] = [*self.documents.values(), *self.desks.values()]
        for document in documents:
            waiting += [(document, o) for o in document.open if o.status == "planned" and o.not_before <= soon]
        return min(waiting, key=lambda w: w[1].not_before, default=(None, None))

    # -- what happens

    async def place(self, order_id: str = "1001", phone: str = PHONE, shop: str = "demo", **fields: object) -> Order:
        """A cash-on-delivery order arrives; its card is posted."""
        given: dict[str, object] = {
            "id": order_id, "total": Money(4990, "EUR"), "placed_at": self.now(), "name": "Eva Ruiz", "phone": phone,
            "address": PostalAddress(line1="Calle Mayor 1", city="Madrid", country="ES"),
        }  # fmt: skip
        event = OrderTold(
            event_id=f"api:{order_id}:{self.now().timestamp()}",
            to=(pointers.order(shop, order_id), pointers.phone(shop, phone)),
            at=self.now(),
            opens=True,
            fields=OrderFields(**(given | fields)),  # type: ignore[arg-type]
            mode="upsert",
            source="api",
        )
        await self.handle(event)
        await self.settle()
        return self.order_now(order_id, shop)

    async def customer_writes(self, text: str, phone: str = PHONE, shop: str = "demo") -> None:
        event = CustomerWrote(
            event_id=f"twilio:{text}:{self.now().timestamp()}",
            to=(pointers.phone(shop, phone),),
            at=self.now(),
            opens=True,
            channel="sms",
            address=phone,
            sender=SMS.address,
            text=text,
            provider_id="SM1",
        )
        await self.handle(event)
        await self.settle()

    def conversation(self, order_id: str = "1001", shop: str = "demo") -> Conversation:
        return self.documents[self.known[pointers.order(shop, order_id)]]

    def order_now(self, order_id: str = "1001", shop: str = "demo") -> Order:
        order = self.conversation(order_id, shop).order(order_id)
        assert order is not None
        return order

    def change_order(self, order_id: str, **fields: object) -> None:
        """What no event of these tests does."""
        document = self.conversation(order_id)
        orders = tuple(replace(o, **fields) if o.id == order_id else o for o in document.orders)
        self.documents[document.id] = replace(document, orders=orders)
