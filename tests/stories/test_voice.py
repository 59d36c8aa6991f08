"""A call as a step of the ladder: spoken in the customer's language, answered with a key, held at night. The ledger judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA_PHONE, Town, local, town

CALLS = 'voice_from: "+34911000003"'
LADDER = "confirmation: {ladder: [{channel: voice, wait: 30m}, {channel: staff, wait: 24h}]}"


def heard(t: Town, to: str = ANA_PHONE) -> list[str]:
    """What was spoken into this phone."""
    return [r.text for r in t.world.texts(to, "voice")]


@pytest.mark.parametrize(
    ("language", "asked", "thanks", "tongue"),
    [
        ("en", "To confirm it, press 1.", "is confirmed. Goodbye.", "en-GB"),
        ("es", "Para confirmarlo, pulse 1.", "está confirmado. Adiós.", "es-ES"),
    ],
)
async def test_press_one(tmp_path: Path, language: str, asked: str, thanks: str, tongue: str) -> None:
    """The customer hears the question in their language, presses 1 and hears that it is confirmed: by the customer, via call."""
    async with town(tmp_path, more=LADDER, twilio_more=CALLS) as t:
        t.twilio.keys[ANA_PHONE] = "1"
        order = await t.order(language=language)
        assert await t.state(order) == "confirmed"
        got = await t.get(order)
        assert (got.decided_by, got.via) == ("customer", "call")
        assert asked in heard(t)[0]
        assert "Demo Shop" in heard(t)[0]
        assert heard(t)[-1].endswith(thanks)
        assert t.world.texts(ANA_PHONE, "voice")[0].extra["language"] == tongue


@pytest.mark.parametrize(("key", "state", "spoken"), [("3", "cancelled", "is cancelled"), ("2", "flagged", "A person")])
async def test_other_keys(tmp_path: Path, key: str, state: str, spoken: str) -> None:
    """3 cancels and is told by text with the way back; 2 brings a person, who sees which key it was."""
    async with town(tmp_path, telegram=True, more=LADDER, twilio_more=CALLS) as t:
        t.twilio.keys[ANA_PHONE] = key
        order = await t.order()
        await t.skip(minutes=1)
        assert await t.state(order) == state
        assert spoken in heard(t)[-1]
        if key == "3":
            assert "cancelled" in t.last("sms")
        else:
            assert "Pressed 2 on the phone" in t.cards(order)[0].text


@pytest.mark.parametrize("fact", ["no_answer", "busy", "call_failed", "voicemail"])
async def test_nobody_there(tmp_path: Path, fact: str) -> None:
    """Nobody, a busy line and a machine are no answer: the next step comes at once; an answering machine confirms nothing."""
    ladder = LADDER.replace("{channel: staff", "{channel: sms, wait: 4h}, {channel: staff")
    async with town(tmp_path, more=ladder, twilio_more=CALLS) as t:
        t.world.phones[ANA_PHONE] = {fact}
        t.twilio.keys[ANA_PHONE] = "1"
        order = await t.order()
        assert await t.state(order) == "pending"
        assert len(t.got("sms")) == 1
        assert (await t.get(order)).asked[0].status == "failed"


async def test_calls_wait_for_the_morning(tmp_path: Path) -> None:
    """At night nobody is called, not even about an order of this minute; who only listens is called once and then a person has it."""
    async with town(tmp_path, telegram=True, more=LADDER, twilio_more=CALLS, start=local("2026-11-23 23:00")) as t:
        order = await t.order(phone="911 234 567")  # a landline: no text can arrive
        await t.skip(hours=9)
        assert not heard(t, "+34911234567")
        await t.skip(hours=1.2)
        assert len(heard(t, "+34911234567")) == 2, "one call, the question twice"
        assert len(t.twilio.calls.made) == 1
        await t.skip(hours=1)
        assert await t.state(order) == "flagged"


async def test_a_late_key_is_bound_to_its_version(tmp_path: Path) -> None:
    """A key about an order that has changed since decides nothing; the same key twice is once; a forged one is refused."""
    async with town(tmp_path, telegram=True, more=LADDER, twilio_more=CALLS) as t:
        order = await t.order()
        assert await t.state(order) == "pending"
        await t.api("PUT", f"/orders/{order}", t.an_order(id=order, total="59.90"))
        await t.skip(seconds=2)  # one call a second
        first = t.twilio.calls.made[0]
        await t.twilio.calls.press(first.to, "1")
        await t.settle()
        assert len(t.twilio.calls.made) == 2, "the change is asked about by a call of its own"
        assert await t.state(order) == "confirmed", "the newest call asks about the order as it is now"
        again = await t.twilio.calls.press(first.to, "1")
        assert "is confirmed" in again
        t.twilio.calls.made.pop()
        stale = await t.twilio.calls.press(first.to, "3")
        await t.settle()
        assert "A person" in stale
        assert await t.state(order) == "confirmed"
        async with t.http.post(
            t.url + "/hooks/twilio/voice?c=x&o=1.1", data={"CallSid": "CA1", "Digits": "1"}
        ) as answer:
            assert answer.status == 403


async def test_a_language_nobody_speaks(tmp_path: Path) -> None:
    """A language without a voice is not called: the step is left out, and says why."""
    async with town(tmp_path, telegram=True, more=LADDER, twilio_more=CALLS) as t:
        order = await t.order(language="sw")
        assert not t.twilio.calls.made
        assert [s.why for s in (await t.get(order)).skipped] == ["no_voice"]
