"""Second thoughts before shipping: asked once more, in one tap, of those whom the owner has set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.couriers import confirmed, delivery
from tests.town import ANA_PHONE, APPROVED, Town, local, town

SPANISH: dict[str, Any] = {"language": "es"}
AFTER = "delivery: {ask_again_after: 2d, not_shipped_after: 9d}\n"
NIGHT = 'delivery: {ask_again_night: "00:00-05:00"}\n'


def asked(t: Town) -> int:
    return sum("Do you still want it?" in text or "todav" in text for text in t.got())


@pytest.mark.parametrize(
    ("language", "question", "yes", "kept"),
    [
        ({}, "Do you still want it? Reply 1 yes, 2 later, 3 cancel", "yes", "is already confirmed"),
        ({}, "Do you still want it? Reply 1 yes, 2 later, 3 cancel", "1", "is already confirmed"),
        (SPANISH, "Responde 1 sí, 2 más tarde, 3 cancelar", "1", "ya está confirmado"),
    ],
)
async def test_a_long_wait(tmp_path: Path, language: dict[str, Any], question: str, yes: str, kept: str) -> None:
    """Two days between yes and dispatch: asked once, and a yes leaves all as it is."""
    async with town(tmp_path, more=AFTER) as t:
        order = await confirmed(t, **language)
        await t.skip(47)
        assert not asked(t)
        await t.skip(2)
        text = t.last("sms")
        for accent, bare in ("íi", "áa"):
            text, question, kept = (one.replace(accent, bare) for one in (text, question, kept))
        assert question in text
        await t.sms(yes)
        assert kept in t.last("sms").replace("í", "i").replace("á", "a")
        assert await t.state(order) == "confirmed"
        await t.skip(24 * 5)
        assert asked(t) == 1
        assert "still.no_answer" not in await t.story(order)


@pytest.mark.parametrize(("words", "language"), [("3", {}), ("cancel it", {}), ("3", SPANISH)])
async def test_changed_my_mind(tmp_path: Path, words: str, language: dict[str, Any]) -> None:
    """Until dispatch it is free: one digit, or words, and the order is off, with the way back."""
    async with town(tmp_path, more=AFTER) as t:
        order = await confirmed(t, **language)
        await t.skip(49)
        await t.sms(words)
        assert await t.state(order) == "cancelled"
        assert (await t.get(order)).decided_by == "customer"
        assert "is cancelled, as you asked" in t.got("sms")[-1] or "cancelado" in t.got("sms")[-1]


@pytest.mark.parametrize(
    ("words", "when", "offered", "language"),
    [
        ("no money now", "next Friday", "which day and time suit you", {}),
        ("2", "Friday", "which day and time suit you", {}),
        ("no tengo dinero ahora", "el viernes", "que dia y hora te va bien", SPANISH),
    ],
)
async def test_no_money_now(tmp_path: Path, words: str, when: str, offered: str, language: dict[str, Any]) -> None:
    """ "No money now" is no cancel: a later date is offered, and on that day the order is asked again."""
    async with town(tmp_path, more=AFTER) as t:
        order = await confirmed(t, **language)
        await t.skip(49)
        await t.sms(words)
        assert offered in t.last("sms").replace("é", "e").replace("í", "i")
        assert await t.state(order) == "confirmed"
        await t.sms(when)
        assert await t.state(order) == "pending"
        before = len(t.got())
        await t.skip(24 * 3)
        assert len(t.got()) > before
        await t.sms("1")
        assert await t.state(order) == "confirmed"


async def test_no_answer_is_no_cancel(tmp_path: Path) -> None:
    """Silence leaves the order confirmed; the journal and the card say that there was none."""
    async with town(tmp_path, more=AFTER, telegram=True) as t:
        order = await confirmed(t)
        await t.sms("tomorrow after 15:00")  # so that there is a card
        await t.skip(49)
        assert "no answer" not in t.cards(order)[0].text
        await t.skip(25)
        assert await t.state(order) == "confirmed"
        assert "still.no_answer" in await t.story(order)
        assert "Asked once more before dispatch: no answer" in t.cards(order)[0].text


@pytest.mark.parametrize("gone", ["shipped", "paid", "cancelled"])
async def test_nobody_is_asked_in_vain(tmp_path: Path, gone: str) -> None:
    """Sent, paid or cancelled meanwhile: no question."""
    async with town(tmp_path, more=AFTER) as t:
        order = await confirmed(t)
        await t.report(order, gone)
        await t.skip(24 * 4)
        assert not asked(t)


@pytest.mark.parametrize(
    ("placed", "yes_after_h", "questions"), [("03:00", 0.1, 1), ("03:00", 7, 0), ("23:30", 0.1, 0), ("12:00", 0.1, 0)]
)
async def test_at_three_in_the_night(tmp_path: Path, placed: str, yes_after_h: float, questions: int) -> None:
    """Placed and answered in the night: asked once more at ten in the morning. Who said yes by day has slept on it."""
    async with town(tmp_path, more=NIGHT, start=local(f"2026-11-24 {placed}")) as t:
        order = await t.order()
        await t.skip(yes_after_h)
        await t.sms("1")
        await t.skip(20)
        assert asked(t) == questions
        if questions:
            (told,) = (r for r in t.world.texts(ANA_PHONE) if "still want it" in r.text)
            assert told.at == local("2026-11-24 10:00")
        assert await t.state(order) == "confirmed"


@pytest.mark.parametrize(("button", "state"), [("Yes, send it", "confirmed"), ("Cancel the order", "cancelled")])
async def test_one_tap_on_whatsapp(tmp_path: Path, button: str, state: str) -> None:
    """On WhatsApp it is one tap under an approved template; a second tap, later, changes nothing more."""
    more = (
        AFTER
        + "channels: {sms: null}\nconfirmation: {ladder: [{channel: whatsapp, wait: 4h}, {channel: staff, wait: 24h}]}\n"
    )
    async with town(tmp_path, more=more, approved=(*APPROVED, "still_want")) as t:
        order = await t.order()
        await t.press("Yes, it is right")
        await t.skip(49)
        assert "Do you still want it?" in t.last("whatsapp")
        sid = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        await t.twilio.press(ANA_PHONE, button, sid)
        await t.settle()
        assert await t.state(order) == state
        journal = (await t.story(order)).count("decided")
        await t.report(order, "shipped")
        await t.twilio.press(ANA_PHONE, "Cancel the order", sid)
        await t.settle()
        assert await t.state(order) in (state, "shipped")
        assert (await t.story(order)).count("decided") == journal


async def test_where_no_reply_arrives_the_page_answers(tmp_path: Path) -> None:
    """A country without replies: the text carries the page, where the order can be cancelled."""
    async with town(tmp_path, more=AFTER, countries="{ES: {two_way_sms: false, links_allowed: true}}") as t:
        order = await t.order()
        await t.page(t.link(), "confirm")
        await t.skip(49)
        assert "has not left yet. Not now, or not at all?" in t.last("sms")
        await t.page(t.link(), "cancel_surely")
        assert await t.state(order) == "cancelled"


async def test_off_unless_the_owner_sets_it(tmp_path: Path) -> None:
    """Without the settings nobody is asked again."""
    async with town(tmp_path, more=delivery(), start=local("2026-11-24 03:00")) as t:
        await confirmed(t)
        await t.skip(24 * 5)
        assert not asked(t)
