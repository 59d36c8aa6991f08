"""What was understood of a change is said, with the way back; the courier's note has the wish."""

from __future__ import annotations

from msgspec.structs import replace

from flows.conversation import Question, one_address
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import ASKABLE, Order
from flows.talk import answer
from flows.turn import Turn

Talk = CustomerWrote | CustomerPressed


def noted(order: Order, wish: str) -> Order:
    """The order with this wish in the courier's note, in the place of an earlier one; "" only takes that back."""
    earlier = [p for p in order.fields.courier_note.split("; ") if p and p != order.wish]
    note = "; ".join([*earlier, *([wish] if wish else [])])
    return replace(order, fields=replace(order.fields, courier_note=note), wish=wish)


def echoed(turn: Turn, event: Talk, order: Order, template: str, **values: str) -> None:
    """Say what was understood, with the way back. The Undo button is bound to the change's own number."""
    n = order.changes_ever
    turn.set(question=Question("undo", event.channel, event.address, turn.now, (order.id,), wanted=str(n)))
    answer(turn, event, template, replace(order, version=n), **values)
    if (
        event.channel != "email"
        and order.state in ASKABLE
        and any(one_address(a.address, event.address) for a in order.asked)
    ):
        answer(turn, event, "status_pending", order)  # the change is no yes: that question is still open
