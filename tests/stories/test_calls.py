"""Calls that nobody takes, cards on which nobody acts, parcels that nobody sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA, ANA_PHONE, BEN, local, town

NO_ANSWER = "📵 No answer"


async def test_unanswered_calls_end_in_a_cancel_with_a_way_back(tmp_path: Path) -> None:
    """The first missed call asks when it suits; the second, three hours later, cancels; told, with the way back."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("call me about the colour")
        await t.skip(seconds=10)
        assert await t.staff(ANA, NO_ANSWER, order) == "Done."
        await t.skip(seconds=5)
        assert t.last("sms").startswith(f"Hello, Demo Shop tried to call you about order {order}."), (
            "no number is known to name"
        )
        assert "When suits you?" in t.last("sms")
        assert (await t.staff(BEN, NO_ANSWER, order) or "").startswith("Ana has just noted")
        await t.skip(1)
        assert (await t.staff(BEN, NO_ANSWER, order) or "").startswith("Too soon for another call")
        await t.skip(2.1)
        assert any("may be called again (1 call so far)" in x for x in t.group_texts())
        assert await t.staff(BEN, NO_ANSWER, order) == "Done."
        await t.skip(seconds=5)
        found = await t.get(order)
        assert (found.state, found.decided_by, found.via) == ("cancelled", "rule", "automatic")
        assert "We could not reach you" in t.last("sms")
        assert "Still want it? Reply YES" in t.last("sms")
        before = len(t.got())
        await t.sms("yes")
        await t.skip(seconds=10)
        assert await t.state(order) == "cancelled"
        assert len(t.got()) == before + 1
        assert "A person will read that you want it" in t.last("sms")
        assert any("Wants the cancelled order after all" in x for x in t.group_texts())
        assert await t.staff(ANA, "✅ Confirm", order) == "Done."
        await t.skip(seconds=10)
        assert await t.state(order) == "confirmed"
        assert "is confirmed again" in t.last("sms")


async def test_a_call_that_falls_due_at_night_waits(tmp_path: Path) -> None:
    """Nobody answers at 20:00: staff are told at 09:00, not at 23:00, that they may call again."""
    async with town(tmp_path, telegram=True, start=local("2026-11-23 19:59")) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(minutes=1)
        await t.staff(ANA, NO_ANSWER, order)
        await t.skip(12.9)
        assert not any("may be called again" in x for x in t.group_texts())
        await t.skip(0.2)
        assert any("may be called again" in x for x in t.group_texts())


async def test_an_answer_to_the_missed_call_comes_under_the_card(tmp_path: Path) -> None:
    """Words such as "after six" are an answer to a missed call: staff read it under the card, and nothing is cancelled meanwhile."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(22.5)
        await t.staff(ANA, NO_ANSWER, order)
        await t.skip(seconds=5)
        await t.sms("after six please")
        await t.skip(seconds=5)
        assert any("after six please" in x for x in t.group_texts())
        await t.skip(1)
        assert await t.state(order) == "flagged"


async def test_calls_then_hold(tmp_path: Path) -> None:
    """Where the settings say hold, the last unanswered call cancels nothing: on hold, and the owner knows."""
    more = "confirmation: {calls: {attempts: 1, apart: 3h, then: hold}}"
    async with town(tmp_path, telegram=True, more=more) as t:
        order = await t.order()
        await t.skip(22.5)
        await t.staff(ANA, NO_ANSWER, order)
        await t.skip(seconds=10)
        assert await t.state(order) == "held"
        assert any(f"order {order}" in x and "on hold" in x for x in t.owner_texts())
        assert len(t.got()) == 2
        await t.press(0)
        assert await t.state(order) == "confirmed", "the customer's own yes still counts"


async def test_nobody_acts_hold(tmp_path: Path) -> None:
    """A day of silence in the group: on hold, said to staff and the owner, and again later, ever more rarely."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(phone="12", email=None)
        await t.skip(24.1)
        assert await t.state(order) == "held"
        assert any("Nobody has acted" in x for x in t.group_texts())
        assert len([x for x in t.owner_texts() if "on hold" in x]) == 1
        await t.skip(24 * 14)
        pings = [x for x in t.owner_texts() if "on hold" in x]
        assert 3 <= len(pings) <= 6
        assert not t.got(to=None)


async def test_nobody_acts_cancel(tmp_path: Path) -> None:
    """Where the settings say cancel, a day of silence cancels by rule, and the customer is told with the way back."""
    more = "confirmation: {if_unanswered: cancel}"
    async with town(tmp_path, telegram=True, more=more) as t:
        order = await t.order()
        await t.skip(hours=12 + 8 + 24 + 12)
        found = await t.get(order)
        assert (found.state, found.decided_by) == ("cancelled", "rule")
        assert "We could not reach you" in t.last()
        assert len([x for x in t.got() if "could not reach" in x]) == 1


@pytest.mark.parametrize(
    ("news", "wait", "said"),
    [([], 3 * 24, "confirmed, and nobody has sent it"), (["shipped"], 10 * 24, "was sent, and there is no news of it")],
)
async def test_a_confirmed_order_is_watched_to_the_end(tmp_path: Path, news: list[str], wait: float, said: str) -> None:
    """Confirmed and not sent, or sent without news: staff hear it, then the owner; the customer hears nothing of it."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("1")
        for kind in news:
            await t.report(order, kind)
        heard = len(t.got())
        await t.skip(wait - 0.5)
        assert not t.group_texts()
        await t.skip(1)
        assert any(said in x for x in t.group_texts())
        await t.skip(24 * 4)
        assert any(f"order {order}" in x for x in t.owner_texts())
        assert len(t.got(to=ANA_PHONE)) == heard
        assert not t.mails()


async def test_a_late_event_that_makes_no_sense_is_shown(tmp_path: Path) -> None:
    """The courier "ships" a cancelled order: kept in the story, shown to staff, nothing changed."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("3")
        assert await t.report(order, "shipped") == 200
        await t.skip(seconds=10)
        assert await t.state(order) == "cancelled"
        assert any("its state is: Cancelled" in x for x in t.group_texts())


async def test_a_parcel_sent_without_a_yes_is_said(tmp_path: Path) -> None:
    """The shop sends an order that still waits on its card: the ladder ends, and staff read that there was no yes."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("hm, the blue one?")
        await t.skip(seconds=10)
        await t.report(order, "shipped")
        await t.skip(seconds=10)
        assert any("was sent without a yes" in x for x in t.group_texts())
        await t.skip(24)
        assert not t.got("whatsapp")
