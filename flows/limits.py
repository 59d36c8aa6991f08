"""A new order against the ceilings on first texts: judged at once, asked at once or when its turn comes."""

from __future__ import annotations

from msgspec.structs import replace

from flows import burst, judging
from flows.deciding import cancel
from flows.events import LimitLifted, OrderTold
from flows.orders import Order
from flows.turn import Turn


def arrived(turn: Turn, order: Order, event: OrderTold) -> Order:
    """Assess it; do what the verdict asks for, or hold it. Who surely paid before is no flood: only their own number holds them."""
    order = judging.assessed(turn, order, event)
    known = order.verdict == "trusted" and event.over_limit != "number"
    if event.over_limit and not known:
        return burst.held(turn, order, event.over_limit, event.burst or event.over_limit, event.ask_at)
    return judging.go_on(turn, order)


def due(turn: Turn, order: Order) -> None:
    """Its turn has come."""
    turn.rest(f"limit:{order.id}")
    if order.state == "held":
        _ask(turn, order)


def lifted(turn: Turn, event: LimitLifted) -> None:
    """A person decided about the whole burst. Nobody has heard of a cancelled one, so nobody is told. Notice: done | nothing."""
    order = turn.get(event.order_id)
    turn.notice = "nothing"
    if order is None or order.state != "held" or order.burst != event.burst:
        return
    turn.notice = "done"
    if event.what == "cancel":
        by = "owner" if event.role == "owner" else "staff"
        cancel(turn, order, by=by, via="telegram", name=event.by)  # type: ignore[arg-type]
        return
    turn.note("limit.lifted", order.id, by=f"{event.role}:{event.by}", via="telegram")
    _ask(turn, order)


def _ask(turn: Turn, order: Order) -> None:
    """As if it had come now. What else holds it (a person's word) goes on holding it."""
    kept = tuple(r for r in order.reasons if r.key != burst.LIMIT)
    turn.rest(f"limit:{order.id}")
    if kept:
        turn.refresh(turn.put(replace(order, reasons=kept)))
        return
    turn.rest(f"remind:{order.id}")
    turn.note("limit.over", order.id, by="rule")
    order = turn.put(replace(order, state="pending", reasons=()))
    turn.refresh(judging.go_on(turn, order))
