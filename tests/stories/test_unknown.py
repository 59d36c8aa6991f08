"""A provider that fails amid a message: the outcome is right, and no phone gets a text twice. Rule 4 of the design."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.town import ANA_PHONE, START, Town, town

LADDER = {
    "sms": "[{channel: sms, wait: 4h}, {channel: email, wait: 4h}, {channel: staff, wait: 24h}]",
    "whatsapp": "[{channel: whatsapp, wait: 4h}, {channel: email, wait: 4h}, {channel: staff, wait: 24h}]",
}
#: What the provider does with the first attempt, with nothing delivered.
NOT_TAKEN: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 502, "body": "<html>Bad Gateway</html>"},
    {"kind": "timeout"},
    {"kind": "cut"},
    {"kind": "garbage"},
    {"kind": "empty"},
]
#: The same, and yet the message is on the phone.
TAKEN = [{"kind": f"accept_{f['kind']}", **{k: v for k, v in f.items() if k != "kind"}} for f in NOT_TAKEN]
CHANNELS = ["sms", "whatsapp"]


def named(fault: dict[str, Any]) -> str:
    return "-".join(str(v) for k, v in fault.items() if k != "body")


def impatient(t: Town) -> None:
    """The adapters wait two seconds for an answer instead of fifteen: longer than a busy machine's loopback takes."""
    exchanges = [carrier._exchange for carrier in t.house.providers.channels.values() if hasattr(carrier, "_exchange")]
    assert exchanges
    for exchange in exchanges:
        assert exchange._wire._timeout_s >= 2.0  # and not another name by now
        exchange._wire._timeout_s = 2.0


@pytest.fixture(params=CHANNELS)
async def t(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose ladder begins with the channel (`t.channel`) and goes on by e-mail."""
    async with town(tmp_path, more=f"confirmation: {{ladder: {LADDER[request.param]}}}") as here:
        impatient(here)
        here.channel = request.param  # type: ignore[attr-defined]
        yield here


async def asked_of(t: Town, order: str) -> str:
    return (await t.get(order)).asked[0].status


@pytest.mark.parametrize("fault", TAKEN, ids=named)
async def test_taken_without_an_answer_is_found_in_the_list(t: Town, fault: dict[str, Any]) -> None:
    """The message arrived and the answer did not: the provider's list says so, and the rung waits its whole time."""
    t.twilio.hooks.hold()  # no receipt helps
    t.breaks("twilio", match="Messages.json", **fault)
    order = await t.order()
    assert await asked_of(t, order) == "unknown"
    await t.skip(seconds=20)
    assert await asked_of(t, order) == "accepted"
    await t.skip(hours=3.5)
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]
    assert not t.mails(), "the next rung came before its time"
    await t.skip(hours=1)
    assert len(t.mails()) == 1
    await t.skip(hours=48)
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", NOT_TAKEN, ids=named)
async def test_never_found_goes_on_by_the_next_channel(t: Town, fault: dict[str, Any]) -> None:
    """Not found at the fourth look, half an hour after the attempt: the next rung, and never that text again."""
    t.breaks("twilio", match="Messages.json", **fault)
    order = await t.order()
    await t.skip(minutes=29)
    assert await asked_of(t, order) == "unknown"
    assert not t.mails()
    await t.skip(minutes=2)
    assert "never_known" in await t.story(order)
    assert len(t.mails()) == 1
    await t.skip(hours=48)
    assert t.got(t.channel) == []  # type: ignore[attr-defined]
    assert len(t.mails()) == 1


@pytest.mark.parametrize("fault", TAKEN, ids=named)
async def test_a_receipt_settles_what_was_unknown(t: Town, fault: dict[str, Any]) -> None:
    """The provider's own report says that the message is there: nobody has to ask."""
    t.breaks("twilio", match="Messages.json", **fault)
    order = await t.order()
    assert await asked_of(t, order) == "delivered"
    await t.skip(hours=4.2)
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]
    assert len(t.mails()) == 1


async def test_throttled_is_sent_later_and_once(t: Town) -> None:
    """429 is a definite "not now": the same text goes out at the moment the provider named."""
    t.breaks("twilio", "status", "Messages.json", status=429, headers={"Retry-After": "40"})
    order = await t.order()
    assert t.got(t.channel) == []  # type: ignore[attr-defined]
    await t.skip(seconds=39)
    assert t.got(t.channel) == []  # type: ignore[attr-defined]
    await t.skip(seconds=5)
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]
    assert await asked_of(t, order) == "delivered"
    await t.skip(hours=3.8)
    assert not t.mails(), "the wait runs from acceptance"


async def test_throttled_for_ever_the_ladder_goes_on(t: Town) -> None:
    """A channel that says "later" for a rung's whole time does not hold the order up."""
    t.breaks("twilio", "status", "Messages.json", status=429, times=-1)
    await t.order()
    await t.skip(hours=4.2)
    assert len(t.mails()) == 1
    t.world.mend()
    await t.skip(hours=2)
    assert t.got(t.channel) == [], "what came too late is taken back"  # type: ignore[attr-defined]


async def test_a_slow_answer_is_a_good_answer(t: Town) -> None:
    """An answer that takes its time changes nothing."""
    t.breaks("twilio", "delay", "Messages.json", delay_s=0.1)
    order = await t.order()
    assert await asked_of(t, order) == "delivered"
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]


async def test_a_list_that_does_not_answer_either(t: Town) -> None:
    """Neither the message nor the question gets an answer: four looks, then the next rung, nothing twice."""
    t.twilio.hooks.hold()
    t.breaks("twilio", "accept_cut", "Messages.json")
    t.breaks("twilio", "status", "Messages.json", status=500, times=-1)
    order = await t.order()
    await t.skip(minutes=31)
    assert "never_known" in await t.story(order)
    assert len(t.mails()) == 1
    t.world.mend()
    await t.skip(hours=12)
    assert len(t.got(t.channel)) == 1  # type: ignore[attr-defined]


async def test_an_answer_to_a_text_of_unknown_fate_counts(tmp_path: Path) -> None:
    """The customer answers while we do not know yet whether the question arrived: it did, and the answer decides."""
    async with town(tmp_path) as t:
        impatient(t)
        t.twilio.hooks.hold()
        t.breaks("twilio", "accept_cut", "Messages.json")
        order = await t.order()
        await t.sms("1")
        assert await t.state(order) == "confirmed"
        await t.skip(hours=30)
        assert len(t.got("sms")) == 2
        assert await t.state(order) == "confirmed"


@pytest.mark.parametrize("kind", ["cut", "timeout", "accept_cut", "accept_timeout"])
async def test_a_mail_of_unknown_fate_is_never_sent_again(tmp_path: Path, kind: str) -> None:
    """Nobody can be asked about a mail: the rung waits its time from the attempt, then a person; no mailbox gets it twice."""
    ladder = "confirmation: {ladder: [{channel: email, wait: 4h}, {channel: staff, wait: 24h}]}"
    async with town(tmp_path, more=ladder) as t:
        t.house.providers.channels["demo", "email"]._settings = _hasty(t)  # type: ignore[attr-defined]
        t.breaks("smtp", kind)
        order = await t.order()
        assert await asked_of(t, order) == "unknown"
        await t.skip(hours=3.9)
        assert await t.state(order) == "pending"
        await t.skip(hours=0.2)
        assert await t.state(order) == "flagged"
        await t.skip(hours=48)
        assert len(t.mails()) == (1 if kind.startswith("accept") else 0)


def _hasty(t: Town) -> Any:
    from msgspec.structs import replace

    settings = t.house.providers.channels["demo", "email"]._settings  # type: ignore[attr-defined]
    return replace(settings, timeout_s=0.3, data_timeout_s=0.3)


@pytest.mark.source_only  # it replaces a method of the channel
async def test_the_four_looks_come_at_their_moments(tmp_path: Path) -> None:
    """The provider is asked 15 s, 1, 5 and 30 minutes after the attempt, and not once more."""
    async with town(tmp_path) as t:
        impatient(t)
        looks: list[timedelta] = []
        carrier = t.house.providers.channels["demo", "sms"]
        find = carrier.find

        async def watched(lookup: Any) -> Any:
            looks.append(t.clock.now() - START)
            return await find(lookup)

        carrier.find = watched  # type: ignore[method-assign]
        t.breaks("twilio", "cut", "Messages.json")
        await t.order()
        await t.skip(hours=3)
        wanted = [timedelta(seconds=s) for s in (15, 60, 300, 1800)]
        assert len(looks) == 4
        assert all(w <= look < w + timedelta(seconds=3) for w, look in zip(wanted, looks, strict=True)), looks
        assert t.got("sms", ANA_PHONE) == []
