"""WooCommerce's order bodies, read by the pure parser."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import woocommerce
from engine.ports import BadPayload, BadSignature
from flows.events import OrderTold
from flows.money import Money
from flows.pointers import Pointer
from tests.adapters.shop_front import NOW, demo_policy
from tests.adapters.shops.bodies import as_body, signed, woo_order

POLICY = demo_policy(consent_whatsapp=False)
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "shops" / "woocommerce"


def told(**changes: Any) -> OrderTold:
    [event] = woocommerce.parse(as_body(woo_order(**changes)), POLICY, NOW)
    return event


def test_an_order_is_read_whole() -> None:
    """Number, phone in the order's country, billing address where shipping is blank, HTML spelled out, GMT times."""
    event = told()
    fields = event.fields
    assert (fields.id, fields.name, fields.phone, fields.email) == (
        "913",
        "Samira El Amrani",
        "+212612345678",
        "samira@example.com",
    )
    assert (fields.total, fields.cod, fields.payment) == (Money(34900, "MAD"), True, "Paiement à la livraison")
    assert (fields.address.line1, fields.address.country) == ("12 Rue Atlas", "MA")
    assert (fields.items[0].title, fields.items[0].price) == ("Théière – cuivre", Money(34900, "MAD"))
    assert (fields.consent_whatsapp, fields.consent_news) == (True, False)
    assert fields.placed_at == datetime(2026, 11, 21, 9, 58, tzinfo=UTC)
    assert event.source_at == datetime(2026, 11, 21, 9, 58, 5, tzinfo=UTC)
    assert event.event_id.startswith("woocommerce:demo:913:")
    assert event.to == (Pointer("order", "913", "demo"), Pointer("phone", "+212612345678", "demo"))


@pytest.mark.parametrize(
    ("status", "cancelled", "shipped"),
    [
        ("pending", False, False),
        ("on-hold", False, False),
        ("processing", False, False),
        ("wc-processing", False, False),
        ("a-plugin-s-own", False, False),
        ("completed", False, True),
        ("wc-shipped", False, True),
        ("cancelled", True, False),
        ("failed", True, False),
        ("refunded", True, False),
        ("trash", True, False),
    ],
)
def test_the_status_says_what_happened(status: str, cancelled: bool, shipped: bool) -> None:
    """Each status is open, called off, or sent; an unknown one is open."""
    event = told(status=status)
    assert (event.cancelled, event.shipped) == (cancelled, shipped)


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft"])
def test_a_basket_is_no_order(status: str) -> None:
    """What nobody has placed yet asks nobody anything."""
    assert woocommerce.parse(as_body(woo_order(status=status)), POLICY, NOW) == ()


def test_shipping_wins_over_billing() -> None:
    """A shipping address of its own gives address, name, country and, where there is one, the phone."""
    order = woo_order()
    order["shipping"] |= {"first_name": "Juan", "address_1": "Calle 8", "city": "Lima", "country": "PE", "phone": ""}
    order["billing"]["phone"] = "+212 612 345 678"
    [event] = woocommerce.parse(as_body(order), POLICY, NOW)
    assert (event.fields.name, event.fields.address.country, event.fields.phone) == ("Juan", "PE", "+212612345678")
    order["shipping"]["phone"] = "987 654 321"
    [event] = woocommerce.parse(as_body(order), POLICY, NOW)
    assert event.fields.phone == "+51987654321"


@pytest.mark.parametrize(
    ("changes", "cod"),
    [
        ({"payment_method": "cod", "payment_method_title": "Zahlung bei Übergabe"}, True),
        ({"payment_method": "custom_1", "payment_method_title": "Nachnahme"}, True),
        ({"payment_method": "bacs", "payment_method_title": "Direct bank transfer"}, False),
        ({"payment_method": "", "payment_method_title": ""}, False),
    ],
)
def test_cash_on_delivery_is_known_by_method_or_title(changes: dict[str, Any], cod: bool) -> None:
    """Either the gateway's id or what the customer reads may say it."""
    assert told(**changes).fields.cod is cod


@pytest.mark.parametrize(
    ("meta", "language"),
    [
        ([{"key": "wpml_language", "value": "ar"}], "ar"),
        ([{"key": "trp_language", "value": "pt_BR"}], "pt-BR"),
        ([{"key": "wpml_language", "value": ""}], None),
        ("x", None),
        ([None, 5, {"key": 7}], None),
    ],
)
def test_the_language_comes_from_the_translation_plugins(meta: Any, language: str | None) -> None:
    """WooCommerce itself knows no language; without a plugin's word there is none."""
    assert told(meta_data=meta).fields.language == language


def test_a_computed_price_is_left_out() -> None:
    """A piece price with endless digits has no exact amount; the order stands without it."""
    line = {"name": "x", "quantity": 3, "price": 3.3333333333333335, "total": "10.00"}
    [item] = told(line_items=[line]).fields.items
    assert (item.quantity, item.price) == (3, None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": 9},
        {"id": 9, "name": "A product", "price": "3.00"},
        {"id": 9, "email": "a@example.com", "billing": {}},
        woo_order(billing_period="month"),
    ],
)
def test_other_resources_mean_nothing(body: dict[str, Any]) -> None:
    """Products, customers, deletions and subscriptions give no event and no fault."""
    assert woocommerce.parse(as_body(body), POLICY, NOW) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1",
        b"[]",
        as_body({"code": "woocommerce_rest_cannot_view", "message": "Sorry", "data": {"status": 403}}),
        as_body(woo_order(total="")),
        as_body(woo_order(total=None)),
        as_body(woo_order(number=None, id=None)),
    ],
)
def test_a_signed_error_object_is_a_fault(body: bytes) -> None:
    """A hook whose owner lost the right to read orders sends an error: it raises BadPayload, so it is kept and seen."""
    with pytest.raises(BadPayload):
        woocommerce.parse(body, POLICY, NOW)


@pytest.mark.parametrize(
    ("stored", "signs_with"),
    [
        ("plain", "plain"),
        ("a&amp;b", "a&b"),
        ("a&amp;b", "a&amp;b"),
        ("a&#039;b&quot;c&lt;d&gt;", "a'b\"c<d>"),
        ("a&#x27;b&#38;", "a'b&"),
        ("a&amp;lt;b", "a&lt;b"),
        ("a&eacute;b", "a&eacute;b"),
    ],
)
def test_a_secret_with_special_characters_signs_decoded(stored: str, signs_with: str) -> None:
    """WordPress decodes five characters, once, before it signs; both spellings of such a secret are good."""
    body = as_body(woo_order())
    woocommerce.verify(body, signed(body, signs_with), (stored,))
    with pytest.raises(BadSignature):
        woocommerce.verify(body + b" ", signed(body, signs_with), (stored,))


def test_only_a_form_that_is_nothing_else_is_a_ping() -> None:
    """The unsigned try-out is `webhook_id=N`, form-encoded, and nothing beside it."""
    form = "application/x-www-form-urlencoded"
    assert woocommerce.is_ping(form, b"webhook_id=12")
    for kind, body in [
        (form, b"webhook_id=12&id=1"),
        (form, b"webhook_id=x"),
        (form, b""),
        ("application/json", b"webhook_id=12"),
    ]:
        assert not woocommerce.is_ping(kind, body)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="needs ../shared/data/shops/woocommerce")
def test_recorded_bodies_are_read_or_mean_nothing() -> None:
    """Every order of the REST documentation is understood; its batch answers are no orders."""
    orders = 0
    for path in sorted(RECORDED.glob("*.json")):
        recorded = json.loads(path.read_text())
        for body in recorded if isinstance(recorded, list) else [recorded]:
            orders += len(woocommerce.parse(as_body(body), POLICY, NOW))
    assert orders >= 6
