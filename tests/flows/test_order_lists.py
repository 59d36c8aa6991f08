"""Lists inside an order that would grow for as long as it lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flows.money import Money
from flows.orders import ASKED_MOST, Asked, Order, OrderFields

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_the_questions_of_an_order_are_bounded() -> None:
    """However often an order is asked about, it keeps the newest questions, in their order, and no more than its most."""
    order = Order(fields=OrderFields(id="1", total=Money(4990, "EUR"), placed_at=NOW), seq=1, received_at=NOW)
    for n in range(ASKED_MOST + 12):
        order = order.with_asked(Asked(f"e{n}", "sms", "+34600000001", n, 0, NOW + timedelta(hours=n)))
    assert [asked.effect_id for asked in order.asked] == [f"e{n}" for n in range(12, ASKED_MOST + 12)]
