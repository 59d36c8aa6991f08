"""The customer is kept informed: every sentence from a fact or a timer, once, and never about money that is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.couriers import confirmed, delivery, shipped
from tests.town import ANA_PHONE, local, town

TRACKING = "https://track.example.com/1Z9"
SPANISH: dict[str, Any] = {"language": "es"}
QUIETLY = "tells: false"


@pytest.mark.parametrize(
    ("language", "plan", "cash"),
    [
        ({}, "We ship today, the courier comes Tue or Wed, 11:00-22:00.", "Please have 49.90 EUR ready in cash"),
        (SPANISH, "Enviamos hoy, el transportista viene mar o mié, 11:00-22:00.", "Ten listos 49,90 EUR en efectivo"),
    ],
)
async def test_at_the_yes(tmp_path: Path, language: dict[str, Any], plan: str, cash: str) -> None:
    """The confirmation says when it leaves, when it comes and how much cash to have, as the courier's calendar has it."""
    async with town(tmp_path, more=delivery()) as t:
        await confirmed(t, **language)
        assert plan.replace("é", "e") in t.last("sms").replace("é", "e")
        assert cash in t.last("sms")


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("2026-11-23 13:59", "We ship today, the courier comes Tue or Wed, 11:00-22:00."),
        ("2026-11-23 14:00", "We ship Tue, the courier comes Wed or Thu, 11:00-22:00."),
        ("2026-11-27 15:00", "We ship Sat, the courier comes Mon or Tue, 11:00-22:00."),
        ("2026-12-05 15:00", "We ship Mon, the courier comes Wed or Thu, 11:00-22:00."),  # the 8th is a holiday
    ],
)
async def test_the_plan_follows_the_calendar(tmp_path: Path, start: str, said: str) -> None:
    """Cut-off, weekend and holidays are in what is said; nothing is said where no courier goes."""
    async with town(tmp_path, more=delivery(), start=local(start)) as t:
        await confirmed(t)
        assert said in t.last("sms")
        far = {"line1": "Gran Via 1", "city": "Bilbao", "postcode": "48001", "country": "ES"}
        await t.order(phone="+34600000009", address=far)
        await t.sms("1", "+34600000009")
        assert "courier" not in t.last("sms", "+34600000009")


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ({}, ("is on its way. Track it", "comes today", "Thank you! Your order")),
        (SPANISH, ("va en camino. Síguelo", "llega hoy", "¡Gracias! Tu pedido")),
    ],
)
async def test_on_the_way(tmp_path: Path, language: dict[str, Any], texts: tuple[str, ...]) -> None:
    """Sent with tracking, out for delivery with the exact amount, delivered with thanks: one message each."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t, **language)
        plain = [text.replace("í", "i") for text in t.got("sms")]
        assert texts[0].replace("í", "i") in plain[-1]
        assert TRACKING in plain[-1]
        await t.skip(24)
        await t.report(order, "out_for_delivery")
        assert texts[1] in t.last("sms")
        assert ("49.90 EUR" if not language else "49,90 EUR") in t.last("sms")
        await t.skip(2)
        before = len(t.got())
        await t.report(order, "delivered")
        assert texts[2] in t.last("sms")
        assert len(t.got()) == before + 1
        await t.skip(100)
        assert len(t.got()) == before + 1


async def test_a_courier_that_repeats_itself_and_jumbles(tmp_path: Path) -> None:
    """The same report three times, and reports that come too late, say nothing twice and nothing that is over."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        at = t.clock.now().isoformat()
        for n in range(3):
            await t.report(order, "out_for_delivery", tracking=f"T{n}")  # other bodies, so other events
        await t.skip(1)
        for _ in range(2):
            await t.report(order, "delivered")
        got = len(t.got())
        assert sum("comes today" in text for text in t.got()) == 1
        assert sum("is on its way" in text for text in t.got()) == 1
        assert sum("is delivered" in text for text in t.got()) == 1
        for kind in ("out_for_delivery", "shipped", "attempt_failed"):
            await t.api("POST", f"/orders/{order}/events", {"type": kind, "at": at})
        await t.settle()
        assert len(t.got()) == got
        assert await t.state(order) == "delivered"


async def test_yesterdays_report_is_no_news(tmp_path: Path) -> None:
    """ "It comes today" is said of today's report only; a file of last week says nothing to anybody."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t)
        await t.skip(24 * 3)
        await t.report(order, "shipped", at=local("2026-11-23 18:00").isoformat())
        await t.report(order, "out_for_delivery", at=local("2026-11-25 09:00").isoformat())
        assert not any("comes today" in text or "on its way" in text for text in t.got())


@pytest.mark.parametrize("when", ["yes", "sent"])
async def test_never_the_amount_where_it_is_paid(tmp_path: Path, when: str) -> None:
    """Paid ahead: the way is told as ever, and nobody is asked for cash."""
    async with town(tmp_path, more=delivery()) as t:
        order = await t.order()
        if when == "yes":
            await t.report(order, "paid")
        await t.sms("1")
        await t.report(order, "paid", tracking="again")
        asked = len(t.got())
        assert ("cash" in t.last("sms")) == (when == "sent")
        await t.report(order, "shipped", tracking=TRACKING)
        await t.report(order, "out_for_delivery")
        await t.report(order, "delivered")
        told = t.got()[asked:]
        assert len(told) == 3
        assert not any("cash" in text or "49.90" in text for text in told)


async def test_a_courier_that_says_nothing(tmp_path: Path) -> None:
    """Where no out_for_delivery comes, a timer speaks in the morning of the slot; a report of the same day says it not again."""
    async with town(tmp_path, more=delivery(courier=QUIETLY)) as t:
        order = await confirmed(t)
        await t.sms("Wednesday 15 to 18")
        await t.report(order, "shipped")
        await t.skip(30)
        assert not any("comes today" in text for text in t.got())
        await t.skip(20)
        told = [r for r in t.world.texts(ANA_PHONE) if "comes today" in r.text]
        assert [r.at for r in told] == [local("2026-11-25 09:00")]  # the morning, and not in the quiet hours
        assert "comes today, 15:00-18:00" in told[0].text
        await t.report(order, "out_for_delivery")
        await t.skip(48)
        assert sum("comes today" in text for text in t.got()) == 1


async def test_the_morning_of_a_parcel_that_has_not_left(tmp_path: Path) -> None:
    """A slot alone is no fact: nothing is said in its morning unless the parcel was sent."""
    async with town(tmp_path, more=delivery(courier=QUIETLY)) as t:
        await confirmed(t)
        await t.sms("Wednesday 15 to 18")
        await t.skip(72)
        assert not any("comes today" in text for text in t.got())


async def test_at_night_nobody_is_woken_and_nothing_untrue_is_said(tmp_path: Path) -> None:
    """Reported at 22:00, "it comes today" could leave at 9:00 the next day, when it is no longer true: it does not leave."""
    async with town(tmp_path, more=delivery()) as t:
        order = await shipped(t)
        await t.skip(11)
        assert t.clock.now() > local("2026-11-23 22:00")
        await t.report(order, "out_for_delivery")
        await t.skip(24)
        assert not any("comes today" in text for text in t.got())


async def test_who_said_stop_hears_nothing(tmp_path: Path) -> None:
    """After STOP on SMS the news take another channel or none."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t)
        await t.sms("STOP")
        before = len(t.got("sms"))
        await t.report(order, "shipped")
        await t.report(order, "out_for_delivery")
        await t.skip(48)
        assert len(t.got("sms")) == before
        assert any("is on its way" in mail.text for mail in t.mails())


async def test_the_owner_chooses(tmp_path: Path) -> None:
    """`news: []` says nothing on the way; without couriers nothing is said either."""
    async with town(tmp_path, more=delivery("news: []")) as t:
        order = await shipped(t)
        before = len(t.got())
        await t.report(order, "out_for_delivery")
        await t.report(order, "delivered")
        assert len(t.got()) == before
        assert not any("on its way" in text for text in t.got())
