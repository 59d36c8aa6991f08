"""The pretend shops: what they send, how they sign it, when they repeat it; and the gallery of sample orders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from listening_service import Listener, listening

from adapters import order_model, shopify, woocommerce
from flows.addresses import nonsense
from flows.policy import Policy
from sandbox import phonebook, shops
from sandbox.hooks import Retry
from sandbox.samples import COUNTRIES, GALLERY, SAMPLES, Sample
from sandbox.shop_bodies import api_order, shopify_order, woocommerce_order
from sandbox.shops import PretendShop, ShopAccess
from sandbox.world import World

ACCESS = ShopAccess("api-token", "shopify-secret", "woo & secret", "demo")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
POLICY = Policy(shop="demo", name="Demo Shop", country="ES")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "shops"
BY_NAME = pytest.mark.parametrize("sample", GALLERY, ids=lambda sample: sample.name)


@pytest.fixture
async def service() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture
async def shop(service: Listener) -> AsyncIterator[PretendShop]:
    shop = PretendShop(World(NOW), service.url, ACCESS)
    yield shop
    await shop.close()


def bodies(sample: Sample) -> dict[str, dict[str, Any]]:
    return {
        "shopify": shopify_order(sample.basket, 1001, NOW),
        "woocommerce": woocommerce_order(sample.basket, 1001, NOW),
        "api": api_order(sample.basket, 1001, NOW),
    }


async def test_a_shopify_order_passes_the_service_s_own_check(shop: PretendShop, service: Listener) -> None:
    """The signature is over the raw bytes, and the headers are those that Shopify sends."""
    told = await shop.places("shopify", SAMPLES["emirates"].basket)
    (heard,) = service.at("/hooks/shopify/demo")
    shopify.verify(heard.body, heard.headers["X-Shopify-Hmac-SHA256"], [ACCESS.shopify_secret])
    assert (told.status, told.order_id) == (200, "1001")
    assert heard.json["name"] == "#1001"
    assert {"X-Shopify-Topic", "X-Shopify-Webhook-Id", "X-Shopify-Event-Id", "X-Shopify-Triggered-At"} <= set(
        heard.headers
    )


async def test_shopify_repeats_the_same_bytes_until_they_are_taken(shop: PretendShop, service: Listener) -> None:
    """A refused webhook comes again, byte for byte, under the same delivery id."""
    service.answers = [503, 500]
    told = await shop.places("shopify", SAMPLES["good-spain"].basket)
    heard = service.at("/hooks/shopify/demo")
    assert (told.status, len(heard)) == (200, 3)
    assert len({(h.body, h.headers["X-Shopify-Webhook-Id"]) for h in heard}) == 1


async def test_shopify_gives_up_after_eight_repeats(
    shop: PretendShop, service: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine refusals in all, then the order is not sent again."""
    assert len(shops.SHOPIFY_RETRY.waits_s) == 8
    quick = Retry((0.001,) * 8, shops.SHOPIFY_RETRY.on)
    monkeypatch.setattr(shops, "SHOPIFY_RETRY", quick)
    service.answers = [500] * 20
    assert (await shop.places("shopify", SAMPLES["good-spain"].basket)).status == 500
    assert len(service.heard) == 9


async def test_woocommerce_signs_and_never_repeats(shop: PretendShop, service: Listener) -> None:
    """One try, whatever the answer; the signature passes the service's own check."""
    service.answers = [503]
    assert (await shop.places("woocommerce", SAMPLES["india"].basket)).status == 503
    (heard,) = service.at("/hooks/woocommerce/demo")
    woocommerce.verify(heard.body, heard.headers["X-WC-Webhook-Signature"], [ACCESS.woo_secret])
    assert heard.headers["X-WC-Webhook-Topic"] == "order.created"


async def test_woocommerce_pings_unsigned(shop: PretendShop, service: Listener) -> None:
    """The try-out of a new hook is form-encoded and carries no signature."""
    assert await shop.woocommerce_ping(12) == 200
    (heard,) = service.heard
    assert woocommerce.is_ping(heard.headers["Content-Type"], heard.body)
    assert "X-WC-Webhook-Signature" not in heard.headers


async def test_the_api_carries_the_token_and_gives_ids(shop: PretendShop, service: Listener) -> None:
    """An order without an id gets a fresh one; one with an id keeps it; events go to the order's own route."""
    first, second = await shop.api({"total": "1.00"}), await shop.api({"id": "A 7", "total": "1.00"})
    await shop.event("A 7", "returned", "customer_refused")
    assert (first.order_id, second.order_id) == ("1001", "A 7")
    assert {h.headers["Authorization"] for h in service.heard} == {"Bearer api-token"}
    assert service.heard[2].path_qs == "/orders/A%207/events"
    assert service.heard[2].json == {"type": "returned", "at": NOW.isoformat(), "reason": "customer_refused"}


async def test_a_service_that_is_not_there_is_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is told as status 0, not as an exception."""
    monkeypatch.setattr(shops, "SHOPIFY_RETRY", Retry())
    shop = PretendShop(World(NOW), "http://127.0.0.1:9", ACCESS)
    assert [(await shop.places(kind, SAMPLES["good-spain"].basket)).status for kind in ("api", "shopify")] == [0, 0]
    await shop.close()


async def test_every_order_has_a_number_of_its_own(shop: PretendShop) -> None:
    """The same sample twice is two orders, whichever way they went."""
    told = [await shop.places(sample.platform, sample.basket) for sample in (*GALLERY, GALLERY[0])]
    assert len({answer.order_id for answer in told}) == len(GALLERY) + 1


@BY_NAME
def test_the_service_reads_each_sample_in_each_shape(sample: Sample) -> None:
    """Phone, country, amount and payment of a sample are the same whether it came from Shopify, WooCommerce or the API."""
    buyer, told = sample.basket.buyer, bodies(sample)
    from_api = order_model.read_body(order_model.OrderBody, json.dumps(told["api"]).encode(), POLICY)
    read = [
        shopify.read_order(told["shopify"], POLICY, NOW),
        woocommerce.read_order(told["woocommerce"], POLICY, NOW),
        order_model.fields_of(from_api, from_api.id, POLICY, NOW),
    ]
    for fields in read:
        assert fields.id == "1001"
        assert (fields.phone or "") == buyer.phone
        assert fields.address.country == buyer.country
        assert fields.cod is not sample.basket.prepaid
        assert Decimal(fields.total.minor) == sample.basket.total * 100
        assert fields.email == buyer.email


def test_the_gallery_holds_what_it_promises() -> None:
    """An order to each of seven countries, one without a phone, one to a nonsense address, one paid by card; all platforms."""
    assert {"ES", "MX", "MA", "IN", "PK", "AE", "PH"} <= {s.basket.buyer.country for s in GALLERY}
    assert {s.platform for s in GALLERY} == {"shopify", "woocommerce", "api"}
    assert not SAMPLES["no-phone"].basket.buyer.phone
    assert SAMPLES["paid-by-card"].basket.prepaid
    address = woocommerce.read_order(bodies(SAMPLES["nonsense-address"])["woocommerce"], POLICY, NOW).address
    assert nonsense(address)
    good = shopify.read_order(bodies(SAMPLES["good-spain"])["shopify"], POLICY, NOW).address
    assert not nonsense(good)
    assert len(SAMPLES) == len(GALLERY)


def test_every_buyer_has_a_phone_of_their_own_that_is_valid() -> None:
    """No two people share a number, and each number is valid in its country, so that nothing but the scenario is odd."""
    people = {s.basket.buyer.email: s.basket.buyer for s in GALLERY}
    phones = [buyer.phone for buyer in people.values() if buyer.phone]
    assert len(set(phones)) == len(phones)
    for buyer in people.values():
        if buyer.phone:
            parsed = phonenumbers.parse(buyer.typed, buyer.country)
            assert phonenumbers.is_valid_number_for_region(parsed, buyer.country), buyer.phone
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == buyer.phone
    assert all(set(s.facts) <= phonebook.FACTS for s in GALLERY)
    assert all(COUNTRIES[buyer.country] for buyer in people.values())


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data/shops")
@pytest.mark.parametrize(
    ("platform", "reference"),
    [("shopify", "cod_webhook_2017_INR_nonsense_address.json"), ("woocommerce", "orders_01.json")],
)
def test_bodies_have_the_shape_of_real_ones(platform: str, reference: str) -> None:
    """Where our body and a real one have the same field, it holds the same kind of value; all that is read is there."""
    real = json.loads((SHARED / platform / reference).read_text())
    ours = bodies(SAMPLES["good-spain"])[platform]
    pairs = [
        (ours, real),
        (ours["line_items"][0], real["line_items"][0]),
        (ours["shipping_lines"][0], real["shipping_lines"][0]),
    ]
    for name in ("shipping_address", "billing_address", "customer", "shipping", "billing"):
        if name in real and isinstance(real[name], dict):
            pairs.append((ours[name], real[name]))
    shared = 0
    for mine, theirs in pairs:
        for name in mine.keys() & theirs.keys():
            if mine[name] is not None and theirs[name] is not None:
                same = isinstance(mine[name], int | float) == isinstance(theirs[name], int | float)
                assert same or type(mine[name]) is type(theirs[name]), name
                shared += 1
    assert shared > 40
