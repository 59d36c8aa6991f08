"""What a card says of the bargain about its order, and the two buttons where a manager decides."""

from __future__ import annotations

from flows.deals import may
from flows.effects import Line, Value
from flows.money import Money
from flows.offers import floor_of
from flows.orders import Order
from flows.turn import Turn
from flows.welcoming import offer_text


def lines(turn: Turn, order: Order) -> list[Line]:
    """The state of the bargain, with the shop's own limit where a person has to decide."""
    offer = offer_text(turn, order, turn.policy.language)
    found = [Line("entitled", {"offer": offer})] if offer and order.open else []
    return [*found, *_bargain(turn, order)]


def _bargain(turn: Turn, order: Order) -> list[Line]:
    deal = order.deal
    if deal is None or deal.was is None or not order.open:
        return []
    values: dict[str, Value] = {"was": deal.was, "gift": deal.gift}
    if deal.total is not None:
        values["price"] = deal.total
    if deal.status == "asked":
        floor = floor_of(turn.policy.offers, order.fields)
        key = "deal.asked" if deal.total is not None else "deal.asked_more"
        return [Line(key, {**values, "floor": Money(floor, deal.was.currency)})]
    return [Line(f"deal.{deal.status}", values)] if deal.status != "over" else []


def row(turn: Turn, order: Order) -> tuple[tuple[str, ...], ...]:
    """Approve and refuse, bound to what is asked for now."""
    deal = order.deal
    if deal is None or deal.status != "asked" or not may(turn, order) or deal.was != order.fields.total:
        return ()
    yes = (f"deal_yes.{deal.n}",) if deal.total is not None else ()
    return ((*yes, f"deal_no.{deal.n}"),)
