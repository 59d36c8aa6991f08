"""Who refuses the shop's service: at the door, or in angry words. The owner hears of each order once, without a sound."""

from __future__ import annotations

from msgspec.structs import replace

from flows.complaint import selling_paused
from flows.effects import PingOwner, Value
from flows.events import CustomerWrote, ShopReported
from flows.heard import whole
from flows.news import late
from flows.orders import Order
from flows.turn import Turn

#: What a courier calls it.
AT_THE_DOOR = "customer_refused"


def at_the_door(turn: Turn, order_id: str, event: ShopReported) -> None:
    """The courier reports a failed attempt or a return, and the customer's refusal as the reason. Old reports tell nothing new."""
    order = turn.get(order_id)
    if order is not None and event.reason == AT_THE_DOOR and not late(turn, event):
        _told(turn, order, "owner.refused_door", "")


def in_words(turn: Turn, event: CustomerWrote, asked: list[Order], tone: str) -> None:
    """What they wrote in anger has cancelled orders."""
    if tone != "angry" or selling_paused(turn.complaints):
        return  # where they complain besides, the owner has their words already
    for was in asked:
        order = turn.get(was.id)
        if was.open and order is not None and order.state == "cancelled" and order.decided_by == "customer":
            _told(turn, order, "owner.refused_words", whole(event.text))


def _told(turn: Turn, order: Order, key: str, text: str) -> None:
    if order.refusal_told or not turn.policy.staff_chat:
        return
    turn.note("refusal.told", order.id, by="rule")
    turn.put(replace(order, refusal_told=True))
    values: dict[str, Value] = {"shop": turn.policy.name, "order": order.id, "total": order.fields.total}
    if text:
        values["text"] = text
    turn.plan(PingOwner(key=key, values=values, order_id=order.id, silent=True))
