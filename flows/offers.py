"""What may be offered to a customer who haggles: the shop's steps, and the floor that no machine goes below. Pure sums.

The floor of an order is the higher of two: its total less the most that may come off an order, and what the lowest prices of
its products (by sku) add up to. Amounts of another currency than the order's are no offer.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from flows.money import Money
from flows.orders import OrderFields

Kind = Literal["percent", "amount", "free_delivery", "prepay", "gift", "later", "price"]
#: These lower what is paid at the door or ahead.
CHEAPER = frozenset({"percent", "amount", "free_delivery", "prepay", "price"})
_WHOLE = 10_000  # basis points


class Step(Struct, frozen=True, omit_defaults=True):
    """One thing that may be offered. `points`: hundredths of a percent; `money`: off the total; `cost`: what a gift costs the shop."""

    kind: Kind
    points: int = 0
    money: Money | None = None
    words: dict[str, str] = {}  # a gift: language -> what it is
    cost: Money | None = None


class Returning(Struct, frozen=True, omit_defaults=True):
    """An offer for who bought something that `words` (skus, or words of a title) name; `until` is its last day (ISO)."""

    words: tuple[str, ...]
    text: dict[str, str]
    until: str = ""


class Offers(Struct, frozen=True, omit_defaults=True):
    """The shop's bounds. No step: nobody is offered anything."""

    steps: tuple[Step, ...] = ()
    most_points: int = 1000  # never more off an order, in hundredths of a percent
    most: Money | None = None  # nor more than this
    floors: dict[str, Money] = {}  # sku -> lowest price of one piece
    to_watched: bool = False  # a customer on watch may be offered something
    returning: tuple[Returning, ...] = ()


class Proposal(Struct, frozen=True):
    """What is offered now: the order's total with it, and what it costs the shop, in minor units of the order's currency."""

    step: int
    kind: Kind
    total: Money
    cost: int
    words: dict[str, str] = {}


def floor_of(offers: Offers, fields: OrderFields) -> int:
    """The lowest total that may be agreed without a person, in minor units; the total itself where nothing may come off."""
    total = fields.total
    off = total.minor * offers.most_points // _WHOLE
    if offers.most is not None:
        off = min(off, offers.most.minor) if offers.most.currency == total.currency else 0
    least = 0
    for item in fields.items:
        lowest = offers.floors.get(item.sku)
        if lowest is None:
            continue
        if lowest.currency != total.currency:
            return total.minor
        least += lowest.minor * item.quantity
    return min(max(total.minor - off, least, 0), total.minor)


def next_offer(
    offers: Offers, fields: OrderFields, tried: int, named: int | None, skip: frozenset[str] = frozenset()
) -> Proposal | None:
    """The next of the shop's steps from number `tried` on that this order allows; a price that the customer names is agreed to
    where it is no worse for the shop than that step. None: it is beyond the shop's bounds, or there is no step left."""
    floor, total = floor_of(offers, fields), fields.total
    if named is not None and named < floor:
        return None
    for at in range(tried, len(offers.steps)):
        step = offers.steps[at]
        found = None if step.kind in skip else _proposal(step, at, fields, floor)
        if found is None:
            continue
        if named is not None and step.kind != "prepay" and found.total.minor <= named < total.minor:
            return Proposal(at, "price", Money(named, total.currency), total.minor - named)
        return found
    return None


def _proposal(step: Step, at: int, fields: OrderFields, floor: int) -> Proposal | None:
    total = fields.total
    if step.kind == "gift":
        cost = step.cost.minor if step.cost is not None and step.cost.currency == total.currency else 0
        return Proposal(at, "gift", total, cost, step.words)
    if step.kind == "later":
        return Proposal(at, "later", total, 0)
    off = total.minor * step.points // _WHOLE
    if step.money is not None:
        off = step.money.minor if step.money.currency == total.currency else 0
    if off <= 0 or total.minor - off < max(floor, 1):
        return None
    return Proposal(at, step.kind, Money(total.minor - off, total.currency), off)
