"""A sure answer to an order that it can no longer decide: cancelled, on its way, over. Said politely; a person reads what is left.

After their own cancel a YES reopens the order while the shop has not processed the cancel; after a cancel by staff, shop or rule
a person decides.
"""

from __future__ import annotations

from flows import still
from flows.deciding import REOPEN_WITHIN, reopen
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import Order
from flows.talk import answer, to_staff
from flows.turn import Turn


def too_late(turn: Turn, event: CustomerWrote | CustomerPressed, intent: str, asked: list[Order]) -> None:
    """A sure answer, and no order that it can still decide: always a short reply, never silence, never a wrong decision."""
    order = asked[0] if asked else None
    if order is None:
        to_staff(turn, event, None, "reply.stranger")
        return
    if order.state == "confirmed" and intent == "yes" and f"silent:{order.id}" in turn.timers:
        still.keep(turn, event, order)
    elif order.state == "confirmed":
        answer(turn, event, "already_confirmed", order)
    elif order.state == "cancelled":
        after_cancel(turn, event, intent, order)
    elif order.state == "shipped" and intent != "yes":
        to_staff(turn, event, order, "reply.too_late", template="too_late_dispatched")
    elif order.state == "shipped":
        answer(turn, event, "status_shipped", order)
    elif order.state == "delivered" and intent == "yes":
        answer(turn, event, "status_delivered", order)
    else:
        to_staff(turn, event, order, "reply.closed")


def after_cancel(turn: Turn, event: CustomerWrote | CustomerPressed, intent: str, order: Order) -> None:
    if intent != "yes":
        answer(turn, event, "already_cancelled", order)
        return
    recent = order.decided_at is not None and turn.now - order.decided_at <= REOPEN_WITHIN
    if order.decided_by == "customer" and recent and not order.shop_cancelled:
        order = reopen(turn, order, by="customer", via=event.channel)  # type: ignore[arg-type]
        answer(turn, event, "reopened", order)
    else:
        to_staff(turn, event, order, "reply.wants_again", template="reopen_handed")
