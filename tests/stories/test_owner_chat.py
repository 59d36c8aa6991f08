"""The owner's chat: settings that a shop changes often."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.words import Words
from commands.numbers import _read
from engine.charts import drawable, overview
from engine.reporting import lately
from flows import pointers
from flows.desk_events import ShopSet
from flows.numbers.tables import tables
from tests.town import OLGA, Town, town


async def wished(t: Town, what: str, value: str = "", until: datetime | None = None, by: int = OLGA) -> str:
    event = ShopSet(
        event_id=f"telegram:{what}:{value}:{t.clock.now().timestamp()}", to=(pointers.desk("demo"),), at=t.clock.now(),
        by=by, name="Olga", what=what, value=value, until=until,  # type: ignore[arg-type]
    )  # fmt: skip
    decision = (await t.house.engine.handle(event)).decision
    assert decision is not None
    return decision.notice


async def test_a_paused_channel_is_passed_over(tmp_path: Path) -> None:
    """SMS paused for an hour: an order goes by WhatsApp at once, holds over a restart, and after the hour SMS works again."""
    async with town(tmp_path, telegram=True) as t:
        until = t.clock.now() + timedelta(hours=1)
        assert await wished(t, "pause", "sms", until) == "done"
        await t.close_house()
        await t.open_house()
        await t.order()
        await t.skip(seconds=5)
        assert not t.got("sms")
        assert t.got("whatsapp")
        await t.skip(1.1)
        await t.order(id="2", phone="600 000 002")
        await t.skip(seconds=5)
        assert t.got("sms", "+34600000002")


async def a_day(t: Town) -> None:
    """Three orders are confirmed, one needs a person, one is cancelled; then it is eight in the evening."""
    for n in range(3):
        await t.order(phone=f"6100000{n:02d}")
        await t.sms("yes", phone=f"+346100000{n:02d}")
    await t.order(phone=None, email=None)
    await t.order(phone="610000009")
    await t.sms("CANCEL", phone="+34610000009")
    await t.skip(9.1)


def pictures(t: Town) -> list[tuple[str, bytes]]:
    """(caption, bytes) of what the owner sees."""
    posts = [p for p in t.tg.state.rooms[OLGA].posts.values() if "photo" in p.media]
    return [(p.text, t.tg.state.files[p.media["photo"][0]["file_id"]].content) for p in posts]


async def test_the_day_in_numbers(tmp_path: Path) -> None:
    """At eight the owner sees the day as a chart with its figures, without a sound; a day without anything says nothing."""
    async with town(tmp_path, telegram=True) as t:
        await a_day(t)
        ((told, png),) = pictures(t)
        assert told.splitlines() == [
            "Demo Shop: today in numbers", "Orders: 5", "Confirmed: 3, 60 %", "Cancelled: 1, 20 %", "Need a person: 1",
        ]  # fmt: skip
        assert png.startswith(b"\x89PNG")
        sent = [p for method, p, _ in t.tg.calls if method == "sendPhoto"]
        assert [str(p.get("disable_notification")).lower() for p in sent] == ["true"]
    async with town(tmp_path / "quiet", telegram=True) as t:
        await t.skip(24)
        assert not t.owner_texts()


async def test_the_owner_and_the_report_say_the_same(tmp_path: Path) -> None:
    """The figures in the chat are those of `run.py report` over the same day, one by one."""
    async with town(tmp_path, telegram=True) as t:
        await a_day(t)
        ((told, _),) = pictures(t)
        now = t.clock.now()
        found = await _read(t.settings, t.settings.shops[0], now - timedelta(days=1), now, lambda n: None)
        words = Words("en")
        (overview,) = [table for table in tables(found) if table.title == "numbers.overview"]
        said = {words.say(row.label): row.figure for row in overview.rows}
        for line in told.splitlines()[1:-1]:
            label, _, figure = line.partition(": ")
            assert str(said[label]) == figure.partition(",")[0]
        assert found.states["flagged"] == 1


async def test_numbers_that_cannot_be_drawn_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a picture the same words come as a message."""

    def fails(*args: object, **more: object) -> bytes:
        raise RuntimeError("no fonts")

    monkeypatch.setattr("engine.charts.overview", fails)
    async with town(tmp_path, telegram=True) as t:
        await a_day(t)
        assert pictures(t) == []
        (told,) = [x for x in t.owner_texts() if "today in numbers" in x]
        assert "Confirmed: 3, 60 %" in told


async def test_an_arabic_owner_reads_the_numbers_from_the_right(tmp_path: Path) -> None:
    """Caption and picture are in the owner's own language, the picture drawn from the right."""
    async with town(tmp_path, telegram=True) as t:
        await t.tg.says(OLGA, None, "/language ar")
        await t.settle()
        await a_day(t)
        ((told, png),) = pictures(t)
        assert "المؤكدة" in told or "تأكيد" in told or "مؤكد" in told, told
        report = await lately(t.house.store, t.house.policies["demo"], t.clock.now() - timedelta(days=1), t.clock.now())
        words = Words("ar")
        if drawable(words.say("numbers.confirmed_via") + words.say("numbers.answered_at")):
            assert png == overview(report, words.say, right_to_left=True)
