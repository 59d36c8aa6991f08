"""Shopify and WooCommerce as they really are: twice, out of order, with the wrong topic."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.samples import Address, Basket, Buyer, Line
from sandbox.shop_bodies import shopify_order, woocommerce_order
from tests.town import ANA_PHONE, START, town

ANA = Buyer(
    "Ana", "Ruiz", ANA_PHONE, "600 00 00 01", "ana@example.com", "ES",
    Address("Calle Mayor 1", "Madrid", "28013", "Madrid"), "en",
)  # fmt: skip
LAMP = Basket(ANA, (Line("LAMP-02", "Reading lamp", "49.90"),))
CARD = Basket(ANA, (Line("LAMP-02", "Reading lamp", "49.90"),), payment="shopify_payments", prepaid=True)


def shopify(basket: Basket = LAMP, minutes: int = 0, **fields: Any) -> dict[str, Any]:
    """An order of Ana's in Shopify's shape, as of so many minutes later."""
    body = shopify_order(basket, 2001, START)
    stable = {"token": "t", "checkout_token": "c", "confirmation_number": "N"}
    return body | stable | {"updated_at": (START + timedelta(minutes=minutes)).isoformat()} | fields


def woo(basket: Basket = LAMP, minutes: int = 0, **fields: Any) -> dict[str, Any]:
    body = woocommerce_order(basket, 3001, START) | {"order_key": "wc_order_1"}
    later = (START + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat()
    return body | {"date_modified_gmt": later} | fields


async def test_shopify_created_updated_cancelled(tmp_path: Path) -> None:
    """Three hooks, each twice and with topics swapped: one order, one question, one cancellation told."""
    async with town(tmp_path) as t:
        created, updated = shopify(), shopify(minutes=1, tags="cod")
        gone = shopify(minutes=2, cancelled_at=(START + timedelta(minutes=2)).isoformat(), cancel_reason="customer")
        for body, topic in ((updated, "orders/create"), (created, "orders/updated"), (created, "orders/create")):
            for _ in range(2):
                assert await t.shopify(body, topic) == 200
        assert await t.state("2001") == "pending"
        assert len(t.got()) == 1
        for topic in ("orders/cancelled", "orders/updated"):
            assert await t.shopify(gone, topic) == 200
        await t.skip(seconds=5)
        assert await t.state("2001") == "cancelled"
        assert ["cancelled by Demo Shop" in x for x in t.got()] == [False, True]
        assert await t.shopify(updated) == 200, "an older state after a newer one"
        assert await t.state("2001") == "cancelled"


async def test_an_older_body_never_overtakes(tmp_path: Path) -> None:
    """Shopify delivers the first state after the second: the dearer order stays, and is asked about once."""
    async with town(tmp_path) as t:
        dearer: dict[str, Any] = {
            "total_price": "59.90", "current_total_price": "59.90", "total_price_set": None, "current_total_price_set": None,
        }  # fmt: skip
        assert await t.shopify(shopify(minutes=5, **dearer)) == 200
        assert await t.shopify(shopify()) == 200
        assert "59.90 EUR" in t.last("sms")
        assert len(t.got()) == 1
        assert (await t.get("2001")).fields.total.minor == 5990


async def test_a_card_payment_is_left_alone_until_it_becomes_cash(tmp_path: Path) -> None:
    """Paid by card: taken, ignored, and says why. Changed to cash on delivery: asked like a new one."""
    async with town(tmp_path) as t:
        assert await t.shopify(shopify(CARD)) == 200
        order = await t.get("2001")
        assert order.state == "ignored"
        assert "shopify_payments" in order.ignored_why
        await t.skip(48)
        assert not t.world.ledger
        assert await t.shopify(shopify(minutes=1)) == 200
        assert await t.state("2001") == "pending"
        await t.skip(24)
        assert t.got("sms")


async def test_shopify_ships(tmp_path: Path) -> None:
    """Fulfilled at Shopify is shipped here: the ladder ends, nobody is asked any more."""
    async with town(tmp_path) as t:
        await t.shopify(shopify())
        await t.shopify(shopify(minutes=3, fulfillment_status="fulfilled"), "orders/fulfilled")
        assert await t.state("2001") == "shipped"
        await t.skip(48)
        assert len(t.got()) == 1


async def test_woocommerce_from_ping_to_cancel(tmp_path: Path) -> None:
    """The unsigned ping is answered; created and updated twice make one question; cancelled is told; an old state is stale."""
    async with town(tmp_path) as t:
        url = f"{t.url}/hooks/woocommerce/demo"
        async with t.http.post(url, data={"webhook_id": "7"}) as answer:
            assert answer.status == 200
        for body in (woo(), woo(), woo(minutes=1, customer_note="ring twice"), woo()):
            assert await t.woo(body) == 200
        assert await t.state("3001") == "pending"
        assert len(t.got()) == 1
        await t.woo(woo(minutes=2, status="cancelled"))
        await t.woo(woo(minutes=1, status="processing"))
        assert await t.state("3001") == "cancelled"
        await t.skip(seconds=5)
        assert len(t.got()) == 2


async def test_the_shop_processes_the_customers_cancel(tmp_path: Path) -> None:
    """The customer cancels, the shop's own cancel follows as an echo: told once, and from then on no way back by text."""
    async with town(tmp_path) as t:
        await t.woo(woo())
        await t.sms("3")
        await t.woo(woo(minutes=9, status="cancelled"))
        assert len(t.got()) == 2
        await t.skip(seconds=5)
        await t.sms("yes")
        assert await t.state("3001") == "cancelled"
        assert "A person will read that you want it" in t.last("sms")


async def test_an_unsigned_order_is_not_taken(tmp_path: Path) -> None:
    """A wrong signature is 403, nothing is kept, nobody is asked."""
    async with town(tmp_path) as t:
        headers = {"Content-Type": "application/json", "X-Shopify-Hmac-SHA256": "AAAA"}
        async with t.http.post(f"{t.url}/hooks/shopify/demo", json=shopify(), headers=headers) as answer:
            assert answer.status == 403
        async with t.http.post(f"{t.url}/hooks/shopify/nobody", json=shopify(), headers=headers) as answer:
            assert answer.status == 404
        await t.settle()
        assert not t.world.ledger


async def test_woo_takes_its_own_cancel_back(tmp_path: Path) -> None:
    """A card fails, which cancels; then cash at the door under the same number: asked. Cancelled and put back to work: asked anew."""
    async with town(tmp_path) as t:
        card = {"payment_method": "stripe", "payment_method_title": "Card"}
        assert await t.woo(woo(minutes=0, status="failed", **card)) == 200
        assert (await t.state("3001"), t.got()) == ("cancelled", [])
        assert await t.woo(woo(minutes=1, status="processing")) == 200
        await t.skip(seconds=5)
        assert (await t.state("3001"), len(t.got())) == ("pending", 1)
        await t.sms("1")
        assert await t.woo(woo(minutes=2, status="cancelled")) == 200
        await t.skip(seconds=5)
        assert await t.state("3001") == "cancelled"
        assert await t.woo(woo(minutes=1, status="processing")) == 200, "a word from before the cancel"
        assert await t.state("3001") == "cancelled"
        assert await t.woo(woo(minutes=3, status="processing")) == 200
        await t.skip(seconds=5)
        assert await t.state("3001") == "pending"
        await t.sms("1")
        assert await t.state("3001") == "confirmed"


async def test_a_customers_cancel_is_not_undone_by_the_shops_next_word(tmp_path: Path) -> None:
    """Cancelled by the customer: that the shop still says "processing" a minute later changes nothing."""
    async with town(tmp_path) as t:
        await t.woo(woo())
        await t.skip(seconds=5)
        await t.sms("cancel")
        assert await t.state("3001") == "cancelled"
        assert await t.woo(woo(minutes=3, status="processing", customer_note="gift")) == 200
        await t.skip(seconds=5)
        assert await t.state("3001") == "cancelled"


async def test_an_emptied_shopify_order_is_off(tmp_path: Path) -> None:
    """Every line is taken out of an order that nobody has sent: nothing is asked about it any more. One line less is an edit."""
    async with town(tmp_path) as t:
        body = shopify()
        await t.shopify(body)
        await t.skip(seconds=5)
        lines = [line | {"current_quantity": 0} for line in body["line_items"]]
        nothing = {"current_total_price": "0.00", "current_total_price_set": None, "financial_status": "voided"}
        assert await t.shopify(shopify(minutes=1, line_items=lines, **nothing)) == 200
        await t.skip(seconds=5)
        assert (await t.get("2001")).decided_by == "shop"
        assert await t.state("2001") == "cancelled"


async def test_what_is_paid_ahead_is_not_asked_for_at_the_door(tmp_path: Path) -> None:
    """A gift card paid 40.00 of it: the text names the rest. Marked as paid later: the courier's day names no amount."""
    async with town(tmp_path) as t:
        part = {"financial_status": "partially_paid", "total_outstanding": "9.90",
                "payment_gateway_names": ["gift_card", "Cash on Delivery (COD)"]}  # fmt: skip
        await t.shopify(shopify(**part))
        await t.skip(seconds=5)
        assert "9.90" in t.last("sms")
        assert "49.90" not in t.last("sms")
        whole = {"financial_status": "paid", "total_outstanding": "0.00"}
        assert await t.shopify(shopify(minutes=1, **(part | whole))) == 200
        assert (await t.get("2001")).paid
        assert (await t.story("2001")).count("order.paid") == 1
        assert await t.shopify(shopify(minutes=2, **(part | whole))) == 200
        assert (await t.story("2001")).count("order.paid") == 1


async def test_a_refunded_part_is_not_asked_for(tmp_path: Path) -> None:
    """WooCommerce leaves the total as it was and lists the refund beside it."""
    async with town(tmp_path) as t:
        await t.woo(woo(refunds=[{"id": 1, "reason": "one is out of stock", "total": "-10.00"}]))
        await t.skip(seconds=5)
        assert "39.90" in t.last("sms")


async def test_who_pays_for_a_present_is_called_at_their_own_number(tmp_path: Path) -> None:
    """A number of the billing address is read as it is dialled there, not where the parcel goes."""
    async with town(tmp_path) as t:
        body = shopify()
        body["shipping_address"] = body["shipping_address"] | {"phone": None}
        body["billing_address"] = body["billing_address"] | {"country_code": "FR", "phone": "06 12 34 56 78"}
        body |= {"phone": None, "customer": body["customer"] | {"phone": None}}
        await t.shopify(body)
        assert (await t.get("2001")).fields.phone == "+33612345678"
        assert (await t.get("2001")).fields.address.country == "ES"
        bought = woo()
        bought["shipping"] = bought["billing"] | {"phone": ""}
        bought["billing"] = bought["billing"] | {"country": "FR", "phone": "06 12 34 56 79"}
        await t.woo(bought)
        assert (await t.get("3001")).fields.phone == "+33612345679"
