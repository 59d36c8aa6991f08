"""limits.money_per_day: what we begin waits for tomorrow's money, answers never, and nothing is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA_PHONE, Town, town

pytestmark = pytest.mark.long

#: A question in one segment costs 0.10: ten of them are a day's money.
POOR = """
limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null, money_per_day: 1.00 EUR}
numbers: {sms_segment: 0.10, whatsapp_message: 0.05}
"""


async def texts(t: Town, order: str) -> list[str]:
    """What reached the phone of this order's customer by SMS."""
    return t.got("sms", (await t.get(order)).fields.phone)


async def orders(t: Town, many: int, first: int = 0) -> list[str]:
    made = []
    for n in range(first, first + many):
        made.append(await t.order(phone=f"61000{n:04d}", consent={"whatsapp": False}, email=None))
        await t.skip(seconds=2)
    return made


def asked(t: Town) -> int:
    return sum(1 for r in t.world.ledger if r.channel == "sms" and r.to.startswith("+3461000"))


async def test_questions_wait_and_answers_do_not(tmp_path: Path) -> None:
    """After the day's money no question leaves, an answer still does; the next morning the rest is asked, each once."""
    async with town(tmp_path, more=POOR, telegram=True) as t:
        made = await orders(t, 15)
        spent = asked(t)
        assert 10 <= spent <= 11, "the limit is passed by what was on the wire, no more"
        assert sum("have cost" in x for x in t.owner_texts()) == 1
        assert sum("is spent" in x for x in t.owner_texts()) == 1
        before = len(t.got("sms", "+34610000000"))
        await t.sms("yes", phone="+34610000000")
        await t.skip(seconds=5)
        assert await t.state(made[0]) == "confirmed"
        assert len(t.got("sms", "+34610000000")) == before + 1, "the answer to a customer costs and goes"
        waiting = [o for o in made if await t.state(o) == "pending" and not await texts(t, o)]
        assert len(waiting) == 15 - spent
        assert (await t.get(waiting[0])).held_until is not None
        await t.skip(24)
        assert [len(await texts(t, o)) for o in waiting] == [1] * len(waiting), (
            "nothing is dropped, and nobody asked twice"
        )


async def test_it_is_counted_over_restarts(tmp_path: Path) -> None:
    """What was spent before a restart is spent after it; the desk is written a few times, not once a message."""
    async with town(tmp_path, more=POOR.replace("1.00", "4.00"), telegram=True) as t:
        await orders(t, 20)
        await t.close_house()
        await t.open_house()
        desk = await t.house.engine.desk("demo")
        assert 195 <= desk.spent <= 205, desk.spent
        await orders(t, 25, 20)
        assert 40 <= asked(t) <= 42
        assert t.house.engine.policies["demo"].money_until is not None


async def test_a_planned_question_that_loses_its_money_is_asked_the_next_day(tmp_path: Path) -> None:
    """A backlog at a slow sender: what has not left when the money ends is neither sent nor skipped to the next channel."""
    async with town(tmp_path, more=POOR, telegram=True, twilio_more="sms_rate: 0.2") as t:
        made = [await t.order(phone=f"61000{n:04d}", consent={"whatsapp": False}, email=None) for n in range(14)]
        await t.skip(minutes=5)
        assert 10 <= asked(t) <= 11
        late = [o for o in made if not await texts(t, o)]
        assert late
        assert {(await t.get(o)).state for o in late} == {"pending"}
        await t.skip(24)
        assert [len(await texts(t, o)) for o in late] == [1] * len(late)


async def test_what_messages_cost_is_in_the_metrics(tmp_path: Path) -> None:
    """/metrics adds up the price of every message, answers too, by channel."""
    async with town(tmp_path, more=POOR) as t:
        await t.order()
        await t.sms("yes", phone=ANA_PHONE)
        await t.skip(seconds=5)
        segments = sum(1 for _ in t.got("sms"))
        async with t.http.get(f"{t.url}/metrics") as answer:
            text = await answer.text()
        (line,) = [x for x in text.splitlines() if x.startswith("doorstep_spent_total{") and 'channel="sms"' in x]
        assert float(line.split()[-1]) >= round(0.1 * segments, 2) - 1e-9
        assert 'currency="EUR"' in line


async def test_without_a_limit_nothing_is_booked(tmp_path: Path) -> None:
    """Prices alone hold nothing back and write nothing to the desk."""
    async with town(tmp_path, more=POOR.replace("1.00 EUR", "null"), telegram=True) as t:
        await orders(t, 12)
        assert asked(t) == 12
        assert (await t.house.engine.desk("demo")).spent == 0
