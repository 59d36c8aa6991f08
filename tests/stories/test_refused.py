"""Refusals of service: at the door or in anger. The owner hears of each order once, without a sound."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.town import Town, town


def heard(t: Town, words: str) -> list[bool]:
    """Whether each message with these words to the owner came without a sound."""
    sent = [p for method, p, _ in t.tg.calls if method == "sendMessage" and words in str(p.get("text"))]
    return [str(p.get("disable_notification")).lower() == "true" for p in sent]


async def shipped(t: Town) -> str:
    order = await t.order()
    await t.sms("yes")
    await t.report(order, "shipped")
    return order


@pytest.mark.parametrize("kind", ["attempt_failed", "returned"])
async def test_refused_at_the_door(tmp_path: Path, kind: str) -> None:
    """The courier's word reaches the owner once, though it comes as an attempt and then as a return."""
    async with town(tmp_path, telegram=True) as t:
        order = await shipped(t)
        await t.report(order, kind, reason="customer_refused")
        await t.skip(minutes=1)
        if kind == "attempt_failed":
            await t.report(order, "returned", reason="customer_refused")
        await t.skip(minutes=1)
        assert heard(t, "refused it at the door") == [True]
        assert any(order in x and "49.90" in x for x in t.owner_texts())


async def test_other_reasons_and_old_reports_are_not_told(tmp_path: Path) -> None:
    """Not at home is no refusal, and last week's courier file tells nothing new."""
    async with town(tmp_path, telegram=True) as t:
        order = await shipped(t)
        await t.report(order, "attempt_failed", reason="not_home")
        old = (t.clock.now() - timedelta(days=7)).isoformat()
        await t.report(order, "returned", reason="customer_refused", at=old)
        await t.skip(minutes=1)
        assert heard(t, "refused it at the door") == []


async def test_cancelled_in_anger(tmp_path: Path) -> None:
    """An angry cancel cancels and the owner reads the words; a calm one is the customer's right and tells nobody."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("cancel it, you idiots!")
        await t.skip(minutes=1)
        calm = await t.order(id="calm", phone="600 000 002")
        await t.sms("please cancel my order", phone="+34600000002")
        await t.skip(minutes=1)
        assert await t.state(calm) == "cancelled"
        assert not any("calm" in x for x in t.owner_texts())
        assert await t.state(order) == "cancelled", await t.story(order)
        assert heard(t, "in anger") == [True], t.owner_texts()
