"""Decisions to Shopify, by its GraphQL Admin API: tags, a line in the order's note, address and phone, the cancel.

Each telling reads the order first. A tag that is there is not added again, a line with our mark is not written again, a cancel that
was made is not made again: so a telling whose fate is unknown may come again. Between the read and the write somebody may write the
note by hand in the same moment; Shopify has nothing to compare with, and that line would be lost.
Sources: https://shopify.dev/docs/api/admin-graphql/2026-10 mutations/tagsAdd, mutations/orderUpdate, mutations/orderCancel,
https://shopify.dev/docs/api/usage/limits, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from adapters import order_values as values
from adapters import shopify
from adapters.edited import Wanted, compare
from adapters.exchange import Exchange, decoded
from adapters.receiving import JSON
from adapters.replied import Answer
from adapters.telling import OURS, failure, line, mark
from flows.effects import Accepted, Outcome, Refused, TellShop, TryAgain, Unknown
from flows.shop_telling import CLOSED, STATES
from flows.shop_told import EDITED, THROTTLED, UNAUTHORIZED

VERSION = "2026-10"
REPLACEMENT = "replacement_wanted"
TIMEOUT_S = 20.0
#: A note holds so many characters. Source: Shopify's own refusal, "is too long (maximum is 5000 characters)".
NOTE_MOST = 5000
#: Points a second that a shop of the standard plan gets back. Source: shopify.dev/docs/api/usage/limits, read 2026-11.
RESTORED_PER_S = 100.0

_TAGS = {
    "confirmed": "doorstep-confirmed",
    "reopened": "doorstep-confirmed",
    "cancelled": "doorstep-cancelled",
    "held": "doorstep-needs-a-person",
    "asking": "doorstep-asking",
}
_ADDRESS = "firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone"
READ = f"""query DoorstepRead($id: ID!) {{
  order(id: $id) {{
    id note tags phone cancelledAt updatedAt displayFulfillmentStatus
    shippingAddress {{ {_ADDRESS} }}
    billingAddress {{ {_ADDRESS} }}
  }}
}}"""
#: The order is written first: each part is told back by a webhook of its own, and whichever comes first has the new address.
WRITE = """mutation DoorstepWrite($id: ID!, $add: [String!]!, $remove: [String!]!, $input: OrderInput!) {
  written: orderUpdate(input: $input) { order { updatedAt } userErrors { field message } }
  removed: tagsRemove(id: $id, tags: $remove) { userErrors { field message } }
  added: tagsAdd(id: $id, tags: $add) { userErrors { field message } }
}"""
#: The draft goes first and the line with our mark after it, in one request: where the mark stands, the draft was made.
REPLACE = """mutation DoorstepReplace($id: ID!, $add: [String!]!, $draft: DraftOrderInput!, $input: OrderInput!) {
  drafted: draftOrderCreate(input: $draft) { draftOrder { id name } userErrors { field message } }
  written: orderUpdate(input: $input) { order { updatedAt } userErrors { field message } }
  added: tagsAdd(id: $id, tags: $add) { userErrors { field message } }
}"""
CANCEL = """mutation DoorstepCancel($id: ID!, $reason: OrderCancelReason!, $refund: OrderCancelRefundMethodInput!, $note: String) {
  orderCancel(orderId: $id, reason: $reason, refundMethod: $refund, restock: true, notifyCustomer: false, staffNote: $note) {
    job { id }
    orderCancelUserErrors { field message code }
  }
}"""
_SENT = frozenset({"FULFILLED", "PARTIALLY_FULFILLED"})
_REASONS = {"customer": "CUSTOMER", "staff": "STAFF", "owner": "STAFF"}


class ShopifyAdmin:
    """Implements engine.ports.ShopPort for the place "shopify" of one shop. `country`: where its numbers are read."""

    def __init__(self, shop: str, url: str, token: str, country: str) -> None:
        self._shop = shop
        self._url = f"{url.rstrip('/')}/admin/api/{VERSION}/graphql.json"
        self._headers = {"Content-Type": JSON, "Accept": JSON, "X-Shopify-Access-Token": token}
        self._country = country
        self._exchange = Exchange(TIMEOUT_S)

    async def tell(self, telling: TellShop, effect_id: str, now: datetime) -> Outcome:
        if not telling.ref:
            return Refused("unknown_order", "the order came before its id was kept")
        data = await self.ask(READ, {"id": telling.ref})
        if not isinstance(data, dict):
            return data
        order = data.get("order")
        if not isinstance(order, dict):
            return Refused("unknown_order")
        if telling.what == CLOSED:
            return await self._close(telling, order, effect_id)
        return await self._write(telling, order, effect_id)

    async def _write(self, telling: TellShop, order: Mapping[str, Any], effect_id: str) -> Outcome:
        change: dict[str, Any] = {"id": telling.ref}
        if telling.what == "changed":
            address, reached = shopify.where_to(as_told(order), self._country)
            wanted = compare(telling, address, reached)
            if wanted.edited:
                return Refused(EDITED, wanted.edited)
            change |= _moved(wanted, order)
        note, ours = order.get("note") or "", line(telling, self._shop, effect_id)
        if mark(self._shop, effect_id) not in note:
            change["note"] = with_line(note, ours)
        tags = {tag for tag in order.get("tags") or () if isinstance(tag, str)}
        tag = _TAGS.get(telling.what) or f"doorstep-{telling.what.replace('_', '-')}"
        remove = [t for t in set(_TAGS.values()) - {tag} if t in tags] if telling.what in STATES else []
        if len(change) == 1 and tag in tags and not remove:
            return Accepted(values.text(order.get("updatedAt")))  # told before
        asked: dict[str, Any] = {"id": telling.ref, "add": [tag], "input": change}
        if telling.what == REPLACEMENT and "note" in change and telling.fields.items:
            data = await self.ask(REPLACE, {**asked, "draft": _draft(telling, order)})
        else:
            data = await self.ask(WRITE, {**asked, "remove": remove})
        if not isinstance(data, dict):
            return data
        faults = [
            fault for part in ("drafted", "removed", "added", "written") for fault in _faults(values.part(data, part))
        ]
        if faults:
            return Refused("invalid", "; ".join(faults))
        return Accepted(values.text(values.part(data, "written", "order").get("updatedAt")))

    async def _close(self, telling: TellShop, order: Mapping[str, Any], effect_id: str) -> Outcome:
        """Cancel for good, which cannot be taken back: no refund is made, nothing was paid."""
        if order.get("cancelledAt"):
            return Accepted()
        if order.get("displayFulfillmentStatus") in _SENT:
            return Refused("fulfilled", "Shopify has sent it already")
        data = await self.ask(
            CANCEL,
            {
                "id": telling.ref,
                "reason": _REASONS.get(telling.by, "OTHER"),
                "refund": {"originalPaymentMethodsRefund": False},
                "note": line(telling, self._shop, effect_id),
            },
        )
        if not isinstance(data, dict):
            return data
        faults = _faults(values.part(data, "orderCancel"), "orderCancelUserErrors")
        return Refused("invalid", "; ".join(faults)) if faults else Accepted()

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | Outcome:
        """The answer's data, or what came of the question instead."""
        body = msgspec.json.encode({"query": query, "variables": variables})
        answer = await self._exchange.ask("POST", self._url, headers=self._headers, body=body)
        if isinstance(answer, TryAgain):
            return TryAgain(0.0, answer.reason)
        if not isinstance(answer, Answer):
            return answer
        if answer.status != 200:
            return Refused("unknown_shop") if answer.status == 404 else failure(answer)
        said = decoded(answer.body, dict[str, Any])
        if said is None:
            return Unknown("no JSON")
        errors = said.get("errors")
        if errors:
            return _refusal(errors, said)
        return dict(values.part(said, "data"))

    async def close(self) -> None:
        await self._exchange.close()


def as_told(order: Mapping[str, Any]) -> dict[str, Any]:
    """The Admin API's order in the shape of the webhook's, as far as addresses and phones go."""

    def place(name: str) -> dict[str, Any]:
        found = values.part(order, name)
        return {**found, "country_code": found.get("countryCodeV2")} if found else {}

    return {
        "shipping_address": place("shippingAddress"),
        "billing_address": place("billingAddress"),
        "phone": order.get("phone"),
    }


def _draft(telling: TellShop, order: Mapping[str, Any]) -> dict[str, Any]:
    """The draft order of a replacement: the same articles again, for nothing, to where the order went."""
    free = {"amount": "0.00", "currencyCode": telling.fields.total.currency}
    lines = [
        {"title": item.title or item.sku or "?", "quantity": item.quantity, "originalUnitPriceWithCurrency": free}
        for item in telling.fields.items
    ]
    place = _moved(Wanted(telling.fields.phone, telling.fields.address), order).get("shippingAddress")
    draft = {"lineItems": lines, "note": f"Replacement for order {telling.order_id}", "tags": ["doorstep-replacement"]}
    return {**draft, "shippingAddress": place} if place else draft


def _moved(wanted: Wanted, order: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of OrderInput that change where the parcel goes: a shipping address is always written whole."""
    if wanted.phone is None and wanted.address is None:
        return {}
    stands = values.part(order, "shippingAddress") or values.part(order, "billingAddress")
    kept = ("firstName", "lastName", "company", "address1", "address2", "city", "provinceCode", "zip", "phone")
    place = {name: stands.get(name) for name in kept if stands.get(name)}
    if stands.get("countryCodeV2"):
        place["countryCode"] = stands["countryCodeV2"]
    if wanted.phone is not None:
        place["phone"] = wanted.phone
    if wanted.address is not None:
        new = wanted.address
        place |= {"address1": new.line1, "address2": new.line2, "city": new.city, "zip": new.postcode}
        place["countryCode"] = new.country
        if new.region and new.region != stands.get("province"):
            place.pop("provinceCode", None)  # Shopify finds the province by the postcode
    if not stands:
        return {"phone": wanted.phone} if wanted.phone else {"shippingAddress": place}
    return {"shippingAddress": place}


def with_line(note: str, ours: str) -> str:
    """The note with our line at its end. Where it would be too long, our oldest lines go; the shop's own words stay."""
    lines = [*note.splitlines(), ours] if note else [ours]
    while len("\n".join(lines)) > NOTE_MOST:
        old = next((n for n, each in enumerate(lines[:-1]) if each.startswith(OURS)), None)
        if old is None:
            return note
        del lines[old]
    return "\n".join(lines)


def _faults(payload: Mapping[str, Any], name: str = "userErrors") -> list[str]:
    found = []
    for fault in values.parts(payload, name):
        field = fault.get("field")
        where = ".".join(str(part) for part in field) if isinstance(field, list) else ""
        found.append(": ".join(part for part in (where, values.text(fault.get("message"))) if part))
    return found


def _refusal(errors: object, said: Mapping[str, Any]) -> Outcome:
    """GraphQL's own errors come with HTTP 200; what they are stands in extensions.code."""
    listed = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    codes = {values.text(values.part(e, "extensions").get("code")) for e in listed}
    if "THROTTLED" in codes:
        return TryAgain(_restored_after(values.part(said, "extensions", "cost")), THROTTLED)
    if "ACCESS_DENIED" in codes:
        return TryAgain(0.0, UNAUTHORIZED)
    if not listed or "INTERNAL_SERVER_ERROR" in codes:
        return Unknown("shopify_internal")
    return Refused("invalid", "; ".join(values.text(e.get("message")) for e in listed)[:300])


def _restored_after(cost: Mapping[str, Any]) -> float:
    """Seconds until the bucket holds what the request asked for."""
    status = values.part(cost, "throttleStatus")
    try:
        wanted, there = float(cost.get("requestedQueryCost") or 0), float(status.get("currentlyAvailable") or 0)
        rate = float(status.get("restoreRate") or RESTORED_PER_S)
    except (TypeError, ValueError):
        return 1.0
    return min(max((wanted - there) / max(rate, 1.0), 1.0), 60.0)
