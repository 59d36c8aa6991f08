"""Pretend WooCommerce REST API v3: orders that can be read and changed, their notes, with a ledger of what changed.

It refuses what WooCommerce refuses: bad keys, keys without the right, an order nobody knows (404 when read, 400 when written), a
status that does not exist, an e-mail that is none. What changed is told back by order.updated, built when it is delivered, once.
Sources: https://woocommerce.github.io/woocommerce-rest-api-docs/#orders, woocommerce includes/rest-api/Controllers/Version3
and Version2/class-wc-rest-orders-v2-controller.php, includes/class-wc-rest-authentication.php, read November 2026.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.faulty import fault_middleware
from sandbox.world import World

Json = dict[str, Any]
STATUSES = frozenset({"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "trash"})
#: What can be written of a billing or shipping address.
_PARTS = frozenset(
    {
        "first_name",
        "last_name",
        "company",
        "address_1",
        "address_2",
        "city",
        "state",
        "postcode",
        "country",
        "email",
        "phone",
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One request that changed something."""

    at: datetime
    order: str
    detail: Json


class PretendWoo:
    """`orders`: id -> the order as its webhook tells it. `told_back` sends a webhook: (body, topic)."""

    def __init__(
        self, world: World, key: str, secret: str, told_back: Callable[[Json, str], Awaitable[Any]] | None = None
    ) -> None:
        self.world = world
        self.orders: dict[int, Json] = {}
        self.notes: dict[int, list[Json]] = {}
        self.changes: list[Change] = []
        self.requests = 0
        self.may_write = True  # the key's permission: read, or read/write
        self.webhooks: list[Json] = []
        self._login = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self.told_back = told_back

    def adds(self, body: Json) -> None:
        """An order that the shop has, as in its webhook's body."""
        self.orders[int(body["id"])] = body

    def order(self, number: str) -> Json:
        return next(body for body in self.orders.values() if str(body["number"]) == number)

    def noted(self, number: str) -> list[str]:
        """The private notes of an order, oldest first."""
        return [note["note"] for note in self.notes.get(int(self.order(number)["id"]), [])]

    def edits(self, number: str, **fields: Any) -> None:
        """Somebody of the shop edits the order by hand; the webhook follows."""
        body = self.order(number)
        for name, value in fields.items():
            body[name] = {**body[name], **value} if isinstance(value, dict) else value
        self._changed(body)

    def app(self) -> web.Application:
        async def whose(request: web.Request) -> str:
            return request.method

        faults = fault_middleware(self.world, "woocommerce", whose, lambda status: f"<html>{status}</html>")
        app = web.Application(middlewares=[faults])
        base = "/wp-json/wc/v3"
        app.add_routes(
            [
                web.get(f"{base}/orders", self._list),
                web.get(f"{base}/orders/{{id}}", self._read),
                web.put(f"{base}/orders/{{id}}", self._write),
                web.get(f"{base}/orders/{{id}}/notes", self._notes),
                web.post(f"{base}/orders/{{id}}/notes", self._add_note),
                web.get(f"{base}/webhooks", self._webhooks),
                web.put(f"{base}/webhooks/{{id}}", self._set_webhook),
            ]
        )
        return app

    # -- the wire

    def _refusal(self, request: web.Request, *, write: bool) -> web.Response | None:
        self.requests += 1
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return _error("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
        if given != self._login:
            return _error("woocommerce_rest_authentication_error", "Consumer key is invalid.", 401)
        if write and not self.may_write:
            said = "The API key provided does not have write permissions."
            return _error("woocommerce_rest_authentication_error", said, 401)
        return None

    async def _list(self, request: web.Request) -> web.Response:
        """`modified_after` (with dates_are_gmt), oldest change first, in pages of at most a hundred."""
        refused = self._refusal(request, write=False)
        if refused is not None:
            return refused
        asked = request.query
        size, page = int(asked.get("per_page", "10")), int(asked.get("page", "1"))
        if not 1 <= size <= 100:
            return _error("rest_invalid_param", "Invalid parameter(s): per_page", 400)
        clock = "date_modified_gmt" if asked.get("dates_are_gmt") == "true" else "date_modified"
        found = sorted(
            (b for b in self.orders.values() if b[clock] > asked.get("modified_after", "")),
            key=lambda body: str(body[clock]),
        )
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}
        return web.json_response(found[(page - 1) * size : page * size], headers=headers)

    async def _set_webhook(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, write=True)
        if refused is not None:
            return refused
        hook = next((h for h in self.webhooks if str(h["id"]) == request.match_info["id"]), None)
        if hook is None:
            return _error("woocommerce_rest_shop_webhook_invalid_id", "ID is invalid.", 400)
        hook.update(await request.json())
        return web.json_response(hook)

    async def _read(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, write=False)
        body = self._named(request)
        if refused is not None:
            return refused
        if body is None:
            return _error("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
        return web.json_response(body)

    async def _write(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, write=True)
        body = self._named(request)
        if refused is not None:
            return refused
        if body is None:
            return _error("woocommerce_rest_shop_order_invalid_id", "ID is invalid.", 400)
        given = await request.json()
        fault = _fault(given)
        if fault is not None:
            return fault
        before = json.dumps(body, sort_keys=True)
        for name in ("billing", "shipping"):
            wanted = {key: value for key, value in (given.get(name) or {}).items() if key in _PARTS}
            body[name] = {**body[name], **wanted}
        if "status" in given:
            body["status"] = given["status"]
        for meta in given.get("meta_data") or ():
            _put_meta(body, meta["key"], meta["value"])
        if json.dumps(body, sort_keys=True) != before:
            self.changes.append(Change(self.world.now(), str(body["number"]), given))
            self._changed(body)
        return web.json_response(body)

    async def _notes(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, write=False)
        body = self._named(request)
        if refused is not None:
            return refused
        if body is None:
            return _error("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404)
        return web.json_response(list(reversed(self.notes.get(int(body["id"]), []))))

    async def _add_note(self, request: web.Request) -> web.Response:
        refused = self._refusal(request, write=True)
        body = self._named(request)
        if refused is not None:
            return refused
        if body is None:
            return _error("woocommerce_rest_order_invalid_id", "Invalid order ID.", 404)
        given = await request.json()
        if not given.get("note"):
            return _error("rest_missing_callback_param", "Missing parameter(s): note", 400)
        kept = self.notes.setdefault(int(body["id"]), [])
        note = {
            "id": 700 + sum(len(n) for n in self.notes.values()),
            "author": "system",
            "date_created_gmt": self.world.now().replace(tzinfo=None, microsecond=0).isoformat(),
            "note": given["note"],
            "customer_note": bool(given.get("customer_note")),
        }
        kept.append(note)
        return web.json_response(note, status=201)

    async def _webhooks(self, request: web.Request) -> web.Response:
        return self._refusal(request, write=False) or web.json_response(self.webhooks)

    def _named(self, request: web.Request) -> Json | None:
        number = request.match_info["id"]
        return self.orders.get(int(number)) if number.isdigit() else None

    def _changed(self, body: Json) -> None:
        body["date_modified_gmt"] = self.world.now().replace(tzinfo=None, microsecond=0).isoformat()
        if self.told_back is not None:
            self.world.spawn(self.told_back(body, "order.updated"))


def _error(code: str, message: str, status: int) -> web.Response:
    return web.json_response({"code": code, "message": message, "data": {"status": status}}, status=status)


def _fault(given: Json) -> web.Response | None:
    if "status" in given and given["status"] not in STATUSES:
        return _error("rest_invalid_param", "Invalid parameter(s): status", 400)
    meta = given.get("meta_data", [])
    if not isinstance(meta, list) or any(not isinstance(m, dict) or "key" not in m for m in meta):
        return _error("rest_invalid_param", "Invalid parameter(s): meta_data", 400)
    email = (given.get("billing") or {}).get("email")
    if email is not None and "@" not in email:
        return _error("rest_invalid_param", "Invalid parameter(s): billing", 400)
    return None


def _put_meta(body: Json, key: str, value: Any) -> None:
    for meta in body["meta_data"]:
        if meta["key"] == key:
            meta["value"] = value
            return
    body["meta_data"].append({"id": 90_000 + len(body["meta_data"]), "key": key, "value": value})
