"""People and commands, judged by what the chats show: invitations, removal, an order from a call, pauses, hand-over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.telegram_chats import Shown
from tests.town import ANA, BEN, EVE, OLGA, Town, town

ZOE = 444


def said(t: Town, chat: int) -> list[Shown]:
    return [m for m in t.tg.shows(chat) if m.from_bot]


async def tells(t: Town, who: int, text: str, chat: int | None = None) -> Shown:
    """Write, and give the bot's last answer there."""
    await t.tg.says(who, chat, text)
    await t.settle()
    await t.house.bots[0].desk.calls.settled()
    return said(t, chat or who)[-1]


async def clicks(t: Town, who: int, message: Shown, button: str) -> str | None:
    toast = await t.tg.presses(who, message.message_id, button, message.chat_id, wait_s=2)
    await t.settle()
    await t.house.bots[0].desk.calls.settled()
    return toast


def code_in(text: str) -> str:
    return text.split("?start=")[1].split()[0]


async def desk(t: Town) -> Any:
    return await t.house.engine.desk("demo")


async def test_a_newcomer_joins_with_a_code_once(tmp_path: Path) -> None:
    """The owner's link lets one person in, with its role; a second one, and a made-up code, get one sentence and no right."""
    async with town(tmp_path, telegram=True) as t:
        for who, name in ((ZOE, "Zoe"), (555, "Max")):
            t.tg.user(who, name, language="es")
        link = (await tells(t, OLGA, "/invite manager")).text
        code = code_in(link)
        await t.tg.starts(ZOE, code)
        await t.settle()
        assert said(t, ZOE)[-1].text.startswith("¡Bienvenido! Ya estás dentro (responsable).")
        await t.tg.starts(555, code)
        await t.tg.starts(EVE, "join_AAAAAAAAAAAA")
        await t.settle()
        for who in (555, EVE):
            assert "1001" not in said(t, who)[-1].text
            assert (await desk(t)).person(who) is None
        assert said(t, EVE)[-1].text == "This code is not good, or not any more. Please ask for a new one."
        assert (await desk(t)).person(ZOE).role == "manager"
        assert any("Zoe joined with the code of Olga (manager)" in x for x in t.owner_texts())
        assert code.removeprefix("join_") not in str(await desk(t)), "only a mark of the code is kept"
        assert [n.what for n in (await desk(t)).notes] == ["person.invited", "person.joined"]


async def test_a_code_is_good_for_a_day(tmp_path: Path) -> None:
    """After 24 hours nobody joins with it."""
    async with town(tmp_path, telegram=True) as t:
        t.tg.user(ZOE, "Zoe")
        code = code_in((await tells(t, OLGA, "/invite")).text)
        await t.skip(24.1)
        await t.tg.starts(ZOE, code)
        await t.settle()
        assert (await desk(t)).person(ZOE) is None


async def test_who_is_taken_out_has_no_right_at_once(tmp_path: Path) -> None:
    """/people, a press and a yes: the next press of that person does nothing; the owner cannot take out the last owner."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(seconds=5)
        table = await tells(t, OLGA, "/people")
        assert [b for row in table.buttons for b, _ in row] == ["Take out Ana", "Take out Ben"]
        await clicks(t, OLGA, table, "Take out Ana")
        await clicks(t, OLGA, said(t, OLGA)[-1], "✅ Yes")
        assert await t.staff(ANA, "✅ Confirm", order) == "This is not for you."
        assert await t.state(order) == "flagged"
        assert (await desk(t)).notes[-1].by == "Olga"
        assert (await tells(t, OLGA, "/people", t.group)).text.startswith("Please write this to me in private")


async def test_who_leaves_the_group_has_no_rights_until_back(tmp_path: Path) -> None:
    """Telegram says who left: their private chat works no more; back in the group, it does. The owner hears both."""
    async with town(tmp_path, telegram=True) as t:
        await t.tg.starts(BEN)
        await t.settle()
        await t.tg.leaves(BEN, t.group)
        await t.settle()
        assert "I only work for the staff of a shop" in (await tells(t, BEN, "/flagged")).text
        await t.tg.joins(BEN, t.group)
        await t.settle()
        assert "Orders that need a person" in (await tells(t, BEN, "/flagged")).text
        await t.skip(minutes=1)
        assert sum("Ben" in x for x in t.owner_texts()) == 2


async def test_an_order_from_a_call_goes_the_usual_road(tmp_path: Path) -> None:
    """/new reads the lines, shows what it understood, and one press creates the order, which the customer is asked about."""
    async with town(tmp_path, telegram=True) as t:
        lines = "/new Eva Gil\n655 102 938\nCalle Luna 4, 28004 Madrid\n2 x Lamp\ntotal 49,90\nplease ring twice"
        shown = await tells(t, ANA, lines, t.group)
        for part in (
            "Name: Eva Gil",
            "Phone: +34655102938",
            "Calle Luna 4",
            "2 x Lamp",
            "Amount: €49.90",
            "ring twice",
        ):
            assert part in shown.text, shown.text
        assert await clicks(t, BEN, shown, "✅ Create") == "Done."
        await t.skip(minutes=1)
        (row,) = await t.house.engine.orders("demo", None, None, 10)
        order = await t.get(row.order_id)
        assert (order.source, order.fields.phone, order.fields.items[0].quantity) == ("telegram", "+34655102938", 2)
        assert row.order_id in t.last("sms", "+34655102938")
        notes = await t.house.store.journal(row.conversation)
        assert (notes[0].what, notes[0].by) == ("order.placed", "staff:Ben")
        await t.sms("yes", "+34655102938")
        assert await t.state(row.order_id) == "confirmed"


async def test_lines_that_were_edited_create_nothing(tmp_path: Path) -> None:
    """What is created is what was shown: after an edit of the pasted lines the button is out of date."""
    async with town(tmp_path, telegram=True) as t:
        post = await t.tg.says(ANA, t.group, "/new Eva Gil\n655 102 938\ntotal 49.90")
        await t.settle()
        await t.house.bots[0].desk.calls.settled()
        shown = said(t, t.group)[-1]
        await t.tg.edits(ANA, t.group, post, "/new Eva Gil\n655 102 938\ntotal 4.90")
        assert (await clicks(t, ANA, shown, "✅ Create") or "").startswith("This card was out of date")
        assert await t.house.engine.orders("demo", None, None, 10) == []
        missing = await tells(t, ANA, "/new Eva Gil\nsome street", t.group)
        assert "The amount is missing" in missing.text
        assert missing.buttons == ()


async def test_a_paused_channel_is_not_used(tmp_path: Path) -> None:
    """/pause sms asks once more; from then on the ladder goes on with WhatsApp, until it works again. Staff may not."""
    async with town(tmp_path, telegram=True) as t:
        assert "takes the right of: manager" in (await tells(t, ANA, "/pause sms", t.group)).text
        asked = await tells(t, OLGA, "/pause sms", t.group)
        assert await clicks(t, ANA, asked, "✅ Yes") == "You may not do this."
        assert await clicks(t, OLGA, asked, "✅ Yes") == "Done."
        order = await t.order()
        await t.skip(seconds=5)
        assert t.got("sms") == []
        assert order in t.last("whatsapp")
        again = await tells(t, OLGA, "/pause sms", t.group)
        await clicks(t, OLGA, again, "✅ Yes")
        await t.order()
        await t.skip(seconds=5)
        assert len(t.got("sms")) == 1


async def test_away_moves_what_needs_a_person(tmp_path: Path) -> None:
    """/away 3d: the card's reminder waits until somebody is there; /away off ends it."""
    async with town(tmp_path, telegram=True) as t:
        asked = await tells(t, OLGA, "/away 3d")
        assert await clicks(t, OLGA, asked, "✅ Yes") == "Done."
        order = await t.order(phone="12", email=None)
        await t.skip(2 * 24)
        assert await t.state(order) == "flagged"
        await t.skip(2 * 24 + 1)
        assert await t.state(order) == "held"
        await clicks(t, OLGA, await tells(t, OLGA, "/away off"), "✅ Yes")
        assert (await desk(t)).away_until is None


async def test_find_by_any_part(tmp_path: Path) -> None:
    """The end of a phone, a piece of a name, a piece of a number; one hit is its card, several are a list."""
    async with town(tmp_path, telegram=True) as t:
        first = await t.order(name="Eva Gil", phone="655 102 938")
        await t.order(name="Ida Gil", phone="655 102 939")
        for part in ("2938", "655 102 938", "eva", first, f"#{first}"):
            assert f"Order {first}" in (await tells(t, ANA, f"/find {part}", t.group)).text, part
        assert "Found for “gil”: 2" in (await tells(t, ANA, "/find gil", t.group)).text
        assert "Found for “nobody”: 0" in (await tells(t, ANA, "/find nobody", t.group)).text


async def test_next_is_the_most_urgent_that_is_mine_or_nobodys(tmp_path: Path) -> None:
    """What a colleague has taken is not offered; what waits for my answer comes first."""
    async with town(tmp_path, telegram=True) as t:
        one = await t.order(phone="12", email=None)
        await t.skip(minutes=1)
        two = await t.order(phone="655 102 938")
        await t.sms("is it blue?", "+34655102938")
        await t.skip(seconds=10)
        assert f"Order {one}" in (await tells(t, BEN, "/next", t.group)).text
        await t.staff(ANA, "🙋 Take", two)
        await t.sms("hello?", "+34655102938")
        await t.skip(seconds=10)
        assert f"Order {two}" in (await tells(t, ANA, "/next", t.group)).text
        shown = (await tells(t, BEN, "/next", t.group)).text
        assert f"Order {one}" in shown
        assert f"Order {two}" not in shown
        await t.staff(BEN, "✅ Confirm", one)
        assert "Nothing waits for you" in (await tells(t, BEN, "/next", t.group)).text


async def test_a_shift_is_handed_over(tmp_path: Path) -> None:
    """/handover gives all my cards back with a note on each and one list; a colleague's stay theirs."""
    async with town(tmp_path, telegram=True) as t:
        orders = [await t.order(phone=str(n), email=None) for n in (12, 13, 14)]
        await t.skip(seconds=30)
        for order, who in zip(orders, (ANA, ANA, BEN), strict=True):
            await t.staff(who, "🙋 Take", order)
        shown = await tells(t, ANA, "/handover the second is abroad", t.group)
        assert shown.text.splitlines()[:2] == ["Ana hands over: 2 cards are free again.", "Note: the second is abroad"]
        assert [(await t.get(o)).taken_by for o in orders] == ["", "", "Ben"]
        assert "staff.note" in await t.story(orders[0])


async def test_a_manager_blocks_and_lets_off_by_command(tmp_path: Path) -> None:
    """/block holds the customer's open orders; /unblock lets go; staff may do neither."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        assert "takes the right of: manager" in (await tells(t, ANA, f"/block {order}", t.group)).text
        await tells(t, OLGA, f"/block {order}", t.group)
        await t.skip(seconds=10)
        assert await t.state(order) == "held"
        await tells(t, OLGA, f"/unblock {order}", t.group)
        assert await t.state(order) == "pending"


async def test_each_has_their_own_language_and_menu(tmp_path: Path) -> None:
    """/language es: answers and toasts come in Spanish for Ana and in English for Ben; help lists what each may do."""
    async with town(tmp_path, telegram=True) as t:
        await tells(t, ANA, "/language es", t.group)
        assert "Pedidos que necesitan una persona" in (await tells(t, ANA, "/flagged", t.group)).text
        assert "Orders that need a person" in (await tells(t, BEN, "/flagged", t.group)).text
        staff, owner = (await tells(t, BEN, "/help", t.group)).text, (await tells(t, OLGA, "/help")).text
        assert ("/next" in staff, "/invite" in staff, "/pause" in staff) == (True, False, False)
        assert ("/next" in owner, "/invite" in owner, "/pause" in owner) == (True, True, True)
        private = t.tg.state.commands[f"{OLGA}/chat/"]
        assert {"invite", "pause", "next"} <= {c["command"] for c in private}
        assert [c["command"] for c in t.tg.state.commands["default/"]] == ["help"]


async def test_an_administrator_who_leaves_has_no_rights(tmp_path: Path) -> None:
    """What Telegram says of an administrator is read like anybody else's: made one, they may act; gone, they may not."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("lorem ipsum dolor")
        await t.skip(seconds=10)
        await t.tg.promotes(ANA, t.group)
        await t.settle()
        assert "yours" in (await t.staff(ANA, "🙋 Take", order) or "")
        await t.tg.leaves(ANA, t.group)
        await t.settle()
        desk = await t.house.engine.desk("demo")
        assert (desk.person(ANA), desk.kept) == (None, 0)
