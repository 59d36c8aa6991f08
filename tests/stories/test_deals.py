"""Bargains as the phone, the group and the shop live them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.bargaining import books
from tests.town import ANA_PHONE, BEN, OLGA, Town, town

STEPS = "offers: {steps: [{percent: 4}, {gift: {en: a keyring, es: un llavero}, cost: 1.50 EUR}], most_percent: 10}"
LINK = 'payment_link: "https://pay.example.com/{order}/{amount}"'


async def noted(t: Town, order: str) -> list[str]:
    return [what for what in await t.story(order) if what.startswith("deal.")]


async def summed(t: Town, order: str) -> tuple[dict[str, int], dict[str, int]]:
    found = books(await t.house.store.journal((await t.conversation(order)).id))
    return found.cost, found.saved


@pytest.mark.parametrize(
    ("lang", "asks", "offers", "agreed"),
    [
        ("en", "can you give me a discount?", "instead of 49.90 EUR. Reply 1", "Agreed! Order"),
        ("es", "¿me hacen un descuento?", "en vez de 49,90 EUR", "confirmado. Ten listos 47,91 EUR"),
    ],
)
async def test_a_haggler_is_offered_the_first_step_and_takes_it(
    tmp_path: Path, lang: str, asks: str, offers: str, agreed: str
) -> None:
    """One word takes the offer and confirms the order; phone, shop, courier and books agree on the new total."""
    async with town(tmp_path, more=STEPS) as t:
        order = await t.order(language=lang)
        await t.sms(asks)
        assert offers in t.last("sms"), t.read_aloud()
        await t.sms("1")
        assert agreed in t.last("sms"), t.read_aloud()
        got = await t.get(order)
        assert (got.state, got.decided_by, got.version, got.fields.total.minor) == ("confirmed", "customer", 2, 4791)
        _, api = await t.api("GET", f"/orders/{order}")
        assert "agreed price 47.91 EUR" in api["courier_note"]
        assert await noted(t, order) == ["deal.offered", "deal.accepted"]
        assert await summed(t, order) == ({"EUR": 199}, {"EUR": 4791})
        assert len(t.got("sms")) == 3, "nobody is asked to confirm again"


async def test_a_yes_takes_the_offer_where_the_provider_reads_yes_itself(tmp_path: Path) -> None:
    """YES is an opt-in word at Twilio; with an offer open it takes the offer, never the old price."""
    async with town(tmp_path, more=STEPS) as t:
        order = await t.order()
        await t.sms("too expensive, any discount?")
        await t.sms("YES")
        assert (await t.get(order)).fields.total.minor == 4791


async def test_button_titles_take_and_leave(tmp_path: Path) -> None:
    """What the buttons under an offer say may be typed: leaving gets the second step, taking that one puts the gift on the order."""
    async with town(tmp_path, more=STEPS + "\nconfirmation: {ladder: [{channel: whatsapp, wait: 4h}]}") as t:
        order = await t.order()
        await t.whatsapp("any discount please?")
        assert "instead of" in t.last("whatsapp")
        await t.whatsapp("No, thank you")
        assert "a gift: a keyring" in t.last("whatsapp")
        await t.whatsapp("Yes, I take it")
        got = await t.get(order)
        assert (got.state, got.fields.total.minor, got.deal and got.deal.gift) == ("confirmed", 4990, "a keyring")
        assert await summed(t, order) == ({"EUR": 150}, {"EUR": 4990})


async def test_a_price_below_the_limit_is_for_a_manager(tmp_path: Path) -> None:
    """Staff may not approve it, the owner may; the customer is offered exactly that price, and takes it."""
    async with town(tmp_path, more=STEPS, telegram=True) as t:
        order = await t.order()
        await t.sms("I will take it for 40 euros, last price")
        assert "A person at Demo Shop will read" in t.last("sms"), t.read_aloud()
        assert "Wants" in t.cards(order)[0].text
        assert await t.staff(BEN, "👍 Approve the price", order) == "You may not do this."
        assert "40.00" not in t.last("sms")
        await t.staff(OLGA, "👍 Approve the price", order)
        assert "40.00 EUR instead of 49.90 EUR" in t.last("sms")
        await t.sms("1")
        got = await t.get(order)
        assert (got.state, got.fields.total.minor) == ("confirmed", 4000)
        assert "Agreed" in t.cards(order)[0].text


async def test_asking_again_after_the_last_step_is_for_a_manager_who_refuses(tmp_path: Path) -> None:
    """Nobody is offered a step twice; a refusal is told with the way to order all the same."""
    async with town(tmp_path, more=STEPS, telegram=True) as t:
        order = await t.order()
        for words in ("any discount?", "please, a bigger discount", "still too expensive, more discount"):
            await t.sms(words)
        assert [text for text in t.got("sms") if "instead of" in text].__len__() == 1
        await t.staff(OLGA, "👎 Keep the price", order)
        assert "the price stays 49.90 EUR" in t.last("sms")
        await t.sms("1")
        got = await t.get(order)
        assert (got.state, got.fields.total.minor) == ("confirmed", 4990)
        await t.sms("discount?")
        assert "A person" in t.last("sms")


async def test_payment_ahead_lowers_the_price_only_once_it_is_paid(tmp_path: Path) -> None:
    """The link asks for the lower amount; until the shop says paid the order costs what it did."""
    more = "offers: {steps: [{prepay_percent: 10}]}"
    async with town(tmp_path, more=more, in_shop=LINK) as t:
        order = await t.order()
        await t.sms("discount?")
        await t.sms("1")
        assert f"https://pay.example.com/{order}/44.91" in t.last("sms")
        assert (await t.get(order)).fields.total.minor == 4990
        assert await summed(t, order) == ({}, {})
        await t.report(order, "paid")
        assert (await t.get(order)).fields.total.minor == 4491
        assert await summed(t, order) == ({"EUR": 499}, {"EUR": 4491})


async def test_the_shops_echo_keeps_the_agreed_price_and_its_own_change_ends_it(tmp_path: Path) -> None:
    """A shop that repeats the old total changes nothing; other items are a new order, and the bargain is over."""
    async with town(tmp_path, more=STEPS) as t:
        body = t.an_order()
        await t.order(**body)
        await t.sms("discount?")
        await t.sms("1")
        await t.api("PUT", f"/orders/{body['id']}", body | {"note": "ring twice"})
        assert (await t.get(body["id"])).fields.total.minor == 4791
        dearer = [{"sku": "S1", "title": "Lamp", "quantity": 2, "price": "49.90"}]
        await t.api("PUT", f"/orders/{body['id']}", body | {"total": "99.80", "items": dearer})
        await t.settle()
        got = await t.get(body["id"])
        assert (got.state, got.fields.total.minor) == ("pending", 9980)
        assert await summed(t, body["id"]) == ({}, {})


async def test_a_no_after_the_bargain_takes_it_back(tmp_path: Path) -> None:
    """As with every change of theirs: the total is as before, the question is open again, and no second bargain begins."""
    async with town(tmp_path, more=STEPS) as t:
        order = await t.order()
        await t.sms("discount?")
        await t.sms("1")
        await t.sms("no")
        got = await t.get(order)
        assert (got.state, got.fields.total.minor, got.version) == ("pending", 4990, 1)
        await t.sms("a discount?")
        assert "A person" in t.last("sms")
        await t.sms("yes")
        assert ((await t.get(order)).state, (await t.get(order)).fields.total.minor) == ("confirmed", 4990)


async def test_nothing_is_offered_where_the_settings_say_nothing(tmp_path: Path) -> None:
    """Off until described: staff answer, as before."""
    async with town(tmp_path) as t:
        await t.order()
        await t.sms("discount?")
        assert "A person at Demo Shop will read your question about the price" in t.last("sms", ANA_PHONE)
