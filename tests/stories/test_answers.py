"""What the customer answers, and what the phone hears back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.town import ANA_PHONE, WA_FROM, town

DECIDED = {
    "1": "confirmed", "1.": "confirmed", "YES": "confirmed", "yes!!": "confirmed", " Ok ": "confirmed",
    "3": "cancelled", "3.": "cancelled", "CANCEL ORDER": "cancelled", "cancel it": "cancelled",
    "2": "pending", "2.": "pending", "CHANGE": "pending", "No": "pending",
}  # fmt: skip
HEARD = {"confirmed": "is confirmed", "cancelled": "is cancelled, as you asked"}


async def test_each_short_answer_does_what_it_says(tmp_path: Path) -> None:
    """Every word and digit on offer, and its close variants, decides at once and is acknowledged once."""
    async with town(tmp_path) as t:
        for n, (text, state) in enumerate(DECIDED.items()):
            phone = f"+3460000{n:04d}"
            order = await t.order(phone=phone)
            await t.sms(text, phone)
            await t.skip(seconds=5)  # one sender, one segment a second
            assert await t.state(order) == state, text
            assert len(t.got("sms", phone)) == 2, text
            heard = HEARD.get(state) or ("what should we change" if text != "No" else "change something, or cancel it")
            assert heard in t.last("sms", phone), text


@pytest.mark.parametrize(
    ("second", "state", "heard"),
    [
        ("cancel order", "cancelled", "is cancelled, as you asked"),
        ("2", "cancelled", "is cancelled, as you asked"),
        ("no", "cancelled", "is cancelled, as you asked"),
        ("1", "pending", "what should we change"),
        ("yes", "confirmed", "is confirmed"),
    ],
)
async def test_no_asks_what_is_wrong(tmp_path: Path, second: str, state: str, heard: str) -> None:
    """NO decides nothing: it asks "change or cancel?"; the second answer settles it, a second no cancels."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("No")
        assert "Reply 1 to change, 2 to cancel" in t.last("sms")
        await t.sms(second)
        assert await t.state(order) == state
        assert heard in t.last("sms")


async def test_what_to_change_goes_to_a_person_or_the_page(tmp_path: Path) -> None:
    """CHANGE asks what, with the page beside it; words are handed over, and the order waits for a person."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("2")
        assert "/c/" in t.last("sms")
        await t.sms("I want the blue one instead of the red one")
        assert await t.state(order) == "flagged"
        assert "person at Demo Shop will" in t.last("sms")
        assert (await t.get(order)).said == ("I want the blue one instead of the red one",)


@pytest.mark.parametrize("names", ["list", "number"])
async def test_two_open_orders_are_told_apart(tmp_path: Path, names: str) -> None:
    """A yes that could mean either asks which; by its place in the list or its own number, that one alone is decided."""
    async with town(tmp_path) as t:
        first = await t.order()
        second = await t.order(total="12.00")
        await t.sms("1")
        text = t.last("sms")
        assert "You have 2 open orders" in text
        assert text.index(first) < text.index(second)
        assert (await t.state(first), await t.state(second)) == ("pending", "pending")
        await t.sms("2" if names == "list" else f"#{second}")
        assert (await t.state(first), await t.state(second)) == ("pending", "confirmed")
        assert f"Order {second} is confirmed" in t.last("sms")
        await t.sms("1")
        assert await t.state(first) == "confirmed"


async def test_a_bare_cancel_with_two_orders_decides_neither(tmp_path: Path) -> None:
    """At Twilio CANCEL shuts the channel on which one could ask which: the texts stop, and a person settles it."""
    async with town(tmp_path) as t:
        first = await t.order()
        second = await t.order()
        before = len(t.got("sms"))
        await t.sms("CANCEL")
        assert {await t.state(first), await t.state(second)} <= {"flagged", "pending"}
        assert "flagged" in {await t.state(first), await t.state(second)}
        await t.skip(48)
        ours = [r for r in t.world.texts(ANA_PHONE, "sms")[before:] if not r.extra.get("auto_reply")]
        assert not ours


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("my neighbour can take it, the bell is broken", {}),
        ("", {"media": [("https://api.twilio.com/x.jpg", "image/jpeg")]}),
        ("   ", {}),
    ],
)
async def test_what_no_rule_may_decide_goes_to_a_person(tmp_path: Path, text: str, more: dict[str, Any]) -> None:
    """Free text, pictures, blanks: nothing is decided, the order waits for a person, said once."""
    async with town(tmp_path) as t:
        order = await t.order()
        for _ in range(2):
            await t.sms(text, **more)
        assert await t.state(order) == "flagged"
        told = [x for x in t.got("sms") if "A person at Demo Shop will read this" in x]
        assert len(told) == 1, "said once, not to every message"
        assert "Hours: Mon" in told[0]
        await t.sms("1")
        assert await t.state(order) == "confirmed", "the question is still open"


async def test_two_digits_at_once_decide_nothing(tmp_path: Path) -> None:
    """Both 1 and 2 in one message are neither a yes nor a change: a person reads it."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("1 2")
        assert await t.state(order) == "flagged"
        assert (await t.get(order)).said == ("1 2",)


async def test_a_stranger_hears_who_reads_it_and_when(tmp_path: Path) -> None:
    """No order under this number: an acknowledgement with the hours, a talk for staff, and no order made up."""
    async with town(tmp_path) as t:
        await t.sms("is the lamp still there?", "+34600000777")
        assert t.got("sms", "+34600000777") == [
            "Hello from Demo Shop. We see no order for you here. A person will read your message."
            " Hours: Mon-Fri 09:00-18:00."
        ]
        await t.sms("and is it blue?", "+34600000777")
        assert len(t.got("sms", "+34600000777")) == 1
        talk = await t.load("phone", "+34600000777")
        assert talk.talk.said == ("is the lamp still there?", "and is it blue?")


async def test_the_same_answer_delivered_ten_times(tmp_path: Path) -> None:
    """Twilio repeats the webhook of one answer: one decision, one acknowledgement."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("1")
        sid = next(s for s, m in t.twilio.messages.items() if m.direction == "inbound")
        for _ in range(10):
            assert await t.twilio.again(sid) == 200
        await t.settle()
        assert len(t.got()) == 2
        assert (await t.story(order)).count("decided") == 1


async def test_an_answer_by_the_other_channel(tmp_path: Path) -> None:
    """Asked by SMS and by WhatsApp, answered in words on WhatsApp: one decision, acknowledged where it was given."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        assert await t.twilio.reply(ANA_PHONE, "Ok", WA_FROM, "whatsapp") == 200
        await t.settle()
        assert await t.state(order) == "confirmed"
        assert "is confirmed" in t.last("whatsapp")
        assert len(t.got("sms")) == 1
