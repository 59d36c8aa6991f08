"""Telegram's own weather: throttling, a group that moves, a bot that is thrown out or muted, an outage. Orders flow on meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.telegram_limits import Limits
from sandbox.world import Fault
from tests.stories.test_promises import OLGA_PHONE, WITH_PHONE
from tests.town import ANA, ANA_PHONE, BEN, OLGA, Town, town

#: What Telegram says to an answer that comes later than 150 s after the press. Source: github.com/tdlib/td, read 2026-11
TOO_OLD = (
    '{"ok": false, "error_code": 400, "description": '
    '"Bad Request: query is too old and response timeout expired or query ID is invalid"}'
)
THROTTLED = '{"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 40", "parameters": {"retry_after": 40}}'


async def flagged(t: Town) -> str:
    order = await t.order(phone=None, email=None)
    await t.skip(seconds=5)
    return order


@pytest.mark.parametrize("match", ["sendMessage", "editMessageText"])
async def test_throttled(tmp_path: Path, match: str) -> None:
    """429 with retry_after on a card or on its edit: obeyed, one card in the end, true and without a second one."""
    async with town(tmp_path, telegram=True) as t:
        first = "" if match == "sendMessage" else await flagged(t)
        fault = Fault("status", match, status=429, body=THROTTLED)
        t.world.break_it("telegram", fault)
        order = first or await flagged(t)
        if match == "sendMessage":
            assert not t.cards(order)
        else:
            await t.staff(ANA, "✅ Confirm", order)
        await t.skip(seconds=50)
        (card,) = t.cards(order)
        assert ("Confirmed" in card.text) == (match == "editMessageText")


async def test_the_strictest_telegram(tmp_path: Path) -> None:
    """One message a second in a chat and a refusal everywhere after one: everything still arrives, once."""
    async with town(tmp_path, telegram=True) as t:
        t.tg.limits = Limits(per_chat_second=1, per_group_minute=20, overall_second=30, everywhere=True)
        orders = [await t.order(phone=None, email=None) for _ in range(6)]
        await t.skip(minutes=2)
        assert all(len(t.cards(f"Order {order} ")) == 1 for order in orders)


@pytest.mark.parametrize("how", ["removed", "muted"])
async def test_the_bot_is_thrown_out(tmp_path: Path, how: str) -> None:
    """Removed or muted: the owner hears it in private and on the phone, once; orders flow on; back again, the cards come."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE) as t:
        room = t.tg.state.rooms[t.group]
        if how == "removed":
            await t.tg.removes_bot(OLGA, t.group)
        else:
            fault = Fault(
                "status",
                str(t.group),
                times=-1,
                status=400,
                body='{"ok": false, "error_code": 400, "description": "Bad Request: not enough rights to send text messages"}',
            )
            t.world.break_it("telegram", fault)
        orders = [await flagged(t) for _ in range(3)]
        said = await t.order()
        await t.skip(minutes=1)
        key = "cannot be reached any more" if how == "removed" else "may not write in the staff group"
        assert sum(key in x for x in t.owner_texts()) == 1
        assert [x for x in t.got("sms", OLGA_PHONE) if "Telegram" in x] == t.got("sms", OLGA_PHONE)
        assert len(t.got("sms", OLGA_PHONE)) == 1
        assert t.got("sms"), "the customer of another order was asked all the same"
        await t.sms("yes")
        assert await t.state(said) == "confirmed"
        t.world.mend("telegram")
        if how == "removed":
            room.members[t.tg.me.id] = "administrator"
        await t.skip(minutes=12)
        assert all(len(t.cards(f"Order {order} ")) == 1 for order in orders)


async def test_an_outage_says_which_presses_may_be_lost(tmp_path: Path) -> None:
    """Telegram is away for two hours: on return the group reads from when to when, and what is open; an order meanwhile flowed on."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        t.world.break_it("telegram", Fault("status", status=502, times=-1))
        await t.tg.says(ANA, t.group, "hello?")  # ends the poll that is held open, so that the next one fails
        for _ in range(20):
            await t.skip(minutes=6)
        other = await t.order()
        await t.sms("yes")
        assert await t.state(other) == "confirmed"
        t.world.mend("telegram")
        t.tg.state.updates.polled.clear()
        await asyncio.wait_for(t.tg.state.updates.polled.wait(), 40)
        await t.tg.says(ANA, t.group, "back again?")
        await t.skip(seconds=30)
        (back,) = [x for x in t.group_texts() if "buttons pressed meanwhile" in x]
        assert order in back
        assert "Open now: 1" in back


async def test_a_restart_says_it_too(tmp_path: Path) -> None:
    """The service itself was down for an hour: the group reads it, because something is open; a short stop says nothing."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        await t.close_house()
        t.leap(minutes=1)
        await t.open_house()
        await t.skip(seconds=30)
        assert not any("pressed meanwhile" in x for x in t.group_texts())
        await t.close_house()
        t.leap(hours=1)
        await t.open_house()
        await t.skip(seconds=30)
        assert any("pressed meanwhile" in x and order in x for x in t.group_texts())


async def test_a_group_that_moves_keeps_what_waits(tmp_path: Path) -> None:
    """The group becomes a supergroup while cards wait: they come in the new one, and the old card is posted anew there."""
    async with town(tmp_path, telegram=True) as t:
        room = t.tg.state.rooms[t.group]
        room.kind = "group"
        order = await flagged(t)
        new = await t.tg.migrates(t.group)
        await t.settle()
        second = await flagged(t)
        await t.skip(minutes=1)
        shown = [m.text for m in t.tg.shows(new.id)]
        assert any(second in x for x in shown)
        await t.sms("yes")
        assert await t.state(order) == "flagged"


async def test_a_press_is_answered_too_late_and_counts(tmp_path: Path) -> None:
    """Telegram takes no answer to a press after its 150 seconds: what was pressed holds, and the chats show it all the same."""
    async with town(tmp_path, telegram=True) as t:
        await t.tg.starts(ANA)
        order = await flagged(t)
        t.world.break_it("telegram", Fault("status", "answerCallbackQuery", times=-1, status=400, body=TOO_OLD))
        assert await t.staff(ANA, "🙋 Take", order) is None
        await t.skip(seconds=5)
        assert "Ana is on it" in t.cards(order)[0].text
        assert await t.staff(BEN, "Give back", order) is None, "the button is Ana's: the card goes on saying so"
        assert "Ana is on it" in t.cards(order)[0].text
        await t.staff(ANA, "✅ Confirm", order)
        assert await t.state(order) == "confirmed"
        assert "Confirmed" in t.cards(order)[0].text


async def test_a_press_that_was_never_delivered_changes_nothing(tmp_path: Path) -> None:
    """Pressed while nobody fetched, and dropped by Telegram: the group is told of such presses, and the next one counts."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        (card,) = t.cards(order)
        await t.close_house()
        await t.tg.press(ANA, card.message_id, "✅ Confirm", t.group, wait_s=0)
        t.leap(minutes=4)
        await t.open_house()
        await t.skip(seconds=30)
        assert await t.state(order) == "flagged"
        assert any("buttons pressed meanwhile" in text and order in text for text in t.group_texts()), (
            "and says that it may be so"
        )
        await t.staff(ANA, "✅ Confirm", order)
        assert await t.state(order) == "confirmed"


async def test_an_edit_that_was_made_and_not_answered(tmp_path: Path) -> None:
    """The card was edited and the answer lost: the same edit again is "not modified", and one true card stands."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        t.world.break_it("telegram", Fault("accept_cut", "editMessageText"))
        await t.staff(ANA, "🙋 Take", order)
        await t.skip(minutes=3)
        said = [answer.get("description", "") for name, _, answer in t.tg.calls if name == "editMessageText"]
        assert sum("message is not modified" in text for text in said) == 1, said
        assert "Ana is on it" in t.cards(order)[0].text
        await t.staff(ANA, "✅ Confirm", order)
        assert await t.state(order) == "confirmed"
        assert len(t.cards(order)) == 1


def longest(t: Town) -> int:
    """Of everything that the bot has in the group and the owner's chat, in UTF-16 units."""
    shown = [m for chat in (t.group, OLGA) for m in t.tg.shows(chat) if m.from_bot]
    return max(len(m.text.encode("utf-16-le")) // 2 for m in shown)


async def test_long_words_are_read_whole_as_far_as_they_fit(tmp_path: Path) -> None:
    """A long letter stands whole under the card and on the ping; of an endless one it is said how much is missing."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(
            note="n" * 500, items=[{"title": f"Lamp {n} " + "x" * 90, "quantity": 1, "price": "1"} for n in range(40)]
        )
        letter = "I am angry and want to complain. " + "The lamp came broken and nobody answers me. " * 60 + "THE END"
        await t.whatsapp(letter)
        await t.skip(seconds=10)
        assert any(letter in text for text in t.group_texts()), "whole under the card"
        assert any(letter in text for text in t.owner_texts()), "whole on the ping"
        assert letter not in t.cards(order)[0].text
        assert "I am angry and want to complain." in t.cards(order)[0].text
        await t.whatsapp("second letter " + "word " * 4000)
        await t.skip(seconds=10)
        missing = len(("second letter " + "word " * 4000).strip()) - 3000
        assert any("second letter" in text and f"… [+{missing}]" in text for text in t.group_texts())
        await t.whatsapp("third letter " + "😀" * 4000)
        await t.skip(seconds=10)
        assert any("third letter" in text and "😀" in text and "…" in text for text in t.group_texts())
        assert longest(t) <= 4096
        assert not any("too long" in answer.get("description", "") for _, _, answer in t.tg.calls)
        story = await t.house.store.journal((await t.conversation(order)).id)
        assert any(note.data.get("text") == letter for note in story), "and whole in the journal"


async def test_a_reply_that_no_customer_could_read_is_told(tmp_path: Path) -> None:
    """Too long for the customer's channel: nothing leaves, and who wrote reads how long it may be; a long note is kept whole."""
    async with town(tmp_path, telegram=True) as t:
        order = await flagged(t)
        before = len(t.got(None, ANA_PHONE))
        await t.replies(ANA, "long " * 400, t.cards(order)[0])
        await t.skip(minutes=1)
        assert len(t.got(None, ANA_PHONE)) == before
        assert any("Not sent: too long, the customer can read at most 1400 characters." in x for x in t.group_texts())
        note = "// " + "she called, " * 150
        await t.replies(ANA, note, t.cards(order)[0])
        story = await t.house.store.journal((await t.conversation(order)).id)
        assert any(line.data.get("text") == note.removeprefix("//").strip() for line in story)
