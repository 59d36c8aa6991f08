"""Shopify's order bodies, read by the pure parser."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import shopify
from engine.ports import BadPayload, BadSignature
from flows.events import OrderTold
from flows.money import Money
from flows.pointers import Pointer
from tests.adapters.shop_front import NOW, demo_policy
from tests.adapters.shops.bodies import as_body, shopify_order, signed

POLICY = demo_policy()
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "shops" / "shopify"


def told(**changes: Any) -> OrderTold:
    [event] = shopify.parse(as_body(shopify_order(**changes)), POLICY, NOW)
    return event


def test_an_order_is_read_whole() -> None:
    """Number, phone, address, language, amount, lines and times arrive as decisions need them."""
    event = told()
    fields = event.fields
    assert (fields.id, fields.phone, fields.phone_mobile, fields.email) == (
        "1042",
        "+34600112233",
        True,
        "ana.ruiz@example.com",
    )
    assert (fields.name, fields.language, fields.note) == ("Ana Ruiz", "es-ES", "llamar\nal timbre")
    assert (fields.total, fields.items[0].price, fields.items[0].quantity) == (
        Money(3980, "EUR"),
        Money(1990, "EUR"),
        2,
    )
    assert fields.items[0].title == "Taza - azul"
    assert (fields.address.line1, fields.address.city, fields.address.country) == ("Calle de la Luna 7", "Madrid", "ES")
    assert (fields.cod, fields.payment) == (True, "Cash on Delivery (COD)")
    assert fields.placed_at == datetime(2026, 11, 21, 9, 57, 59, tzinfo=UTC)
    assert event.source_at == datetime(2026, 11, 21, 9, 58, 2, tzinfo=UTC)
    assert (event.mode, event.opens, event.cancelled, event.shipped) == ("upsert", True, False, False)
    assert event.to == (Pointer("order", "1042", "demo"), Pointer("phone", "+34600112233", "demo"))


def test_the_event_id_tells_two_states_apart_and_one_twice_not() -> None:
    """The id hangs on the body: a repeated delivery has the same, a later state of the order another."""
    assert told().event_id == told().event_id
    assert told().event_id.startswith("shopify:demo:1042:")
    assert told().event_id != told(updated_at="2026-11-21T11:00:00+01:00").event_id


PLACES = ("shipping_address", "billing_address", "order", "customer", "default_address")


@pytest.mark.parametrize("place", PLACES)
def test_the_phone_is_looked_for_in_turn(place: str) -> None:
    """Shipping, billing, order, customer, the customer's home: the first place that has a number wins."""
    order = shopify_order()
    spots = {
        "shipping_address": order["shipping_address"],
        "billing_address": order["billing_address"],
        "order": order,
        "customer": order["customer"],
        "default_address": order["customer"]["default_address"],
    }
    for at, name in enumerate(PLACES):
        spots[name]["phone"] = f"60011220{at}" if at >= PLACES.index(place) else ("", None)[at % 2]
    [event] = shopify.parse(as_body(order), POLICY, NOW)
    assert event.fields.phone == f"+3460011220{PLACES.index(place)}"


def test_a_landline_gives_way_to_a_number_that_takes_texts() -> None:
    """A landline in the shipping address is kept as the second number when another place has a mobile."""
    order = shopify_order()
    order["shipping_address"]["phone"] = "91 123 45 67"
    order["customer"]["phone"] = "+34 611 22 33 44"
    [event] = shopify.parse(as_body(order), POLICY, NOW)
    assert (event.fields.phone, event.fields.phone2, event.fields.phone_mobile) == (
        "+34611223344",
        "+34911234567",
        True,
    )
    order["customer"]["phone"] = None
    [event] = shopify.parse(as_body(order), POLICY, NOW)
    assert (event.fields.phone, event.fields.phone_mobile) == ("+34911234567", False)


@pytest.mark.parametrize(
    ("changes", "cancelled", "shipped"),
    [
        ({"cancelled_at": "2026-11-21T12:00:00Z", "cancel_reason": "customer"}, True, False),
        ({"fulfillment_status": "fulfilled"}, False, True),
        ({"fulfillment_status": "partial"}, False, False),
        ({"fulfillment_status": "restocked"}, False, False),
    ],
)
def test_the_body_alone_says_what_happened(changes: dict[str, Any], cancelled: bool, shipped: bool) -> None:
    """The unsigned topic is never asked: cancelled_at and fulfillment_status decide."""
    event = told(**changes)
    assert (event.cancelled, event.shipped) == (cancelled, shipped)


@pytest.mark.parametrize(
    ("changes", "cod", "payment"),
    [
        ({"payment_gateway_names": ["Contrareembolso"]}, True, "Contrareembolso"),
        ({"payment_gateway_names": ["gift_card", "Cash on Delivery (COD)"]}, True, "gift_card, Cash on Delivery (COD)"),
        ({"payment_gateway_names": [], "gateway": "Cash on Delivery (COD)"}, True, "Cash on Delivery (COD)"),
        ({"payment_gateway_names": ["shopify_payments"]}, False, "shopify_payments"),
        ({"payment_gateway_names": None, "gateway": None}, False, ""),
        ({"payment_gateway_names": [None, 3]}, False, "3"),
    ],
)
def test_cash_on_delivery_is_known_by_its_label(changes: dict[str, Any], cod: bool, payment: str) -> None:
    """Any label that means cash on delivery counts; none means that it is not."""
    fields = told(**changes).fields
    assert (fields.cod, fields.payment) == (cod, payment)


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"current_total_price": "19.90"}, Money(1990, "EUR")),
        ({"current_total_price": "0.00"}, Money(3980, "EUR")),
        ({"currency": "KWD", "total_price": "1.250", "total_price_set": None}, Money(1250, "KWD")),
        (
            {"total_price_set": {"presentment_money": {"amount": "4300", "currency_code": "JPY"}}},
            Money(4300, "JPY"),
        ),
        ({"total_price": "0.00", "total_price_set": None}, Money(0, "EUR")),
    ],
)
def test_the_amount_is_what_the_customer_saw(changes: dict[str, Any], total: Money) -> None:
    """In the checkout's currency, after edits, exact in the currency's own digits; an order taken back keeps its worth."""
    assert told(**changes).fields.total == total


def test_removed_lines_are_gone_and_the_price_follows_the_checkout() -> None:
    """A line with no quantity left is not in the order; a price in another currency than the amount is left out."""
    order = shopify_order()
    gone = order["line_items"][0] | {"current_quantity": 0, "name": "gone"}
    order["line_items"].append(gone)
    order["line_items"][0]["price_set"] = None
    order["total_price_set"]["presentment_money"] = {"amount": "42.00", "currency_code": "USD"}
    [event] = shopify.parse(as_body(order), POLICY, NOW)
    [item] = event.fields.items
    assert (item.title, item.price) == ("Taza - azul", None)


@pytest.mark.parametrize(
    ("changes", "whatsapp", "news", "polls"),
    [
        ({}, True, False, False),
        ({"buyer_accepts_marketing": True}, True, True, False),
        ({"note_attributes": [{"name": "whatsapp_consent", "value": "no"}]}, False, False, False),
        ({"note_attributes": [{"name": "WhatsApp", "value": "+34600112233"}]}, True, False, False),
        ({"note_attributes": [{"name": "polls", "value": "sí"}, {"name": "gift", "value": "yes"}]}, True, False, True),
        ({"customer": {"sms_marketing_consent": {"state": "subscribed"}}}, True, True, False),
        ({"customer": {"sms_marketing_consent": {"state": "unsubscribed"}}}, True, False, False),
    ],
)
def test_consent_comes_from_the_checkout(changes: dict[str, Any], whatsapp: bool, news: bool, polls: bool) -> None:
    """The checkout's own answers count; where it does not say, the shop's default for WhatsApp and no for the rest."""
    fields = told(**changes).fields
    assert (fields.consent_whatsapp, fields.consent_news, fields.consent_polls) == (whatsapp, news, polls)


def test_an_order_with_nothing_but_a_number_and_an_amount_still_counts() -> None:
    """No customer, null addresses, no e-mail, no name of the order: read in the shop's country, found by the order."""
    bare = {
        "id": 99,
        "order_number": 1,
        "name": None,
        "total_price": "10.00",
        "line_items": None,
        "customer": None,
        "shipping_address": None,
        "billing_address": None,
        "email": "",
        "phone": "600112233",
    }
    [event] = shopify.parse(as_body(bare), POLICY, NOW)
    fields = event.fields
    assert (fields.id, fields.phone, fields.total, fields.cod) == ("99", "+34600112233", Money(1000, "EUR"), False)
    assert fields.placed_at == NOW
    [event] = shopify.parse(as_body(bare | {"phone": "call me"}), POLICY, NOW)
    assert (event.fields.phone, event.fields.phone_raw) == (None, "call me")
    assert event.to[-1] == Pointer("order", "99", "demo")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": 1, "email": "a@example.com", "default_address": {}},
        {"id": 2, "order_id": 6112233445566, "line_items": [], "status": "success"},
        {"id": 3, "order_id": 6112233445566, "refund_line_items": []},
        {"id": 4, "name": "#D4", "status": "open", "line_items": [], "total_price": "1.00"},
        {"id": 5, "token": "c", "abandoned_checkout_url": "https://x.example", "line_items": [], "total_price": "1.00"},
        {"shop_id": 1, "shop_domain": "x.example", "orders_to_redact": [1]},
        shopify_order(admin_graphql_api_id="gid://shopify/DraftOrder/7"),
    ],
)
def test_what_is_no_order_means_nothing(body: dict[str, Any]) -> None:
    """Customers, fulfilments, refunds, drafts, checkouts and privacy requests give no event and no fault."""
    assert shopify.parse(as_body(body), POLICY, NOW) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        as_body(shopify_order(total_price="much", total_price_set=None)),
        as_body(shopify_order(total_price="1.005", total_price_set=None)),
        as_body(shopify_order(name=None, id=None)),
        as_body(shopify_order(currency="EURO", total_price_set=None)),
    ],
)
def test_what_cannot_be_read_is_a_fault_and_never_a_crash(body: bytes) -> None:
    """Broken JSON and orders without a readable id or amount raise BadPayload: the body will be kept."""
    with pytest.raises(BadPayload):
        shopify.parse(body, POLICY, NOW)


def test_hostile_text_is_made_harmless() -> None:
    """Control and direction-changing characters leave, length is bounded, wrong types are no crash."""
    order = shopify_order(note={"x": 1}, customer_locale=["es"], updated_at=5, note_attributes="x", email=7)
    order["shipping_address"] |= {"first_name": "A\u202ena\x00\n", "last_name": "R" * 5000, "zip": 28004, "city": None}
    [event] = shopify.parse(as_body(order), POLICY, NOW)
    assert event.fields.name.startswith("Ana R")
    assert len(event.fields.name) <= 410
    assert event.fields.address.postcode == "28004"
    assert event.source_at is None


def test_both_secrets_verify_while_one_is_replaced() -> None:
    """The current and the previous secret are good; a wrong one, none, an empty one and a changed body are not."""
    body = as_body(shopify_order())
    for secret in ("new", "old"):
        shopify.verify(body, signed(body, secret), ("new", "old"))
    refused = [
        (body, signed(body, "wrong"), ("new", "old")),
        (body, signed(body, ""), ("", "new")),
        (body, signed(body, "new"), ()),
        (body + b" ", signed(body, "new"), ("new",)),
        (body, "é" * 44, ("new",)),
        (body, signed(body, "new").lower(), ("new",)),
    ]
    for case in refused:
        with pytest.raises(BadSignature):
            shopify.verify(*case)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs ../shared/data/shops/shopify")
def test_recorded_bodies_are_read_or_mean_nothing() -> None:
    """Every body recorded elsewhere, wrapped as the REST client shows it or bare as the hook sends it, is understood."""
    orders = 0
    for path in sorted(RECORDED.glob("*.json")):
        recorded = json.loads(path.read_text())
        inner = next(iter(recorded.values())) if len(recorded) == 1 else recorded
        for body in inner if isinstance(inner, list) else [inner]:
            orders += len(shopify.parse(as_body(body), POLICY, NOW))
    assert orders >= 2
