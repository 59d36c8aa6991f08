"""The owner's chat: settings that a shop changes often."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from flows import pointers
from flows.events import ShopSet
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


async def test_the_day_in_numbers(tmp_path: Path) -> None:
    """At eight in the evening the owner reads the day's numbers, without a sound; a day without anything says nothing."""
    async with town(tmp_path, telegram=True) as t:
        for n in range(3):
            await t.order(phone=f"6100000{n:02d}")
            await t.sms("yes", phone=f"+346100000{n:02d}")
        await t.order(phone=None, email=None)
        await t.skip(9.1)
        (told,) = [x for x in t.owner_texts() if "today in numbers" in x]
        assert "Confirmed: 3" in told
        assert "Need a person: 1" in told
        sent = [p for method, p, _ in t.tg.calls if method == "sendMessage" and "in numbers" in str(p.get("text"))]
        assert [str(p.get("disable_notification")).lower() for p in sent] == ["true"]
    async with town(tmp_path / "quiet", telegram=True) as t:
        await t.skip(24)
        assert not t.owner_texts()
