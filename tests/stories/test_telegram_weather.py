"""Telegram's own weather: throttling, a group that moves, a bot that is thrown out or muted, an outage. Orders flow on meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.telegram_limits import Limits
from sandbox.world import Fault
from tests.stories.test_promises import OLGA_PHONE, WITH_PHONE
from tests.town import ANA, OLGA, Town, town

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
