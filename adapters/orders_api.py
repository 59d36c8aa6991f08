"""POST, PUT and GET /orders: the shop's own API. The Bearer token names the shop; no shop ever sees another's order."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from aiohttp import web

from adapters import order_reading as reading
from adapters import order_values as values
from adapters.http import answer, problem
from adapters.order_model import ChangedOrderBody, OrderBody, ReportBody, fields_of, read_body, valid_id
from adapters.receiving import FORM_LIMIT_BYTES, JSON, read
from engine.ports import BadPayload, Front, Handled
from flows import pointers
from flows.conversation import Conversation, Note
from flows.courier import courier_note
from flows.events import ShopReported
from flows.orders import Order, OrderFields, State
from flows.policy import Policy
from flows.risk.words import in_words

#: Rows of one list. Newest change first; `since` bounds it from below.
LIST_ROWS = 500

_STATES = frozenset(get_args(State))

ForShop = Callable[[web.Request, Policy], Awaitable[web.Response]]


class OrdersApi:
    """`tokens`: shop -> its api_token and, while it is being replaced, the previous one. A shop without one has no API."""

    def __init__(self, front: Front, tokens: Mapping[str, Sequence[str]]) -> None:
        self._front = front
        self._digests = [
            (hashlib.sha256(token.encode()).digest(), shop) for shop, both in tokens.items() for token in both if token
        ]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/orders", self._authorised(self._place)),
            web.get("/orders", self._authorised(self._list)),
            web.put("/orders/{id}", self._authorised(self._change)),
            web.get("/orders/{id}", self._authorised(self._show)),
            web.post("/orders/{id}/events", self._authorised(self._report)),
        ]

    def _authorised(self, handler: ForShop) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def for_shop(request: web.Request) -> web.Response:
            policy = self._front.policies.get(self._shop_of(request.headers.get("Authorization", "")))
            if policy is None:
                self._front.count("api_unauthorised")
                refusal = problem(401, "give the shop's token: Authorization: Bearer <api_token>")
                refusal.headers["WWW-Authenticate"] = 'Bearer realm="orders"'
                return refusal
            return await handler(request, policy)

        return for_shop

    def _shop_of(self, header: str) -> str:
        """The shop that the token names, "" for none. Every token is compared, each in constant time."""
        scheme, _, token = header.partition(" ")
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        shops = [shop for digest, shop in self._digests if hmac.compare_digest(digest, given)]
        return shops[0] if shops and scheme.lower() == "bearer" else ""

    async def _place(self, request: web.Request, policy: Policy) -> web.Response:
        received = await read(request, self._front.now(), FORM_LIMIT_BYTES, (JSON,))
        body = read_body(OrderBody, received.body, policy)
        fields = fields_of(body, body.id, policy, received.at)
        event_id = f"api:{policy.shop}:{fields.id}:{reading.fingerprint(fields)}"
        event = reading.told(policy.shop, fields, received.at, event_id=event_id, source="api", mode="new")
        handled = await self._front.handle(event)
        notice = handled.decision.notice if handled.decision is not None else ""
        if handled.duplicate or handled.decision is None:
            notice = await self._compared(policy, fields)
        if notice == "conflict":
            return problem(409, f"another order has the id {fields.id!r}; a change of it is PUT /orders/{{id}}")
        order = await self._order(policy, fields.id, handled)
        return answer(200 if notice == "same" else 202, _brief(fields.id, order))

    async def _change(self, request: web.Request, policy: Policy) -> web.Response:
        received = await read(request, self._front.now(), FORM_LIMIT_BYTES, (JSON,))
        body = read_body(ChangedOrderBody, received.body, policy)
        order_id = _path_id(request)
        if body.id not in (None, order_id):
            raise BadPayload("id: the path names another order")
        known = await self._order(policy, order_id, None)
        if known is None:
            raise web.HTTPNotFound
        fields = fields_of(body, order_id, policy, known.fields.placed_at)
        # the version in the id: going back to what an order said before is a change too, not the same fact again
        event_id = f"api:{policy.shop}:{order_id}:{reading.fingerprint(fields, version=known.version)}:put"
        event = reading.told(policy.shop, fields, received.at, event_id=event_id, source="api", mode="change")
        handled = await self._front.handle(event)
        if not handled.duplicate and (handled.decision is None or handled.decision.notice == "unknown"):
            raise web.HTTPNotFound
        same = handled.duplicate or (handled.decision is not None and handled.decision.notice == "same")
        return answer(200 if same else 202, _brief(order_id, await self._order(policy, order_id, handled)))

    async def _report(self, request: web.Request, policy: Policy) -> web.Response:
        received = await read(request, self._front.now(), FORM_LIMIT_BYTES, (JSON,))
        body = read_body(ReportBody, received.body, policy)
        order_id = _path_id(request)
        digest = values.digest(msgspec.json.encode(body.model_dump(mode="json")))
        event = ShopReported(
            event_id=f"api:{policy.shop}:{order_id}:event:{digest}",
            to=(pointers.order(policy.shop, order_id),),
            at=received.at,
            order_id=order_id,
            kind=body.type,
            reason=body.reason or "",
            tracking=values.text(body.tracking),
            happened_at=body.at,
        )
        handled = await self._front.handle(event)
        order = await self._order(policy, order_id, handled)
        if order is None:
            raise web.HTTPNotFound
        outcome = "same" if handled.duplicate or handled.decision is None else handled.decision.notice or "accepted"
        return answer(200, _brief(order_id, order) | {"outcome": outcome})

    async def _show(self, request: web.Request, policy: Policy) -> web.Response:
        order_id = _path_id(request)
        conversation = await self._front.order(policy.shop, order_id)
        order = _held(conversation, policy, order_id)
        if order is None or conversation is None:
            raise web.HTTPNotFound
        notes = await self._front.journal(conversation.id)
        return answer(200, _full(order, policy, [note for note in notes if note.order_id == order_id]))

    async def _list(self, request: web.Request, policy: Policy) -> web.Response:
        state, since = _filters(request.query)
        rows = await self._front.orders(policy.shop, state, since, LIST_ROWS)
        return answer(
            200, {"orders": [{"id": row.order_id, "state": row.state, "updated_at": row.updated_at} for row in rows]}
        )

    async def _compared(self, policy: Policy, fields: OrderFields) -> str:
        """Whether what is seen again is still what we hold: after a PUT, the first POST repeated is another order."""
        known = await self._order(policy, fields.id, None)
        return "same" if known is None or known.fields.same_as(fields) else "conflict"

    async def _order(self, policy: Policy, order_id: str, handled: Handled | None) -> Order | None:
        """The order as decided just now, else as last committed (a repeated event decides nothing; a moved order lives
        elsewhere)."""
        if handled is not None and handled.decision is not None:
            document = handled.decision.document
            if isinstance(document, Conversation) and (order := _held(document, policy, order_id)) is not None:
                return order
        return _held(await self._front.order(policy.shop, order_id), policy, order_id)


def _held(conversation: Conversation | None, policy: Policy, order_id: str) -> Order | None:
    if conversation is None or conversation.shop != policy.shop:
        return None
    return conversation.order(order_id)


def _path_id(request: web.Request) -> str:
    """Raises 404 for what can be no order's id."""
    order_id = request.match_info["id"]
    if not valid_id(order_id):
        raise web.HTTPNotFound
    return order_id


def _filters(query: Mapping[str, str]) -> tuple[State | None, datetime | None]:
    """Raises BadPayload with every fault."""
    faults = []
    state, raw = query.get("state"), query.get("since")
    # a plus in a query arrives as a blank
    since = values.moment(raw.replace(" ", "+") if "T" in raw else raw) if raw else None
    if state and state not in _STATES:
        faults.append(f"state: one of {' '.join(sorted(_STATES))}")
    if raw and since is None:
        faults.append("since: a time like 2026-11-21T10:00:00Z")
    if faults:
        raise BadPayload(*faults)
    return state or None, since  # type: ignore[return-value]  # checked above


def _brief(order_id: str, order: Order | None) -> dict[str, Any]:
    if order is None:
        return {"id": order_id}
    said: dict[str, Any] = {"id": order_id, "state": order.state, "version": order.version}
    return said | {"ignored_why": order.ignored_why} if order.state == "ignored" else said


def _full(order: Order, policy: Policy, notes: list[Note]) -> dict[str, Any]:
    asked = 0 <= order.rung < len(policy.ladder)
    return _brief(order.id, order) | {
        "decided_by": order.decided_by,
        "via": order.via,
        "decided_at": order.decided_at,
        "rung": order.rung if order.rung >= 0 else None,
        "channel": policy.ladder[order.rung].channel if asked else None,
        "risk": {
            "verdict": order.verdict,
            "reasons": [
                {"code": r.code, "words": in_words(r), "points": r.points, "orders": r.orders} for r in order.risk
            ],
        },
        "phone2": order.fields.phone2,
        "courier_note": courier_note(order),
        "slot": None
        if order.slot is None
        else {"day": order.slot.day.isoformat(), "window": order.slot.hours, "courier": order.slot.courier},
        "attempts_failed": order.attempts_failed,
        "replan": order.replan or None,
        "timeline": [
            {"at": note.at, "what": note.what, "by": note.by, "via": note.via, "data": note.data} for note in notes
        ],
    }
