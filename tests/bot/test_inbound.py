"""Who may do what: presses, replies to customers, strangers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from bot.desk import TelegramDesk
from bot.service import TelegramService
from flows.desk import Person
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.world import World
from tests.bot.conftest import TOKEN, cards, replies, take_all
from tests.bot.house import House, policy


async def test_a_reply_to_the_card_goes_to_the_customer(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """The text leaves on the channel where the customer last wrote, and staff hear which."""
    await house.place()
    await house.customer_writes("is it blue?")
    house.said.clear()
    [card] = cards(tg, group)
    sent = await tg.says(222, group, "Yes, it is blue & <new>", reply_to=card)
    await _answered(tg, group, sent.id, "Sent to +34•••••01 · SMS.")
    await house.settle()
    [say] = house.said
    assert (say.to, say.template, say.values["text"]) == ("+34600000001", "staff_message", "Yes, it is blue & <new>")


async def test_a_reply_to_the_customers_words_works_after_a_restart(
    house: House, desk: TelegramDesk, restarted: Callable[[], TelegramDesk], tg: PretendTelegram, group: Room
) -> None:
    """The notice itself says which order it is about."""
    await house.place()
    later = restarted()
    await house.customer_writes("is it blue?")
    words = next(m for m in replies(tg, group) if "The customer wrote" in m.text)
    again = restarted()
    await tg.says(222, group, "yes", reply_to=words)
    await take_all(tg, again)
    await house.settle()
    assert [s.values["text"] for s in house.said if s.template == "staff_message"] == ["yes"]
    assert later is not again


async def test_a_talk_without_an_order_can_be_answered_after_a_restart(
    house: House, desk: TelegramDesk, restarted: Callable[[], TelegramDesk], tg: PretendTelegram, group: Room
) -> None:
    """A stranger's talk has no order number to look under: the card that Telegram shows with the reply says where it is."""
    await house.customer_writes("hello, do you sell shoes?")
    fresh = restarted()
    await house.customer_writes("anybody there?")
    await fresh.calls.settled()
    words = next(m for m in replies(tg, group) if "anybody there?" in m.text)
    assert [text for row in words.buttons for text, _ in row] == ["💬 Reply"]
    again = restarted()
    await tg.says(222, group, "we do", reply_to=words)
    await take_all(tg, again)
    [event] = house.staff_events
    assert (event.seq, getattr(event, "text", "")) == (0, "we do")


async def test_a_note_stays_in_the_house(bot: TelegramService, house: House, tg: PretendTelegram, group: Room) -> None:
    """// keeps a text from the customer."""
    await house.place()
    house.said.clear()
    sent = await tg.says(222, group, "// rings twice", reply_to=cards(tg, group)[0])
    await _answered(tg, group, sent.id, "Noted.")
    await house.settle()
    assert house.said == []
    assert house.conversation().notes[-1].data["text"] == "rings twice"


async def test_what_cannot_be_sent_is_said(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """No channel, too long, no text: staff hear that the customer did not get it."""
    await house.place("1002", phone="+34600000002")
    [card] = cards(tg, group)
    house.policies["demo"] = replace(house.policies["demo"], sms=None)
    sent = await tg.says(222, group, "hello", reply_to=card)
    await _answered(tg, group, sent.id, "Not sent: this customer cannot be written to on any channel. Please call.")
    long = await tg.says(222, group, "x" * 1401, reply_to=card)
    await _answered(tg, group, long.id, "Not sent: too long, the customer can read at most 1400 characters.")
    picture = await tg.says(222, group, reply_to=card, media={"location": {"latitude": 1.0, "longitude": 2.0}})
    await _answered(tg, group, picture.id, "Not sent: only text can be passed on.")
    assert house.said == []


async def _answered(tg: PretendTelegram, group: Room, message_id: int, text: str) -> None:
    for _ in range(300):
        if any(m.reply_to == message_id and m.text == text for m in tg.shows(group)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError([m.text for m in tg.shows(group)])


async def test_being_in_the_group_gives_no_right(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """A member who is not in the people table presses, replies and commands in vain, and hears no data."""
    await house.place()
    [card] = cards(tg, group)
    before = len(tg.shows(group))
    press = await tg.press(666, card, "✅ Confirm", wait_s=0)
    await tg.says(666, group, "hello", reply_to=card)
    await tg.says(666, group, "/order 1001")
    await take_all(tg, desk)
    assert press.toast == "This is not for you."
    assert (house.staff_events, house.kept) == ([], [])
    assert len(tg.shows(group)) == before + 2  # what Mallory wrote, and nothing else


async def test_somebody_taken_off_the_table_loses_the_right_at_once(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """The table is looked at for every press."""
    await house.place()
    house.desks["demo"] = replace(house.desks["demo"], people=house.desks["demo"].people[:1])
    press = await tg.press(222, cards(tg, group)[0], "✅ Confirm", wait_s=0)
    await take_all(tg, desk)
    assert (press.toast, house.staff_events) == ("This is not for you.", [])


@pytest.mark.parametrize(
    "data",
    ["c:confirm:{id}:1", "c:confirm:{id}:x:1", "c:confirm:{id}:1:-1", "v1:ok", "c:confirm:{id}:1:٣", "\u202e", "c::::"],
)
async def test_forged_data_changes_nothing(
    data: str, house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Programs can send any data: what no button of ours has is answered politely."""
    await house.place()
    [card] = cards(tg, group)
    forged = data.replace("{id}", house.conversation().id)
    press = await tg.press_raw(222, card.message_id, group, forged, wait_s=0)
    await take_all(tg, desk)
    assert press.toast is not None
    assert press.toast.startswith("This card was out of date.")
    assert house.staff_events == []
    assert house.order_now().state == "flagged"


async def test_a_button_is_good_only_on_its_own_card(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Real data pressed on another message, or for a conversation that nobody has, decides nothing."""
    await house.place("1001")
    await house.place("1002", phone="+34600000002")
    first, second = cards(tg, group)
    other = await tg.press_raw(222, second.message_id, group, first.buttons[0][0][1], wait_s=0)
    nobody = await tg.press_raw(222, first.message_id, group, "c:confirm:ffffffffffffffff:1:1", wait_s=0)
    await take_all(tg, desk)
    assert [house.order_now(o).state for o in ("1001", "1002")] == ["flagged", "flagged"]
    assert (other.toast or "").startswith("This card was out of date.")
    assert (nobody.toast or "").startswith("This order is not here any more.")


async def test_other_groups_have_no_say(house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """A staff member in some other group: no effect, and the bot says the group's id and leaves."""
    await house.place()
    [card] = cards(tg, group)
    elsewhere = tg.group("Elsewhere", tg.user(222, "Ana"))
    post = await tg.forwards(222, tg.state.rooms[group.id].posts[card.message_id], elsewhere)
    press = await tg.press_raw(222, post.id, elsewhere, card.buttons[0][0][1], wait_s=0)
    await tg.says(222, elsewhere, "/order 1001")
    await take_all(tg, desk)
    assert press.toast == "This is not for you."
    assert house.staff_events == []
    [said] = [m for m in tg.shows(elsewhere) if m.from_bot]
    assert str(elsewhere.id) in said.text
    assert "1001" not in said.text
    assert not elsewhere.holds(tg.me)


async def test_a_bot_added_to_an_unknown_group_leaves(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """It says why, with the id that the settings need; its own group it stays in."""
    strange = tg.group("Strange", tg.user(666, "Mallory"), bot="left")
    await tg.adds_bot(666, strange)
    await tg.promotes(tg.me, group)
    await take_all(tg, desk)
    assert not strange.holds(tg.me)
    assert str(strange.id) in tg.shows(strange)[-1].text
    assert group.holds(tg.me)


async def test_an_anonymous_administrator_cannot_write_to_customers(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Written in the group's name it could be anybody: no effect, and they hear why."""
    await house.place()
    await tg.says(111, group, "hello", reply_to=cards(tg, group)[0], anonymous=True)
    await tg.says(111, group, "/flagged", anonymous=True)
    await take_all(tg, desk)
    assert house.staff_events == []
    assert [m.text[:24] for m in replies(tg, group)] == ["Please write as yourself"] * 2


async def test_forwarded_words_and_talk_among_staff_stay_in_the_group(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Only a person's own reply to a message of ours goes to a customer."""
    await house.place()
    said = await tg.says(222, group, "shall we call?")
    await tg.says(333, group, "yes", reply_to=said)
    update = (await tg.forwards(222, said, group)).shown() | {
        "reply_to_message": tg.state.rooms[group.id].posts[cards(tg, group)[0].message_id].shown(),
        "message_id": 900,
    }
    tg.state.updates.push("message", update, group.id)
    await take_all(tg, desk)
    assert (house.staff_events, house.kept) == ([], [])
    assert replies(tg, group) == []


async def test_a_shared_group_gives_the_least_of_the_roles(
    world: World, tg: PretendTelegram, group: Room, url: str
) -> None:
    """Two shops, one group, one bot: who is unknown to one of them has no say; each press reaches its own shop's order."""
    house = House(world, policy("demo", group.id), policy("other", group.id))
    house.desks["other"] = replace(
        house.desks["other"], people=(Person(111, "Olga", "staff"), Person(333, "Ben", "staff"))
    )
    desk = TelegramDesk(TOKEN, url, house)
    house.port = desk
    try:
        await house.place("77", shop="other")
        [card] = cards(tg, group)
        refused = await tg.press(222, card, "✅ Confirm", wait_s=0)
        await tg.press(111, card, "✅ Confirm", wait_s=0)
        await take_all(tg, desk)
        assert refused.toast == "This is not for you."
        assert [(e.name, e.role) for e in house.staff_events] == [("Olga", "staff")]
        assert house.order_now("77", "other").state == "confirmed"
    finally:
        await desk.close()


async def test_two_shops_of_one_bot_keep_to_their_groups(
    world: World, tg: PretendTelegram, group: Room, url: str
) -> None:
    """Another shop's order cannot be looked at or pressed from this group."""
    second = tg.group("Second", tg.user(555, "Sara"))
    house = House(world, policy("demo", group.id), policy("other", second.id))
    house.desks["other"] = replace(house.desks["other"], people=(Person(555, "Sara", "owner"),))
    desk = TelegramDesk(TOKEN, url, house)
    house.port = desk
    try:
        await house.place("1001")
        data = cards(tg, group)[0].buttons[0][0][1]
        await house.place("77", phone="+34600000002", shop="other")
        [theirs] = cards(tg, second)
        forged = await tg.press_raw(555, theirs.message_id, second, data, wait_s=0)
        await tg.says(555, second, "/order 1001")
        await take_all(tg, desk)
        assert house.order_now("1001").state == "flagged"
        assert (forged.toast or "").startswith("This card was out of date.")
        assert [m.text for m in replies(tg, second)] == ["There is no order 1001 here."]
    finally:
        await desk.close()
