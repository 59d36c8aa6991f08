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

from flows.deciding import confirm
from flows.effects import Value
from flows.events import OrderTold
from flows.ladder import begin, flag, hold, staff_wait
from flows.opening import hours_value
from flows.orders import Asked, Order, Reason
from flows.reach import compose, preferred, tell
from flows.risk import Around, OpenOrder, assess, describe
from flows.turn import Turn

_OPEN = frozenset({"pending", "flagged", "held", "confirmed"})


def judge(turn: Turn, order: Order, event: OrderTold) -> Order:
    """Assess, remember the verdict on the order, and do what it asks for."""
    policy = turn.policy
    if event.over_limit:
        return _over_limit(turn, order, event.over_limit)
    subject = describe(order.fields, _around(turn, order, event), policy.disposable)
    found = assess(subject, event.past, policy.risk, turn.now)
    order = turn.put(replace(order, verdict=found.verdict, risk=found.reasons, bought=found.bought))
    if found.verdict != "normal":
        turn.note(
            "assessed", order.id, by="rule", verdict=found.verdict, reasons=",".join(r.code for r in found.reasons)
        )
    if found.verdict == "trusted" and policy.on_trusted == "confirm":
        return _welcome(turn, order)
    if found.verdict == "review" and policy.on_review == "staff":
        return _review(turn, order)
    if found.verdict == "blocked":
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
    )


def _welcome(turn: Turn, order: Order) -> Order:
    """Confirmed without a question; the greeting is what a change of mind answers to."""
    order = confirm(turn, order, by="rule", via="automatic")
    found = preferred(turn, order, "trusted_confirmed")
    if found is None:
        return order
    say = compose(turn, order, "trusted_confirmed", found, "answer")
    if found.channel == "whatsapp":
        say = replace(say, buttons=("change", "not_me"))
    effect_id = turn.plan(say)
    asked = Asked(effect_id, found.channel, found.to, order.version, -1, turn.now)
    return turn.put(replace(order, asked=(*order.asked, asked)))


def _review(turn: Turn, order: Order) -> Order:
    order = begin(turn, order)
    if order.state != "pending":
        return order
    order = replace(order, state="flagged", reviewing=True, reasons=(*order.reasons, Reason("review")))
    turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
    turn.note("flagged", order.id, by="rule", reason="review")
    return turn.card(turn.put(order))


def _blocked(turn: Turn, order: Order) -> Order:
    order = hold(turn, replace(order, reasons=(*order.reasons, Reason("blocked"))), "blocked")
    values: dict[str, Value] = {**hours_value(turn.policy)}
    tell(turn, order, "blocked_polite", but=frozenset(), **values)
    return order


def _over_limit(turn: Turn, order: Order, limit: str) -> Order:
    """Kept and shown, not texted: made-up orders must not make us send. A person lets it go on with Confirm or Cancel."""
    turn.note("held", order.id, by="rule", reason="limit", limit=limit)
    order = turn.put(replace(order, state="held", reasons=(*order.reasons, Reason("limit", {"limit": limit}))))
    turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
    return order


def only_staff(turn: Turn, order: Order) -> bool:
    """Whether the customer's yes is not enough for this order."""
    return order.verdict == "review" and turn.policy.on_review == "staff" and order.state != "confirmed"


def said_yes(turn: Turn, order: Order) -> Order:
    """The yes is noted on the card; the ladder has done its work."""
    turn.withdraw(order.id, "first", "rung")
    return flag(turn, replace(order, reviewing=False), Reason("said_yes"))
