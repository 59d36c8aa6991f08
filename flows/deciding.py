"""The ways an order's state changes, each in one place: confirm, cancel, reopen, undo, and what the shop reports."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import still
from flows.effects import Say
from flows.ladder import flag, hold
from flows.orders import Before, Order, Reason, State, Via, Who
from flows.reach import tell
from flows.turn import UNDO_GRACE, Turn
from flows.welcoming import greet

#: What an order is woken for; a promise to its customer outlives its decisions.
_TIMERS = frozenset({"rung", "remind", "call", "ship", "news", "talk", "taken", "still", "silent", "day", "limit"})
#: How the customer hears of what staff decided.
_TELLS = ("cancelled_", "reopened")
#: A customer's own cancel can be taken back by a text for so long; later a person looks at it.
REOPEN_WITHIN = timedelta(days=7)


def confirm(turn: Turn, order: Order, *, by: Who, via: Via, name: str = "") -> Order:
    """The order is right. Ends the ladder, starts watching for dispatch. Says nothing: the caller knows whom to answer."""
    order = _decide(turn, order, "confirmed", by, via, name)
    turn.wake(f"ship:{order.id}", turn.now + turn.policy.not_shipped_after)
    still.watch(turn, order)
    turn.refresh(order)
    back = order.before is not None and order.before.state == "cancelled"
    _tell(turn, order, "reopened" if back else "confirmed", by)
    return greet(turn, order) if by in ("customer", "rule") else order


def cancel(turn: Turn, order: Order, *, by: Who, via: Via, name: str = "", template: str = "") -> Order:
    """The order is off. `template`: what the customer is told, with the way back; "" when the caller answers them itself."""
    order = _decide(turn, order, "cancelled", by, via, name)
    turn.refresh(order)
    _tell(turn, order, "cancelled", by, reason=order.cancel_reason or ("" if by == "customer" else template))
    if template:
        effect_id = tell(turn, order, template)
        if by in ("staff", "owner") and effect_id:
            turn.put_off(effect_id, turn.now + UNDO_GRACE)
    return order


def _tell(turn: Turn, order: Order, what: str, by: Who, **values: str) -> None:
    """The shop hears of it: what staff decided a little later, for they may undo it; what the shop decided itself, never."""
    if by != "shop":
        grace = turn.now + UNDO_GRACE if by in ("staff", "owner") else None
        turn.tell_shop(order, what, not_before=grace, **{k: v for k, v in values.items() if v})


def _decide(turn: Turn, order: Order, state: State, by: Who, via: Via, name: str) -> Order:
    rest(turn, order)
    turn.withdraw(order.id)
    turn.note("decided", order.id, by=f"{by}:{name}" if name else by, via=via, state=state, was=order.state)
    return turn.put(
        replace(
            order,
            state=state,
            decided_by=by,
            via=via,
            decided_at=turn.now,
            confirmed_at=turn.now if state == "confirmed" else order.confirmed_at,
            decided_name=name,
            held_until=None,
            call_after=None,
            reviewing=False,
            reminders=0,
            fresh_number=False,
            talk_until=None,
            talk_waiting=False,
            taken_by="",
            taken_id=0,
            taken_wrote=False,
            before=Before(order.state, order.decided_by, order.via, name, turn.now, order.decided_name),
            shop_knows={} if by == "shop" else order.shop_knows,  # it may have changed its own mind
        )
    )


def rest(turn: Turn, order: Order) -> None:
    """No timer of this order is left."""
    its = f":{order.id}"
    turn.rest(*[name for name in turn.timers if name.removesuffix(its) in _TIMERS])


def reopen(turn: Turn, order: Order, *, by: Who, via: Via) -> Order:
    """The customer takes their own cancel back while the shop has not processed it: confirmed again."""
    turn.note("reopened", order.id, by=by, via=via)
    return confirm(turn, order, by=by, via=via)


def _unheard(turn: Turn, order: Order) -> bool:
    """Whether the word of what was decided still waits here."""
    waiting = (o.effect for o in turn.open if o.status == "planned" and isinstance(o.effect, Say))
    return any(say.order_id == order.id and say.template.startswith(_TELLS) for say in waiting)


def undo(turn: Turn, order: Order, *, name: str, role: str) -> Order | None:
    """Back to what was before the last staff decision; None when there is nothing of the kind to take back."""
    before = order.before
    if before is None or order.decided_by not in ("staff", "owner") or order.state not in ("confirmed", "cancelled"):
        return None
    told = "cancelled" in (order.state, before.state) and not _unheard(turn, order)
    turn.withdraw(order.id)
    rest(turn, order)
    was = order.state
    turn.note("undone", order.id, by=f"{role}:{name}", via="telegram", was=was, state=before.state)
    order = replace(order, decided_by=before.decided_by, via=before.via, decided_at=None, decided_name="", before=None)
    if before.state == "confirmed":
        order = confirm(turn, order, by=before.decided_by or "staff", via=before.via or "telegram", name=before.name)
    elif before.state == "cancelled":
        order = cancel(turn, order, by=before.decided_by or "staff", via=before.via or "telegram", name=before.name)
    elif before.state == "held":
        order = hold(turn, replace(order, state="flagged"), "undone")
    else:
        # pending goes on as flagged: the ladder was stopped by a person, so a person finishes it
        order = flag(turn, replace(order, state="pending"), Reason("undone", {"by": name}))
    if told:
        tell(turn, order, "undone")
    return order
