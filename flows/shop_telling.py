"""What the shop is told of an order, and when: each decision and change once for each place that wants it.

A place (target) is the platform that the order came from (shopify, woocommerce) or the shop's callback. About its state a place
hears the latest word only: an older one that has not left is taken back, one that it knows already is not repeated. One telling
of an order is on the wire to one place at a time. What became of it is settled in flows/shop_told.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.effects import Open, TellShop, Value
from flows.orders import Order
from flows.policy import Policy

if TYPE_CHECKING:
    from flows.turn import Turn

CALLBACK, SHOPIFY, WOOCOMMERCE = "callback", "shopify", "woocommerce"
#: Words about the order's state: the latest one counts. "asking": nothing is decided (any more), the customer is asked.
STATES = frozenset({"confirmed", "cancelled", "reopened", "held", "asking"})
#: Shopify knows no way back from a cancel: it is tagged at once, and closed for good when the customer had time to think.
CLOSED = "closed"
#: The newest of these says all that an older one said.
_WHOLE = frozenset({"changed", CLOSED})
#: Staff see on the card that the shop could not be told yet, after so many tries (about half an hour).
SHOWN_AFTER = 3
#: While another telling of the same order is on the wire to the same place, the next one looks again after so long.
IN_TURN = timedelta(seconds=1)


def targets(policy: Policy, order: Order) -> tuple[str, ...]:
    """Where this order's news go: back where it came from, and to the callback."""
    return tuple(t for t in (order.source, CALLBACK) if t in policy.tells)


def tell_shop(
    turn: Turn, order: Order, what: str, not_before: datetime | None = None, **values: Value
) -> tuple[str, ...]:
    """Plan one telling for each place that wants it; gives their effect ids, () where no place does.

    `what`: confirmed cancelled reopened changed held returned_wanted refund_wanted replacement_wanted slot note …
    """
    if order.seq == 0 or order.state == "ignored":
        return ()
    planned = []
    for target in targets(turn.policy, order):
        if target in turn.policy.paused:
            turn.note("shop.told", order.id, via=target, word=what, outcome="disabled")
        elif not _take_back(turn, order, target, what):
            effect = telling(order, target, what, values, turn.now)
            planned.append(turn.plan(effect, not_before=not_before))
            if what == "cancelled" and target == SHOPIFY:
                due = (not_before or turn.now) + turn.policy.cancel_after
                planned.append(turn.plan(telling(order, target, CLOSED, values, turn.now), not_before=due))
    return tuple(planned)


def telling(order: Order, target: str, what: str, values: dict[str, Value], at: datetime) -> TellShop:
    """The effect, with the order as it is now: it may be told when the order has moved on, or away."""
    return TellShop(
        order_id=order.id,
        what=what,
        target=target,
        values=values,
        ref=order.shop_ref,
        at=at,
        version=order.version,
        state=order.state,
        by=order.decided_by or "",
        via=order.via or "",
        fields=order.fields,
        said=order.shop_said,
    )


def _take_back(turn: Turn, order: Order, target: str, what: str) -> bool:
    """Withdraw what the new word makes old. True: then there is nothing left to tell, the place knows it."""
    mine = [o for o in turn.open if is_about(o, order.id, target)]
    for open_ in mine:
        effect = open_.effect
        assert isinstance(effect, TellShop)
        of_state = effect.what in STATES or effect.what == CLOSED
        old = (what in STATES and of_state) or (what in _WHOLE and effect.what == what)
        if old and open_.status == "planned":
            turn.settle(open_.id)
            turn.unplan(open_.id)
    flying = any(o.status == "sending" and getattr(o.effect, "what", "") in STATES for o in mine)
    return what in STATES and order.shop_knows.get(target) == what and not flying


def is_about(open_: Open, order_id: str, target: str) -> bool:
    return isinstance(open_.effect, TellShop) and open_.effect.order_id == order_id and open_.effect.target == target


def may_leave(turn: Turn, open_: Open, effect: TellShop) -> str:
    """The final gate's question. "" now; "wait" another of the order is on the wire; else why it may never leave."""
    mine = [o for o in turn.open if o.id != open_.id and is_about(o, effect.order_id, effect.target)]
    if any(o.status == "sending" for o in mine):
        return "wait"
    order = turn.get(effect.order_id)
    if effect.what == CLOSED and (order is None or order.state != "cancelled"):
        return "no_longer_true"
    if order is not None and effect.what in STATES and order.shop_knows.get(effect.target) == effect.what:
        return "known"
    newer = [o for o in mine if o.at > open_.at and isinstance(o.effect, TellShop) and o.effect.what in STATES]
    if effect.what in STATES and newer:
        return "superseded"
    return ""
