"""A call and what comes of it: nobody took it, the number is wrong, they asked to be called later, they have another number.

No answer     the customer is asked when a call suits; after the configured calls the rule decides
Wrong number  nothing more goes there; whoever can be written to by e-mail is asked for the right one
Call later    the card says when, and the group is told when the time has come
New number    the same road as a customer's own change of number
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from flows import changing, handing, hours, ladder, taking
from flows.conversation import Question
from flows.deciding import cancel
from flows.desk import ROLES
from flows.effects import Say, Value
from flows.events import StaffGave, StaffPressed
from flows.orders import BEFORE_DISPATCH, Call, Order, Reason
from flows.phones import mask, read_phone, same_phone
from flows.reach import Way, compose, tell, way
from flows.turn import Turn

#: A press that repeats the last one within this time is the same press (a double tap), not a second call.
DOUBLE_TAP = timedelta(seconds=20)
#: A call may be put off so far.
LATER_MOST = timedelta(days=8)
#: Times on offer lie on whole steps of this.
STEP = timedelta(minutes=30)
#: How far ahead the times on offer lie, each at the first step that fits the shop's hours and the customer's day.
AHEAD = tuple(timedelta(minutes=m) for m in (20, 60, 120, 240, 1200, 1560))
CALLABLE = ("pending", "flagged", "held")


def no_answer(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    """A call that nobody took. The customer is asked when a call suits them; after the configured calls the rule decides."""
    calls = turn.policy.calls
    last = order.calls[-1] if order.calls else None
    if last is not None and turn.now - last.at < DOUBLE_TAP:
        turn.notice = f"already:called:{last.by}"
        return
    if last is not None and turn.now - last.at < calls.apart:
        turn.notice = f"too_soon:{(last.at + calls.apart).isoformat()}"
        return
    count = len(order.calls) + 1
    order = replace(order, calls=(*order.calls, Call(turn.now, event.name)), reviewing=False)
    order = taking.release(turn, order)
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
    order = _for_staff(turn, order)
    turn.wake(f"call:{order.id}", after)
    order = turn.put(replace(order, call_after=after))
    turn.refresh(order)
    known: dict[str, Value] = {"number": turn.policy.call_from} if turn.policy.call_from else {}
    _ask_when(turn, order, tell(turn, order, "missed_call", but=frozenset(), **known))


def _for_staff(turn: Turn, order: Order) -> Order:
    """The ladder is over: a person calls."""
    if order.state != "pending":
        return order
    turn.wake(f"remind:{order.id}", turn.now + ladder.staff_wait(turn))
    turn.rest(f"rung:{order.id}")
    return turn.put(replace(order, state="flagged", held_until=None))


def _ask_when(turn: Turn, order: Order, effect_id: str) -> None:
    """Words that come now at that address say when a call suits."""
    say = next((p.effect for p in turn.planned if p.id == effect_id), None)
    if isinstance(say, Say):
        turn.set(question=Question("call", say.channel, say.to, turn.now, (order.id,)))


# -- a wrong number


def wrong_number(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    """Somebody else answered, or the number is none. It is left alone; an e-mail asks for the right one."""
    phone = order.fields.phone
    if phone is None or phone in order.disowned:
        turn.notice = "nothing"
        return
    turn.note("call.wrong_number", order.id, by=f"{event.role}:{event.name}", via="call")
    turn.withdraw(order.id)
    order = replace(order, disowned=(*order.disowned, phone), taken_by="", taken_id=0, taken_wrote=False)
    order = ladder.flag(turn, handing.end(turn, turn.put(order)), Reason("wrong_number"))
    turn.rest(f"taken:{order.id}")
    found = way(turn, order, "email", "confirm")
    if isinstance(found, Way):
        turn.say(compose(turn, order, "confirm_email", found, "notice"))  # its page takes another number
    turn.refresh(order)


# -- later


def later(turn: Turn, order: Order, event: StaffPressed, minute: str) -> None:
    """They asked to be called at another time. `minute`: of the epoch, from the button."""
    at = datetime.fromtimestamp(int(minute) * 60, UTC) if minute.isascii() and minute.isdigit() else turn.now
    if not turn.now < at <= turn.now + LATER_MOST:
        turn.notice = "stale"
        turn.refresh(order)
        return
    turn.note("call.later", order.id, by=f"{event.role}:{event.name}", via="telegram", at=at.isoformat())
    order = _for_staff(turn, taking.release(turn, order))
    turn.wake(f"call:{order.id}", at)
    remind = turn.timers.get(f"remind:{order.id}")
    if remind is None or remind < at + ladder.staff_wait(turn):
        turn.wake(f"remind:{order.id}", at + ladder.staff_wait(turn))
    turn.refresh(turn.put(replace(order, call_after=at)))


def times(turn: Turn, order: Order) -> tuple[datetime, ...]:
    """Moments to call at: inside the shop's hours, and no quiet time for the customer."""
    policy = turn.policy
    found: list[datetime] = []
    for ahead in AHEAD:
        moment = _step(turn.now + ahead)
        for _ in range(2 * 24 * 7):
            closed = bool(policy.hours.week) and not hours.open_now(moment, policy.hours, policy.zone)
            if not closed and hours.quiet_until(moment, policy.quiet, ladder.zone_of(turn, order)) is None:
                break
            moment += STEP
        else:
            continue
        if moment not in found and moment <= turn.now + LATER_MOST:
            found.append(moment)
    return tuple(found)


def _step(moment: datetime) -> datetime:
    seconds = int(STEP.total_seconds())
    return datetime.fromtimestamp(-(-int(moment.timestamp()) // seconds) * seconds, UTC)


# -- another number


def gave(turn: Turn, event: StaffGave) -> None:
    """Staff wrote the new number. Notice: number:<masked> | number_bad | number_same | stale | gone | not_allowed."""
    order = turn.by_seq(event.seq) if event.seq else None
    if event.role not in ROLES:
        turn.notice = "not_allowed"
    elif order is None:
        turn.notice = "gone"
    elif event.version != order.version or order.state not in BEFORE_DISPATCH:
        turn.notice = "stale"
    else:
        _new_number(turn, order, event)


def _new_number(turn: Turn, order: Order, event: StaffGave) -> None:
    """Read in the order's country; a colleague may give one abroad, with its country code."""
    phone = read_phone(event.text, order.fields.address.country or turn.policy.country or None)
    if phone is None or not phone.valid:
        turn.notice = "number_bad"
        return
    if order.fields.phone and same_phone(phone.e164, order.fields.phone):
        turn.notice = "number_same"
        return
    mobile = phone.kind != "landline"
    order = taking.release(turn, order)
    changing.number(
        turn, order, phone.e164, event.text, mobile=mobile, via="telegram", told_here=False, name=event.name
    )
    turn.notice = f"number:{mask(phone.e164)}"
