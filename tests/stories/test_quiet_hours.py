"""What the night holds back, and what it does not. Quiet hours are 21:00 to 09:00 on the customer's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.town import ANA_PHONE, local, town

CANCELS = "confirmation: {ladder: [{channel: sms, wait: 4h}, {channel: staff, wait: 2h}], if_unanswered: cancel}"


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2026-11-23 18:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-10-24 18:00", datetime(2026, 10, 25, 8, tzinfo=UTC)),
        ("2027-03-27 18:00", datetime(2027, 3, 28, 7, tzinfo=UTC)),
    ],
)
async def test_a_follow_up_waits_for_the_morning(tmp_path: Path, evening: str, morning: datetime) -> None:
    """WhatsApp due at 22:00 goes at 09:00 of the wall clock, also where the night is an hour longer or shorter."""
    async with town(tmp_path, start=local(evening)) as t:
        order = await t.order()
        await t.skip(4.1)
        assert (await t.get(order)).held_until == morning
        await t.skip(24)
        asked = t.world.texts(ANA_PHONE, "whatsapp")
        assert len(asked) == 1
        assert (asked[0].at - morning).total_seconds() < 5
        assert asked[0].at >= morning


@pytest.mark.parametrize(("night", "offset_h"), [("2026-10-25 02:30", 1), ("2027-03-28 03:30", 2)])
async def test_a_fresh_order_in_the_hour_that_is_not_there_twice_or_at_all(
    tmp_path: Path, night: str, offset_h: int
) -> None:
    """An order placed inside the night of a clock change is asked at once, and its follow-up at 09:00 local."""
    async with town(tmp_path, start=local(night)) as t:
        await t.order()
        assert len(t.got("sms")) == 1
        await t.skip(10)
        morning = t.world.texts(ANA_PHONE, "whatsapp")[0].at
        assert (morning.hour, morning.minute) == (9 - offset_h, 0)


async def test_the_first_text_of_a_fresh_order_leaves_at_any_hour(tmp_path: Path) -> None:
    """Placed at 23:30, asked at 23:30; the answer at 23:40 is acknowledged at 23:40."""
    async with town(tmp_path, start=local("2026-11-23 23:30")) as t:
        order = await t.order()
        assert (t.world.texts(ANA_PHONE)[0].at - t.clock.now()).total_seconds() == 0
        await t.skip(minutes=10)
        await t.sms("1")
        assert await t.state(order) == "confirmed"
        assert t.world.texts(ANA_PHONE)[-1].at == t.clock.now()
        assert "is confirmed" in t.last("sms")


async def test_an_order_told_late_waits_for_the_morning(tmp_path: Path) -> None:
    """The shop tells at 23:30 of an order placed at 22:00: nobody is woken for it, and the order says till when it is held."""
    async with town(tmp_path, start=local("2026-11-23 23:30")) as t:
        order = await t.order(placed_at=local("2026-11-23 22:00").isoformat())
        assert not t.got()
        assert (await t.get(order)).held_until == local("2026-11-24 09:00")
        await t.skip(9.6)
        assert len(t.got("sms")) == 1


async def test_mail_wakes_nobody(tmp_path: Path) -> None:
    """SMS at 14:00, WhatsApp at 18:00, and the e-mail at 22:00, which quiet hours do not hold."""
    async with town(tmp_path, start=local("2026-11-23 14:00")) as t:
        await t.order()
        await t.skip(8.1)
        assert (t.mails()[0].at - local("2026-11-23 22:00")).total_seconds() < 5


async def test_the_night_is_the_customers(tmp_path: Path) -> None:
    """In Karachi it is 02:00 when WhatsApp is due at 22:00 Madrid time: it goes at 09:00 in Karachi, 05:00 in Madrid."""
    async with town(tmp_path, start=local("2026-11-23 18:00"), countries="{}") as t:
        address = {"line1": "House 24, Street 9", "city": "Karachi", "postcode": "75300", "country": "PK"}
        await t.order(phone="0300 0000105", address=address, currency="PKR", total="3450.00")
        assert len(t.got("sms", "+923000000105")) == 1, "fresh: at once, at any hour"
        await t.skip(15)
        asked = t.world.texts("+923000000105", "whatsapp")
        assert [a.at.replace(second=0, microsecond=0) for a in asked] == [local("2026-11-24 09:00", "Asia/Karachi")]


async def test_no_cancel_before_a_full_waking_wait(tmp_path: Path) -> None:
    """Asked at 20:00, cancelled for silence after two waking hours: at 10:00, not at 02:00; told, with the way back."""
    async with town(tmp_path, start=local("2026-11-23 20:00"), more=CANCELS) as t:
        order = await t.order()
        await t.skip(13.9)
        assert await t.state(order) == "flagged"
        assert len(t.got()) == 1
        await t.skip(0.2)
        assert await t.state(order) == "cancelled"
        assert t.world.texts(ANA_PHONE)[-1].at >= local("2026-11-24 10:00")
        assert "We could not reach you" in t.last("sms")
        assert "Still want it? Reply YES" in t.last("sms")
        await t.sms("yes")
        assert await t.state(order) == "cancelled", "after a rule's cancel a person decides"
        assert "A person will read that you want it" in t.last("sms")


async def test_a_stop_at_night_asks_elsewhere_in_the_morning(tmp_path: Path) -> None:
    """STOP at 22:00 to the evening's text: the next channel is asked at 09:00, not at once."""
    async with town(tmp_path, start=local("2026-11-23 20:30")) as t:
        order = await t.order()
        await t.skip(1.5)
        await t.sms("STOP")
        assert not t.got("whatsapp")
        await t.skip(11.1)
        assert order in t.last("whatsapp")
        assert t.world.texts(ANA_PHONE, "whatsapp")[0].at >= local("2026-11-24 09:00")
