"""Every class of refusal leads where PLATFORMS C says: the next rung now, the template, the owner, a person. The ledgers judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from sandbox import phonebook
from tests.town import ANA_PHONE, Town, town

WHATSAPP_FIRST = (
    "confirmation: {ladder: [{channel: whatsapp, wait: 4h}, {channel: email, wait: 4h}, {channel: staff, wait: 24h}]}"
)
MAIL = "ana@example.com"


def fact(t: Town, name: str, address: str = ANA_PHONE) -> None:
    phonebook.set_facts(t.world, address, {name})


async def contact(t: Town, order: str, channel: str, address: str = ANA_PHONE) -> object:
    found = (await t.conversation(order)).contact(channel, address)
    assert found is not None
    return found


async def dead(t: Town, order: str) -> bool:
    found = (await t.conversation(order)).contact("sms", ANA_PHONE)
    return found is not None and bool(found.dead or found.stopped)


# -- SMS


@pytest.mark.parametrize("name", ["invalid", "unroutable", "landline", "unknown", "landline_late"])
async def test_a_dead_number_moves_on_within_seconds(tmp_path: Path, name: str) -> None:
    """Nobody is there, said at once or in a report: the next rung without any wait, and no text there again."""
    async with town(tmp_path) as t:
        fact(t, name)
        first = await t.order()
        assert (await contact(t, first, "sms")).dead  # type: ignore[attr-defined]
        assert [a.channel for a in (await t.get(first)).asked][:2] == ["sms", "whatsapp"]
        if name == "invalid":  # no number at all: WhatsApp says so too, and the mail is next
            assert len(t.mails()) == 1
        else:
            assert len(t.got("whatsapp")) == 1
        await t.skip(1)
        second = await t.order()
        assert [a.channel for a in (await t.get(second)).asked if a.channel == "sms"] == []
        assert t.got("sms") == []


async def test_a_phone_that_is_off_is_not_dead(tmp_path: Path) -> None:
    """Unreachable for now: the next rung comes by its time, and the next order may text again."""
    async with town(tmp_path) as t:
        fact(t, "unreachable")
        first = await t.order()
        found = (await t.conversation(first)).contact("sms", ANA_PHONE)
        assert found is None or not found.dead
        await t.skip(4.1)
        assert len(t.got("whatsapp")) == 1
        t.world.phones.clear()
        await t.order()
        assert len(t.got("sms")) == 1


async def test_who_said_no_there_is_asked_elsewhere(tmp_path: Path) -> None:
    """21610: this person opted out of our texts; the address is stopped for good, WhatsApp has its own consent."""
    async with town(tmp_path) as t:
        fact(t, "opted_out")
        first = await t.order()
        assert (await contact(t, first, "sms")).stopped  # type: ignore[attr-defined]
        assert len(t.got("whatsapp")) == 1
        t.world.phones.clear()
        await t.skip(1)
        await t.order()
        assert t.got("sms") == [], "a stop is not forgotten when the provider forgets it"


async def test_a_text_that_carriers_filter_goes_on_and_is_told(tmp_path: Path) -> None:
    """30007: the next rung now; the owner hears which text was filtered; the address is not blamed."""
    async with town(tmp_path, telegram=True) as t:
        fact(t, "filtered")
        order = await t.order()
        assert not await dead(t, order)
        assert len(t.got("whatsapp")) == 1
        assert sum("30007" in text for text in t.owner_texts()) == 1


async def test_a_set_up_fault_is_the_owners(tmp_path: Path) -> None:
    """21408: our account may not text there. The order goes on at once and the owner is told, with the code."""
    async with town(tmp_path, telegram=True) as t:
        fact(t, "no_permission")
        order = await t.order()
        assert len(t.got("whatsapp")) == 1
        assert not await dead(t, order)
        assert any("21408" in text for text in t.owner_texts())


# -- WhatsApp


@pytest.mark.parametrize("name", ["no_whatsapp", "no_whatsapp_now", "no_channel"])
async def test_not_on_whatsapp_moves_on_within_seconds(tmp_path: Path, name: str) -> None:
    """63024 at once or later, 63003: the mail goes now, and WhatsApp is not tried again."""
    async with town(tmp_path, more=WHATSAPP_FIRST) as t:
        fact(t, name)
        first = await t.order()
        assert len(t.mails()) == 1
        assert (await contact(t, first, "whatsapp")).dead  # type: ignore[attr-defined]
        second = await t.order()
        assert [a.channel for a in (await t.get(second)).asked] == ["email"]
        assert t.got("whatsapp") == []


async def test_outside_the_window_the_template_goes_on_the_same_rung(tmp_path: Path) -> None:
    """63016: we thought that the window was open. The approved template follows at once, on WhatsApp, and no mail."""
    async with town(tmp_path, more=WHATSAPP_FIRST) as t:
        assert await t.whatsapp("hello, do you deliver to Madrid?") == 200
        t.twilio.opened.clear()
        before = len(t.got("whatsapp"))
        order = await t.order()
        received = t.world.texts(ANA_PHONE, "whatsapp")[before:]
        assert [r.extra["template"] for r in received] == [True]
        assert order in received[0].text
        assert not t.mails()
        assert await t.press(0) == 200
        assert await t.state(order) == "confirmed"


async def test_no_template_and_no_window_is_the_next_rung(tmp_path: Path) -> None:
    """Without an approved template nothing can be said on WhatsApp: the mail goes in the same commit."""
    async with town(tmp_path, more=WHATSAPP_FIRST, approved=()) as t:
        order = await t.order()
        assert t.got("whatsapp") == []
        assert len(t.mails()) == 1
        assert [s.why for s in (await t.get(order)).skipped] == ["no_template"]


async def test_a_sender_that_twilio_does_not_know_is_told(tmp_path: Path) -> None:
    """63007: our WhatsApp number is not set up. The mail goes now, for every order, and the owner hears of it, with the code."""
    async with town(tmp_path, more=WHATSAPP_FIRST, telegram=True) as t:
        t.breaks(
            "twilio",
            "status",
            "whatsapp:",
            status=400,
            times=-1,
            body='{"code": 63007, "message": "no such channel", "status": 400}',
        )
        await t.order()
        await t.order()
        await t.skip(seconds=2)
        assert len(t.mails()) == 2
        assert t.got("whatsapp") == []
        assert any("63007" in text for text in t.owner_texts())


# -- e-mail and the end of the ladder


async def test_a_mailbox_that_does_not_exist_goes_to_staff_at_once(tmp_path: Path) -> None:
    """550 5.1.1 on the last channel: a person has the order within seconds, not after the ladder's hours."""
    async with town(
        tmp_path, more="confirmation: {ladder: [{channel: email, wait: 4h}, {channel: staff, wait: 24h}]}"
    ) as t:
        fact(t, "no_mailbox", MAIL)
        order = await t.order()
        assert await t.state(order) == "flagged"
        assert (await contact(t, order, "email", MAIL)).dead  # type: ignore[attr-defined]
        assert (await t.conversation(order)).timers, "a flagged order has its reminder"


async def test_a_full_mailbox_is_not_dead(tmp_path: Path) -> None:
    """452 4.2.2: not now. No mark on the address; the order reaches a person by the rung's time at the latest."""
    async with town(
        tmp_path, more="confirmation: {ladder: [{channel: email, wait: 4h}, {channel: staff, wait: 24h}]}"
    ) as t:
        fact(t, "mailbox_full", MAIL)
        order = await t.order()
        found = (await t.conversation(order)).contact("email", MAIL)
        assert found is None or not found.dead
        await t.skip(4.5)
        assert await t.state(order) == "flagged"


async def test_unreachable_on_every_channel_is_a_persons_at_once(tmp_path: Path) -> None:
    """A number that is none and a mailbox that is none: flagged in seconds, with that reason, and nothing arrived anywhere."""
    async with town(tmp_path, telegram=True) as t:
        fact(t, "invalid")
        fact(t, "no_mailbox", MAIL)
        order = await t.order()
        assert await t.state(order) == "flagged"
        assert [r.key for r in (await t.get(order)).reasons] == ["unreachable"]
        assert t.got() == []
        assert len(t.cards(order)) == 1


# -- Telegram


@pytest.mark.parametrize("kind", ["cut", "status", "garbage"])
async def test_telegram_down_stops_nothing_else(tmp_path: Path, kind: str) -> None:
    """While Telegram fails, questions go out and answers count; once it is back the card of a waiting order appears, once."""
    async with town(tmp_path, telegram=True) as t:
        t.breaks("telegram", kind, times=-1, status=502)
        confirmed = await t.order()
        assert len(t.got("sms")) == 1
        assert await t.sms("1") == 200
        assert await t.state(confirmed) == "confirmed"
        waiting = await t.order(phone="+34600000777", email="", consent={"whatsapp": False})
        await t.skip(5)
        assert await t.state(waiting) == "flagged"
        assert t.cards(waiting) == []
        t.world.mend()
        await t.skip(1)
        assert len(t.cards(waiting)) == 1


async def test_a_text_that_cannot_be_written_goes_another_way(tmp_path: Path) -> None:
    """A shop's own text names a value that nobody gives (`check` says so; here it came in later): the next rung asks at once, the
    owner hears which text it is, and nothing waits for a message that never left."""
    async with town(tmp_path, telegram=True) as t:
        t.bugs_expected = True
        overlay = t.house.engine.overlay
        own = {"en": {"confirm_words": "Order {order}: {colour}. {yes} {change} {cancel}"}}
        own["en"]["confirm_digits"] = own["en"]["confirm_words"]
        overlay._said["demo"] = replace(overlay._said["demo"], overrides=own)  # a desk's commit lays it over again
        overlay.look(t.clock.now())
        order = await t.order()
        await t.skip(seconds=2)
        assert t.got("sms") == []
        assert len(t.got("whatsapp")) == 1
        assert [a.status for a in (await t.get(order)).asked] == ["failed", "delivered"]
        await t.skip(minutes=1)
        assert any("no_text" in text for text in t.owner_texts()), t.owner_texts()
