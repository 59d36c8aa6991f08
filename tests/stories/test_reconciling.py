"""What the webhooks never told is found by asking, once, and the owner hears in plain words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.town import ANA_PHONE, SMS_FROM, Town, town

OPEN = "risk: {enabled: false}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"


def _drops(t: Town, on: bool = True) -> None:
    t.twilio.hooks.dropping = on


async def _rounds(t: Town, minutes: int) -> None:
    """Business time goes on, and the service's sweeps with it."""
    for _ in range(minutes):
        await t.skip(minutes=1)
        await t.house.look_around()
        await t.settle()


async def test_answers_that_no_webhook_told_are_found(tmp_path: Path) -> None:
    """Every order whose yes was lost is confirmed within five minutes, and each customer is answered once."""
    async with town(tmp_path, more=OPEN) as t:
        await _rounds(t, 1)
        phones = [f"+3460000{n:04d}" for n in range(20)]
        orders = [await t.order(phone=phone, email=f"c{n}@example.com") for n, phone in enumerate(phones)]
        _drops(t)
        for phone in phones:
            assert await t.sms("1", phone) == 0
        assert {await t.state(order) for order in orders} == {"pending"}
        _drops(t, False)
        await _rounds(t, 5)
        assert {await t.state(order) for order in orders} == {"confirmed"}
        assert [len(t.got("sms", phone)) for phone in phones] == [2] * len(phones)  # the question and the thanks
        await _rounds(t, 30)
        assert [len(t.got("sms", phone)) for phone in phones] == [2] * len(phones)


async def test_what_webhooks_told_is_not_told_again(tmp_path: Path) -> None:
    """A sweep over answers that did arrive changes nothing, and no alarm is raised."""
    async with town(tmp_path, telegram=True) as t:
        await _rounds(t, 1)
        order = await t.order()
        await t.sms("1")
        before, told = t.got(), t.owner_texts()
        version = (await t.conversation(order)).notes_ever
        await _rounds(t, 10)
        assert t.got() == before
        assert t.owner_texts() == told
        assert (await t.conversation(order)).notes_ever == version


async def test_a_lost_receipt_of_failure_moves_on_to_the_next_rung(tmp_path: Path) -> None:
    """A number that nobody has is learnt from Twilio's list, and WhatsApp is asked minutes later, not after the rung's hours."""
    async with town(tmp_path) as t:
        await _rounds(t, 1)
        t.world.phones[ANA_PHONE] = {"unknown"}
        _drops(t)
        order = await t.order()
        assert t.got("whatsapp") == []
        await _rounds(t, 5)
        assert "failed" in await t.story(order)
        assert len(t.got("whatsapp")) == 1


async def test_a_house_that_was_down_finds_what_was_written_meanwhile(tmp_path: Path) -> None:
    """Hours of outage: the answer and the late receipt are found on the first look, and no alarm blames the provider."""
    async with town(tmp_path, telegram=True) as t:
        await _rounds(t, 1)
        order = await t.order()
        await t.close_house()
        t.leap(hours=3)
        assert await t.twilio.reply(ANA_PHONE, "1", SMS_FROM, "sms") == 0
        t.leap(minutes=1)
        await t.open_house()
        await _rounds(t, 2)
        assert await t.state(order) == "confirmed"
        assert not [text for text in t.owner_texts() if "fetched" in text]


async def test_the_owner_hears_once_that_webhooks_do_not_arrive(tmp_path: Path) -> None:
    """Found messages are an alarm with its mend; more of them within hours are not another."""
    async with town(tmp_path, telegram=True) as t:
        await _rounds(t, 1)
        _drops(t)
        for n in range(3):
            await t.order(phone=f"+3460000100{n}")
            await t.sms("1", f"+3460000100{n}")
            await _rounds(t, 4)
        (told,) = [text for text in t.owner_texts() if "fetched" in text]
        assert "Twilio can reach your public address" in told


async def test_messages_before_the_first_start_are_none_of_ours(tmp_path: Path) -> None:
    """What customers wrote before there was a Doorstep is not answered."""
    async with town(tmp_path) as t:
        _drops(t)
        await t.sms("hello?", "+34600000777")
        _drops(t, False)
        (old,) = t.twilio.messages.values()
        old.created -= timedelta(minutes=5)
        await _rounds(t, 6)
        assert t.got("sms", "+34600000777") == []


async def test_a_provider_that_does_not_answer_is_asked_again_for_the_same_time(tmp_path: Path) -> None:
    """While Twilio's list is away nothing is passed over."""
    async with town(tmp_path) as t:
        await _rounds(t, 1)
        order = await t.order()
        _drops(t)
        await t.sms("1")
        _drops(t, False)
        t.breaks("twilio", "status", "Messages.json", times=-1, status=503)
        await _rounds(t, 20)
        assert await t.state(order) == "pending"
        t.world.mend("twilio")
        await _rounds(t, 5)
        assert await t.state(order) == "confirmed"


@pytest.mark.long
async def test_a_number_that_leads_elsewhere_is_told_once_until_it_is_mended(tmp_path: Path) -> None:
    """The owner hears of a changed webhook address, not again while it lasts, and again when it comes back."""
    async with town(tmp_path, telegram=True) as t:
        t.twilio.leads_to[SMS_FROM] = "https://old.example.com/sms"
        await _rounds(t, 60 * 8)
        assert len([x for x in t.owner_texts() if "somewhere else" in x]) == 1
        await t.close_house()
        await t.open_house()
        await _rounds(t, 10)
        assert len([x for x in t.owner_texts() if "somewhere else" in x]) == 1
        del t.twilio.leads_to[SMS_FROM]
        await _rounds(t, 10)
        t.twilio.leads_to[SMS_FROM] = "https://old.example.com/sms"
        await _rounds(t, 10)
        told = [x for x in t.owner_texts() if "somewhere else" in x]
        assert len(told) == 2
        assert f"{t.url}/hooks/twilio/message" in told[0]


async def test_forged_webhooks_are_an_alarm(tmp_path: Path) -> None:
    """More than twenty refused calls in a minute are told with what to do; a few are not."""
    async with town(tmp_path, telegram=True) as t:
        await _rounds(t, 5)
        for _ in range(30):
            async with t.http.post(f"{t.url}/hooks/twilio/message", data={"Body": "yes"}) as answer:
                assert answer.status == 403
        await _rounds(t, 5)
        assert not [x for x in t.owner_texts() if "wrong signature" in x]  # 30 in four minutes
        for _ in range(150):
            async with t.http.post(f"{t.url}/hooks/twilio/message", data={"Body": "yes"}) as answer:
                assert answer.status == 403
        await _rounds(t, 5)
        (told,) = [x for x in t.owner_texts() if "wrong signature" in x]
        assert "twilio/message" in told


async def test_a_webhook_set_by_a_stranger_is_taken_away(tmp_path: Path) -> None:
    """A bot that polls gets its updates back, the owner hears of it, and staff's buttons work again."""
    async with town(tmp_path, telegram=True) as t:
        await _rounds(t, 1)
        t.tg.webhook.set_up("http://127.0.0.1:1/hook", "", 40, certificate=False)
        await _rounds(t, 6)
        told = [x for x in t.owner_texts() if "@BotFather" in x]
        assert len(told) == 1
        assert t.tg.webhook.url == ""
