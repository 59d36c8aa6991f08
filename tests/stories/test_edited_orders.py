"""Orders that change after they were told: by the shop, as the echo of our own change, and to another number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.town import ANA_PHONE, Town, town

BEN_PHONE = "+34600000002"
OFFICE = {"line1": "Gran Via 1", "city": "Madrid", "postcode": "28013", "country": "ES"}


async def told(t: Town, **fields: Any) -> dict[str, Any]:
    body = t.an_order(**fields)
    status, _ = await t.api("POST", "/orders", body)
    assert status == 202
    await t.settle()
    return body


async def changed(t: Town, body: dict[str, Any], **fields: Any) -> int:
    status, _ = await t.api("PUT", f"/orders/{body['id']}", body | fields)
    await t.settle()
    await t.skip(seconds=5)
    return status


ASKED_AGAIN: list[dict[str, Any]] = [
    {"total": "59.90"},
    {"items": [{"sku": "S2", "title": "Vase", "quantity": 1, "price": "49.90"}]},
    {"items": [{"sku": "S1", "title": "Lamp", "quantity": 2, "price": "24.95"}]},
    {"address": OFFICE},
    {"currency": "MAD"},
]
NOT_ASKED: list[dict[str, Any]] = [
    {"total": "39.90"},
    {"note": "gift wrap"},
    {"name": "Ana Ruiz Gomez"},
    {"placed_at": "2026-11-22T10:00:00Z"},
    {},
]


@pytest.mark.parametrize("fields", ASKED_AGAIN, ids=lambda f: ",".join(f))
async def test_what_the_yes_did_not_cover_is_asked_again(tmp_path: Path, fields: dict[str, Any]) -> None:
    """Dearer, other items, another address: the yes is void, the new version is asked from the first rung, and it counts."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.sms("1")
        assert await changed(t, body, **fields) in (200, 202)
        order = await t.get(body["id"])
        assert (order.state, order.version) == ("pending", 2)
        assert "has changed, now" in t.last("sms")
        await t.sms("1")
        assert await t.state(body["id"]) == "confirmed"


@pytest.mark.parametrize("fields", NOT_ASKED, ids=lambda f: ",".join(f) or "equal")
async def test_what_the_yes_covers_is_not_asked_again(tmp_path: Path, fields: dict[str, Any]) -> None:
    """Cheaper, a note, a longer name, the same again: the yes stands and the phone stays silent."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.sms("1")
        assert await changed(t, body, **fields) in (200, 202)
        order = await t.get(body["id"])
        assert (order.state, order.version) == ("confirmed", 1)
        assert len(t.got()) == 2


async def test_a_change_while_the_question_is_open(tmp_path: Path) -> None:
    """The open question is about the old version: the new one is asked, and the ladder begins anew from there."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.skip(3)
        await changed(t, body, total="59.90")
        assert "now 59.90 EUR" in t.last("sms")
        await t.skip(3)
        assert not t.got("whatsapp"), "the wait runs from the new question"
        await t.skip(1.1)
        assert "59.90" in t.last("whatsapp")


async def test_a_new_phone_from_the_shop(tmp_path: Path) -> None:
    """The shop corrects the number: the new one is asked as if the order were new there, the old one is left alone."""
    async with town(tmp_path) as t:
        body = await told(t)
        await changed(t, body, phone="600 000 002")
        assert body["id"] in t.last("sms", BEN_PHONE)
        await t.skip(48)
        assert len([x for x in t.got() if "cash on delivery" in x]) == 1
        await t.sms("1", BEN_PHONE)
        assert await t.state(body["id"]) == "confirmed"


async def test_a_number_moved_on_the_page(tmp_path: Path) -> None:
    """The customer gives another number: that one is asked, the old one is told, without the number, and left alone."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.sms("2")
        await t.skip(seconds=5)
        status, html = await t.page(t.link(), "phone", phone="600 000 002")
        assert status == 200
        assert "We now ask at" in html
        await t.skip(seconds=5)
        assert body["id"] in t.last("sms", BEN_PHONE)
        assert "We leave this one alone" in t.last("sms")
        assert "600000002" not in t.last("sms")
        before = len(t.got())
        await t.sms("1", BEN_PHONE)
        assert await t.state(body["id"]) == "confirmed"
        await changed(t, body, phone="600 000 002")
        await t.skip(72)
        assert await t.state(body["id"]) == "confirmed", "the shop's echo of the change asks nobody"
        assert len(t.got()) == before
        assert len(t.got(to=BEN_PHONE)) == 2


async def test_the_echo_of_our_own_change_asks_nobody(tmp_path: Path) -> None:
    """The customer changes the address on the page, the shop stores it and tells us so: no version, no question."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.sms("2")
        await t.skip(seconds=5)
        status, _ = await t.page(t.link(), "address", line1=OFFICE["line1"], city="Madrid", postcode="28013")
        assert status == 200
        await t.sms("1")
        before = len(t.got())
        await changed(t, body, address=OFFICE)
        order = await t.get(body["id"])
        assert (order.version, order.fields.address.line1) == (1, "Gran Via 1")
        assert len(t.got()) == before


async def test_an_order_joins_the_conversation_of_its_new_number(tmp_path: Path) -> None:
    """The new number belongs to somebody with an order of their own: both live there, and are told apart there."""
    async with town(tmp_path) as t:
        own = await told(t, phone="600 000 002", name="Ben Soto")
        moved = await told(t)
        await changed(t, moved, phone="600 000 002")
        await t.sms("1", BEN_PHONE)
        assert "You have 2 open orders" in t.last("sms", BEN_PHONE)
        await t.sms("2", BEN_PHONE)
        assert (await t.state(own["id"]), await t.state(moved["id"])) == ("pending", "confirmed")
        await t.skip(seconds=5)
        await t.sms("1", ANA_PHONE)
        assert await t.state(own["id"]) == "pending", "the old number decides nothing any more"


async def test_there_and_back_again(tmp_path: Path) -> None:
    """The shop moves an order to another number and back: it is asked where it is, and answered there."""
    async with town(tmp_path) as t:
        body = await told(t)
        await changed(t, body, phone="600 000 002")
        await changed(t, body)
        assert len([x for x in t.got("sms") if body["id"] in x]) == 2
        await t.sms("1", BEN_PHONE)
        assert await t.state(body["id"]) == "pending"
        await t.sms("1")
        assert await t.state(body["id"]) == "confirmed"


async def test_an_edit_after_dispatch_asks_nobody(tmp_path: Path) -> None:
    """What left cannot be asked about any more: the change is kept and shown, the phone stays silent."""
    async with town(tmp_path) as t:
        body = await told(t)
        await t.sms("1")
        await t.report(body["id"], "shipped")
        await changed(t, body, total="99.90")
        assert await t.state(body["id"]) == "shipped"
        assert len(t.got()) == 2
        assert "order.changed_late" in await t.story(body["id"])
