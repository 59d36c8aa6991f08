"""What changes suddenly in a shop's day reaches the owner's chat: once, with what to do, and again only after it was well."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import pointers
from flows.desk_events import HoursCounted
from flows.rhythm import hour_of
from sandbox.world import Fault
from tests.town import Town, local, town

pytestmark = pytest.mark.long

#: Source: https://www.twilio.com/docs/api/errors/21614, read 2026-11
NO_MOBILE = '{"code": 21614, "message": "To number is not a valid mobile number", "status": 400}'


async def looks(t: Town) -> None:
    """The watches look, as they do every few minutes."""
    await t.house.watchdog.look_now()
    await t.house.far_watchdog.look_now()
    await t.skip(seconds=30)


async def lived(t: Town, days: int, orders: int, confirmed: int) -> None:
    """Two processes saw so many orders, and so many of them confirmed, in each hour of the last days."""
    now = t.clock.now()
    first = hour_of(now)
    past = range(first - 24 * days, first)
    for process in ("one", "two"):
        event = HoursCounted(
            event_id=f"hours:{process}:1", to=(pointers.desk("demo"),), at=now, opens=True,
            hours=dict.fromkeys(past, (orders // 2, confirmed // 2)),
        )  # fmt: skip
        await t.house.engine.handle(event)
        assert (await t.house.engine.handle(event)).duplicate, "counted once, however often it is told"


async def test_a_provider_that_refuses_most(tmp_path: Path) -> None:
    """Twilio refuses twelve texts: the owner reads it once, the customers hear by e-mail; well again and refusing anew, it is told anew."""
    async with town(tmp_path, telegram=True) as t:
        await looks(t)
        for hours in (0, 7):
            t.world.break_it("twilio", Fault("status", "Messages", times=-1, status=400, body=NO_MOBILE))
            for n in range(12):
                await t.order(
                    phone=f"600 00{hours} 1{n:02}", email=f"c{hours}{n}@example.com", consent={"whatsapp": False}
                )
            await t.skip(minutes=1)
            await looks(t)
            await looks(t)
            told = [text for text in t.owner_texts() if "twilio refused" in text]
            assert len(told) == (1 if hours == 0 else 2)
            assert "refused 12 of the last 12 messages" in told[-1]
            assert t.mails(f"c{hours}3@example.com"), "the customers were asked another way"
            t.world.mend("twilio")
            await t.skip(hours=7)
            for n in range(12):
                await t.order(phone=f"600 10{hours} 1{n:02}", email=None)
            await t.skip(minutes=1)
            await looks(t)


async def test_confirmations_fall(tmp_path: Path) -> None:
    """Six of ten are usual, whichever process saw them, and a restart forgets nothing; today it is one of thirty: told once."""
    async with town(tmp_path, telegram=True, start=local("2026-11-23 08:05")) as t:
        await lived(t, 8, 10, 6)
        await t.close_house()
        await t.open_house()
        for n in range(30):
            await t.order(phone=f"600 000 1{n:02}", email=None)
            await t.skip(minutes=10)
        await t.sms("yes", phone="+34600000110")
        await looks(t)
        await looks(t)
        (told,) = [text for text in t.owner_texts() if "orders were confirmed" in text]
        assert "usually 60" in told


async def test_a_shop_goes_quiet(tmp_path: Path) -> None:
    """Orders at this hour on each of the days before and none for three hours: the owner hears it once, and again another day."""
    async with town(tmp_path, telegram=True, start=local("2026-11-23 10:05")) as t:
        await lived(t, 5, 4, 2)
        await t.skip(hours=3)
        await looks(t)
        assert not any("no order for" in text for text in t.owner_texts()), "the last whole hour had some"
        await t.skip(hours=2)
        await looks(t)
        await looks(t)
        assert sum("no order for 3 hours" in text for text in t.owner_texts()) == 1
        await t.order()
        await looks(t)
        await t.skip(minutes=5)
        await looks(t)
        assert sum("no order for 3 hours" in text for text in t.owner_texts()) == 1
