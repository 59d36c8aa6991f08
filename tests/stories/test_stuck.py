"""A timer whose step always raises: tried ever more rarely, shown to people, told to the owner once, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from flows import stuck, timers
from tests.town import Town, town

OTHER = "+34600000077"
OPEN = "risk: {enabled: false}"


def raises(monkeypatch: pytest.MonkeyPatch, kind: str, order_id: str, now: Callable[[], datetime]) -> list[datetime]:
    """Plants a step that raises for this order's timers of that kind; gives the moments at which it did."""
    real, tried = timers._HANDLERS[kind], []

    def planted(turn: Any, order: Any) -> None:
        if order.id == order_id:
            tried.append(now())
            raise ZeroDivisionError("planted")
        real(turn, order)

    monkeypatch.setitem(timers._HANDLERS, kind, planted)
    return tried


def stuck_texts(t: Town) -> list[str]:
    return [text for text in t.owner_texts() if "a fault in the program" in text]


async def failures(t: Town) -> float:
    async with t.http.get(f"{t.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("doorstep_steps_failed_total{"))


async def test_tried_ever_more_rarely_and_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 1, 2, 4 … s, then each hour; the owner hears once, by number; the card needs a person; another order goes on in time."""
    async with town(tmp_path, telegram=True, more=OPEN) as t:
        bad = await t.order()
        good = await t.order(phone=OTHER, email=None, name="Ida Gil", address={"line1": "Calle Luna 9", "city": "Soria",
                                                                             "postcode": "42001", "country": "ES"})  # fmt: skip
        tried = raises(monkeypatch, "rung", bad, t.clock.now)
        await t.skip(hours=4, minutes=1)
        waits = [round((b - a).total_seconds()) for a, b in itertools.pairwise(tried)]
        assert waits[:5] == [1, 2, 4, 8, 16]
        assert len(t.got("whatsapp", OTHER)) == 1, "the other one's question left at its time"
        assert stuck_texts(t) == [
            f"Demo Shop: Doorstep cannot go on with order {bad} by itself: a fault in the program. It tries again ever more rarely. "
            "Please look after it by hand, and tell whoever runs the server."
        ]
        (card,) = t.cards(f"Order {bad} ")
        assert "cannot go on with this order by itself" in card.text
        assert any(f"cannot go on with order {bad}" in text for text in t.group_texts())
        assert await failures(t) == len(tried)
        await t.skip(hours=12)
        waits = [round((b - a).total_seconds()) for a, b in itertools.pairwise(tried)]
        assert waits == [1 << n for n in range(len(waits))], "until a person has it, its rung is tried ever more rarely"
        assert len(stuck_texts(t)) == 1
        order = await t.get(bad)
        assert order.state in ("flagged", "held"), "no machine can settle it: staff are reminded of it"
        assert "stuck" in [reason.key for reason in order.reasons]
        assert await t.state(good) in ("pending", "flagged", "held")
        assert "stuck" in await t.story(bad)


async def test_it_goes_on_by_itself_once_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mended within the hour, the question leaves by itself, once, and the group hears that it goes on."""
    async with town(tmp_path, telegram=True, more=OPEN) as t:
        order = await t.order()
        raises(monkeypatch, "rung", order, t.clock.now)
        await t.skip(hours=4, minutes=3)
        assert t.got("whatsapp") == []
        monkeypatch.undo()
        await t.skip(minutes=5)
        assert len(t.got("whatsapp")) == 1
        assert any(text == f"Order {order} goes on by itself again." for text in t.group_texts())
        assert (await t.conversation(order)).failing == {}
        (card,) = t.cards(f"Order {order} ")
        assert "cannot go on" not in card.text
        assert {"stuck", "unstuck"} <= set(await t.story(order))


async def test_what_is_due_in_the_same_moment_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders of one customer, due together after an outage, one of which raises: the other one's question leaves."""
    async with town(tmp_path, telegram=True, more=OPEN) as t:
        bad, good = await t.order(), await t.order(total="12.00")
        tried = raises(monkeypatch, "rung", bad, t.clock.now)
        await t.close_house()
        t.leap(hours=4, minutes=5)
        await t.open_house()
        await t.skip(minutes=2)
        assert len(tried) > 3
        assert any(good in text for text in t.got("whatsapp"))
        assert not any(bad in text for text in t.got("whatsapp"))


async def test_a_shipped_order_is_tried_each_hour_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no state of the order calls a person, its timer stays: at most once an hour, and never less."""
    async with town(tmp_path, telegram=True, more=OPEN) as t:
        order = await t.order()
        await t.sms("1")
        tried = raises(monkeypatch, "ship", order, t.clock.now)
        due = (await t.conversation(order)).timers[f"ship:{order}"]
        await t.skip(hours=(due - t.clock.now()).total_seconds() / 3600 + 8)
        waits = [b - a for a, b in itertools.pairwise(tried)]
        assert max(waits) <= stuck.RAREST + timedelta(seconds=1)
        assert [wait for wait in waits[12:] if wait < stuck.RAREST] == []
        assert len(waits) > 16
        assert len(stuck_texts(t)) == 1
        assert (await t.get(order)).state == "confirmed"


@pytest.mark.source_only  # it replaces a function of flows
async def test_the_shops_own_timer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer of the desk that raises is put off alike; the owner hears of it without an order's number."""

    def planted(*_: object) -> None:
        raise ZeroDivisionError("planted")

    async with town(tmp_path, telegram=True) as t:
        desk = await t.house.engine.desk("demo")
        assert desk.timers, "the day's numbers have a timer"
        monkeypatch.setattr("flows.daily.asked", planted)
        await t.skip(hours=26)
        assert await failures(t) > 10
        assert stuck_texts(t) == [
            "Demo Shop: Doorstep cannot go on by itself: a fault in the program. It tries again ever more rarely. "
            "Please look after it by hand, and tell whoever runs the server."
        ]
        monkeypatch.undo()
        await t.skip(hours=2)
        assert (await t.house.engine.desk("demo")).failing == {}


async def test_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    """Nothing can be written into it: it rests in memory, the owner hears, and the others' questions leave."""
    async with town(tmp_path, telegram=True, more=OPEN) as t:
        bad = await t.order()
        await t.order(phone=OTHER, email=None, name="Ida Gil", address={"line1": "Calle Luna 9", "city": "Soria",
                                                                       "postcode": "42001", "country": "ES"})  # fmt: skip
        ident = (await t.conversation(bad)).id
        with apsw.Connection(str(tmp_path / "town.db")) as db:
            db.execute("UPDATE conversation SET doc = zeroblob(64), version = version + 1 WHERE id = ?", (ident,))
        t.leap(hours=4, minutes=5)
        start = t.clock.now()
        for _ in range(6000):
            await asyncio.sleep(0.005)
            t._set(t.clock.now() + timedelta(seconds=0.5))
            if t.got("whatsapp", OTHER) and stuck_texts(t) and t.clock.now() - start > timedelta(minutes=3):
                break
        assert len(t.got("whatsapp", OTHER)) == 1
        assert len(stuck_texts(t)) == 1
        assert 3 <= await failures(t) <= 9, "after 1, 2, 4, 8, 16, 32, 64 s, not each second"


def test_waits() -> None:
    """1, 2, 4 … s, an hour from the thirteenth failure on; several that came together get moments of their own, in their order."""
    assert [stuck.again_after(n).total_seconds() for n in (1, 2, 3, 12)] == [1, 2, 4, 2048]
    assert [stuck.again_after(n) for n in (stuck.GIVEN_UP_AT, 14, 400)] == [stuck.RAREST] * 3
    assert stuck.again_after(stuck.GIVEN_UP_AT - 1) < stuck.RAREST
    due = datetime.fromisoformat("2026-11-22T10:00:00+00:00")
    was = {"b": due, "a": due - timedelta(hours=1), "later": due + timedelta(seconds=1)}
    moved, failing = stuck.put_off(was, {"a": 2, "gone": 5}, due, due)
    assert failing == {"a": 3, "b": 1}
    assert moved["later"] == was["later"]
    assert moved["a"] == due + timedelta(seconds=4)
    assert len(set(moved.values())) == 3
