"""Orders that a ceiling holds back: kept, counted on one card of the desk, and asked when their turn has come.

Not one card each: a flood of made-up orders would bury the group. Those of a burst that were asked and never answered are
counted on a card of their own, in the same way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows.effects import ReportHeld
from flows.orders import Order, Reason
from flows.turn import Turn

#: Before the name of a burst: its orders that were asked and did not answer.
SILENT = "silent:"
#: How long a flagged order waits for staff where the ladder has no staff rung.
STAFF_WAIT = timedelta(hours=24)
#: The reason of an order that a ceiling holds.
LIMIT = "limit"


def held(turn: Turn, order: Order, limit: str, burst: str, ask_at: datetime | None) -> Order:
    """Hold it till its turn. The first order of a number that ordered too often gets a card of its own."""
    turn.note("held", order.id, by="rule", reason="limit", limit=limit, until=ask_at.isoformat() if ask_at else "")
    others = any(r.key == LIMIT for o in turn.orders if o.open and o.seq != order.seq for r in o.reasons)
    reasons = (*order.reasons, Reason(LIMIT, {"limit": limit}))
    order = turn.put(replace(order, state="held", burst=burst, reasons=reasons))
    turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
    if ask_at is not None:
        turn.wake(f"limit:{order.id}", ask_at)
    if limit == "number" and not others:
        return turn.card(order)
    _count(turn, burst, limit, ask_at)
    return order


def silent(turn: Turn, order: Order, reason: Reason) -> Order:
    """Asked at its turn, and nobody answered: one of many, kept for whoever looks at the whole burst."""
    turn.rest(f"rung:{order.id}")
    turn.note("held", order.id, by="rule", reason=reason.key)
    burst = order.burst if order.burst.startswith(SILENT) else SILENT + order.burst
    reasons = order.reasons if reason in order.reasons else (*order.reasons, reason)
    order = turn.put(replace(order, state="held", burst=burst, reasons=reasons, held_until=None, reviewing=False))
    _count(turn, burst, "silent", None)
    return order


def staff_wait(turn: Turn) -> timedelta:
    """How long staff have before they are reminded."""
    for rung in turn.policy.ladder:
        if rung.channel == "staff":
            return rung.wait
    return STAFF_WAIT


def unseen(order: Order) -> bool:
    """Whether the order is one of a burst that staff see as a whole only."""
    return bool(order.burst) and not order.card_wanted


def _count(turn: Turn, burst: str, limit: str, ask_at: datetime | None) -> None:
    if turn.policy.staff_chat:
        about = burst.removeprefix(SILENT).partition(":")[2]
        turn.plan(ReportHeld(burst=burst, limit=limit, about=about, ask_at=ask_at))
