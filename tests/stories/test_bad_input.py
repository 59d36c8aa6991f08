"""Whatever a customer sends: a plain, short reply or a card for staff, never a wrong decision and never silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import OLGA, Town, town

#: None of these says yes, no or cancel.
NOTHING_SAID = {
    "empty": "",
    "spaces": " \n\t ",
    "64 kB": "why is this so expensive " * 2600,
    "64 kB of one word": "yesno" * 13000,
    "only emoji": "🙃🌵🦆",
    "a flag and a skull": "🇪🇸💀",
    "control characters": "\x00\x01\x02\x07\x1b[31m",
    "bidi overrides": "\u202e\u202dsey\u202c\u2066\u2069",
    "mixed scripts": "уеs нет oκ لا maybe",
    "both": "YES NO",
    "both, spelt out": "yes, no, I mean yes but no",
    "combining marks": "z\u0301\u0302\u0303\u0304" * 500,
    "by mistake": "I ordered by mistake",
}


def _heard(t: Town, before: int, order: str) -> bool:
    """Whether the customer got an answer or staff a card."""
    return len(t.got()) > before or bool(t.cards(order))


@pytest.mark.parametrize("text", list(NOTHING_SAID.values()), ids=list(NOTHING_SAID))
async def test_nothing_is_decided_and_nobody_is_left_in_silence(tmp_path: Path, text: str) -> None:
    """The order is not confirmed and not cancelled for good: it waits, is asked about, or a person has it; and a YES still counts."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        before = len(t.got())
        await t.sms(text)
        await t.skip(seconds=5)
        assert await t.state(order) in ("pending", "flagged")
        assert _heard(t, before, order)
        assert all(len(reply) <= 320 for reply in t.got()[before:]), "short"
        await t.sms("1")
        assert await t.state(order) in ("confirmed", "flagged")


@pytest.mark.parametrize("number", ["+1 202 555 0147", "0300 1234567", "12", "999 999 999 999 999 999"])
async def test_a_number_of_another_country_or_none(tmp_path: Path, number: str) -> None:
    """Asked for a new number, they give one that is not of here, or none: it is read whole, asked again, or a person looks."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("CHANGE")
        await t.sms("1")
        before = len(t.got(to=None))
        await t.sms(number)
        await t.skip(seconds=5)
        assert await t.state(order) in ("pending", "flagged")
        assert len(t.got(to=None)) > before or t.cards(order)
        phone = (await t.get(order)).fields.phone
        assert phone in ("+34600000001", "+12025550147"), "never a number that nobody wrote"


@pytest.mark.parametrize("joke", ["Nowhere Street 0, the moon", "asdf asdf", "your mum's house", "🏠🏠🏠"])
async def test_an_address_that_is_a_joke(tmp_path: Path, joke: str) -> None:
    """Asked for another address they joke: it is echoed or shown to staff, the order is not decided, and it can be taken back."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("CHANGE")
        await t.sms("2")
        before = len(t.got())
        await t.sms(joke)
        await t.skip(seconds=5)
        assert await t.state(order) in ("pending", "flagged")
        assert _heard(t, before, order)


@pytest.mark.parametrize("by", ["staff", "shop"])
async def test_a_yes_to_an_order_that_is_cancelled(tmp_path: Path, by: str) -> None:
    """After a cancel by others a YES wakes nothing by itself: they hear how it stands, and a person sees that they want it."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        if by == "shop":
            await t.report(order, "cancelled")
        else:
            await t.skip(hours=21)
            await t.staff(OLGA, "❌ Cancel", order)
            await t.skip(minutes=1)
        before = len(t.got())
        await t.sms("YES")
        await t.skip(minutes=1)
        assert await t.state(order) == "cancelled"
        assert _heard(t, before, order)
        assert len(t.got()) > before


async def test_an_answer_a_month_late(tmp_path: Path) -> None:
    """A yes after thirty days of silence: the order is still the staff's to decide or is confirmed, and they hear which."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(hours=24 * 30)
        before = len(t.got())
        await t.sms("YES")
        await t.skip(minutes=1)
        assert await t.state(order) in ("confirmed", "held", "flagged")
        assert len(t.got()) > before


@pytest.mark.parametrize(
    ("ordered", "writes"),
    [("+5215512345678", "+525512345678"), ("+525512345678", "+5215512345678")],
    ids=["old", "new"],
)
async def test_a_number_in_its_other_form_is_the_same_person(tmp_path: Path, ordered: str, writes: str) -> None:
    """WhatsApp names a Mexican number with or without its 1: an answer in the other form is that customer's."""
    address = {"line1": "Calle 5 de Mayo 12", "city": "Ciudad de Mexico", "postcode": "06000", "country": "MX"}
    async with town(tmp_path, countries="{MX: {two_way_sms: true}}") as t:
        order = await t.order(phone=ordered, address=address)
        await t.sms("1", phone=writes)
        assert await t.state(order) == "confirmed"
