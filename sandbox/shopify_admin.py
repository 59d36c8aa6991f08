"""Pretend Shopify Admin API (GraphQL): orders that can be read, tagged, noted, moved and cancelled, with a ledger of what changed.

It refuses what Shopify refuses: a bad token, fields that do not exist, an order nobody knows, a second cancel, the cancel of a
fulfilled order, a phone or postcode that cannot be, a note that is too long, and too much at once (THROTTLED). What changed is told
back by orders/updated, as Shopify does. Sources: see sandbox/shopify_schema.py and https://shopify.dev/docs/api/usage/limits.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox import graphql
from sandbox.faulty import fault_middleware
from sandbox.shopify_schema import INPUTS, SCHEMA
from sandbox.world import World

Json = dict[str, Any]
#: The bucket of a shop of the standard plan, and what comes back each second. Source: usage/limits, read 2026-11.
BUCKET, RESTORED_PER_S = 2000.0, 100.0
QUERY_COST, MUTATION_COST = 1.0, 10.0
NOTE_MOST = 5000
SCOPES = ("read_orders", "write_orders", "write_draft_orders")
#: Where a postcode has a fixed form that Shopify checks.
_ZIP = {"ES": r"\d{5}", "DE": r"\d{5}", "FR": r"\d{5}", "US": r"\d{5}(-\d{4})?", "PT": r"\d{4}-\d{3}"}
_GONE = "Order does not exist"


@dataclasses.dataclass(frozen=True, slots=True)
class Write:
    """One change that was really made."""

    at: datetime
    name: str  # tagsAdd, orderUpdate, orderCancel …
    order: str  # its name without "#"
    detail: Json


class PretendShopifyAdmin:
    """`orders`: gid -> the order as its webhook tells it. `told_back` sends a webhook: (body, topic)."""

    def __init__(
        self, world: World, token: str, told_back: Callable[[Json, str], Awaitable[Any]] | None = None
    ) -> None:
        self.world = world
        self.token = token
        self.orders: dict[str, Json] = {}
        self.writes: list[Write] = []
        self.drafts: list[Json] = []
        self.requests = 0
        self.scopes: tuple[str, ...] = SCOPES
        self.subscriptions: list[tuple[str, str]] = []  # (topic, where)
        self.told_back = told_back
        self._left, self._left_at = BUCKET, world.now()
        self._jobs = itertools.count(1)

    def adds(self, body: Json) -> None:
        """An order that the shop has, as in its webhook's body."""
        self.orders[body["admin_graphql_api_id"]] = body

    def order(self, name: str) -> Json:
        """By the number that people see. Raises KeyError."""
        return next(body for body in self.orders.values() if body["name"] == f"#{name}") or {}

    def tags(self, name: str) -> list[str]:
        return _tags(self.order(name))

    def names(self, order: str) -> list[str]:
        """Which changes an order has seen, oldest first."""
        return [write.name for write in self.writes if write.order == order]

    def edits(self, name: str, **fields: Any) -> None:
        """Somebody of the shop edits the order by hand: fields as in the webhook's body; the webhook follows."""
        body = self.order(name)
        body.update(fields)
        self._changed(body)

    def app(self) -> web.Application:
        async def whose(request: web.Request) -> str:
            return (await request.text())[:4000]

        faults = fault_middleware(self.world, "shopify", whose, lambda status: f'{{"errors":"{status}"}}')
        app = web.Application(middlewares=[faults])
        app.add_routes([web.post("/admin/api/{version}/graphql.json", self._graphql)])
        return app

    # -- the wire

    async def _graphql(self, request: web.Request) -> web.Response:
        self.requests += 1
        if request.headers.get("X-Shopify-Access-Token") != self.token:
            said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return web.json_response({"errors": said}, status=401)
        if not re.fullmatch(r"20\d\d-(01|04|07|10)|unstable", request.match_info["version"]):
            return web.json_response({"errors": "Not Found"}, status=404)
        asked = await request.json()
        try:
            operation = graphql.parse(str(asked.get("query") or ""))
            cost = sum(MUTATION_COST if operation.kind == "mutation" else QUERY_COST for _ in operation.fields)
            if not self._pays(cost):
                wrong = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
                return web.json_response({"errors": [wrong], "extensions": self._cost(cost, None)})
            data = graphql.run(operation, asked.get("variables") or {}, SCHEMA, INPUTS, self._resolve)
        except graphql.Wrong as wrong:
            return web.json_response({"errors": [wrong.error]})
        return web.json_response({"data": data, "extensions": self._cost(cost, cost)})

    def _pays(self, cost: float) -> bool:
        now = self.world.now()
        restored = (now - self._left_at) / timedelta(seconds=1) * RESTORED_PER_S
        self._left, self._left_at = min(BUCKET, self._left + max(restored, 0.0)), now
        if self._left < cost:
            return False
        self._left -= cost
        return True

    def drains(self, left: float = 0.0) -> None:
        """Another app of the shop has used the bucket up."""
        self._left, self._left_at = left, self.world.now()

    def _cost(self, requested: float, actual: float | None) -> Json:
        status = {"maximumAvailable": BUCKET, "currentlyAvailable": int(self._left), "restoreRate": RESTORED_PER_S}
        return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}

    def _resolve(self, name: str, args: Mapping[str, Any]) -> Any:
        match name:
            case "order":
                body = self.orders.get(args["id"])
                return None if body is None else _shown(body)
            case "orders":
                return self._list(args)
            case "shop":
                return {"name": "Demo Shop", "myshopifyDomain": "demo.myshopify.com"}
            case "currentAppInstallation":
                return {"accessScopes": [{"handle": scope} for scope in self.scopes]}
            case "webhookSubscriptions":
                nodes = [{"id": str(n), "topic": t, "uri": u} for n, (t, u) in enumerate(self.subscriptions)]
                return {"nodes": nodes}
            case "tagsAdd" | "tagsRemove":
                return self._tag(name, args)
            case "orderUpdate":
                return self._update(args["input"])
            case "draftOrderCreate":
                return self._draft(args["input"])
            case _:
                return self._cancel(args)

    def _list(self, args: Mapping[str, Any]) -> Json:
        """`updated_at:>='…'` by the time of the last change, from after the cursor. Any other search is not made here."""
        match = re.fullmatch(r"updated_at:>='([^']+)'", args.get("query") or "updated_at:>='2000-01-01T00:00:00Z'")
        if match is None or args.get("sortKey", "UPDATED_AT") != "UPDATED_AT":
            raise graphql.Wrong("this search is not pretended", "INTERNAL_SERVER_ERROR")
        since = datetime.fromisoformat(match[1])
        found = [body for body in self.orders.values() if datetime.fromisoformat(body["updated_at"]) >= since]
        found.sort(key=lambda body: datetime.fromisoformat(body["updated_at"]))
        start, size = int(args.get("after") or 0), int(args.get("first") or 10)
        more = len(found) > start + size
        info = {"hasNextPage": more, "endCursor": str(start + size)}
        return {"pageInfo": info, "nodes": [_shown(body) for body in found[start : start + size]]}

    # -- changes

    def _tag(self, name: str, args: Mapping[str, Any]) -> Json:
        body = self.orders.get(args["id"])
        if body is None:
            return {"node": None, "userErrors": [{"field": ["id"], "message": _GONE}]}
        there = _tags(body)
        wanted = [t for t in args["tags"] if (t in there) == (name == "tagsRemove")]
        if wanted:
            kept = [t for t in there if t not in wanted] if name == "tagsRemove" else [*there, *wanted]
            body["tags"] = ", ".join(kept)
            self._note(name, body, {"tags": wanted})
            self._changed(body)
        return {"node": {"id": args["id"]}, "userErrors": []}

    def _update(self, given: Mapping[str, Any]) -> Json:
        body = self.orders.get(given["id"])
        if body is None:
            return {"order": None, "userErrors": [{"field": ["id"], "message": _GONE}]}
        faults = list(_faults(given))
        if faults:
            return {"order": None, "userErrors": faults}
        change = {key: value for key, value in given.items() if key not in ("id", "shippingAddress")}
        place = given.get("shippingAddress")
        if place is not None:
            stands = body.get("shipping_address") or {}
            change["shipping_address"] = {
                **_written(place),
                "province": stands.get("province"),
                "country": stands.get("country"),
            }
        if any(body.get(key) != value for key, value in change.items()):
            body.update(change)
            self._note("orderUpdate", body, dict(given))
            self._changed(body)
        return {"order": _shown(body), "userErrors": []}

    def _cancel(self, args: Mapping[str, Any]) -> Json:
        body = self.orders.get(args["orderId"])
        why = ("NOT_FOUND", _GONE) if body is None else None
        if body is not None and body.get("cancelled_at"):
            why = ("INVALID", "Order has already been cancelled")
        elif body is not None and body.get("fulfillment_status") in ("fulfilled", "partial"):
            why = ("INVALID", "Cannot cancel an order that has been fulfilled")
        if why is not None or body is None:
            code, message = why or ("NOT_FOUND", _GONE)
            fault = {"field": ["orderId"], "message": message, "code": code}
            return {"job": None, "orderCancelUserErrors": [fault], "userErrors": []}
        body["cancelled_at"] = self.world.now().isoformat()
        body["cancel_reason"] = str(args["reason"]).lower()
        self._note("orderCancel", body, dict(args))
        self._changed(body, "orders/cancelled")
        job = {"id": f"gid://shopify/Job/{next(self._jobs)}", "done": False}
        return {"job": job, "orderCancelUserErrors": [], "userErrors": []}

    def _draft(self, given: Mapping[str, Any]) -> Json:
        if not given.get("lineItems"):
            return {"draftOrder": None, "userErrors": [{"field": ["lineItems"], "message": "Add at least 1 product"}]}
        self.drafts.append(dict(given))
        made = {"id": f"gid://shopify/DraftOrder/{len(self.drafts)}", "name": f"#D{len(self.drafts)}"}
        return {"draftOrder": made, "userErrors": []}

    def _note(self, name: str, body: Json, detail: Json) -> None:
        self.writes.append(Write(self.world.now(), name, str(body["name"]).lstrip("#"), detail))

    def _changed(self, body: Json, topic: str = "orders/updated") -> None:
        body["updated_at"] = self.world.now().replace(microsecond=0).isoformat()
        if self.told_back is not None:
            self.world.spawn(self.told_back(json.loads(json.dumps(body)), topic))


def _tags(body: Json) -> list[str]:
    return [tag.strip() for tag in str(body.get("tags") or "").split(",") if tag.strip()]


def _shown(body: Json) -> Json:
    """The webhook's body as the Admin API shows it."""
    status = {None: "UNFULFILLED", "fulfilled": "FULFILLED", "partial": "PARTIALLY_FULFILLED"}
    return {
        "id": body["admin_graphql_api_id"],
        "name": body["name"],
        "note": body.get("note"),
        "tags": _tags(body),
        "phone": body.get("phone"),
        "email": body.get("email"),
        "cancelledAt": body.get("cancelled_at"),
        "updatedAt": body.get("updated_at"),
        "displayFulfillmentStatus": status.get(body.get("fulfillment_status"), "UNFULFILLED"),
        "shippingAddress": _place(body.get("shipping_address")),
        "billingAddress": _place(body.get("billing_address")),
        "createdAt": body.get("created_at"),
        "processedAt": body.get("processed_at"),
        "paymentGatewayNames": body.get("payment_gateway_names"),
        "customerLocale": body.get("customer_locale"),
        "currencyCode": body.get("currency"),
        "customAttributes": [{"key": a["name"], "value": a["value"]} for a in body.get("note_attributes") or ()],
        "totalPriceSet": _bag(body.get("total_price_set")),
        "currentTotalPriceSet": _bag(body.get("current_total_price_set") or body.get("total_price_set")),
        "displayFinancialStatus": str(body.get("financial_status") or "pending").upper(),
        "totalOutstandingSet": _owed(body),
        "customer": {
            "firstName": (body.get("customer") or {}).get("first_name"),
            "lastName": (body.get("customer") or {}).get("last_name"),
        },
        "lineItems": {"nodes": [_line(line) for line in body.get("line_items") or ()]},
    }


def _line(line: Json) -> Json:
    shown = {"name": line.get("name"), "sku": line.get("sku"), "quantity": line.get("quantity")}
    quantity = line.get("current_quantity", line.get("quantity"))
    return {**shown, "currentQuantity": quantity, "originalUnitPriceSet": _bag(line.get("price_set"))}


def _bag(prices: Json | None) -> Json | None:
    def money(name: str) -> Json:
        found = (prices or {})[name]
        return {"amount": found["amount"], "currencyCode": found["currency_code"]}

    return (
        None if prices is None else {"shopMoney": money("shop_money"), "presentmentMoney": money("presentment_money")}
    )


def _owed(body: Json) -> Json:
    """What is not paid yet; the webhook tells it in the shop's currency."""
    owed = {"amount": str(body.get("total_outstanding") or "0.00"), "currencyCode": body.get("currency")}
    return {"shopMoney": owed, "presentmentMoney": owed}


_PLACE = {
    "first_name": "firstName",
    "last_name": "lastName",
    "country_code": "countryCodeV2",
    "province_code": "provinceCode",
}


def _place(address: Json | None) -> Json | None:
    return None if address is None else {_PLACE.get(key, key): value for key, value in address.items()}


def _written(place: Mapping[str, Any]) -> Json:
    """MailingAddressInput as the webhook tells it; a shipping address is overwritten whole."""
    names = {
        "firstName": "first_name",
        "lastName": "last_name",
        "countryCode": "country_code",
        "provinceCode": "province_code",
    }
    return {names.get(key, key): value or None for key, value in place.items()}


def _faults(given: Mapping[str, Any]) -> list[Json]:
    """What Shopify's own checks refuse."""
    found = []
    if len(given.get("note") or "") > NOTE_MOST:
        found.append({"field": ["note"], "message": f"Note is too long (maximum is {NOTE_MOST} characters)"})
    place = given.get("shippingAddress") or {}
    for where, phone in ((["phone"], given.get("phone")), (["shippingAddress", "phone"], place.get("phone"))):
        if phone and not re.fullmatch(r"\+?[\d ().-]{6,20}", phone):
            found.append({"field": where, "message": "Phone is invalid"})
    if place and not place.get("countryCode"):
        found.append({"field": ["shippingAddress", "countryCode"], "message": "Country can't be blank"})
    form = _ZIP.get(str(place.get("countryCode") or ""))
    if place.get("zip") and form and not re.fullmatch(form, str(place["zip"])):
        found.append({"field": ["shippingAddress", "zip"], "message": "Zip is not valid"})
    return found
