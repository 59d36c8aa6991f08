"""The shop hears what was decided, where the order came from, by the ledgers of the pretend shops."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.shopify_admin import ShopifyAdmin
from sandbox.samples import Address, Basket, Buyer, Line
from sandbox.shop_bodies import shopify_order, woocommerce_order
from tests.town import ANA, ANA_PHONE, Town, town

BUYER = Buyer(
    "Ana", "Ruiz", ANA_PHONE, "600 00 00 01", "ana@example.com", "ES",
    Address("Calle Mayor 1", "Madrid", "28013", "Madrid"), "en",
)  # fmt: skip
LAMP = Basket(BUYER, (Line("LAMP-02", "Reading lamp", "49.90"),))
SPANISH = Basket(
    Buyer(**{name: getattr(BUYER, name) for name in ("first", "last", "phone", "typed", "email", "country", "address")}, language="es"),
    LAMP.lines,
)  # fmt: skip
ALL = ("shopify", "woocommerce", "callback")


async def sold_at_shopify(t: Town, basket: Basket = LAMP, number: int = 2001, **fields: Any) -> str:
    body = shopify_order(basket, number, t.clock.now()) | fields
    t.admin.adds(body)
    assert await t.shopify(body) == 200
    return str(number)


async def sold_at_woo(t: Town, basket: Basket = LAMP, number: int = 3001, **fields: Any) -> str:
    body = woocommerce_order(basket, number, t.clock.now()) | fields
    t.rest.adds(body)
    assert await t.woo(body) == 200
    return str(number)


async def told(t: Town, order: str) -> list[tuple[str, str, str]]:
    """The journal's lines about it: (place, word, outcome)."""
    notes = await t.house.store.journal((await t.conversation(order)).id)
    return [(n.via, n.data["word"], n.data["outcome"]) for n in notes if n.what == "shop.told"]


# -- the callback


async def test_callback_hears_yes_cancel_and_back_again(tmp_path: Path) -> None:
    """A yes, a cancel and another yes are three decisions to the callback, each once, signed, with who and through what."""
    async with town(tmp_path, tells=("callback",)) as t:
        order = await t.order()
        for words in ("YES", "CANCEL the order please", "YES"):
            await t.sms(words)
            await t.skip(seconds=5)
        assert t.callback.types(order) == ["order.confirmed", "order.cancelled", "order.reopened"]
        first = t.callback.heard[0].data
        assert (first["state"], first["decided_by"], first["via"], first["shop"]) == (
            "confirmed",
            "customer",
            "sms",
            "demo",
        )
        assert not t.callback.refused
        assert [o for _, _, o in await told(t, order)] == ["accepted"] * 3


@pytest.mark.parametrize("kind", ["status", "cut", "accept_cut", "garbage_status", "accept_status"])
async def test_callback_down_is_told_once(tmp_path: Path, kind: str) -> None:
    """A callback that fails, breaks off, or takes it and then breaks off hears each decision once, under one webhook-id."""
    async with town(tmp_path, tells=("callback",)) as t:
        order = await t.order()
        fault = {"garbage_status": "status"}.get(kind, kind)
        t.breaks("callback", fault, times=3, status=404 if kind == "garbage_status" else 503)
        await t.sms("YES")
        await t.skip(hours=1)
        assert t.callback.types(order) == ["order.confirmed"]
        assert len(set(t.callback.tries)) == 1
        assert not t.callback.refused


async def test_callback_says_when(tmp_path: Path) -> None:
    """A callback that names a time with its 429 is asked again then, and not before."""
    async with town(tmp_path, tells=("callback",)) as t:
        order = await t.order()
        t.breaks("callback", "status", status=429, headers={"Retry-After": "600"})
        await t.sms("YES")
        await t.skip(minutes=9)
        assert t.callback.heard == []
        await t.skip(minutes=2)
        assert t.callback.types(order) == ["order.confirmed"]


async def test_callback_gone_is_left_alone(tmp_path: Path) -> None:
    """A callback that answers 410 is asked nothing more that day, and the owner hears it once."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        t.breaks("callback", "status", status=410, times=-1)
        await t.order()
        await t.sms("YES")
        await t.skip(minutes=5)
        second = await t.order(phone="600 000 002", email="ben@example.com")
        await t.sms("YES", "+34600000002")
        await t.skip(hours=1)
        assert len([x for x in t.owner_texts() if "callback" in x]) == 1, t.owner_texts()
        assert (await told(t, second)) == [("callback", "confirmed", "disabled")]


async def test_callback_given_up_after_the_schedule(tmp_path: Path) -> None:
    """A callback that is down for days costs nothing: the customer is served, the owner hears once, and the card says it."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        t.breaks("callback", "status", times=-1)
        order = await t.order()
        other = await t.order(phone="600 000 002", email="ben@example.com")
        await t.sms("CANCEL the order please")
        await t.sms("CANCEL the order please", "+34600000002")
        assert "cancelled" in t.last()
        await t.skip(hours=1)
        assert any("could not be told" in m.text for m in t.cards(order)), t.group_texts()
        await t.skip(hours=80)
        assert t.callback.heard == []
        assert ("callback", "cancelled", "gave_up") in await told(t, order)
        assert ("callback", "cancelled", "gave_up") in await told(t, other)
        assert len([x for x in t.owner_texts() if "callback" in x]) == 1, t.owner_texts()
        assert any("could not be told" in m.text for m in t.cards(order))


# -- Shopify


async def test_shopify_hears_and_its_echo_asks_nobody(tmp_path: Path) -> None:
    """A yes is a tag and a line in the note; the orders/updated that follows changes nothing and asks nobody (in Spanish)."""
    async with town(tmp_path, tells=ALL, telegram=True) as t:
        order = await sold_at_shopify(t, SPANISH)
        await t.sms("SI")
        await t.skip(hours=1)
        assert t.admin.tags(order) == ["doorstep-confirmed"]
        assert "confirmed by customer through sms" in t.admin.order(order)["note"]
        assert t.callback.types(order) == ["order.confirmed"]
        assert len(t.got()) == 2, t.read_aloud()
        assert (await t.get(order)).fields.note == ""
        assert "order.changed" not in await t.story(order)
        assert t.cards() == []


async def test_shopify_cancel_waits_and_is_taken_back(tmp_path: Path) -> None:
    """A customer's cancel is a tag at once and Shopify's cancel half an hour later; a yes before that leaves the order whole."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        await t.sms("CANCEL the order please")
        await t.skip(minutes=5)
        assert t.admin.tags(order) == ["doorstep-cancelled"]
        assert t.admin.order(order)["cancelled_at"] is None
        await t.sms("YES")
        await t.skip(hours=2)
        assert t.admin.tags(order) == ["doorstep-confirmed"]
        assert t.admin.order(order)["cancelled_at"] is None
        await t.sms("CANCEL the order please")
        await t.skip(hours=2)
        assert t.admin.order(order)["cancelled_at"]
        assert t.admin.names(order).count("orderCancel") == 1
        assert [x for x in t.got() if "cancelled by Demo Shop" in x] == []
        assert await t.state(order) == "cancelled"


async def test_shopify_new_address_and_its_echo(tmp_path: Path) -> None:
    """A new address is written to Shopify whole, with the phone that stands there; its echo asks nobody anything."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        await t.sms("my new address is Calle de Alcalá 45, 28014 Madrid")
        await t.skip(minutes=5)
        place = t.admin.order(order)["shipping_address"]
        assert (place["address1"], place["zip"], place["city"]) == ("Calle de Alcalá 45", "28014", "Madrid")
        assert (place["phone"], place["last_name"]) == ("600 00 00 01", "Ruiz")
        asked = len(t.got())
        await t.skip(hours=1)
        assert len(t.got()) == asked
        assert (await t.get(order)).version == 1
        await t.sms("YES")
        await t.skip(minutes=1)
        assert await t.state(order) == "confirmed"


async def test_shopify_edit_meanwhile_is_never_overwritten(tmp_path: Path) -> None:
    """Somebody of the shop has moved the parcel elsewhere: the customer's address is not written over it, staff see both."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t)
        body = t.admin.order(order)
        body["shipping_address"] = {**body["shipping_address"], "address1": "Gran Vía 7"}  # its webhook is late
        await t.sms("my new address is Calle de Alcalá 45, 28014 Madrid")
        await t.skip(minutes=5)
        assert body["shipping_address"]["address1"] == "Gran Vía 7"
        assert t.admin.writes == []
        shown = "\n".join(t.group_texts())
        assert "Gran Vía 7" in shown, shown
        assert "Calle de Alcalá 45" in shown, shown
        assert ("shopify", "changed", "refused") in await told(t, order)


async def test_shopify_new_number(tmp_path: Path) -> None:
    """An order that moved to another number has that number at Shopify, and the echo does not move it back."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        await t.sms("wrong number, use 600 000 002 please")
        await t.skip(minutes=5)
        assert t.admin.order(order)["shipping_address"]["phone"] == "+34600000002"
        await t.sms("YES", "+34600000002")
        await t.skip(minutes=5)
        assert await t.state(order) == "confirmed"
        assert (await t.get(order)).fields.phone == "+34600000002"
        assert "doorstep-confirmed" in t.admin.tags(order)


async def test_shopify_staff_undo_is_never_heard(tmp_path: Path) -> None:
    """A cancel by staff that is undone within its grace never reaches Shopify."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t)
        await t.sms("I have a question about the guarantee of the lamp, who can help me with it")
        await t.staff(ANA, "❌ Cancel", order)
        await t.staff(ANA, "↩️ Undo", order)
        await t.skip(hours=1)
        assert "doorstep-cancelled" not in str(t.admin.writes)
        assert t.admin.order(order)["cancelled_at"] is None


async def test_shopify_fulfilled_meanwhile(tmp_path: Path) -> None:
    """A cancel that comes after Shopify has sent the parcel is not made, and staff are told."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t)
        await t.sms("CANCEL the order please")
        t.admin.order(order)["fulfillment_status"] = "fulfilled"
        await t.skip(hours=1)
        assert t.admin.order(order)["cancelled_at"] is None
        assert any("could not be told" in x for x in t.group_texts()), t.group_texts()


@pytest.mark.parametrize("kind", ["accept_cut", "cut", "garbage", "accept_status", "empty"])
async def test_shopify_fault_writes_once(tmp_path: Path, kind: str) -> None:
    """Whatever breaks on the way, the tag and the line stand there once."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        t.breaks("shopify", kind, match="DoorstepWrite", times=2, status=502)
        await t.sms("YES")
        await t.skip(hours=1)
        assert t.admin.tags(order) == ["doorstep-confirmed"]
        assert t.admin.order(order)["note"].count("Doorstep:") == 1
        assert t.admin.names(order) == ["orderUpdate", "tagsAdd"]


async def test_shopify_throttles(tmp_path: Path) -> None:
    """An empty bucket is waited for by its own figures, and is no failure."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        t.admin.drains()
        await t.sms("YES")
        await t.skip(seconds=4)
        assert t.admin.tags(order) == ["doorstep-confirmed"]
        assert await told(t, order) == [("shopify", "confirmed", "accepted")]


async def test_shopify_token_taken_away(tmp_path: Path) -> None:
    """A token that is not taken is told to the owner at once; when it works again, what waited is told."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t)
        t.admin.token = "another"
        await t.sms("YES")
        await t.skip(minutes=10)
        assert len([x for x in t.owner_texts() if "Shopify" in x or "shopify" in x]) == 1, t.owner_texts()
        t.admin.token = "town-shopify-admin-token"
        await t.skip(hours=1)
        assert t.admin.tags(order) == ["doorstep-confirmed"]


# -- WooCommerce


async def test_woo_hears_yes_cancel_and_back_again(tmp_path: Path) -> None:
    """Cancelled and back again are statuses there; the echo of our own cancel does not shut the customer's way back."""
    async with town(tmp_path, tells=("woocommerce",)) as t:
        order = await sold_at_woo(t, SPANISH)
        await t.sms("CANCELAR el pedido por favor")
        await t.skip(minutes=5)
        assert t.rest.order(order)["status"] == "cancelled"
        await t.sms("SI")
        await t.skip(minutes=5)
        assert t.rest.order(order)["status"] == "processing"
        assert await t.state(order) == "confirmed"
        assert [("cancelled" in n, "reopened" in n) for n in t.rest.noted(order)] == [(True, False), (False, True)]


async def test_woo_hold_and_confirm(tmp_path: Path) -> None:
    """An order that needs a person is on hold there, and processing when a person confirms it."""
    async with town(tmp_path, tells=("woocommerce",), telegram=True) as t:
        order = await sold_at_woo(t)
        await t.sms("I have a question about the guarantee of the lamp, who can help me with it")
        await t.skip(seconds=5)
        assert t.rest.order(order)["status"] == "on-hold"
        await t.staff(ANA, "✅ Confirm", order)
        await t.skip(minutes=1)
        assert t.rest.order(order)["status"] == "processing"
        assert await t.state(order) == "confirmed"


async def test_woo_new_address_and_an_edit(tmp_path: Path) -> None:
    """A new address is written where the parcel goes; one that the shop has changed meanwhile stays as it is."""
    async with town(tmp_path, tells=("woocommerce",), telegram=True) as t:
        order = await sold_at_woo(t)
        await t.sms("my new address is Calle de Alcalá 45, 28014 Madrid")
        await t.skip(minutes=5)
        assert t.rest.order(order)["shipping"]["address_1"] == "Calle de Alcalá 45"
        asked = len(t.got())
        t.rest.order(order)["shipping"]["address_1"] = "Gran Vía 7"
        await t.sms("my new address is Calle Mayor 9, 28013 Madrid")
        await t.skip(minutes=5)
        assert t.rest.order(order)["shipping"]["address_1"] == "Gran Vía 7"
        assert any("Gran Vía 7" in x for x in t.group_texts())
        assert len(t.got()) > asked


@pytest.mark.parametrize("kind", ["accept_cut", "cut", "garbage", "accept_status"])
async def test_woo_fault_writes_once(tmp_path: Path, kind: str) -> None:
    """Whatever breaks on the way, the status is set and the note written once."""
    async with town(tmp_path, tells=("woocommerce",)) as t:
        order = await sold_at_woo(t)
        t.breaks("woocommerce", kind, match="notes", times=3, status=502)
        await t.sms("CANCEL the order please")
        await t.skip(hours=3)
        assert len(t.rest.noted(order)) == 1
        assert t.rest.order(order)["status"] == "cancelled"
        assert len(t.rest.changes) == 1


async def test_a_shop_that_is_down_holds_nobody_up(tmp_path: Path) -> None:
    """Ten orders decided while Shopify is down are answered at once, and all told when it is up again."""
    async with town(tmp_path, tells=("shopify",)) as t:
        t.breaks("shopify", "status", times=-1)
        for n in range(10):
            buyer = Buyer(
                "A", "B", f"+346000001{n:02d}", f"600 000 1{n:02d}", f"a{n}@example.com", "ES", BUYER.address, "en"
            )
            await sold_at_shopify(t, Basket(buyer, LAMP.lines), 2100 + n)
        for n in range(10):
            await t.sms("YES", f"+346000001{n:02d}")
        await t.skip(seconds=20)
        for n in range(10):
            assert "confirmed" in t.last(to=f"+346000001{n:02d}")
        t.world.mend("shopify")
        await t.skip(hours=1)
        assert [t.admin.tags(str(2100 + n)) for n in range(10)] == [["doorstep-confirmed"]] * 10


async def test_a_crash_between_writing_and_knowing(tmp_path: Path) -> None:
    """A service that dies while Shopify answers tells it again after its start, and nothing stands there twice."""
    async with town(tmp_path, tells=("shopify",)) as t:
        order = await sold_at_shopify(t)
        t.breaks("shopify", "accept_timeout", match="DoorstepWrite")
        admin = t.house.providers.shops["demo", "shopify"]
        assert isinstance(admin, ShopifyAdmin)
        admin._exchange._wire._timeout_s = 2.0  # its end waits so long for an answer that does not come
        await t.twilio.reply(ANA_PHONE, "YES", "+34911000001", "sms")
        for _ in range(2000):
            if t.admin.writes:
                break
            await asyncio.sleep(0.005)
        await t.close_house()
        await t.open_house()
        await t.skip(hours=1)
        assert t.admin.names(order) == ["orderUpdate", "tagsAdd"]
        assert await t.state(order) == "confirmed"
