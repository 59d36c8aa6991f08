"""The card as a desk: taking, calling, writing, judged by what the chats finally show and what the phones really got."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from flows.phones import mask
from tests.town import ANA, ANA_PHONE, BEN, EVE, Town, town

CONFIRM, TAKE, RELEASE, LATER, MESSAGE = "✅ Confirm", "🙋 Take", "Give back", "🕓 Call later", "✏️ Message"
WRONG, NUMBER, UNSAY = "🚫 Wrong number", "📱 New number", "↩️ Undo (10 s)"


def private(t: Town, who: int) -> list[str]:
    return [m.text for m in t.tg.shows(who) if m.from_bot]


async def flagged(t: Town, **fields: object) -> str:
    """An order that needs a call."""
    order = await t.order(**fields)
    await t.skip(20.3)
    assert await t.state(order) == "flagged"
    return order


async def test_who_takes_a_card_gets_the_whole_number_in_private(tmp_path: Path) -> None:
    """The group sees a masked number; the taker's private chat has it whole, with WhatsApp's link; nobody else hears it."""
    async with town(tmp_path, telegram=True) as t:
        await t.tg.starts(ANA)
        order = await flagged(t)
        assert await t.staff(ANA, TAKE, order) == "It is yours. The number is in your private chat."
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Ana is on it until" in card.text
        assert mask(ANA_PHONE) in card.text
        told = private(t, ANA)[-1]
        assert (ANA_PHONE in told, "https://wa.me/34600000001" in told) == (True, True)
        assert not any(ANA_PHONE in text for text in t.group_texts())
        assert RELEASE in t.buttons(order)
        assert await t.staff(BEN, RELEASE, order) == "Ana has taken it."
        assert (await t.get(order)).taken_id == ANA


async def test_two_take_at_once_and_one_has_it(tmp_path: Path) -> None:
    """The second is told who was first, and gets no number."""
    async with town(tmp_path, telegram=True) as t:
        for who in (ANA, BEN):
            await t.tg.starts(who)
        order = await flagged(t)
        (card,) = t.cards(order)
        data = next(d for row in card.buttons for text, d in row if text == TAKE)
        first = await t.tg.presses_raw(ANA, card.message_id, t.group, data)
        second = await t.tg.presses_raw(BEN, card.message_id, t.group, data)
        await t.settle()
        assert (first or "").startswith("It is yours.")
        assert second == "Ana has taken it."
        assert not any(ANA_PHONE in text for text in private(t, BEN))


async def test_who_never_pressed_start_is_told_how(tmp_path: Path) -> None:
    """The bot may not write to them: the answer to the press says so, with the link that helps."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        toast = await t.staff(BEN, TAKE, order)
        assert "I cannot write to you yet: open t.me/doorstep_bot?start=mine and press Start" in (toast or "")
        await t.skip(minutes=1)
        assert not any("staff group cannot be reached" in text for text in t.owner_texts())


async def test_who_does_nothing_gives_it_back(tmp_path: Path) -> None:
    """After half an hour without an act the card is free again, the group hears so, and the other can take it."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        await t.staff(ANA, TAKE, order)
        await t.skip(minutes=29)
        assert (await t.get(order)).taken_by == "Ana"
        await t.skip(minutes=2)
        assert (await t.get(order)).taken_by == ""
        assert any(f"Ana took order {order} and has not come back to it" in text for text in t.group_texts())
        await t.staff(BEN, TAKE, order)
        assert (await t.get(order)).taken_by == "Ben"
        assert (await t.story(order)).count("taken") == 2


async def test_words_that_wait_are_told_once_by_each_timer(tmp_path: Path) -> None:
    """Ana wrote and went: after half an hour her card is free and the words wait; after three hours the talk is over. Each is said once."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        await t.staff(ANA, TAKE, order)
        await t.replies(ANA, "Which floor is it?", t.cards(order)[0])
        await t.skip(minutes=1)
        await t.sms("the third one, and I have a question")
        await t.skip(minutes=35)
        freed = [x for x in t.group_texts() if "has not come back to it" in x]
        assert freed == [
            f"Ana took order {order} and has not come back to it; the customer's last words wait for an answer. It is free again."
        ]
        assert not any("Nobody has written" in x for x in t.group_texts())
        await t.skip(hours=4)
        assert sum("has not come back to it" in x for x in t.group_texts()) == 1
        assert sum("Nobody has written" in x for x in t.group_texts()) == 1


async def test_a_call_is_put_off_to_a_time_inside_the_hours(tmp_path: Path) -> None:
    """Call later opens times that fit the shop's hours; the chosen one stands on the card, and the group hears when it has come."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        (card,) = t.cards(order)
        await t.staff(ANA, LATER, order)
        menu = t.buttons(order)
        assert menu[-1] == "‹ Back"
        assert len(menu) >= 4
        await t.staff(ANA, "‹ Back", order)
        assert CONFIRM in t.buttons(order)
        await t.staff(ANA, LATER, order)
        chosen = t.buttons(order)[1]
        assert await t.staff(ANA, chosen, order) == "Done."
        await t.skip(seconds=5)
        (after,) = t.cards(order)
        assert after.message_id == card.message_id
        assert CONFIRM in t.buttons(order)
        assert "Call again from" in after.text
        at = (await t.get(order)).call_after
        assert at is not None
        assert 9 <= at.astimezone(ZoneInfo("Europe/Madrid")).hour < 18
        await t.skip((at - t.clock.now()).total_seconds() / 3600 + 0.1)
        assert any("may be called again" in text for text in t.group_texts())


async def test_a_wrong_number_is_left_alone(tmp_path: Path) -> None:
    """Nothing more goes to that phone; the card says so, and the e-mail asks again with a page that takes another number."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        before, mails = len(t.got()), len(t.mails())
        assert await t.staff(ANA, WRONG, order) == "Done."
        await t.skip(48)
        assert len(t.got()) == before
        assert len(t.mails()) == mails + 1
        assert "The phone number is wrong" in t.cards(order)[0].text
        assert await t.staff(BEN, WRONG, order) == "There is nothing to undo."


async def test_a_new_number_from_staff_is_asked(tmp_path: Path) -> None:
    """The bot asks who pressed; the answer moves the order there, the new number is asked, and one card goes on."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        (card,) = t.cards(order)
        await t.staff(ANA, NUMBER, order)
        asked = next(m for m in t.tg.shows(t.group) if "new phone number" in m.text)
        await t.replies(EVE, "600 000 009", asked)
        await t.replies(ANA, "no idea", asked)
        assert any("no phone number that can be dialled" in x for x in t.group_texts())
        await t.close_house()
        await t.open_house()
        await t.replies(ANA, "600 000 002", asked)
        await t.skip(2)
        assert (await t.get(order)).fields.phone == "+34600000002"
        assert f"order {order}" in t.last("sms", "+34600000002")
        await t.sms("yes", "+34600000002")
        await t.skip(seconds=10)
        assert await t.state(order) == "confirmed"
        (after,) = t.cards(order)
        assert after.message_id == card.message_id
        assert "number.changed" in await t.story(order) or "order.arrived" in await t.story(order)


async def test_undo_takes_words_back_within_ten_seconds(tmp_path: Path) -> None:
    """Sent is said at once and leaves ten seconds later: Undo before that, and nobody reads it; after it, it is too late."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("is it blue?")
        await t.skip(seconds=10)
        (card,) = t.cards(order)
        heard = len(t.got())
        await t.replies(ANA, "No, read", card)
        echo = next(m for m in t.tg.shows(t.group) if m.text.startswith("Sent to"))
        assert echo.text == f"Sent to {mask(ANA_PHONE)} · SMS."
        await t.skip(seconds=5)
        assert await t.tg.presses(ANA, echo.message_id, UNSAY, t.group) == "Taken back: nobody has read it."
        await t.skip(minutes=5)
        assert len(t.got()) == heard
        assert any("The customer got nothing" in x for x in t.group_texts())
        await t.replies(ANA, "No, red", card)
        await t.skip(seconds=11)
        assert t.last("sms") == "No, red"
        late = [m for m in t.tg.shows(t.group) if m.text.startswith("Sent to")][-1]
        assert await t.tg.presses(BEN, late.message_id, UNSAY, t.group) == "Too late: it has left."


async def test_outside_whatsapps_day_the_words_go_another_way(tmp_path: Path) -> None:
    """A reply a day after their last WhatsApp message goes by SMS, and who wrote it is told why."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.whatsapp("is it blue?")
        await t.skip(30)
        await t.replies(ANA, "It is.", t.cards(order)[0])
        await t.skip(seconds=12)
        assert t.last("sms") == "It is."
        assert any("WhatsApp takes free text only within 24 hours" in x for x in t.group_texts())


async def test_a_question_with_one_press_is_understood(tmp_path: Path) -> None:
    """Message offers ready-made texts: the shop's own, and questions of ours whose answer the machine then takes."""
    more = 'replies: {en: {"We are closed": "We are closed today, we write tomorrow."}}'
    async with town(tmp_path, telegram=True, telegram_more=more) as t:
        order = await t.order()
        await t.sms("is it blue?")
        await t.skip(seconds=10)
        await t.staff(ANA, MESSAGE, order)
        assert t.buttons(order) == [
            "We are closed", "Ask for the phone number", "Ask for the address", "Ask for a delivery time", "‹ Back",
        ]  # fmt: skip
        assert await t.staff(ANA, "We are closed", order) == "It leaves in 10 seconds."
        await t.skip(seconds=12)
        assert t.last("sms") == "We are closed today, we write tomorrow."
        await t.staff(ANA, MESSAGE, order)
        await t.staff(ANA, "Ask for the phone number", order)
        await t.skip(seconds=12)
        assert "number" in t.last("sms")
        await t.sms("600 000 002")
        await t.skip(minutes=1)
        assert (await t.get(order)).fields.phone == "+34600000002"


async def test_words_written_before_a_decision_still_leave(tmp_path: Path) -> None:
    """Confirm within the ten seconds takes back no word of a person."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("is it blue?")
        await t.skip(seconds=10)
        await t.replies(ANA, "It is, thank you!", t.cards(order)[0])
        await t.staff(ANA, CONFIRM, order)
        await t.skip(seconds=12)
        assert t.last("sms") == "It is, thank you!"
