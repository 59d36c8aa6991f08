"""What is kept of a closed order in the shop's history: how it ended, and whose fault that was."""

from __future__ import annotations

from datetime import datetime

from flows.orders import Order
from flows.risk.history import Ended, Fault, PastOrder

#: A courier's reason -> (how it ended, whose fault). Reasons: POST /orders/{id}/events (docs/api.md).
_RETURNED: dict[str, tuple[Ended, Fault]] = {
    "customer_refused": ("refused", "customer"),
    "no_money": ("refused", "customer"),
    "not_home": ("not_collected", "customer"),
    "wrong_address": ("not_collected", "none"),
    "courier_fault": ("lost", "courier"),
    "damaged": ("returned", "courier"),
}


def past_of(order: Order, now: datetime) -> PastOrder:
    """The closed order as the history keeps it; `order.state` is cancelled, delivered or returned."""
    ended, fault = _ending(order)
    fields = order.fields
    return PastOrder(
        order_id=order.id,
        placed_at=min(fields.placed_at, now),
        closed_at=now,
        ended=ended,
        fault=fault,
        amount_minor=fields.total.minor,
        currency=fields.total.currency,
        confirmed_at=order.confirmed_at,
        attempts=1 + order.attempts_failed,
        unreachable=order.state == "cancelled" and order.decided_by == "rule",
        skus=tuple(i.sku or i.title for i in fields.items),
        matched=(),
    )


def _ending(order: Order) -> tuple[Ended, Fault]:
    if order.state == "delivered":
        return ("paid" if order.paid else "delivered"), "none"
    if order.state == "returned":
        return _RETURNED.get(order.ended, ("returned", "none"))
    if order.decided_by == "customer":
        return "cancelled_by_customer", "customer"
    return ("cancelled_by_rule", "customer") if order.decided_by == "rule" else ("cancelled_by_shop", "shop")
