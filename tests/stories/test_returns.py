"""Returns, exchanges and what is out of stock: a wish, a person's decision, the shop told, and the customer who knows what happens."""

from __future__ import annotations

from pathlib import Path

from tests.stories.test_tell_shop import LAMP, SPANISH, sold_at_shopify, sold_at_woo
from tests.town import ANA, OLGA, Town, town

REPLACE, REFUND, OUT = "🔁 Replace", "💶 Refund", "📭 Out of stock"


async def delivered(t: Town, order: str, yes: str = "YES") -> None:
    await t.sms(yes)
    await t.report(order, "shipped")
    await t.report(order, "delivered")
    await t.skip(hours=1)


async def test_replacement_at_shopify(tmp_path: Path) -> None:
    """The lamp is broken: the customer wants another, a manager decides, Shopify has a draft order, the customer hears what happens."""
    async with town(tmp_path, tells=("shopify", "callback"), telegram=True) as t:
        order = await sold_at_shopify(t, LAMP)
        await delivered(t, order)
        await t.sms("I want to return it, the lamp is broken")
        await t.skip(minutes=1)
        assert "1 replace" in t.last(), t.read_aloud()
        await t.sms("1")
        await t.skip(minutes=1)
        assert await t.staff(ANA, REPLACE, order) == "You may not do this."
        assert t.admin.drafts == []
        await t.staff(OLGA, REPLACE, order)
        await t.skip(minutes=1)
        (draft,) = t.admin.drafts
        assert [(line["title"], line["quantity"]) for line in draft["lineItems"]] == [("Reading lamp", 1)]
        assert "doorstep-replacement-wanted" in t.admin.tags(order)
        assert "courier brings the new one" in t.last()
        assert t.callback.types(order)[-1] == "order.replacement_wanted"
        assert "Calle Mayor 1" in t.callback.heard[-1].data["pickup"]
        assert REPLACE not in t.buttons(order)


async def test_replacement_is_drafted_once(tmp_path: Path) -> None:
    """A connection that breaks after Shopify has made the draft does not make a second one."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t, LAMP)
        await delivered(t, order)
        await t.sms("I want to return it, the lamp is broken")
        await t.skip(minutes=1)
        t.breaks("shopify", "accept_cut", match="DoorstepReplace")
        await t.staff(OLGA, REPLACE, order)
        await t.skip(hours=2)
        assert len(t.admin.drafts) == 1


async def test_refund_at_woo_in_spanish(tmp_path: Path) -> None:
    """Money back: WooCommerce has a note and a mark with the amount, and the customer reads it in Spanish."""
    async with town(tmp_path, tells=("woocommerce",), telegram=True) as t:
        order = await sold_at_woo(t, SPANISH)
        await delivered(t, order, "SI")
        await t.sms("quiero devolver la lámpara")
        await t.skip(minutes=1)
        assert "te devolvemos el dinero" in t.last(), t.read_aloud()
        await t.sms("2")
        await t.skip(minutes=1)
        await t.staff(OLGA, REFUND, order)
        await t.skip(minutes=1)
        assert "te devolvemos 49,90" in t.last(), t.last()
        assert any("refund wanted" in note and "49.90 EUR" in note for note in t.rest.noted(order)), t.rest.noted(order)
        keys = {meta["key"] for meta in t.rest.order(order)["meta_data"]}
        assert {"_doorstep_returned_wanted", "_doorstep_refund_wanted"} <= keys


async def test_a_return_before_dispatch_is_no_return(tmp_path: Path) -> None:
    """Nothing has been sent yet: a person reads the wish, nobody is asked about a refund."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        order = await t.order()
        await t.sms("I want to return it")
        await t.skip(minutes=1)
        assert "1 replace" not in t.last()
        assert "order.returned_wanted" not in t.callback.types(order)


async def a_confirmed_card(t: Town) -> str:
    order = await t.order(consent={"whatsapp": False})
    await t.sms("YES")
    await t.skip(minutes=1)
    await t.sms("I have a question about the guarantee of the lamp, who can help me with it")
    await t.skip(minutes=1)
    assert await t.state(order) == "confirmed"
    return order


async def out_of_stock(t: Town, choice: str) -> str:
    """Staff press the button, the customer reads it and answers with a digit."""
    order = await a_confirmed_card(t)
    await t.staff(ANA, OUT, order)
    await t.skip(minutes=1)
    assert "out of stock" in t.last()
    await t.sms(choice)
    await t.skip(minutes=1)
    return order


async def test_out_of_stock_wait(tmp_path: Path) -> None:
    """Out of stock, and the customer waits: the order stays, the shop is told, nobody is reminded at the usual time."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        order = await out_of_stock(t, "2")
        assert "waits for the missing article" in t.last()
        assert await t.state(order) == "confirmed"
        assert [h.data.get("customer") for h in t.callback.heard if h.type == "order.out_of_stock"] == [None, "wait"]
        assert OUT not in t.buttons(order)


async def test_out_of_stock_cancel(tmp_path: Path) -> None:
    """Out of stock, and the customer cancels: cancelled by the customer, with the reason, told to the shop."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        order = await out_of_stock(t, "3")
        assert await t.state(order) == "cancelled"
        assert t.callback.heard[-1].type == "order.cancelled"
        assert t.callback.heard[-1].data["reason"] == "out_of_stock"


async def test_out_of_stock_swap(tmp_path: Path) -> None:
    """Out of stock, and the customer takes something else: a person settles it, and the shop knows."""
    async with town(tmp_path, tells=("callback",), telegram=True) as t:
        order = await out_of_stock(t, "1")
        assert any("something else" in text.lower() for text in t.group_texts()), t.group_texts()
        assert t.callback.heard[-1].data["customer"] == "swap"
        assert await t.state(order) == "confirmed"


async def test_replace_on_a_complaint_and_on_the_card_is_one_parcel(tmp_path: Path) -> None:
    """Whoever presses second, on whichever message, reads that it is decided; Shopify has one draft, and no refund beside it."""
    async with town(tmp_path, tells=("shopify", "callback"), telegram=True) as t:
        order = await sold_at_shopify(t, LAMP)
        await delivered(t, order)
        await t.sms("The lamp arrived broken, this is a disgrace")
        await t.skip(minutes=1)
        ping = next(m for m in t.tg.shows(OLGA) if any("Replace it" in b for row in m.buttons for b, _ in row))
        assert "replace" in (await t.tg.presses(OLGA, ping.message_id, "🔁 Replace it", OLGA, wait_s=2) or "")
        await t.skip(minutes=1)
        assert len(t.admin.drafts) == 1
        await t.sms("I want to return it, the lamp is broken")
        await t.skip(minutes=1)
        assert REPLACE not in t.buttons(order)
        assert "already" in (await t.tg.presses(OLGA, ping.message_id, "💶 Refund", OLGA, wait_s=2) or "")
        await t.skip(hours=2)
        assert len(t.admin.drafts) == 1
        assert [kind for kind in t.callback.types(order) if "wanted" in kind] == ["order.replacement_wanted"]


async def test_replace_on_the_card_is_not_repeated_on_the_complaint(tmp_path: Path) -> None:
    """The other way round: the card decided first."""
    async with town(tmp_path, tells=("shopify",), telegram=True) as t:
        order = await sold_at_shopify(t, LAMP)
        await delivered(t, order)
        await t.sms("I want to return it, the lamp is broken")
        await t.skip(minutes=1)
        await t.sms("1")
        await t.skip(minutes=1)
        await t.staff(OLGA, REPLACE, order)
        await t.sms("This is a disgrace, I am very angry about your service")
        await t.skip(minutes=1)
        ping = next(m for m in t.tg.shows(OLGA) if any("Replace it" in b for row in m.buttons for b, _ in row))
        assert "already" in (await t.tg.presses(OLGA, ping.message_id, "🔁 Replace it", OLGA, wait_s=2) or "")
        await t.skip(hours=1)
        assert len(t.admin.drafts) == 1
