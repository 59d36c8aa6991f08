"""Staff's words outside WhatsApp's 24 hours: inside an approved message where the shop has one, else another way, and always told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA, APPROVED, Town, town

WORDS = (*APPROVED, "staff_words")


async def a_day_later(t: Town) -> str:
    """The customer wrote on WhatsApp, and staff answer when the window has shut."""
    order = await t.order(placed_at=t.clock.now().isoformat())
    await t.whatsapp("Hello? I have a question about the colour")
    await t.skip(hours=25)
    return order


async def test_staff_words_go_inside_an_approved_message(tmp_path: Path) -> None:
    """The customer reads the words with shop and order, on one line, and may answer; the group is told how it went."""
    async with town(tmp_path, telegram=True, approved=WORDS) as t:
        order = await a_day_later(t)
        await t.replies(ANA, "It is blue.\nShall we\tsend it?", t.cards(order)[0])
        assert any("inside an approved message" in text for text in t.group_texts())
        await t.skip(seconds=15)
        assert t.last("whatsapp") == (
            f"A message from Demo Shop about your order {order}: It is blue. Shall we send it?\nYou can answer here."
        )
        await t.whatsapp("Yes, blue is fine")
        await t.skip(seconds=5)
        await t.replies(ANA, "Good!", t.cards(order)[0])
        await t.skip(seconds=15)
        assert t.last("whatsapp") == "Good!", "the window is open again: the words alone"


@pytest.mark.parametrize(("approved", "text"), [(APPROVED, "Blue."), (WORDS, "Blue " * 200)])
async def test_what_no_approved_message_can_hold_goes_another_way(
    tmp_path: Path, approved: tuple[str, ...], text: str
) -> None:
    """Without the template, and for words too long for it, an SMS says them, and the group reads why."""
    async with town(tmp_path, telegram=True, approved=approved) as t:
        order = await a_day_later(t)
        before = len(t.got("whatsapp"))
        await t.replies(ANA, text, t.cards(order)[0])
        assert any("only within 24 hours" in said for said in t.group_texts())
        await t.skip(seconds=15)
        assert t.last("sms").startswith("Blue")
        assert len(t.got("whatsapp")) == before


async def test_undo_takes_words_in_a_template_back_too(tmp_path: Path) -> None:
    """Ten seconds are ten seconds."""
    async with town(tmp_path, telegram=True, approved=WORDS) as t:
        order = await a_day_later(t)
        before = len(t.got())
        await t.replies(ANA, "Wrong order, sorry", t.cards(order)[0])
        echo = next(m for m in reversed(t.tg.shows(t.group)) if m.text.startswith("Sent to"))
        await t.tg.presses(ANA, echo.message_id, echo.buttons[0][0][0], t.group, wait_s=2)
        await t.skip(seconds=20)
        assert len(t.got()) == before


async def test_staff_words_go_by_mail_where_there_is_only_a_mailbox(tmp_path: Path) -> None:
    """A reply to the card of a customer without a phone arrives as a mail whose subject names shop and order."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone=None, email="kim@example.com")
        await t.skip(hours=70)
        await t.replies(ANA, "We will call you tomorrow.", t.cards(f"Order {order} ")[0])
        await t.skip(seconds=15)
        mail = t.mails("kim@example.com")[-1]
        assert mail.extra["subject"] == f"Demo Shop: order {order}"
        assert "We will call you tomorrow." in mail.text
