"""A change that the customer makes keeps what stood there before, so that it can be taken back until dispatch."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from flows.orders import Change, Order
from flows.turn import Turn

Kind = Literal["phone", "address", "time", "place", "later", "deal"]
#: So many changes of an order can be taken back, the last one first.
CHANGES_KEPT = 3


def record(turn: Turn, order: Order, what: Kind) -> Order:
    """Keep what stands there before `what` changes."""
    change = Change(
        n=order.changes_ever + 1,
        what=what,
        at=turn.now,
        fields=order.fields,
        wish=order.wish,
        slot=order.slot,
        version=order.version,
        state=order.state,
        rung=order.rung,
        decided_by=order.decided_by,
        via=order.via,
        decided_at=order.decided_at,
    )
    changes = (*order.changes, change)[-CHANGES_KEPT:]
    return replace(order, changes=changes, changes_ever=change.n, shop_said=order.shop_said or order.fields)
