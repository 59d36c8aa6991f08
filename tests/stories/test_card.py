"""The staff's card in the Telegram group: when it comes, what it says, and what its buttons do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.town import ANA, ANA_PHONE, BEN, EVE, local, town

CONFIRM, CANCEL, NO_ANSWER, TAKE, UNDO = "✅ Confirm", "❌ Cancel", "📵 No answer", "🙋 Take", "↩️ Undo"
REST = ["🚫 Wrong number", "🕓 Call later", "✏️ Message", "📱 New number", TAKE]


async def test_a_silent_customer_becomes_a_card(tmp_path: Path) -> None:
    """After the ladder one card stands: the order, the amount, what was tried and why it is here; the phone is masked."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(8.1)
        assert not t.cards(), "nobody is bothered while the machine still asks"
        await t.skip(12.1)
        (card,) = t.cards(order)
        for part in (
            "49.90",
            "Ana Ruiz",
            "1 x Lamp",
            "Madrid",
            "SMS",
            "WhatsApp",
            "E-mail",
            "No answer on any channel",
        ):
            assert part in card.text, card.text
        assert "600000001" not in card.text
        assert t.buttons(order) == [CONFIRM, CANCEL, NO_ANSWER, *REST]
        assert await t.staff(ANA, CONFIRM, order) == "Done."
        await t.skip(seconds=5)
        assert await t.state(order) == "confirmed"
        (card,) = t.cards(order)
        assert "Confirmed: staff Ana" in card.text
        assert len(t.group_texts()) == 1, "edited in place, not posted again"


async def test_an_unreachable_order_is_a_card_at_once(tmp_path: Path) -> None:
    """No phone, no mail: the card is there within seconds of the order, with the reason."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "No machine can reach this customer" in card.text
        assert "12 (cannot be dialled)" in card.text


async def test_two_at_once_one_wins(tmp_path: Path) -> None:
    """Ana confirms and Ben cancels in the same moment: one press counts, the other is told who was first."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        toasts = await asyncio.gather(
            t.tg.presses(ANA, card.message_id, CONFIRM, t.group), t.tg.presses(BEN, card.message_id, CANCEL, t.group)
        )
        await t.skip(seconds=5)
        assert list(toasts) == ["Done.", "Already: Confirmed · Ana."]
        assert (await t.get(order)).decided_name == "Ana"
        assert await t.staff(BEN, CANCEL, order) == "Done.", "on the card that shows the yes he may, on purpose"
        assert (await t.get(order)).decided_name == "Ben"


async def test_the_same_press_by_two(tmp_path: Path) -> None:
    """Both confirm: one decision, and the second is told whose it was."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        toasts = await asyncio.gather(*(t.tg.presses(who, card.message_id, CONFIRM, t.group) for who in (ANA, BEN)))
        await t.skip(seconds=5)
        winner = (await t.get(order)).decided_name
        assert sorted(x or "" for x in toasts) == [f"Already: Confirmed · {winner}.", "Done."]
        assert (await t.story(order)).count("decided") == 1


async def test_a_stranger_in_the_group_presses_nothing(tmp_path: Path) -> None:
    """Being in the group is no right: only the shop's people decide."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        assert await t.staff(EVE, CONFIRM, order) in ("This is not for you.", "You may not do this.")
        assert await t.state(order) == "flagged"


async def test_undo_takes_a_cancel_back_before_anybody_hears(tmp_path: Path) -> None:
    """Cancel, and Undo within ten seconds: the customer never hears of it, and the card asks for a person again."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(20.3)
        before = len(t.got())
        await t.staff(ANA, CANCEL, order)
        await t.skip(seconds=4)
        assert await t.state(order) == "cancelled"
        assert await t.staff(ANA, UNDO, order) == "Done."
        await t.skip(hours=12)
        assert await t.state(order) == "flagged"
        assert len(t.got()) == before
        (card,) = t.cards(order)
        assert "Ana took a decision back" in card.text


async def test_undo_after_the_customer_has_heard(tmp_path: Path) -> None:
    """A cancel that was told and is then undone is told, too."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("please ring the neighbour")
        await t.skip(seconds=5)
        await t.staff(ANA, CANCEL, order)
        await t.skip(minutes=1)
        assert "was cancelled by Demo Shop" in t.last("sms")
        await t.staff(BEN, UNDO, order)
        await t.skip(minutes=1)
        assert f"Order {order} is as it was before" in t.last("sms")
        assert await t.state(order) == "flagged"


async def test_words_come_under_the_card_and_go_back(tmp_path: Path) -> None:
    """The customer's words are a reply to the card; a reply to them reaches the customer where they wrote; // stays a note."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("can the neighbour take it?")
        await t.skip(seconds=10)
        (card,) = t.cards(order)
        assert "can the neighbour take it?" in card.text
        words = next(m for m in t.tg.shows(t.group) if m.message_id != card.message_id)
        assert "can the neighbour take it?" in words.text
        assert words.reply_to == card.message_id
        await t.replies(ANA, "Yes, no problem.", words)
        await t.skip(seconds=12)
        assert t.last("sms") == "Yes, no problem."
        sent = len(t.got())
        await t.replies(BEN, "// difficult street", card)
        await t.skip(seconds=5)
        assert len(t.got()) == sent
        assert "staff.note" in await t.story(order)
        await t.sms("great, then 1")
        assert len(t.got()) == sent, "a person has the word: the machine keeps quiet"
        await t.staff(ANA, "Give back", order)
        await t.sms("1")
        assert await t.state(order) == "confirmed"


async def test_a_talk_without_an_order(tmp_path: Path) -> None:
    """A stranger's words are a card of their own: answered from the group, closed with Done."""
    async with town(tmp_path, telegram=True) as t:
        await t.sms("do you ship to Ceuta?", "+34600000777")
        await t.skip(seconds=5)
        (card,) = t.cards("No open order")
        assert "do you ship to Ceuta?" in card.text
        await t.replies(ANA, "Yes, in three days.", card)
        await t.skip(seconds=12)
        assert t.last("sms", "+34600000777") == "Yes, in three days."
        await t.staff(ANA, "✅ Done", "No open order")
        await t.skip(seconds=5)
        assert "Closed by Ana" in t.group_texts()[0]


async def test_the_card_works_after_a_restart_and_a_week(tmp_path: Path) -> None:
    """The service starts anew, a week passes: the same card is edited, its buttons act, replies reach the customer."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("is it blue?")
        await t.skip(seconds=10)
        (card,) = t.cards(order)
        await t.close_house()
        await t.open_house()
        await t.skip(7 * 24)
        await t.replies(ANA, "It is.", card)
        await t.skip(seconds=12)
        assert t.last("sms") == "It is."
        assert await t.staff(ANA, CONFIRM, order) == "Done."
        await t.skip(seconds=5)
        (same,) = t.cards(order)
        assert same.message_id == card.message_id
        assert "Confirmed: staff Ana" in same.text


async def test_telegram_down_stops_nothing_else(tmp_path: Path) -> None:
    """Telegram answers 502 for two hours: customers are asked and heard all the while, and the card comes afterwards."""
    async with town(tmp_path, telegram=True) as t:
        t.breaks("telegram", "status", status=502, times=-1)
        flagged = await t.order(phone="12", email=None)
        order = await t.order()
        await t.sms("1")
        assert await t.state(order) == "confirmed"
        assert len(t.got()) == 2
        await t.skip(2)
        t.world.mend("telegram")
        await t.skip(1.1)
        assert len(t.cards(flagged)) == 1


async def test_at_night_the_card_says_till_when(tmp_path: Path) -> None:
    """An order that needs a call at night says that it is night there, and until when."""
    async with town(tmp_path, telegram=True, start=local("2026-11-23 23:00")) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "It is night there: please call after" in card.text
        assert "Nov 24, 9:00" in card.text


async def test_the_customer_answers_while_the_card_stands(tmp_path: Path) -> None:
    """A late yes on the phone settles the flagged order; the card shows who decided, and offers no Confirm any more."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(20.3)
        assert await t.state(order) == "flagged"
        await t.press(0)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Confirmed: customer" in card.text
        assert "by WhatsApp" in card.text
        assert CONFIRM not in t.buttons(order)
        assert t.got("whatsapp", ANA_PHONE)[-1].startswith("Thank you")


async def test_the_customer_wants_what_staff_cancelled(tmp_path: Path) -> None:
    """A YES after a staff's cancel decides nothing: the wish comes under the card, the customer hears so, Undo brings it back."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("hm, which colour?")
        await t.skip(seconds=10)
        await t.staff(ANA, CANCEL, order)
        await t.skip(minutes=1)
        await t.sms("yes")
        await t.skip(seconds=10)
        assert await t.state(order) == "cancelled"
        assert "A person will read that you want it" in t.last("sms")
        assert any("Wants the cancelled order after all" in x for x in t.group_texts())
        assert await t.staff(BEN, UNDO, order) == "Done."
        assert await t.state(order) == "flagged"
        await t.skip(minutes=1)
        await t.sms("1")
        assert await t.state(order) == "confirmed"
