"""One conversation whose step always fails holds up nobody else, and does not keep the service from starting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from commands.house import House
from engine.timers import BATCH
from flows import timers
from tests.town import START, Town, town


def number(n: int) -> str:
    return f"+346000{n:05}"


async def many(t: Town, n: int) -> list[str]:
    orders = [t.an_order(phone=number(i), name=f"Customer {i}", email=f"customer{i}@example.com") for i in range(n)]
    for order in orders:
        assert (await t.api("POST", "/orders", order))[0] == 202
    # who is asked later than the others, by the pace of the sender, is asked anew later, too
    await paced(t, lambda: {r.to for r in t.world.texts(None, "sms")} >= {number(i) for i in range(n)})
    await t.settle()
    return [order["id"] for order in orders]


async def paced(t: Town, arrived: Callable[[], bool]) -> None:
    """The clock goes on a second at a time as long as every message waits for its sender's pace, none for the machine."""
    for _ in range(5000):
        if arrived():
            return
        await asyncio.sleep(0.02)
        coming = [lane.next_moment(t.clock.now()) for lane in t.house.engine.lanes.all()]
        if not any(moment is not None and moment <= t.clock.now() for moment in coming) and not t.world.under_way:
            t._set(t.clock.now() + timedelta(seconds=1))


@pytest.mark.long
async def test_a_poisoned_timer_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest due timer fails each time: everybody else's next question goes out all the same, behind it in the line too."""
    limits = "limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
    async with town(tmp_path, more=limits, twilio_more="sms_rate: 200") as t:
        orders = await many(t, BATCH + 8)
        rung = timers._HANDLERS["rung"]

        def poisoned(turn: Any, order: Any) -> None:
            if order.id == orders[0]:
                raise ZeroDivisionError("planted")
            rung(turn, order)

        monkeypatch.setitem(timers._HANDLERS, "rung", poisoned)
        t._set(START + timedelta(hours=4, minutes=5))
        await paced(t, lambda: len(t.world.texts(None, "whatsapp")) == len(orders) - 1)
        assert {r.to for r in t.world.texts(None, "whatsapp")} == {number(i) for i in range(1, len(orders))}
        monkeypatch.undo()
        await paced(t, lambda: len(t.world.texts(number(0), "whatsapp")) == 1)
        assert len(t.world.texts(number(0), "whatsapp")) == 1, "once the step is mended the timer runs"


async def test_an_unreadable_conversation_does_not_stop_the_start(tmp_path: Path) -> None:
    """One document is damaged while its message is on the wire, another while its message waits: the next start serves all others."""
    async with town(tmp_path) as t:
        orders = await many(t, 3)
        damaged = {(await t.conversation(order)).id for order in orders[:2]}
        with apsw.Connection(str(tmp_path / "town.db")) as db:
            for n, conversation in enumerate(sorted(damaged)):
                mark = "flying = 1" if n else "next_send = 0"
                db.execute(
                    f"UPDATE conversation SET doc = zeroblob(64), version = version + 1, {mark} WHERE id = ?",
                    (conversation,),
                )
        await t.house.stop()
        t.house = House(t.house.settings, t.clock)
        await t.house.start("127.0.0.1", int(t.url.rpartition(":")[2]))
        assert await t.twilio.reply(number(2), "1") == 200
        assert await t.state(orders[2]) == "confirmed"
