"""Which order a member of staff should look at next: the most urgent one that is theirs or nobody's."""

from __future__ import annotations

from datetime import datetime

from flows.orders import Order

#: From the most urgent to what can wait.
MINE_WAITS, PROMISED, CALL_NOW, WAITS, FLAGGED, HELD, MINE, CALL_LATER = range(8)


def rank(order: Order, me: int, now: datetime, quiet: bool) -> tuple[int, datetime] | None:
    """Smaller is more urgent; None: not for this person (a colleague has it, or it needs nobody).

    `quiet`: it is night at the customer's, so calls wait.
    """
    if order.taken_by and order.taken_id != me:
        return None
    mine = bool(order.taken_by)
    if order.talk_waiting and mine:
        return MINE_WAITS, order.received_at
    if order.promise_by is not None:
        return PROMISED, order.promise_by
    if order.talk_waiting:
        return WAITS, order.received_at
    if order.state not in ("flagged", "held"):
        return None
    later = order.call_after is not None and order.call_after > now
    if later or quiet:
        return CALL_LATER, order.call_after or order.received_at
    if order.call_after is not None:
        return CALL_NOW, order.call_after
    if mine:
        return MINE, order.received_at
    return (FLAGGED if order.state == "flagged" else HELD), order.received_at
