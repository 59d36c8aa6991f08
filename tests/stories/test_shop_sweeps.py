"""Orders whose webhooks never came are found at the shop, once, and a webhook that was switched off is switched on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters import shopify
from adapters.shopify_sweep import as_hooked
from sandbox.samples import GALLERY, SAMPLES, Sample
from sandbox.shop_bodies import shopify_order, woocommerce_order
from sandbox.shopify_admin import _shown
from tests.adapters.shop_front import NOW, demo_policy
from tests.town import Town, town

pytestmark = pytest.mark.long

OPEN = "risk: {enabled: false}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
TELLS = ("shopify", "woocommerce")


def _sells(t: Town, platform: str, number: int, phone: str) -> dict[str, Any]:
    """An order that the shop has, and that no webhook told."""
    basket = SAMPLES["good-spain"].basket
    make = shopify_order if platform == "shopify" else woocommerce_order
    body = make(basket, number, t.clock.now())
    body["shipping_address" if platform == "shopify" else "billing"]["phone"] = phone
    (t.admin if platform == "shopify" else t.rest).adds(body)  # type: ignore[attr-defined]
    return body


async def _rounds(t: Town, minutes: int) -> None:
    for _ in range(minutes):
        await t.skip(minutes=1)
        await t.house.look_around()
        await t.settle()


@pytest.mark.parametrize("platform", TELLS)
async def test_every_lost_order_is_found_and_asked_once(tmp_path: Path, platform: str) -> None:
    """Within five minutes; more orders than one page holds, and no customer is asked twice."""
    many = 60
    async with town(tmp_path, more=OPEN, tells=TELLS) as t:
        await _rounds(t, 1)
        for n in range(many):
            _sells(t, platform, 2001 + n, f"+346001{n:05d}")
        await _rounds(t, 5)
        await t.skip(minutes=5)  # sixty first texts leave at the sender's pace
        for n in range(many):
            assert await t.state(str(2001 + n)) == "pending"
            assert len(t.got("sms", f"+346001{n:05d}")) == 1
        await _rounds(t, 20)
        assert [len(t.got("sms", f"+346001{n:05d}")) for n in range(many)] == [1] * many


@pytest.mark.parametrize("platform", TELLS)
async def test_an_order_that_was_told_is_no_news(tmp_path: Path, platform: str) -> None:
    """The sweep meets it again and again, and changes nothing; the owner hears of no silent webhook."""
    async with town(tmp_path, more=OPEN, tells=TELLS, telegram=True) as t:
        await _rounds(t, 1)
        body = _sells(t, platform, 3001, "+34600200001")
        assert await (t.shopify(body) if platform == "shopify" else t.woo(body)) == 200
        before = (await t.conversation("3001")).notes_ever
        await _rounds(t, 15)
        assert (await t.conversation("3001")).notes_ever == before
        assert len(t.got("sms", "+34600200001")) == 1
        assert not [x for x in t.owner_texts() if "fetched" in x]


@pytest.mark.parametrize("platform", TELLS)
async def test_a_lost_cancel_is_found(tmp_path: Path, platform: str) -> None:
    """What the shop changed, and no webhook told: the customer is not asked on about an order that is off."""
    async with town(tmp_path, more=OPEN, tells=TELLS) as t:
        await _rounds(t, 1)
        body = _sells(t, platform, 3002, "+34600200002")
        assert await (t.shopify(body) if platform == "shopify" else t.woo(body)) == 200
        await _rounds(t, 3)
        at = t.clock.now().replace(microsecond=0)
        if platform == "shopify":
            body.update(cancelled_at=at.isoformat(), updated_at=at.isoformat())
        else:
            body.update(status="cancelled", date_modified_gmt=at.replace(tzinfo=None).isoformat())
        await _rounds(t, 5)
        assert await t.state("3002") == "cancelled"


async def test_the_owner_hears_once_that_a_shop_tells_nothing(tmp_path: Path) -> None:
    """Orders that had to be fetched are an alarm that names the shop's system."""
    async with town(tmp_path, more=OPEN, tells=TELLS, telegram=True) as t:
        await _rounds(t, 1)
        for n in range(3):
            _sells(t, "woocommerce", 4001 + n, f"+3460030000{n}")
            await _rounds(t, 4)
        (told,) = [x for x in t.owner_texts() if "fetched" in x]
        assert "WooCommerce" in told


async def test_a_webhook_that_was_switched_off_is_switched_on(tmp_path: Path) -> None:
    """WooCommerce gives up after five failures and tells nobody: it is set active, another's hook is left alone, the owner hears once."""
    async with town(tmp_path, more=OPEN, tells=TELLS, telegram=True) as t:
        ours = f"{t.url}/hooks/woocommerce/demo"
        t.rest.webhooks[:] = [
            {"id": 1, "status": "disabled", "topic": "order.created", "delivery_url": ours},
            {"id": 2, "status": "active", "topic": "order.updated", "delivery_url": ours},
            {"id": 3, "status": "disabled", "topic": "order.created", "delivery_url": "https://else.example.com"},
        ]
        await _rounds(t, 9)
        assert [hook["status"] for hook in t.rest.webhooks] == ["active", "active", "disabled"]
        assert len([x for x in t.owner_texts() if "switched it on again" in x]) == 1


async def test_a_shop_that_does_not_answer_is_asked_again_for_the_same_time(tmp_path: Path) -> None:
    """Hours of a shop's own outage lose no order."""
    async with town(tmp_path, more=OPEN, tells=TELLS) as t:
        await _rounds(t, 1)
        _sells(t, "shopify", 5001, "+34600400001")
        _sells(t, "woocommerce", 5002, "+34600400002")
        t.breaks("shopify", "status", times=-1, status=502)
        t.breaks("woocommerce", "status", times=-1, status=503)
        await _rounds(t, 30)
        assert await t.house.engine.order("demo", "5001") is None
        t.world.mend()
        await _rounds(t, 5)
        assert {await t.state("5001"), await t.state("5002")} == {"pending"}


@pytest.mark.parametrize("sample", GALLERY, ids=lambda sample: sample.name)
def test_a_listed_order_reads_as_its_webhook_does(sample: Sample) -> None:
    """Every field that is read: id, total, name, phone, e-mail, address, items, payment, language, note, consent, state."""
    body = shopify_order(sample.basket, 6001, NOW)
    if sample is GALLERY[0]:
        body |= {"financial_status": "partially_paid", "total_outstanding": "1.00"}
    (told,) = shopify.parse(json.dumps(body).encode(), demo_policy(), NOW)
    (listed,) = shopify.parse(json.dumps(as_hooked(_shown(body))).encode(), demo_policy(), NOW)
    assert listed.fields == told.fields
    assert (listed.source_at, listed.cancelled, listed.shipped) == (told.source_at, told.cancelled, told.shipped)
    assert listed.paid == told.paid
