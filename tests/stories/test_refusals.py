"""What a provider refuses, and where the order goes then. One case for each class of refusal and each way of failing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA_PHONE, town

HARD = ("unroutable", "no_permission", "landline", "opted_out", "landline_late", "unknown", "filtered")


@pytest.mark.parametrize("fact", HARD)
async def test_a_hard_failure_moves_on_within_seconds(tmp_path: Path, fact: str) -> None:
    """A number that SMS cannot reach, whether refused at once or reported later, is asked on WhatsApp at once, and only there."""
    async with town(tmp_path) as t:
        t.world.phones[ANA_PHONE] = {fact}
        order = await t.order()
        await t.skip(seconds=20)
        assert t.last("whatsapp").count(order) == 1
        attempts = [m for m in t.twilio.messages.values() if m.to == ANA_PHONE]
        assert len(attempts) <= 1, "a definite refusal is not tried again"
        await t.press(0)
        assert await t.state(order) == "confirmed"


async def test_a_number_that_is_none_goes_straight_to_the_mail(tmp_path: Path) -> None:
    """A number that exists on no channel costs two attempts and no hours: the mail is there within seconds."""
    async with town(tmp_path) as t:
        t.world.phones[ANA_PHONE] = {"invalid"}
        order = await t.order()
        await t.skip(seconds=20)
        assert not t.got()
        assert [m.text.count("/c/") for m in t.mails()] == [1]
        assert await t.state(order) == "pending"


async def test_a_phone_that_is_off_gets_its_time(tmp_path: Path) -> None:
    """Switched off is no dead address: nothing is sent again at once, and the next rung comes when it is due."""
    async with town(tmp_path) as t:
        t.world.phones[ANA_PHONE] = {"unreachable"}
        order = await t.order()
        await t.skip(3.9)
        assert not t.got("whatsapp")
        t.world.phones[ANA_PHONE] = set()
        await t.skip(0.2)
        assert len(t.got("whatsapp")) == 1
        assert await t.state(order) == "pending"


@pytest.mark.parametrize("fact", ["no_whatsapp", "no_whatsapp_now", "no_channel"])
async def test_who_is_not_on_whatsapp_gets_the_mail(tmp_path: Path, fact: str) -> None:
    """WhatsApp does not know the number: the e-mail goes within seconds, and the number stays good for SMS."""
    async with town(tmp_path) as t:
        t.world.phones[ANA_PHONE] = {fact}
        order = await t.order()
        await t.skip(4.1)
        assert not t.got("whatsapp")
        assert len(t.mails()) == 1
        await t.sms("1")
        assert await t.state(order) == "confirmed"
        assert "confirmed" in t.last("sms")


async def test_a_mailbox_that_does_not_exist_calls_a_person(tmp_path: Path) -> None:
    """The mail bounces at the door: flagged at once, not after twelve hours."""
    async with town(tmp_path) as t:
        t.world.phones["ana@example.com"] = {"no_mailbox"}
        order = await t.order()
        await t.skip(8.2)
        assert not t.mails()
        assert await t.state(order) == "flagged"


@pytest.mark.parametrize(
    ("kind", "more", "taken"),
    [
        ("status", {"status": 429}, True),
        ("status", {"status": 503}, False),
        ("cut", {}, False),
        ("garbage", {}, False),
        ("empty", {}, False),
        ("accept_cut", {}, True),
        ("accept_garbage", {}, True),
        ("accept_status", {"status": 500}, True),
    ],
)
async def test_nothing_is_sent_twice_whatever_the_line_does(
    tmp_path: Path, kind: str, more: dict[str, int], taken: bool
) -> None:
    """429 is tried again; every unknown fate is asked about and never resent; what never left goes on at the next rung."""
    async with town(tmp_path) as t:
        t.breaks("twilio", kind, match="/Messages.json", **more)
        order = await t.order()
        await t.skip(0.6)
        assert len(t.got("sms")) == (1 if taken else 0)
        assert len(t.got("whatsapp")) == (0 if taken else 1), t.read_aloud()
        await t.press(0) if not taken else await t.sms("1")
        assert await t.state(order) == "confirmed"
        await t.skip(48)
        assert len([x for x in t.got() if "Is it right" in x or "Is everything right" in x]) == 1


async def test_the_answer_outruns_the_fate_of_its_question(tmp_path: Path) -> None:
    """The line breaks after Twilio took the text, and the customer answers before we know: the answer counts."""
    async with town(tmp_path) as t:
        t.breaks("twilio", "accept_cut", match="/Messages.json")
        order = await t.order()
        await t.sms("1")
        assert await t.state(order) == "confirmed"
        await t.skip(24)
        assert len(t.got()) == 2


async def test_whatsapp_says_the_window_is_shut(tmp_path: Path) -> None:
    """Our clock thought the window open, WhatsApp does not: the same rung asks by template, once."""
    async with town(tmp_path) as t:
        await t.whatsapp("hello?")
        order = await t.order()
        t.twilio.opened.clear()
        await t.skip(4.1)
        asked = [r for r in t.world.texts(ANA_PHONE, "whatsapp") if order in r.text]
        assert [r.extra["template"] for r in asked] == [True]
        assert not t.mails()
