"""What the customer's past makes of a new order. Pure; the past comes in with the event.

    trusted   confirmed at once, greeted, told how to change it
    normal    asked
    watch     asked; the reasons are on the card when one appears
    review    asked and flagged at once; the customer's yes is noted on the card, only staff confirm
    blocked   (a person said so) held, with the reason on the card and a polite word

A red flag never cancels by itself, and always says why.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import ruling
from flows.deciding import confirm
from flows.effects import Value
from flows.events import OrderTold
from flows.informing import delivery_time
from flows.ladder import begin, flag, fresh, hold, staff_wait, wait_of
from flows.opening import hours_value
from flows.orders import ASKABLE, GREETING, Asked, Order, Reason
from flows.postal import mark
from flows.reach import compose, preferred, tell
from flows.risk import Around, OpenOrder, assess, describe
from flows.safeguards import CALL, wanted
from flows.turn import Turn

_OPEN = frozenset({"pending", "flagged", "held", "confirmed"})
#: Verdicts that keep an order back; letting the customer off lifts them on every open order.
_STOPPED = frozenset({"review", "blocked"})
#: Reasons on a card that come from a verdict.
_RULED = frozenset({"review", "said_yes", "blocked", "call_before"})


def assessed(turn: Turn, order: Order, event: OrderTold) -> Order:
    """The order with its verdict, which is remembered on it."""
    policy = turn.policy
    subject = describe(order.fields, _around(turn, order, event), policy.disposable, event.reading)
    found = assess(subject, event.past, policy.risk, turn.now)
    good = not subject.address_nonsense and not {*subject.address_missing} - {"country"}
    order = turn.put(
        replace(
            order,
            verdict=found.verdict,
            risk=found.reasons,
            bought=found.bought,
            good_address=mark(order.fields.address) if good else 0,
        )
    )
    if found.verdict != "normal":
        turn.note(
            "assessed", order.id, by="rule", verdict=found.verdict, reasons=",".join(r.code for r in found.reasons)
        )
    if found.verdict == "blocked" and found.overruled is not None:
        ruling.follow(turn, order, found.overruled)
    return order


def go_on(turn: Turn, order: Order) -> Order:
    """Do what the order's verdict asks for. One of a burst, whose turn has come, is asked without a card of its own."""
    policy = turn.policy
    if order.verdict == "trusted" and policy.on_trusted == "confirm":
        return _welcome(turn, order)
    if order.verdict == "review" and policy.on_review == "staff" and not order.burst:
        return _review(turn, order)
    if order.verdict == "blocked":
        return _blocked(turn, order)
    return begin(turn, order)


def _around(turn: Turn, order: Order, event: OrderTold) -> Around:
    others = tuple(
        OpenOrder(o.id, o.fields.placed_at, o.state == "confirmed", tuple(i.sku or i.title for i in o.fields.items))
        for o in turn.orders
        if o.seq != order.seq and o.state in _OPEN
    )
    return Around(
        open_orders=others,
        on_prefix_hour=event.on_prefix_hour,
        on_address_day=event.on_address_day,
        usual_minor=event.usual_minor,
        ruling=turn.was.ruling,
        group_orders=event.group_orders,
    )


def _welcome(turn: Turn, order: Order) -> Order:
    """Confirmed without a question; the greeting is what a change of mind answers to."""
    order = confirm(turn, order, by="rule", via="automatic")
    found = preferred(turn, order, "trusted_confirmed")
    if found is None:
        return order
    purpose = "answer" if fresh(turn, order) else "notice"  # what they have just done; else it waits for the morning
    say = compose(turn, order, "trusted_confirmed", found, purpose)
    if found.channel == "whatsapp":
        say = replace(say, buttons=("change", "not_me"))
    effect_id = turn.say(say)
    comes = delivery_time(turn)
    if comes and (found.channel == "sms" or turn.window_open(found.to)):  # a text of its own: the greeting is full
        turn.say(compose(turn, order, "faq_answer", found, purpose, answer=comes))
    asked = Asked(effect_id, found.channel, found.to, order.version, GREETING, turn.now)
    return turn.put(order.with_asked(asked))


def _review(turn: Turn, order: Order) -> Order:
    order = begin(turn, order)
    if order.state != "pending":
        return order
    order = replace(order, state="flagged", reviewing=True, reasons=(*order.reasons, Reason("review")))
    turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
    turn.note("flagged", order.id, by="rule", reason="review")
    order = turn.card(turn.put(order))
    return order if CALL not in wanted(turn, order) else _call_before(turn, order)


def _blocked(turn: Turn, order: Order) -> Order:
    order = hold(turn, replace(order, reasons=(*order.reasons, Reason("blocked"))), "blocked")
    values: dict[str, Value] = {**hours_value(turn.policy)}
    tell(turn, order, "blocked_polite", but=frozenset(), **values)
    return order


def let_off(turn: Turn, order: Order, name: str) -> None:
    """A person clears what the past says, for good: their open orders go on like anybody's, and so will the next ones."""
    ruling.give(turn, order, "normal", name)
    for other in [o for o in turn.orders if o.state in _OPEN and (o.seq == order.seq or o.verdict in _STOPPED)]:
        turn.refresh(_released(turn, other, name, pressed=other.seq == order.seq))


def _released(turn: Turn, order: Order, name: str, *, pressed: bool) -> Order:
    """The order without its verdict. Where its customer has said yes, the press on its own card is the yes that was missing;
    another order waits for a press of its own."""
    said = any(r.key == "said_yes" for r in order.reasons)
    if said and not pressed:
        return turn.put(replace(order, verdict="normal"))
    kept = tuple(r for r in order.reasons if r.key not in _RULED)
    was_reviewing = order.reviewing
    order = turn.put(replace(order, verdict="normal", reviewing=False, reasons=kept))
    if said and order.state in ("flagged", "held"):
        order = confirm(turn, order, by="staff", via="telegram", name=name)
        tell(turn, order, "confirmed")
    elif was_reviewing and order.state == "flagged":
        turn.rest(f"remind:{order.id}")
        order = turn.put(replace(order, state="pending"))
    elif order.state == "held" and not kept:
        turn.rest(f"remind:{order.id}")
        order = turn.put(replace(order, state="pending"))
        if any(a.version == order.version for a in order.asked):  # one question a rung: its wait begins anew
            turn.wake(f"rung:{order.id}", turn.now + wait_of(turn, order.rung))
        else:
            order = begin(turn, order)
    return order


def block(turn: Turn, order: Order, name: str) -> None:
    """A person blocks this customer, for good, until somebody lets them off again. Open orders are held, none is cancelled."""
    ruling.give(turn, order, "blocked", name)
    for other in [o for o in turn.orders if o.state in ASKABLE]:
        turn.withdraw(other.id, "first", "rung")
        turn.rest(f"rung:{other.id}", f"call:{other.id}")
        if other.verdict != "blocked":
            _blocked(turn, replace(other, verdict="blocked", reviewing=False))
    turn.refresh(turn.get(order.id) or order)


def said_yes(turn: Turn, order: Order) -> Order:
    """The yes is noted on the card; the ladder has done its work."""
    turn.withdraw(order.id, "first", "rung")
    if (
        order.verdict == "blocked" and order.state == "held"
    ):  # a person's word holds it: their yes changes only the card
        reason = Reason("said_yes")
        kept = order.reasons if reason in order.reasons else (*order.reasons, reason)
        order = turn.card(turn.put(replace(order, reasons=kept)))
        turn.tell_staff(order, f"again.{reason.key}")
        return order
    order = flag(turn, replace(order, reviewing=False), Reason("said_yes"))
    return order if CALL not in wanted(turn, order) else _call_before(turn, order)


def _call_before(turn: Turn, order: Order) -> Order:
    """The card says that staff call before they confirm."""
    reason = Reason("call_before")
    order = order if reason in order.reasons else turn.put(replace(order, reasons=(*order.reasons, reason)))
    turn.refresh(order)
    return order
