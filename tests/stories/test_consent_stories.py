"""STOP and its kin: one table, and after an opt-out nothing more goes there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.town import ANA_PHONE, API_TOKEN, OTHER_TOKEN, SMS_FROM, WA_FROM, Town, town


def ours(t: Town, channel: str, phone: str = ANA_PHONE) -> list[str]:
    """What we sent there; Twilio's own answers to STOP and START are not ours."""
    return [r.text for r in t.world.texts(phone, channel) if not r.extra.get("auto_reply")]


async def test_stop_moves_the_question_elsewhere(tmp_path: Path) -> None:
    """An opt-out word stops its channel for good; the open order goes on where there is consent, at once."""
    words = ["STOP", "stop.", "Unsubscribe", "END", "QUIT", "revoke"]
    phones = [f"+3460000{n:04d}" for n in range(1, len(words) + 1)]
    async with town(tmp_path) as t:
        for word, phone in zip(words, phones, strict=True):
            order = await t.order(phone=phone)
            await t.skip(seconds=2)
            await t.sms(word, phone)
            assert await t.state(order) == "pending", word
            assert order in t.last("whatsapp", phone), word
        others = [await t.order(phone=phone) for phone in phones]
        await t.skip(72)
        for word, phone, other in zip(words, phones, others, strict=True):
            assert len(ours(t, "sms", phone)) == 1, word
            assert other in "".join(t.got("whatsapp", phone)), word


@pytest.mark.parametrize("text", ["stop everything", "STOPALL"])
async def test_stop_everything_silences_the_person(tmp_path: Path, text: str) -> None:
    """The words "stop everything" mean every channel: no text, no WhatsApp, no mail; a person takes over."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms(text)
        assert await t.state(order) == "flagged"
        await t.skip(72)
        assert len(ours(t, "sms")) == 1
        assert not t.got("whatsapp")
        assert not t.mails()


async def test_a_second_stop_silences_the_person(tmp_path: Path) -> None:
    """STOP by SMS, and STOP again on WhatsApp: not even the mail goes any more; staff may still call."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("STOP")
        await t.whatsapp("STOP")
        assert await t.state(order) == "flagged"
        await t.skip(72)
        assert (len(ours(t, "sms")), len(ours(t, "whatsapp"))) == (1, 1)
        assert not t.mails()


async def test_a_bare_cancel_cancels_and_opts_out(tmp_path: Path) -> None:
    """At Twilio CANCEL does both: the order is off, the news comes by WhatsApp with the way back, and no SMS ever again."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("CANCEL")
        assert await t.state(order) == "cancelled"
        assert "is cancelled, as you asked, and we send you no more SMS" in t.last("whatsapp")
        another = await t.order()
        await t.skip(48)
        assert len(ours(t, "sms")) == 1
        assert another in t.last("whatsapp")


async def test_a_bare_cancel_without_an_open_question_is_an_opt_out(tmp_path: Path) -> None:
    """Nothing is open: CANCEL is only what Twilio takes it for."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("1")
        await t.report(order, "shipped")
        await t.sms("CANCEL")
        assert await t.state(order) == "shipped"
        await t.order()
        assert len(ours(t, "sms")) == 2
        assert t.got("whatsapp")


async def test_yes_never_takes_a_stop_back(tmp_path: Path) -> None:
    """At Twilio a YES opts in again; in our books it only answers the question, and the answer goes by another channel."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("STOP")
        await t.whatsapp("hm")
        await t.sms("YES")
        assert await t.state(order) == "confirmed"
        assert len(ours(t, "sms")) == 1
        assert "is confirmed" in t.last("whatsapp")


async def test_start_lets_us_write_again(tmp_path: Path) -> None:
    """START is the way back: Twilio acknowledges it by itself, and the next order is asked by SMS again."""
    async with town(tmp_path) as t:
        await t.order()
        await t.sms("STOP")
        await t.sms("START")
        assert len(ours(t, "sms")) == 1, "Twilio has answered already"
        another = await t.order()
        assert another in t.last("sms")


async def test_help_is_answered_once_whoever_answers(tmp_path: Path) -> None:
    """By SMS Twilio answers HELP; on WhatsApp nobody does, so we do. Neither decides anything."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("HELP")
        assert len(t.got("sms")) == 2
        assert len(ours(t, "sms")) == 1
        await t.whatsapp("help")
        assert "a person reads it. Hours: Mon-Fri 09:00-18:00" in t.last("whatsapp")
        assert await t.state(order) == "pending"


async def test_stop_overtakes_a_message_that_waits(tmp_path: Path) -> None:
    """A text that waits for its sender's pace when STOP is committed never leaves."""
    async with town(tmp_path) as t:
        await t.order(phone="600 000 005")
        t.breaks("twilio", "status", status=429, headers={"Retry-After": "900"})
        order = await t.order(phone="600 000 005")
        assert len(t.got("sms", "+34600000005")) == 1
        await t.sms("STOP", "+34600000005")
        await t.skip(1)
        assert len(ours(t, "sms", "+34600000005")) == 1
        assert order in "".join(t.got("whatsapp", "+34600000005"))


async def test_stop_in_the_moment_of_the_timer(tmp_path: Path) -> None:
    """STOP on WhatsApp and the WhatsApp rung fall due together: whichever commits first, no message follows the 200."""
    async with town(tmp_path) as t:
        await t.whatsapp("hi")
        await t.order()
        t.leap(hours=4)
        status = await t.twilio.reply(ANA_PHONE, "STOP", WA_FROM, "whatsapp")
        answered_at = len(ours(t, "whatsapp"))
        assert status == 200
        await asyncio.sleep(0.05)
        await t.skip(72)
        after = ours(t, "whatsapp")[answered_at:]
        story = await t.story((await t.conversation("1001")).orders[0].id)
        assert not after or story.index("rung.asked") < story.index("stopped"), t.read_aloud()
        assert len(after) <= 1


SHARED = """share: true
  - {id: other, name: Other Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, share: true, api_token: "${OTHER}"}
"""


async def test_a_stop_to_a_shared_sender_holds_at_both_shops(tmp_path: Path) -> None:
    """Two shops write from one number: STOP is one person's word to that number, and neither writes there again."""
    async with town(tmp_path, in_shop=SHARED) as t:
        await t.order()
        body = t.an_order() | {"phone": "600 000 001"}
        status, _ = await t.api("POST", "/orders", body, token=OTHER_TOKEN)
        assert status == 202
        await t.settle()
        assert len(ours(t, "sms")) == 2
        assert await t.twilio.reply(ANA_PHONE, "STOP", SMS_FROM, "sms") == 200
        await t.settle()
        await t.skip(48)
        for token in (API_TOKEN, OTHER_TOKEN):
            await t.api("POST", "/orders", t.an_order(), token=token)
        await t.settle()
        assert len(ours(t, "sms")) == 2
        assert len({x.split(".")[0] for x in ours(t, "whatsapp")}) >= 2
