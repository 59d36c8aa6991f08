"""Commands read and change nothing."""

from __future__ import annotations

import json

from bot.desk import TelegramDesk
from bot.intake import Intake
from flows.conversation import Conversation
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from tests.bot.conftest import replies, take_all
from tests.bot.house import House


async def test_one_order_is_shown_as_its_card(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """/order shows the facts, and a reply to the answer goes to the customer; the flow sees no event from the look."""
    await house.place()
    before: Conversation = house.conversation()
    await tg.says(222, group, "/order 1001")
    await tg.says(222, group, "/order")
    await tg.says(222, group, "/order 9999")
    await take_all(tg, desk)
    shown, usage, none = replies(tg, group)
    assert "Order 1001 · €49.90" in shown.text
    assert usage.text.startswith("Write the order's number")
    assert none.text == "There is no order 9999 here."
    assert house.conversation() == before
    await tg.says(222, group, "it is on its way", reply_to=shown)
    await take_all(tg, desk)
    assert [getattr(e, "text", "") for e in house.staff_events] == ["it is on its way"]


async def test_lists_name_the_orders(house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """/flagged counts and names orders that need a person; an empty list says so."""
    await house.place("1001")
    await house.place("1002", phone="+34600000002")
    await tg.says(333, group, "/flagged")
    await tg.says(222, group, "/pending")
    await take_all(tg, desk)
    flagged, pending = replies(tg, group)
    assert flagged.text.splitlines()[0] == "Pedidos que necesitan una persona: 2"
    assert "1001 · Necesita una persona" in flagged.text
    assert pending.text == "Orders being asked: 0\nNone."


async def test_a_command_for_another_bot_is_left_alone(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """In a group with several bots only ours answers for ours."""
    intake = Intake(desk)
    intake.inbound.commands.called("doorstep_bot")
    await tg.says(222, group, "/help@other_bot")
    await tg.says(222, group, "/help@doorstep_bot")
    for update in tg.pending_updates():
        await intake.take(json.dumps(update).encode())
    await desk.calls.settled()
    assert len(replies(tg, group)) == 1


async def test_in_private_only_people_of_a_shop_hear_anything(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """A stranger gets a fixed text, in their language, without data; staff get a greeting and their commands."""
    await house.place()
    stranger = tg.user(999, "Zoe", language="es-MX")
    for text in ("/start", "/order 1001", "hola"):
        await tg.says(stranger, None, text)
    await tg.starts(222)
    await tg.says(222, None, "/order 1001")
    await take_all(tg, desk)
    said = {m.text for m in tg.shows(999) if m.from_bot}
    assert said == {"Hola. Solo trabajo para el equipo de una tienda. Si pediste algo, escribe a la tienda, por favor."}
    greeting, card = [m.text for m in tg.shows(222) if m.from_bot]
    assert greeting.startswith("Hello Ana! I am here for Demo Shop.")
    assert "Order 1001" in card


async def test_the_chats_id_can_be_asked_for(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """The settings need it."""
    await tg.says(222, group, "/id")
    await take_all(tg, desk)
    assert replies(tg, group)[0].text == f"The id of this chat: {group.id}"
