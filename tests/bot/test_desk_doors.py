"""The staff group as it really is: long ids, forums, anonymous administrators, mixed scripts, dates that nobody means."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.composing import notice_html
from bot.desk import TelegramDesk
from bot.words import Words
from flows.desk import Person
from flows.effects import Accepted, Line, ShowDigest, TryAgain
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.world import World
from tests.bot.conftest import TOKEN, cards, replies, take_all
from tests.bot.house import STAFF, House, policy

LONG = "a-shop-with-a-name-as-long-as-ids-may-be"


async def answers(tg: PretendTelegram, desk: TelegramDesk, who: int, text: str) -> str:
    await tg.says(who, None, text)
    await take_all(tg, desk)
    return next(m.text for m in reversed(tg.shows(who)) if m.from_bot)


@pytest.mark.parametrize("page", ["/settings", "/people", "/pause", "/away"])
async def test_buttons_of_a_shop_with_a_long_id_are_taken(
    world: World, tg: PretendTelegram, group: Room, url: str, page: str
) -> None:
    """Telegram takes 64 bytes of data: whatever the shop's id, each page of the menu is shown, and its buttons work."""
    house = House(world, policy(LONG, group.id), people=(*STAFF, Person(8_999_999_999_999, "Zed", "staff")))
    desk = TelegramDesk(TOKEN, url, house)
    house.port = desk
    seen = set()
    try:
        await tg.says(111, None, page)
        await take_all(tg, desk)
        for _ in range(12):
            shown = [m for m in tg.shows(111) if m.from_bot][-1]
            seen.add(shown.text)
            fresh = [t for row in shown.buttons for t, d in row if (shown.text, t) not in seen]
            if not fresh:
                break
            seen.add((shown.text, fresh[0]))
            await tg.press(111, shown, fresh[0], wait_s=0)
            await take_all(tg, desk)
        assert len({s for s in seen if isinstance(s, str)}) > 1
    finally:
        await desk.close()
    assert not [m for m, _, answer in tg.calls if not answer.get("ok")]


@pytest.mark.parametrize("when", ["9999-12-31", "0001-01-01", "2020-01-01", "999d", "0h"])
async def test_a_date_nobody_means_is_asked_about(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room, when: str
) -> None:
    """Out of this world, or past: the choices are shown again; nothing is set and nothing fails."""
    said = await answers(tg, desk, 111, f"/away {when}")
    assert "until" not in said.split("?")[0] or when == "999d"
    assert house.kept == []


async def test_an_anonymous_administrator_may_chat_in_the_bots_own_topic(
    world: World, tg: PretendTelegram, url: str
) -> None:
    """In a forum every message shows as a reply to the topic's opening, which is the bot's: that is no word to us."""
    people = [tg.user(111, "Olga", started=True), tg.user(222, "Ana")]
    forum = tg.group("Staff", *people, forum=True)
    house = House(world, policy("demo", forum.id))
    desk = TelegramDesk(TOKEN, url, house)
    house.port = desk
    try:
        await tg.promotes(desk.calls.bot_id, forum)
        await desk.topics.prepare(str(forum.id))
        thread = next(iter(forum.topics))
        await tg.says(111, forum, "lunch?", thread=thread, anonymous=True)
        await take_all(tg, desk)
        assert [m.text for m in tg.shows(forum) if m.text] == ["lunch?"]
    finally:
        await desk.close()


async def test_a_slip_of_a_command_goes_to_no_customer(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """A reply that begins with one stroke is a mistyped command or note: nothing is sent, and the writer hears it."""
    await house.place()
    for text in ("/confrim", "/ called her, nobody there", "/cancel@SomeOtherBot"):
        await tg.says(222, group, text, reply_to=cards(tg, group)[0])
    await take_all(tg, desk)
    await house.settle()
    assert house.said == []
    assert house.staff_events == []


async def test_new_in_capitals_creates_too(house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """A phone's keyboard writes /New: it is read so when asked and when pressed."""
    await tg.says(222, group, "/New Eva Gil\n655 102 938\ntotal 49.90")
    await take_all(tg, desk)
    shown = replies(tg, group)[-1]
    await tg.press(222, shown, "✅ Create", wait_s=0)
    await take_all(tg, desk)
    assert len(await house.orders("demo", None, None, 10)) == 1


async def test_orders_typed_in_two_chats_are_two(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """Message ids count in each chat for itself: the same number in the group and in a private chat are two orders."""
    for who, chat, name, phone in ((222, group, "Eva Gil", "655 102 938"), (111, None, "Ben Rey", "655 102 939")):
        await tg.says(who, chat, f"/new {name}\n{phone}\ntotal 49.90")
        await take_all(tg, desk)
        await tg.press(who, [m for m in tg.shows(chat or 111) if m.from_bot][-1], "✅ Create", wait_s=0)
        await take_all(tg, desk)
    made = sorted(row.order_id for row in await house.orders("demo", None, None, 10))
    assert [order_id[0] for order_id in made] == ["P", "T"]


def test_a_name_in_another_script_turns_nothing_around() -> None:
    """An Arabic name in an English card stands for itself: the number behind it keeps its place."""
    html = notice_html("order", {"order": "1001", "name": "أحمد علي", "total": "49.90", "source": ""}, Words("en"))
    assert "\u2068أحمد علي\u2069" in html
    assert "\u2068" not in notice_html("order", {"order": "1001", "name": "Ana", "source": ""}, Words("en"))


async def test_what_is_added_to_a_full_card_still_fits(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """/next adds a line to the card, /order the whole number: both stay within a message, however much the customer wrote."""
    for n in ("1001", "1002"):
        await house.place(n, phone=f"+3460000{n}")
    house.change_order("1001", taken_by="Olga", taken_id=111, said=("x" * 1200, "y" * 1200))
    order = house.order_now()
    for long in range(1300, 1500, 4):
        house.change_order("1001", fields=replace(order.fields, note="z" * long))
        before = len(tg.shows(111))
        for text in ("/next", "/order 1001"):
            await tg.says(111, None, text)
        await take_all(tg, desk)
        assert len([m for m in tg.shows(111)[before:] if m.from_bot]) == 2, long


async def test_who_has_two_shops_is_asked_about_each(world: World, tg: PretendTelegram, group: Room, url: str) -> None:
    """/pause and /away name each shop; the press counts for the shop it names, and a language is one's own at both."""
    second = tg.group("Second", tg.user(111, "Olga", started=True))
    house = House(world, policy("demo", group.id), replace(policy("other", second.id), name="Other Shop"))
    desk = TelegramDesk(TOKEN, url, house)
    house.port = desk
    try:
        for command in ("/pause", "/away"):
            await tg.says(111, None, command)
            await take_all(tg, desk)
        shown = [m for m in tg.shows(111) if m.from_bot]
        assert [m.text.partition("\n")[0] for m in shown] == ["Demo Shop", "Other Shop"] * 2
        await tg.press(111, shown[1], shown[1].buttons[0][0][0], wait_s=0)
        await take_all(tg, desk)
        assert [list(house.desks[shop].paused) for shop in ("demo", "other")] == [[], ["sms"]]
        await tg.says(111, None, "/language es")
        await take_all(tg, desk)
        known = [house.desks[shop].person(111) for shop in ("demo", "other")]
        assert [person.language for person in known if person] == ["es", "es"]
    finally:
        await desk.close()


async def test_a_digest_follows_the_group(world: World, tg: PretendTelegram, url: str) -> None:
    """The group became a supergroup: what stands in it is tried again, at its new place, and never lost."""
    group = tg.group("Staff", tg.user(111, "Olga", started=True), kind="group")
    house = House(world, policy("demo", group.id))
    desk = TelegramDesk(TOKEN, url, house)
    try:
        digest = ShowDigest(waiting=9, lines=(Line("note", {"text": "x"}),), buttons=(), stands="")
        new = await tg.migrates(group)
        assert isinstance(await desk.perform(digest, "e/0", "demo"), TryAgain)
        assert isinstance(await desk.perform(digest, "e/0", "demo"), Accepted)
        assert [m.from_bot for m in tg.shows(new) if m.text] == [True]
    finally:
        await desk.close()
