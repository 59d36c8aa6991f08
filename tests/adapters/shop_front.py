"""A Front in memory for the shop side: the real decisions, no store, no engine. `down` and `broken` play its faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import ClientSession, web

from adapters.http import make_app, make_runner
from engine.ports import Handled, OrderRow, PageView, StoreUnavailable
from flows.conversation import Conversation, Note
from flows.desk import Desk
from flows.events import AnyEvent
from flows.pointers import Pointer
from flows.policy import Policy, Sender
from flows.step import start, step

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def demo_policy(shop: str = "demo", **changes: object) -> Policy:
    settings: dict[str, object] = {
        "shop": shop,
        "name": "Demo Shop",
        "language": "en",
        "country": "ES",
        "currency": "EUR",
        "zone": "Europe/Madrid",
        "quiet": None,
        "sms": Sender("sms", "twilio", "+15005550006"),
        "email": Sender("email", "smtp", "shop@example.com"),
    }
    return Policy(**settings | changes)  # type: ignore[arg-type]


class FakeFront:
    def __init__(self, *policies: Policy) -> None:
        self.policies = {policy.shop: policy for policy in policies or (demo_policy(),)}
        self.documents: dict[str, Conversation] = {}
        self.found: dict[Pointer, str] = {}
        self.seen: set[str] = set()
        self.events: list[AnyEvent] = []
        self.kept: list[tuple[str, bytes, str]] = []
        self.counted: Counter[str] = Counter()
        self.tokens: dict[str, tuple[str, str, int, str]] = {}  # token -> shop, order, version, channel
        self.down = False
        self.broken = False
        self.clock = NOW

    def now(self) -> datetime:
        return self.clock

    async def handle(self, event: AnyEvent) -> Handled:
        if self.down:
            raise StoreUnavailable
        if self.broken:
            raise RuntimeError("a step that fails on somebody's words")
        if event.event_id in self.seen:
            return Handled(None, duplicate=True)
        key = next((p for p in event.to if p in self.found), None)
        conversation_id = self.found[key] if key else f"c{len(self.documents) + 1}"
        if key is None and not event.opens:
            return Handled(None)
        shop = event.to[0].shop
        document = self.documents.get(conversation_id) or start(conversation_id, shop, self.clock)
        decision = step(document, event, self.clock, self.policies[document.shop])
        self.seen.add(event.event_id)
        self.events.append(event)
        assert isinstance(decision.document, Conversation)
        self.documents[conversation_id] = decision.document
        for pointer in (*decision.claims, event.to[-1], Pointer("conversation", conversation_id)):
            self.found.setdefault(pointer, conversation_id)
        return Handled(decision)

    async def keep(self, route: str, body: bytes, headers: dict[str, str], why: str) -> None:
        self.kept.append((route, body, why))

    async def page(self, token: str) -> PageView | None:
        if self.down:
            raise StoreUnavailable
        if token not in self.tokens:
            return None
        shop, order_id, version, channel = self.tokens[token]
        conversation = await self.order(shop, order_id)
        order = conversation.order(order_id) if conversation else None
        if conversation is None or order is None:
            return None
        return PageView(conversation, order_id, version, channel, version == order.version)

    async def order(self, shop: str, order_id: str) -> Conversation | None:
        if self.down:
            raise StoreUnavailable
        return self.documents.get(self.found.get(Pointer("order", order_id, shop), ""))

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]:
        rows = [
            OrderRow(shop, order.id, document.id, order.state, order.received_at)
            for document in self.documents.values()
            for order in document.orders
            if document.shop == shop and state in (None, order.state) and (since is None or order.received_at >= since)
        ]
        return rows[:limit]

    async def desk(self, shop: str) -> Desk:
        return Desk(id=shop, shop=shop)

    async def journal(self, conversation: str) -> list[Note]:
        return list(self.documents[conversation].notes)

    def count(self, name: str, **labels: str) -> None:
        self.counted[name] += 1


@asynccontextmanager
async def serving(front: FakeFront, routes: Iterable[web.RouteDef]) -> AsyncIterator[ClientSession]:
    """A client of the real application, run as the service runs it, over loopback."""
    runner = make_runner(make_app(front, routes))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    [(host, port)] = runner.addresses
    try:
        async with ClientSession(f"http://{host}:{port}") as client:
            yield client
    finally:
        await runner.cleanup()
