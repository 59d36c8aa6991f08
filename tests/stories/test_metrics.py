"""What /metrics shows after a day in the shop: the names that the field's dashboards know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.town import Town, town


async def seen(t: Town) -> dict[tuple[str, ...], float]:
    """Sample name and its label values -> its value."""
    async with t.http.get(f"{t.url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    families: Any = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def test_orders_answers_and_what_they_cost(tmp_path: Path) -> None:
    """Orders by state, answers by channel with what became of the order, money by state, segments, and the questions' waits."""
    async with town(tmp_path) as t:
        yes = await t.order(total="49.90")
        await t.sms("1")
        await t.order(phone="600 000 002")
        await t.skip(4.1)  # the second is asked on WhatsApp, too
        found = await seen(t)
        assert await t.state(yes) == "confirmed"
        assert found["doorstep_orders", "confirmed"] == 1
        assert found["doorstep_orders", "pending"] == 1
        assert found["doorstep_answers_total", "sms", "confirmed"] == 1
        assert found["doorstep_order_money_total", "EUR", "confirmed"] == 49.90
        assert found["doorstep_messages_total", "sms", "first"] == 2
        assert found["doorstep_segments_total", "sms"] >= 3
        assert found["doorstep_rung_seconds_count", "sms"] == 2
        assert found["doorstep_rung_seconds_count", "whatsapp"] == 1
        assert found["doorstep_rung_seconds_bucket", "sms", "60.0"] == 2
        assert found["doorstep_timer_lag_seconds",] == 0


async def test_what_fails_and_what_is_late(tmp_path: Path) -> None:
    """A provider's failure is counted by its code, and a timer that is due and not done shows its lag."""
    async with town(tmp_path) as t:
        t.breaks("twilio", "status", "Messages.json", status=503)
        await t.order()
        found = await seen(t)
        assert found["doorstep_provider_errors_total", "http 503", "twilio"] == 1
        await t.house.timers.stop()
        t.leap(5)
        found = await seen(t)
        assert found["doorstep_timer_lag_seconds",] >= 0.9 * 3600
