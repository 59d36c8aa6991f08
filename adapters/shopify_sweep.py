"""Asks Shopify for orders whose webhooks never came.

"Your app shouldn't rely solely on receiving data from Shopify webhooks": an order of the Admin API is put into the shape of the webhook's
body and read by the same reader. The token needs read_orders, which reaches back sixty days.
Sources: https://shopify.dev/docs/api/admin-graphql/2026-10/queries/orders, objects/Order,
https://shopify.dev/docs/apps/build/webhooks/best-practices, read 2026-11.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters import order_values as values
from adapters import shopify
from adapters.shopify_admin import ShopifyAdmin
from adapters.woo_sweep import swept_id
from engine.ports import BadPayload, Swept, Unanswered
from flows.events import OrderTold
from flows.policy import Policy

log = logging.getLogger("doorstep.shopify")

PAGES_MOST = 400
_ADDRESS = "firstName lastName name company address1 address2 city province zip countryCodeV2 phone"
_MONEY = "presentmentMoney { amount currencyCode }"
#: Fifty lines are more than a customer reads; a page of 25 orders with them stays below the cost limit of one query.
LIST = f"""query DoorstepOrders($query: String!, $after: String) {{
  orders(first: 25, query: $query, sortKey: UPDATED_AT, after: $after) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      id name email phone note createdAt processedAt updatedAt cancelledAt displayFulfillmentStatus displayFinancialStatus
      paymentGatewayNames customerLocale currencyCode
      customAttributes {{ key value }}
      totalPriceSet {{ {_MONEY} }}
      currentTotalPriceSet {{ {_MONEY} }}
      totalOutstandingSet {{ shopMoney {{ amount }} }}
      shippingAddress {{ {_ADDRESS} }}
      billingAddress {{ {_ADDRESS} }}
      customer {{ firstName lastName }}
      lineItems(first: 50) {{ nodes {{ name sku quantity currentQuantity originalUnitPriceSet {{ {_MONEY} }} }} }}
    }}
  }}
}}"""
_SENT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}
_PLACE = {"firstName": "first_name", "lastName": "last_name", "countryCodeV2": "country_code"}


class ShopifySweep:
    """Implements engine.ports.Sweeper."""

    provider = "Shopify"
    tells = True

    def __init__(self, shop: str, admin: ShopifyAdmin, policy: Callable[[], Policy]) -> None:
        self.name = f"shopify:{shop}"
        self.deep = timedelta()
        self.shop = shop
        self._admin = admin
        self._policy = policy

    async def sweep(self, since: datetime, now: datetime) -> Swept:
        events: list[OrderTold] = []
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        after: str | None = None
        for _ in range(PAGES_MOST):
            data = await self._admin.ask(LIST, {"query": f"updated_at:>='{moment}'", "after": after})
            if not isinstance(data, dict):
                raise Unanswered(f"Shopify's orders: {getattr(data, 'reason', '') or getattr(data, 'code', '')}")
            page = values.part(data, "orders")
            for order in values.parts(page, "nodes"):
                events += self._told(order, now)
            info = values.part(page, "pageInfo")
            after = values.text(info.get("endCursor"))
            if info.get("hasNextPage") is not True or not after:
                break
        return Swept(tuple(events), now)

    def _told(self, order: Mapping[str, Any], now: datetime) -> tuple[OrderTold, ...]:
        try:
            told = shopify.parse(msgspec.json.encode(as_hooked(order)), self._policy(), now)
        except BadPayload as bad:
            log.warning("sweep.unreadable_order", extra={"shop": self.shop, "faults": len(bad.faults)})
            return ()
        return tuple(replace(event, event_id=swept_id("shopify", self.shop, event)) for event in told)


def as_hooked(order: Mapping[str, Any]) -> dict[str, Any]:
    """The Admin API's order in the shape of the webhook's body, as far as that is read."""
    total, current = values.part(order, "totalPriceSet"), values.part(order, "currentTotalPriceSet")
    customer = values.part(order, "customer")
    return {
        "admin_graphql_api_id": order.get("id"),
        "id": values.text(order.get("id")).rpartition("/")[2],
        "name": order.get("name"),
        "order_number": values.text(order.get("name")).lstrip("#"),
        "email": order.get("email"),
        "phone": order.get("phone"),
        "note": order.get("note"),
        "created_at": order.get("createdAt"),
        "processed_at": order.get("processedAt"),
        "updated_at": order.get("updatedAt"),
        "cancelled_at": order.get("cancelledAt"),
        "fulfillment_status": _SENT.get(values.text(order.get("displayFulfillmentStatus"))),
        "financial_status": values.text(order.get("displayFinancialStatus")).lower(),
        "total_outstanding": values.part(order, "totalOutstandingSet", "shopMoney").get("amount"),
        "payment_gateway_names": order.get("paymentGatewayNames"),
        "customer_locale": order.get("customerLocale"),
        "currency": order.get("currencyCode"),
        "note_attributes": [
            {"name": each.get("key"), "value": each.get("value")} for each in values.parts(order, "customAttributes")
        ],
        "total_price": values.part(total, "presentmentMoney").get("amount"),
        "total_price_set": {"presentment_money": _money(total)},
        "current_total_price_set": {"presentment_money": _money(current)},
        "shipping_address": _place(values.part(order, "shippingAddress")),
        "billing_address": _place(values.part(order, "billingAddress")),
        "customer": {"first_name": customer.get("firstName"), "last_name": customer.get("lastName")},
        "line_items": [_line(line) for line in values.parts(values.part(order, "lineItems"), "nodes")],
    }


def _money(price: Mapping[str, Any]) -> dict[str, Any]:
    shown = values.part(price, "presentmentMoney")
    return {"amount": shown.get("amount"), "currency_code": shown.get("currencyCode")}


def _place(address: Mapping[str, Any]) -> dict[str, Any] | None:
    return {_PLACE.get(name, name): value for name, value in address.items()} if address else None


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": line.get("name"),
        "sku": line.get("sku"),
        "quantity": line.get("quantity"),
        "current_quantity": line.get("currentQuantity"),
        "price_set": {"presentment_money": _money(values.part(line, "originalUnitPriceSet"))},
    }
