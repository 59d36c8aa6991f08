"""WooCommerce's order webhooks -> OrderTold.

The body is built when it is delivered, by the rights of the user who owns the hook: a hook whose owner lost them sends a
signed error object, which is kept and shown, never taken for an order. A new hook is tried with an unsigned ping.
Source: woocommerce includes/class-wc-webhook.php and woocommerce.github.io/woocommerce-rest-api-docs, read 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from adapters import order_reading as reading
from adapters import order_values as values
from engine.ports import BadPayload, BadSignature
from flows.events import OrderTold
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.payment import means_cod
from flows.policy import Policy
from flows.postal import PostalAddress

SIGNATURE = "X-WC-Webhook-Signature"

#: The shop will not deliver these. "failed" is a payment that did not come: for cash on delivery, a closed order.
_OFF = frozenset({"cancelled", "failed", "refunded", "trash"})
#: "completed" is WooCommerce's own "fulfilled"; the others are what the common shipping plugins add.
_SENT = frozenset({"completed", "shipped", "dispatched", "delivered"})
#: A basket at the checkout, or an order that somebody is typing in: not placed yet.
_UNPLACED = frozenset({"checkout-draft", "auto-draft", "draft"})

_PARTS = {"line1": "address_1", "line2": "address_2", "city": "city", "region": "state", "postcode": "postcode"}
#: Where translation plugins keep the language of an order: WPML, TranslatePress.
_LANGUAGE_KEYS = ("wpml_language", "trp_language", "_language")
_PING = re.compile(rb"\s*webhook_id=\d{1,20}\s*")
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot)|#0*(39|34|60|62|38)|#[xX]0*(27|22|3[cC]|3[eE]|26));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def is_ping(content_type: str, body: bytes) -> bool:
    """The unsigned try-out of a new hook (`webhook_id=12`, form-encoded): answered 200, means nothing."""
    return content_type == "application/x-www-form-urlencoded" and _PING.fullmatch(body) is not None


def verify(body: bytes, signature: str, secrets: Iterable[str]) -> None:
    """A secret with & < > " or ' signs as WordPress stores it, or as it decodes: both are tried. Raises BadSignature."""
    given = signature.encode("utf-8", "surrogateescape")
    good = False
    for secret in secrets:
        for key in {secret, special_chars_decoded(secret)}:
            expected = base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256))
            good |= bool(key) and hmac.compare_digest(expected, given)
    if not good:
        raise BadSignature("X-WC-Webhook-Signature")


def special_chars_decoded(secret: str) -> str:
    """wp_specialchars_decode(secret, ENT_QUOTES): five characters, once, no other entity. Source: WordPress
    wp-includes/formatting.php, read 2026-11."""

    def char(entity: re.Match[str]) -> str:
        if entity[1]:
            return _NAMED[entity[1]]
        return chr(int(entity[2])) if entity[2] else chr(int(entity[3], 16))

    return _ENTITY.sub(char, secret)


def parse(body: bytes, policy: Policy, now: datetime) -> tuple[OrderTold, ...]:
    """The order told, or () for another resource. Raises BadPayload for an error object or an order without id or amount."""
    order = values.decoded(body)
    if not is_order(order):
        return ()
    status = values.text(order.get("status")).removeprefix("wc-")
    if status in _UNPLACED:
        return ()
    fields = read_order(order, policy, now)
    return (
        reading.told(
            policy.shop,
            fields,
            now,
            event_id=f"woocommerce:{policy.shop}:{fields.id}:{values.digest(body)}",
            source="woocommerce",
            source_at=values.moment(order.get("date_modified_gmt")),
            cancelled=status in _OFF,
            shipped=status in _SENT,
            ref=values.text(order.get("id"), values.MAX_ID),
        ),
    )


def is_order(body: object) -> bool:
    """Products, customers and coupons are none, nor a subscription, which has the same shape and a billing period."""
    if not isinstance(body, dict):
        raise BadPayload("the body is no JSON object")
    if isinstance(body.get("code"), str) and "message" in body and "line_items" not in body:
        raise BadPayload(f"WooCommerce sent an error instead of an order: {values.text(body['code'])}")
    return "line_items" in body and "billing" in body and "billing_period" not in body


def read_order(order: Mapping[str, Any], policy: Policy, now: datetime) -> OrderFields:
    """The order's id is its number, which the customer and the shop's staff see; plugins let it differ from `id`. Raises
    BadPayload."""
    order_id = values.text(order.get("number"), values.MAX_ID).lstrip("#") or values.text(
        order.get("id"), values.MAX_ID
    )
    if not order_id:
        raise BadPayload("order without number and id")
    shipping, billing = values.part(order, "shipping"), values.part(order, "billing")
    address, reached = where_to(order, policy.country)
    currency = values.text(order.get("currency")) or policy.currency
    labels = [label for key in ("payment_method", "payment_method_title") if (label := _plain(order.get(key)))]
    meta = [(each.get("key"), each.get("value")) for each in values.parts(order, "meta_data")]
    agreed = reading.consent(meta, policy)
    return OrderFields(
        id=order_id,
        total=_due(order, currency),
        placed_at=values.moment(order.get("date_created_gmt")) or now,
        name=_name(shipping) or _name(billing),
        phone=reached.e164,
        phone_raw=reached.raw,
        phone_mobile=reached.mobile,
        phone2=reached.second,
        email=reading.mailbox(billing.get("email")),
        address=address,
        items=_items(order, currency),
        payment=labels[-1] if labels else "",
        cod=any(means_cod(label, policy.cod_labels) for label in labels),
        language=_language(order, meta),
        note=values.note(html.unescape(values.note(order.get("customer_note")))),
        consent_whatsapp=agreed.whatsapp,
        consent_news=agreed.news,
        consent_polls=agreed.polls,
    )


def goes_to(order: Mapping[str, Any]) -> str:
    """Which of its two addresses the parcel goes to: "shipping", or "billing" where shipping is empty."""
    shipping = values.part(order, "shipping")
    return "shipping" if values.text(shipping.get("address_1")) or values.text(shipping.get("city")) else "billing"


def where_to(order: Mapping[str, Any], country: str) -> tuple[PostalAddress, reading.Reached]:
    """Where the parcel goes and who is rung, as the order says it; `country`: the shop's, where the order names none."""
    shipping, billing = values.part(order, "shipping"), values.part(order, "billing")
    place = values.part(order, goes_to(order))
    country = values.country_code(place.get("country"), billing.get("country"), country)
    own = [(p.get("phone"), values.country_code(p.get("country"))) for p in (shipping, billing, order)]
    plain = {name: _plain(place.get(name)) for name in _PARTS.values()}
    return reading.address_of(plain, _PARTS, country), reading.find_phone_at(own, country)


def _due(order: Mapping[str, Any], currency: str) -> Money:
    """The total without what was refunded since: WooCommerce leaves `total` as it was and lists each refund beside it, as
    "-16.00". Raises BadPayload."""
    total = reading.amount(order.get("total"), currency, "total")
    given = (values.text(refund.get("total")).removeprefix("-") for refund in values.parts(order, "refunds"))
    back = sum(money.minor for each in given if each and (money := reading.price(each, currency)) is not None)
    return Money(total.minor - back, total.currency) if 0 < back < total.minor else total


def _items(order: Mapping[str, Any], currency: str) -> tuple[Item, ...]:
    return tuple(
        reading.item(
            _plain(line.get("name")), line.get("quantity"), line.get("sku"), reading.price(line.get("price"), currency)
        )
        for line in values.parts(order, "line_items")[: reading.MAX_ITEMS]
    )


def _plain(value: object) -> str:
    """WordPress stores titles as HTML text: "Ship &ndash; Black"."""
    return values.text(html.unescape(value)) if isinstance(value, str) else ""


def _name(person: Mapping[str, Any]) -> str:
    return f"{_plain(person.get('first_name'))} {_plain(person.get('last_name'))}".strip()


def _language(order: Mapping[str, Any], meta: list[tuple[object, object]]) -> str | None:
    said = next((value for key, value in meta if key in _LANGUAGE_KEYS), None)
    return values.language_tag(said) or values.language_tag(order.get("lang"))
