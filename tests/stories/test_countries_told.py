"""What a customer of each country really gets, from a shop whose sender is of another country."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.town import Town, town


class Place(NamedTuple):
    country: str
    typed: str
    phone: str
    city: str
    postcode: str
    currency: str


ES = Place("ES", "600 000 101", "+34600000101", "Madrid", "28004", "EUR")
MX = Place("MX", "55 5010 0102", "+525550100102", "Ciudad de México", "06700", "MXN")
MA = Place("MA", "06 00 00 01 03", "+212600000103", "Casablanca", "20250", "MAD")
IN = Place("IN", "90000 00104", "+919000000104", "Kochi", "682016", "INR")
PK = Place("PK", "0300-0000105", "+923000000105", "Karachi", "75300", "PKR")
AE = Place("AE", "050 000 0106", "+971500000106", "Dubai", "", "AED")
PH = Place("PH", "0917 000 0107", "+639170000107", "Quezon City", "1108", "PHP")

FOREIGN = "+15005550006"


async def order_to(t: Town, place: Place) -> str:
    return await t.order(
        phone=place.typed,
        currency=place.currency,
        total="649.00",
        address={"line1": "Main Street 1", "city": place.city, "postcode": place.postcode, "country": place.country},
    )


@pytest.mark.parametrize("place", [ES, MA, IN, PK], ids=lambda p: p.country)
async def test_one_way_with_links_leads_with_the_page(tmp_path: Path, place: Place) -> None:
    """No reply arrives there: the text asks for none, carries the page's link, and the page decides and takes back."""
    async with town(tmp_path, sms_from=FOREIGN, countries="{}") as t:
        order = await order_to(t, place)
        text = t.last("sms", place.phone)
        assert order in text
        assert "/c/" in text
        assert "eply" not in text
        path = t.link("sms", place.phone)
        await t.page(path, "confirm")
        assert (await t.get(order)).via == "page"
        await t.page(path, "cancel_surely")
        assert await t.state(order) == "cancelled"
        await t.skip(seconds=5)
        told = t.last("sms", place.phone)
        assert "is cancelled, as you asked" in told
        assert "eply" not in told
        await t.page(t.link("sms", place.phone), "confirm")
        assert await t.state(order) == "confirmed", "the way back is the page, too"


@pytest.mark.parametrize("place", [MX, AE, PH], ids=lambda p: p.country)
async def test_one_way_without_links_leads_with_whatsapp(tmp_path: Path, place: Place) -> None:
    """Neither a reply nor a link is possible there: the first question goes by WhatsApp, at once, and no SMS ever."""
    async with town(tmp_path, sms_from=FOREIGN, countries="{}") as t:
        order = await order_to(t, place)
        assert order in t.last("whatsapp", place.phone)
        await t.skip(30)
        assert await t.state(order) == "flagged"
        assert not t.got("sms", place.phone)
        assert [s.why for s in (await t.get(order)).skipped] == ["no_two_way"]
        await t.press(0, place.phone)
        assert await t.state(order) == "confirmed"


@pytest.mark.parametrize(
    ("place", "sender"),
    [(ES, "+34911000001"), (MX, "+525550000001"), (IN, "+919000000001"), (PH, "+639170000001")],
    ids=lambda p: getattr(p, "country", ""),
)
async def test_a_number_of_the_country_is_answered(tmp_path: Path, place: Place, sender: str) -> None:
    """Where replies reach only local numbers, a shop that has one asks for an answer, and gets it."""
    async with town(tmp_path, sms_from=sender, countries="{}") as t:
        order = await order_to(t, place)
        assert "Reply 1 yes, 2 change, 3 cancel" in t.last("sms", place.phone)
        assert await t.twilio.reply(place.phone, "1", sender, "sms") == 200
        await t.settle()
        assert await t.state(order) == "confirmed"
        assert "is confirmed" in t.last("sms", place.phone)


async def test_another_sender_for_one_country(tmp_path: Path) -> None:
    """The settings name the sender for a country: it is the one that the phone sees there, and the usual one elsewhere."""
    rows = '{MX: {sender: "+525550000001"}, ES: {two_way_sms: true}}'
    async with town(tmp_path, countries=rows) as t:
        await order_to(t, MX)
        await order_to(t, ES)
        assert t.world.texts(MX.phone, "sms")[0].sender == "+525550000001"
        assert t.world.texts(ES.phone, "sms")[0].sender == "+34911000001"
        await t.twilio.reply(MX.phone, "1", "+525550000001", "sms")
        await t.settle()
        assert "is confirmed" in t.last("sms", MX.phone)
        assert t.world.texts(MX.phone, "sms")[-1].sender == "+525550000001"
