"""A customer who comes back: greeted after the yes, asked once how the last order went, shown the offer for what they bought."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import hours, poll_asking
from flows.complaint import selling_paused
from flows.effects import Value
from flows.events import OrderTold
from flows.offers import Returning
from flows.orders import ASKABLE, Order
from flows.reach import compose, preferred
from flows.risk.history import GOOD
from flows.turn import Turn

#: The greeting follows the thanks for the yes a little later, so that a yes typed twice is no score of 1.
A_LITTLE_LATER = timedelta(minutes=2)
#: Who had their last order longer ago is not asked about it.
REMEMBERED = timedelta(days=400)
_ONCE = "welcome"


def known(turn: Turn, order: Order, event: OrderTold) -> Order:
    """A new order with what is known of the customer's good orders before: the last one, and what they are entitled to."""
    past = [(p.closed_at, p.order_id, p.skus) for p in event.past if p.ended in GOOD]
    for other in turn.orders:
        if other.state == "delivered" and other.seq != order.seq:
            names = tuple(name for item in other.fields.items for name in (item.sku, item.title) if name)
            past.append((other.decided_at or other.received_at, other.id, names))
    if not past:
        return order
    at, last, _ = max(past)
    offer = entitled(turn, {name for _, _, names in past for name in names})
    return turn.put(
        replace(order, last_order=last if turn.now - at < REMEMBERED else "", returning=offer.text if offer else {})
    )


def entitled(turn: Turn, bought: set[str]) -> Returning | None:
    """The first offer of the shop's list that fits what they bought and has not ended."""
    today = turn.now.astimezone(hours.zone(turn.policy.zone)).date().isoformat()
    names = {name.casefold() for name in bought}
    words = names | {word for name in names for word in name.split()}
    for offer in turn.policy.offers.returning:
        if (not offer.until or today <= offer.until) and any(word.casefold() in words for word in offer.words):
            return offer
    return None


def offer_text(turn: Turn, order: Order, language: str) -> str:
    """The offer in this language, else in the shop's, else in any."""
    texts = order.returning
    return texts.get(language) or texts.get(turn.policy.language) or next(iter(texts.values()), "")


def greet(turn: Turn, order: Order) -> Order:
    """After the yes: once per order, where there is something to say beside a greeting that has been said."""
    if not order.last_order and not order.returning:
        return order  # nobody who comes back
    ask = turn.policy.polls.welcome and bool(order.last_order) and order.last_order not in turn.was.polled
    offer = offer_text(turn, order, turn.language)
    back = turn.policy.polls.welcome and bool(order.last_order) and order.verdict != "trusted"
    waits = any(o.state in ASKABLE and o.seq != order.seq for o in turn.orders)
    if not (ask or offer or back) or _ONCE in order.asked_once or waits or selling_paused(turn.complaints):
        return order
    found = preferred(turn, order, "welcome_back")
    if found is None or (found.channel == "whatsapp" and not turn.window_open(found.to)):
        return order
    values: dict[str, Value] = {"offer": offer} if offer else {}
    if ask and found.two_way:
        values["order"] = order.last_order
    say = compose(turn, order, "welcome_back", found, "notice")
    kept = {name: value for name, value in say.values.items() if name not in ("order", "total", "shop")}
    effect_id = turn.say(replace(say, values=kept | values))
    turn.put_off(effect_id, turn.now + A_LITTLE_LATER)
    if "order" in values:
        poll_asking.remember(turn, order.last_order, "welcome", effect_id, found.channel, found.to)
    return turn.put(replace(order, asked_once=(*order.asked_once, _ONCE)))
