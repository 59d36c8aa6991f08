"""Every fact twice, ten times, in another order: the same end, and no message more."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.town import ANA_PHONE, Town, town


async def test_one_order_posted_ten_times_at_once(tmp_path: Path) -> None:
    """Ten POSTs of one order side by side: one 202, nine 200, one text. Another order under the same id is a conflict."""
    async with town(tmp_path) as t:
        body = t.an_order()
        answers = await asyncio.gather(*(t.api("POST", "/orders", body) for _ in range(10)))
        assert sorted(status for status, _ in answers) == [200] * 9 + [202]
        await t.settle()
        await t.skip(seconds=20)
        assert len(t.got()) == 1
        status, _ = await t.api("POST", "/orders", body | {"total": "1.00"})
        assert status == 409


async def test_two_first_orders_at_once_are_one_customer(tmp_path: Path) -> None:
    """Twenty orders of one new customer at the same moment: one conversation holds them all."""
    async with town(tmp_path, more="limits: {first_sms_per_number_day: null}") as t:
        bodies = [t.an_order() for _ in range(20)]
        await asyncio.gather(*(t.api("POST", "/orders", body) for body in bodies))
        await t.settle()
        talks = {(await t.conversation(body["id"])).id for body in bodies}
        assert len(talks) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_the_shops_news_in_any_order_and_often(tmp_path: Path, seed: int) -> None:
    """Confirmed, shipped, delivered and their repeats, shuffled: whatever comes last in the order's life holds."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.report(order, "shipped")
        news = ["shipped", "out_for_delivery", "attempt_failed", "delivered", "confirmed"] * 3
        random.Random(seed).shuffle(news)
        for kind in news:
            assert await t.report(order, kind) == 200
        assert await t.state(order) == "delivered"
        await t.skip(24 * 12)
        assert len(t.got()) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_receipts_in_any_order(tmp_path: Path, seed: int) -> None:
    """Twilio's receipts of one text come shuffled and repeated: no status goes back, no rung runs early, nothing is resent."""
    async with town(tmp_path) as t:
        order = await t.order()
        sid = t.world.texts(ANA_PHONE)[0].provider_id
        message = t.twilio.messages[sid]
        steps = ["queued", "sent", "delivered"] * 4
        random.Random(seed).shuffle(steps)
        for status in steps:
            message.status = status
            await t.twilio.hooks.post(t.twilio.webhooks.status(message))
        await t.settle()
        assert (await t.get(order)).asked[0].status == "delivered"
        await t.skip(3.9)
        assert len(t.got()) == 1


async def test_a_late_failure_after_the_delivery(tmp_path: Path) -> None:
    """Told "delivered" and then "failed" of the same text: it was delivered, so nobody is asked twice."""
    async with town(tmp_path) as t:
        await t.order()
        message = t.twilio.messages[t.world.texts(ANA_PHONE)[0].provider_id]
        message.status, message.error_code = "undelivered", 30005
        await t.twilio.hooks.post(t.twilio.webhooks.status(message))
        await t.settle()
        await t.skip(1)
        assert len(t.got()) == 1


async def everything(t: Town, seed: int) -> list[tuple[str, str]]:
    """One day of repeated webhooks in a shuffled order; gives what the phones got."""
    body = t.an_order()
    await t.api("POST", "/orders", body)
    await t.settle()
    await t.sms("3")
    sid = next(s for s, m in t.twilio.messages.items() if m.direction == "inbound")
    acts: list[Any] = [
        *[lambda: t.twilio.again(sid)] * 5,
        *[lambda: t.api("POST", "/orders", body)] * 5,
        *[lambda: t.report(body["id"], "cancelled")] * 3,
    ]
    random.Random(seed).shuffle(acts)
    for act in acts:
        await act()
    await t.skip(48)
    assert await t.state(body["id"]) == "cancelled"
    assert (await t.get(body["id"])).decided_by == "customer"
    return [(r.channel, r.text) for r in t.world.ledger]


async def test_the_same_day_shuffled(tmp_path: Path) -> None:
    """Ten times and in another order: the ledgers of three shuffled days are equal, text by text."""
    days = []
    for seed in range(3):
        home = tmp_path / str(seed)
        home.mkdir()
        async with town(home) as t:
            days.append(await everything(t, seed))
    assert days[0] == days[1] == days[2]
    assert len(days[0]) == 3, "the question, the acknowledgement, and once: why"


@pytest.mark.parametrize(
    "path", ["/orders", "/hooks/twilio/message", "/hooks/twilio/status", "/c/0123456789012345678901"]
)
async def test_a_body_over_64_kb_is_refused(tmp_path: Path, path: str) -> None:
    """413 before anything is read into an event; the service goes on."""
    async with town(tmp_path) as t:
        kind = "application/json" if path == "/orders" else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Authorization": "Bearer town-api-token", "X-Twilio-Signature": "x"}
        async with t.http.post(t.url + path, data=b"a=" + b"x" * 65_600, headers=headers) as answer:
            assert answer.status in ((413, 404) if path.startswith("/c/") else (413,))
        order = await t.order()
        assert await t.state(order) == "pending"
