"""Presses of staff on an order's card. Two presses never both count: the second is told who was first.

Rights (CONTRACT.md Telegram): staff Confirm, No answer, Cancel, Undo, Take; a press by somebody without the right does nothing.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import handing, hours, ladder
from flows.cards import CANCEL_CONFIRMED, CONFIRM_CANCELLED
from flows.conversation import Question
from flows.deciding import cancel, confirm, undo
from flows.effects import Say
from flows.events import StaffPressed
from flows.judging import block, let_off
from flows.orders import ASKABLE, Call, Order
from flows.reach import tell
from flows.turn import Turn

ROLES = ("staff", "manager", "owner")
#: A press that repeats the last one within this time is the same press (a double tap), not a second call.
DOUBLE_TAP = timedelta(seconds=20)


def pressed(turn: Turn, event: StaffPressed) -> None:
    """Notice: done | already:<name> | stale | gone | not_allowed | too_soon:<time> | nothing | shipped."""
    if event.role not in ROLES:
        turn.notice = "not_allowed"
        return
    order = turn.talk if event.seq == 0 else next((o for o in turn.orders if o.seq == event.seq), None)
    if order is None:
        turn.notice = "gone"
        return
    if order.card is None or order.card.chat != event.chat or order.card.message_id != event.message_id:
        turn.notice = "stale"
        return
    if event.version != order.version:
        turn.notice = "stale"
        turn.refresh(order)
        return
    turn.notice = "done"
    handler = _VERBS.get(event.verb, _unknown) if order.seq else _close_talk
    handler(turn, order, event)


def _who(event: StaffPressed) -> str:
    return "owner" if event.role == "owner" else "staff"


def _confirm(turn: Turn, order: Order, event: StaffPressed) -> None:
    if order.state not in ("pending", "flagged", "held"):
        turn.notice = _already(order)
    else:
        confirm(turn, replace(order, taken_by=""), by=_who(event), via="call", name=event.name)  # type: ignore[arg-type]


def _bring_back(turn: Turn, order: Order, event: StaffPressed) -> None:
    """A cancelled order after all: the customer, who has heard of the cancel, hears of this, too."""
    if order.state != "cancelled" or order.shop_cancelled:
        turn.notice = _already(order)
        return
    order = confirm(turn, order, by=_who(event), via="telegram", name=event.name)  # type: ignore[arg-type]
    tell(turn, order, "reopened")


def _already(order: Order) -> str:
    return f"already:{order.state}:{order.decided_name or order.decided_by or ''}"


def _close_talk(turn: Turn, order: Order, event: StaffPressed) -> None:
    """The card of a talk has one button: it is done with."""
    if event.verb != "confirm":
        _unknown(turn, order, event)
        return
    if order.state != "flagged":
        turn.notice = _already(order)
        return
    turn.note("talk.closed", by=f"{event.role}:{event.name}", via="telegram")
    order = turn.put(replace(order, state="confirmed", decided_name=event.name, decided_at=turn.now))
    turn.refresh(order)


def _cancel(turn: Turn, order: Order, event: StaffPressed) -> None:
    if order.state not in (("confirmed",) if event.verb == CANCEL_CONFIRMED else ASKABLE):
        turn.notice = _already(order)
    else:
        cancel(turn, order, by=_who(event), via="telegram", name=event.name, template="cancelled_by_shop")  # type: ignore[arg-type]


def _no_answer(turn: Turn, order: Order, event: StaffPressed) -> None:
    """A call that nobody took. The customer is asked when a call suits them; after the configured calls the rule decides."""
    if order.state not in ("pending", "flagged", "held"):
        turn.notice = _already(order)
        return
    calls = turn.policy.calls
    last = order.calls[-1] if order.calls else None
    if last is not None and turn.now - last.at < DOUBLE_TAP:
        turn.notice = f"already:called:{last.by}"
        return
    if last is not None and turn.now - last.at < calls.apart:
        turn.notice = f"too_soon:{(last.at + calls.apart).isoformat()}"
        return
    count = len(order.calls) + 1
    order = replace(order, calls=(*order.calls, Call(turn.now, event.name)), taken_by="", reviewing=False)
    turn.note("call.unanswered", order.id, by=f"{event.role}:{event.name}", via="call", count=str(count))
    turn.rest(f"rung:{order.id}")
    if count >= calls.attempts:
        if calls.then == "cancel":
            cancel(turn, order, by="rule", via="automatic", template="cancelled_no_answer")
        else:
            ladder.hold(turn, replace(order, state="flagged"), "calls_failed")
        return
    after = turn.now + calls.apart
    after = hours.quiet_until(after, turn.policy.quiet, ladder.zone_of(turn, order)) or after
    if order.state == "pending":
        order = replace(order, state="flagged")
        turn.wake(f"remind:{order.id}", turn.now + ladder.staff_wait(turn))
    turn.wake(f"call:{order.id}", after)
    order = turn.put(replace(order, call_after=after))
    turn.refresh(order)
    _ask_when(turn, order, tell(turn, order, "missed_call", number=turn.policy.call_from or turn.policy.name))


def _ask_when(turn: Turn, order: Order, effect_id: str) -> None:
    """Words that come now at that address say when a call suits."""
    say = next((p.effect for p in turn.planned if p.id == effect_id), None)
    if isinstance(say, Say):
        turn.set(question=Question("call", say.channel, say.to, turn.now, (order.id,)))


def _undo(turn: Turn, order: Order, event: StaffPressed) -> None:
    if undo(turn, order, name=event.name, role=event.role) is None:
        turn.notice = "shipped" if order.state in ("shipped", "delivered", "returned") else "nothing"


def _take(turn: Turn, order: Order, event: StaffPressed) -> None:
    if order.taken_by and order.taken_by != event.name:
        turn.notice = f"already:taken:{order.taken_by}"
        return
    if order.taken_by == event.name:
        turn.note("released", order.id, by=f"{event.role}:{event.name}", via="telegram")
        order = handing.end(turn, turn.put(replace(order, taken_by="")))
    else:
        turn.note("taken", order.id, by=f"{event.role}:{event.name}", via="telegram")
        order = handing.begin(turn, replace(order, taken_by=event.name))
    turn.refresh(order)


def _let_off(turn: Turn, order: Order, event: StaffPressed) -> None:
    let_off(turn, order, event.name)


def _block(turn: Turn, order: Order, event: StaffPressed) -> None:
    if event.role == "staff":
        turn.notice = "not_allowed"
        return
    block(turn, order, event.name)


def _unknown(turn: Turn, order: Order, event: StaffPressed) -> None:
    turn.notice = "stale"


_VERBS = {
    "confirm": _confirm,
    "no_answer": _no_answer,
    "cancel": _cancel,
    CANCEL_CONFIRMED: _cancel,
    CONFIRM_CANCELLED: _bring_back,
    "undo": _undo,
    "take": _take,
    "let_off": _let_off,
    "block": _block,
}
