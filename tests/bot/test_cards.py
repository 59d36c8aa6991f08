"""What the staff group finally shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from bot.desk import TelegramDesk
from bot.service import TelegramService
from flows import pointers
from flows.desk import Person
from flows.effects import Accepted, Card, Line, PingOwner, Refused, ShowCard, TellStaff, TryAgain
from flows.events import ShopEvent, ShopReported
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.world import World
from tests.bot.conftest import cards, replies, take_all
from tests.bot.house import House, policy


async def test_an_order_has_one_card_that_is_edited_in_place(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """The card says what, how much, where and why; a press changes the same message and names who did it."""
    await house.place()
    [card] = cards(tg, group)
    for words in ("Needs a person", "Order 1001", "€49.90", "Eva Ruiz", "Madrid", "please call"):
        assert words in card.text
    assert "600000001" not in card.text.replace(" ", "")  # the group sees a masked phone
    assert [[text for text, _ in row] for row in card.buttons] == [
        ["✅ Confirm", "❌ Cancel"],
        ["📵 No answer", "🚫 Wrong number"],
        ["🕓 Call later", "✏️ Message"],
        ["📱 New number", "🙋 Take"],
    ]
    assert await tg.presses(222, card, "✅ Confirm") == "Done."
    await house.settle()
    [after] = cards(tg, group)
    assert (after.message_id, after.edits) == (card.message_id, 1)
    assert "Confirmed: staff Ana · by phone" in after.text
    assert house.order_now().state == "confirmed"
    offered = [text for row in after.buttons for text, _ in row]
    assert offered == ["↩️ Undo", "❌ Cancel", "✏️ Message", "🙋 Take", "📭 Out of stock"]


async def test_of_two_who_press_at_once_one_wins_and_the_other_is_told_who(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """The decision is made once; the loser's toast names the winner in the loser's own language."""
    await house.place()
    [card] = cards(tg, group)
    first, second = await asyncio.gather(tg.presses(222, card, "✅ Confirm"), tg.presses(333, card, "✅ Confirm"))
    assert first == "Done."
    assert second == "Ya está: Confirmado · Ana."
    assert [n.by for n in house.conversation().notes if n.what == "decided"] == ["staff:Ana"]


async def test_a_press_on_an_old_version_changes_nothing(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """A button that was made for an earlier version answers politely, and the card is brought up to date."""
    await house.place()
    [card] = cards(tg, group)
    old = card.buttons[0][0][1]
    house.change_order("1001", version=2)
    assert await tg.presses(222, card, old) == "This card was out of date. Nothing was changed: please look again."
    await house.settle()
    assert house.order_now().state == "flagged"
    assert cards(tg, group)[0].buttons[0][0][1] == old[:-1] + "2"


async def test_buttons_work_after_a_restart_and_a_week_later(
    house: House,
    desk: TelegramDesk,
    restarted: Callable[[], TelegramDesk],
    world: World,
    tg: PretendTelegram,
    group: Room,
) -> None:
    """Nothing that a press needs is in the process that posted the card."""
    await house.place()
    [card] = cards(tg, group)
    world.advance(timedelta(days=7))
    later = restarted()
    await tg.press(222, card, "❌ Cancel", wait_s=0)
    await take_all(tg, later)
    await house.settle()
    assert house.order_now().state == "cancelled"
    [after] = cards(tg, group)
    assert after.message_id == card.message_id
    assert "Cancelled: staff Ana" in after.text


async def test_a_press_on_a_message_too_old_to_be_shown_still_counts(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Telegram sends only chat and id of an old message; the card's own id is what is checked."""
    await house.place()
    [card] = cards(tg, group)
    query = {
        "id": "77", "from": {"id": 222, "is_bot": False, "first_name": "Ana"}, "chat_instance": "1",
        "data": card.buttons[0][0][1],
        "message": {"chat": group.shown(), "message_id": card.message_id, "date": 0},
    }  # fmt: skip
    tg.state.updates.push("callback_query", query, group.id)
    await take_all(tg, desk)
    assert house.order_now().state == "confirmed"


async def test_an_edit_that_changes_nothing_counts_as_made(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """ "message is not modified" is success: the card stands as it should."""
    await house.place()
    shown, outcome = house.performed[-1]
    again = await desk.perform(_standing(house, shown), "again", "demo")  # type: ignore[arg-type]
    assert again == outcome == Accepted(f"{group.id}/{cards(tg, group)[0].message_id}")
    assert tg.calls[-1][2]["description"].startswith("Bad Request: message is not modified")


def _standing(house: House, shown: object) -> object:
    effect = shown.effect  # type: ignore[attr-defined]
    ref = house.order_now().card
    assert ref is not None
    return replace(effect, card=replace(effect.card, chat=ref.chat, message_id=ref.message_id))


async def test_a_card_whose_message_is_gone_is_posted_anew(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """Somebody deleted the card: the next change posts it again, and its buttons work."""
    await house.place()
    [card] = cards(tg, group)
    await tg.deletes(111, group, card)
    await house.customer_writes("I have a question about the colour")
    assert Refused("message_gone") in [outcome for _, outcome in house.performed]
    await house.settle()
    [new] = cards(tg, group)
    assert new.message_id != card.message_id
    assert await tg.presses(222, new, "✅ Confirm") == "Done."


async def test_what_needs_a_person_again_is_a_reply_to_the_card(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """An edit notifies nobody, so the customer's words come as a reply, quoted and escaped."""
    await house.place()
    [card] = cards(tg, group)
    await house.customer_writes("<b>cheap</b> & \u202equick? Can you call me, {total}")
    words = [m for m in replies(tg, group) if m.reply_to == card.message_id]
    assert any("The customer wrote, SMS." in m.text for m in words)
    said = next(m for m in words if "The customer wrote" in m.text)
    assert "<b>cheap</b> & quick? Can you call me, {total}" in said.text
    assert "&lt;b&gt;cheap&lt;/b&gt; &amp; quick" in said.html


async def test_a_card_that_offers_nothing_any_more_still_says_which_order_it_is(
    house: House, desk: TelegramDesk, restarted: Callable[[], TelegramDesk], tg: PretendTelegram, group: Room
) -> None:
    """A closed card keeps one button, also when another process edits it; pressing it changes nothing."""
    await house.place()
    restarted()
    kinds: tuple[ShopEvent, ...] = ("shipped", "delivered")
    for kind in kinds:
        await house.handle(
            ShopReported(
                event_id=kind,
                to=(pointers.order("demo", "1001"),),
                at=house.now(),
                order_id="1001",
                kind=kind,
            )
        )
    await house.settle()
    [card] = cards(tg, group)
    assert "Delivered" in card.text
    assert [text for row in card.buttons for text, _ in row] == ["💬 Order 1001"]
    press = await tg.press(222, card, "💬 Order 1001", wait_s=0)
    await take_all(tg, desk)
    assert press.toast is not None
    assert press.toast.startswith("Reply to this message")
    assert house.staff_events == []


async def test_a_long_card_fits_by_shortening_what_the_customer_wrote(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """4096 UTF-16 units at most, and the facts stay: the number, the sum, the reason."""
    await house.place(note="📦" * 3000, name="N" * 500)
    house.change_order("1001", said=("😀" * 400,) * 3, card_wanted=True)
    await house.customer_writes("word " * 300)
    [card] = cards(tg, group)
    assert len(card.text.encode("utf-16-le")) // 2 <= 4096
    for words in ("Order 1001", "€49.90", "Note on the order:", "…"):
        assert words in card.text


async def test_an_absurd_card_still_goes_out(desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """Even a thousand lines give one message."""
    lines = (
        Line("order", {"order": "1" * 5000}),
        *(Line("tried", {"channel": "sms", "status": "x" * 90}) for _ in range(999)),
    )
    outcome = await desk.perform(ShowCard(seq=1, card=Card(state="held", lines=lines)), "e", "demo")
    assert isinstance(outcome, Accepted)
    assert len(cards(tg, group)[0].text) <= 4096


async def test_the_owner_hears_in_private_and_one_owner_is_enough(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """An owner who never started the bot is passed over; while nobody can be reached, it is tried again later."""
    tg.user(444, "Omar")
    ping = PingOwner(key="owner.complaint", values={"text": "late & <rude>"}, order_id="1001")
    people = house.desks["demo"].people
    house.desks["demo"] = replace(house.desks["demo"], people=(Person(444, "Omar", "owner"), *people))
    outcome = await desk.perform(ping, "e", "demo")
    assert isinstance(outcome, Accepted)
    [told] = tg.shows(111)
    assert told.text == "Demo Shop: a customer complains about order 1001.\nlate & <rude>"
    house.desks["demo"] = replace(house.desks["demo"], people=(Person(444, "Omar", "owner"),))
    assert await desk.perform(ping, "f", "demo") == TryAgain(300, "no_owner_reached")


async def test_a_repeated_notice_says_that_it_is_one(desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """After an Unknown staff may read it twice; the second says so."""
    tell = TellStaff(seq=1, key="late.no_news", values={"order": "1001", "again": 1}, chat=str(group.id), message_id=99)
    assert isinstance(await desk.perform(tell, "e", "demo"), Accepted)
    [said] = cards(tg, group)  # the card is gone: it is said all the same
    assert said.text.startswith("(Repeated: Telegram did not answer the first time.)\nOrder 1001 was sent")


async def test_calls_do_not_open_links_of_customers(house: House, desk: TelegramDesk, tg: PretendTelegram) -> None:
    """No preview is asked for anything that may hold a stranger's link."""
    await house.place(note="https://example.com/x")
    sent = [params for method, params, _ in tg.calls if method == "sendMessage"]
    assert sent
    assert all("is_disabled" in str(params.get("link_preview_options")) for params in sent)


async def test_cards_of_a_forum_go_to_their_topic(house: House, desk: TelegramDesk, tg: PretendTelegram) -> None:
    """An order's card is posted in Flagged; where somebody has deleted that topic, in General, and no card is lost."""
    forum = tg.group("Forum", tg.user(222, "Ana"), forum=True)
    topic = tg.topic(forum, "Flagged")
    chosen = policy("demo", forum.id, topics={"flagged": topic})
    house.policies["demo"] = chosen
    await house.place("1001")
    await tg.deletes_topic(forum, tg.topic(forum, "Another"))
    assert [m.thread for m in cards(tg, forum) if "1001" in m.text] == [topic]
    await tg.deletes_topic(forum, topic)
    await house.place("1002", phone="+34600000002")
    assert [m.thread for m in cards(tg, forum) if "1002" in m.text] == [None]
