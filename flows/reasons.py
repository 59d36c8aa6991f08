"""Why a customer cancels: asked once, gently, kept for the reports; and what the owner allows instead: a later date, an exchange."""

from __future__ import annotations

from datetime import time, timedelta

from msgspec.structs import replace

from flows import hours
from flows.changing import ask
from flows.conversation import Question
from flows.deciding import rest
from flows.delivery_time import day_of
from flows.events import CustomerPressed, CustomerWrote
from flows.heard import whole
from flows.orders import BEFORE_DISPATCH, Order
from flows.recording import record
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import Slots, Understood
from flows.wording import Moment

#: The question follows the acknowledgement a little later, so that it does not read as a condition of the cancel.
A_LITTLE_LATER = timedelta(minutes=1)
ONCE = "why"
#: What the numbers of the question mean, in its order.
CHOICES = ("changed_mind", "no_money", "too_slow", "ordered_elsewhere", "wrong_item")
#: For these a later date may be the answer.
_LATER_HELPS = frozenset({"no_money"})
#: At this time of the chosen day we write again.
MORNING = time(10)


def after_cancel(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, reason: str | None) -> None:
    """The customer has cancelled: keep the reason they gave, or ask for it."""
    if reason:
        _keep(turn, order, reason)
        return
    if ONCE in order.asked_once or turn.policy.sender(event.channel) is None:
        return
    turn.put(replace(order, asked_once=(*order.asked_once, ONCE)))
    turn.set(question=Question("why", event.channel, event.address, turn.now, (order.id,)))
    effect_id = answer(turn, event, "why_cancel", order)
    if effect_id:
        turn.put_off(effect_id, turn.now + A_LITTLE_LATER)


def told(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """An answer to the question why; False: it is none."""
    choice = got.slots.choice
    reason = got.slots.reason or (CHOICES[choice - 1] if choice is not None and 0 < choice <= len(CHOICES) else None)
    if order.state != "cancelled" or (got.sure and got.intent != "cancel" and not reason):
        return False
    turn.set(question=None)
    order = _keep(turn, order, reason or "other", "" if reason else event.text)
    if reason in _LATER_HELPS and turn.policy.later_within and not order.shop_cancelled:
        ask(turn, event, order, "later")
    elif reason == "wrong_item" and turn.policy.exchange:
        to_staff(turn, event, order, "reply.return_or_exchange", template="item_change_handed")
    else:
        answer(turn, event, "already_cancelled", order)
    return True


def _keep(turn: Turn, order: Order, reason: str, words: str = "") -> Order:
    turn.note("cancel.reason", order.id, by="customer", reason=reason, text=whole(words))
    return turn.put(replace(turn.get(order.id) or order, cancel_reason=reason))


# -- later


def later(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, slots: Slots) -> None:
    """They want to decide, or to pay, later: wait for that day, ask for it, or hand over where the owner does not allow it."""
    if turn.policy.later_within is None or (order.state not in BEFORE_DISPATCH and order.state != "cancelled"):
        to_staff(turn, event, order, "reply.later")
    elif not slots.day:
        ask(turn, event, order, "later")
    else:
        put_off(turn, event, order, slots)


def put_off(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, slots: Slots) -> None:
    """Ask again in the morning of that day. A cancelled order is open again till then."""
    zone = hours.zone_for(order.fields.address.country, turn.policy)
    day = day_of(slots.day, turn.now, zone)
    until = hours.at_local(day, MORNING, hours.zone(zone)) if day else None
    within = turn.policy.later_within or timedelta()
    if until is None or not turn.now < until <= turn.now + within or order.shop_cancelled:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.later")
        return
    order = record(turn, order, "later")
    rest(turn, order)
    turn.withdraw(order.id)
    turn.note("order.put_off", order.id, by="customer", via=event.channel, until=until.isoformat(), was=order.state)
    turn.wake(f"rung:{order.id}", until)
    order = turn.put(
        replace(
            order,
            state="pending",
            version=order.version + 1,
            rung=0,
            held_until=until,
            decided_by=None,
            via=None,
            decided_at=None,
            decided_name="",
            before=None,
            calls=(),
            call_after=None,
        )
    )
    turn.refresh(order)
    undo = Question("undo", event.channel, event.address, turn.now, (order.id,), wanted=str(order.changes_ever))
    turn.set(question=undo)
    answer(turn, event, "later_ok", order, when=Moment(at=until, zone=zone, style="day"))
