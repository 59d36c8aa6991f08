"""Shopify's order webhooks -> OrderTold.

The topic header is not covered by the signature, so the body alone decides: cancelled_at, fulfillment_status. Whatever is
no order (a customer, a draft, an abandoned checkout, a refund) is accepted and means nothing here.
Source: shopify.dev/docs/api/admin-rest/latest/resources/order and .../apps/build/webhooks, read 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from adapters import order_reading as reading
from adapters import order_values as values
from adapters.telling import without_ours
from engine.ports import BadPayload, BadSignature
from flows.events import OrderTold
from flows.orders import Item, OrderFields
from flows.payment import means_cod
from flows.policy import Policy
from flows.postal import PostalAddress

SIGNATURE = "X-Shopify-Hmac-SHA256"

_PARTS = {"line1": "address1", "line2": "address2", "city": "city", "region": "province", "postcode": "zip"}


def verify(body: bytes, signature: str, secrets: Iterable[str]) -> None:
    """`secrets`: the app's current and previous client secret; after a rotation the old one signs up to an hour longer.
    Raises BadSignature."""
    given = signature.encode("utf-8", "surrogateescape")
    good = False
    for secret in secrets:
        expected = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))
        good |= bool(secret) and hmac.compare_digest(expected, given)
    if not good:
        raise BadSignature("X-Shopify-Hmac-SHA256")


def parse(body: bytes, policy: Policy, now: datetime) -> tuple[OrderTold, ...]:
    """The order told, or () for a body that is none. Raises BadPayload for an order without a readable id or amount."""
    order = values.decoded(body)
    if not is_order(order):
        return ()
    fields = read_order(order, policy, now)
    return (
        reading.told(
            policy.shop,
            fields,
            now,
            event_id=f"shopify:{policy.shop}:{fields.id}:{values.digest(body)}",
            source="shopify",
            source_at=values.moment(order.get("updated_at")),
            cancelled=order.get("cancelled_at") is not None or _emptied(order),
            shipped=order.get("fulfillment_status") == "fulfilled",
            paid=order.get("financial_status") == "paid",
            ref=_ref(order),
        ),
    )


def _ref(order: Mapping[str, Any]) -> str:
    """Its id for the Admin API: gid://shopify/Order/450789469."""
    number = values.text(order.get("id"), values.MAX_ID)
    return values.text(order.get("admin_graphql_api_id")) or (f"gid://shopify/Order/{number}" if number else "")


def _emptied(order: Mapping[str, Any]) -> bool:
    """Whether every line was taken out again before anything left: nothing will come to the customer's door."""
    lines = values.parts(order, "line_items")
    sent = order.get("fulfillment_status") in ("fulfilled", "partial")
    return bool(lines) and not sent and all(line.get("current_quantity") == 0 for line in lines)


def is_order(body: object) -> bool:
    """Drafts and abandoned checkouts carry lines and totals too, but no order number; refunds and fulfilments no total."""
    if not isinstance(body, dict):
        raise BadPayload("the body is no JSON object")
    kind = body.get("admin_graphql_api_id")
    return (
        "order_number" in body
        and "total_price" in body
        and "line_items" in body
        and (not isinstance(kind, str) or kind.startswith("gid://shopify/Order/"))
    )


def read_order(order: Mapping[str, Any], policy: Policy, now: datetime) -> OrderFields:
    """The order's id is its name without "#" (1001): the number that the customer and the shop's staff see. Raises
    BadPayload."""
    order_id = values.text(order.get("name"), values.MAX_ID).lstrip("#") or values.text(order.get("id"), values.MAX_ID)
    if not order_id:
        raise BadPayload("order without name and id")
    customer = values.part(order, "customer")
    shipping, billing = values.part(order, "shipping_address"), values.part(order, "billing_address")
    address, reached = where_to(order, policy.country)
    price, currency = _total(order, policy)
    labels = _payments(order)
    agreed = reading.consent(_answers(order), policy, news=_wants_news(order, customer))
    return OrderFields(
        id=order_id,
        total=reading.amount(price, currency, "total_price"),
        placed_at=values.moment(order.get("processed_at")) or values.moment(order.get("created_at")) or now,
        name=_name(shipping) or _name(customer) or _name(billing),
        phone=reached.e164,
        phone_raw=reached.raw,
        phone_mobile=reached.mobile,
        phone2=reached.second,
        email=reading.mailbox(order.get("email"), order.get("contact_email"), customer.get("email")),
        address=address,
        items=_items(order, currency),
        payment=", ".join(labels),
        cod=any(means_cod(label, policy.cod_labels) for label in labels),
        language=values.language_tag(order.get("customer_locale")),
        note=without_ours(values.note(order.get("note"))),
        consent_whatsapp=agreed.whatsapp,
        consent_news=agreed.news,
        consent_polls=agreed.polls,
    )


def where_to(order: Mapping[str, Any], country: str) -> tuple[PostalAddress, reading.Reached]:
    """Where the parcel goes and who is rung, as the order says it; `country`: the shop's, where the order names none."""
    customer = values.part(order, "customer")
    shipping, billing = values.part(order, "shipping_address"), values.part(order, "billing_address")
    home = values.part(customer, "default_address")
    place = shipping or billing or home
    country = values.country_code(*(a.get("country_code") for a in (place, billing, home)), country)
    own = [
        (p.get("phone"), values.country_code(p.get("country_code"))) for p in (shipping, billing, order, customer, home)
    ]
    reached = reading.find_phone_at(own, country)
    return reading.address_of(place, _PARTS, country), reached


def _total(order: Mapping[str, Any], policy: Policy) -> tuple[object, str]:
    """What the customer saw at the checkout: in their (presentment) currency, after edits of the order. An order that was
    taken back whole stands at zero: then what it was worth before."""
    shop_currency = values.text(order.get("currency")) or policy.currency
    choices = []
    for name in ("current_total_price", "total_price"):
        shown = values.part(order, f"{name}_set", "presentment_money")
        choices.append((shown.get("amount"), values.text(shown.get("currency_code"))))
        choices.append((order.get(name), shop_currency))
    given = [(price, currency) for price, currency in choices if price is not None and currency]
    worth = [choice for choice in given if values.text(choice[0]).strip("0.")]
    price, currency = (worth or given or [(None, shop_currency)])[0]
    return (_outstanding(order, price, currency), currency)


def _outstanding(order: Mapping[str, Any], price: object, currency: str) -> object:
    """What is left to pay at the door where a gift card or a deposit has paid a part. Shopify tells it in the shop's currency
    alone; beside another one the whole price stands."""
    due = values.text(order.get("total_outstanding"))
    if order.get("financial_status") != "partially_paid" or not due.strip("0.") or currency != order.get("currency"):
        return price
    left, whole = reading.price(due, currency), reading.price(price, currency)
    return due if left is not None and whole is not None and left.minor < whole.minor else price


def _items(order: Mapping[str, Any], currency: str) -> tuple[Item, ...]:
    """The lines that are still wanted: an edit or refund leaves a line with current_quantity 0."""
    lines = values.parts(order, "line_items")
    wanted = [line for line in lines if line.get("current_quantity") != 0] or lines
    return tuple(
        reading.item(
            values.first_text(line.get("name"), line.get("title")),
            line.get("current_quantity") or line.get("quantity"),
            line.get("sku"),
            _piece(line, order, currency),
        )
        for line in wanted[: reading.MAX_ITEMS]
    )


def _piece(line: Mapping[str, Any], order: Mapping[str, Any], currency: str) -> Any:
    shown = values.part(line, "price_set", "presentment_money")
    if shown.get("currency_code") == currency:
        return reading.price(shown.get("amount"), currency)
    return reading.price(line.get("price"), currency) if order.get("currency") == currency else None


def _payments(order: Mapping[str, Any]) -> list[str]:
    names = order.get("payment_gateway_names")
    labels = [label for name in names if (label := values.text(name))] if isinstance(names, list) else []
    if labels:
        return labels
    gateway = values.text(order.get("gateway"))
    return [gateway] if gateway else []


def _name(person: Mapping[str, Any]) -> str:
    first, last = values.text(person.get("first_name")), values.text(person.get("last_name"))
    return f"{first} {last}".strip() or values.text(person.get("name"))


def _answers(order: Mapping[str, Any]) -> list[tuple[object, object]]:
    return [(each.get("name"), each.get("value")) for each in values.parts(order, "note_attributes")]


def _wants_news(order: Mapping[str, Any], customer: Mapping[str, Any]) -> bool:
    by_text = values.part(customer, "sms_marketing_consent").get("state") == "subscribed"
    return order.get("buyer_accepts_marketing") is True or by_text
