"""A person's word about a customer, kept where any order of theirs finds it: see flows/risk/rulings.py.

The history keeps one entry for each different (phone, e-mail, address) that the customer has ordered with. A later word is written
over all of them, also over those whose orders have left the conversation.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from flows.effects import Remember
from flows.money import Money
from flows.orders import Order, OrderFields
from flows.risk import PastOrder, Ruling
from flows.turn import Turn

#: Entries for one customer: nobody needs more addresses to be known by.
KEPT_MOST = 20


def give(turn: Turn, order: Order, verdict: Literal["normal", "blocked"], name: str) -> None:
    """`name` has decided about the customer of this order, for good: until somebody decides otherwise."""
    ruling = Ruling(verdict, name, turn.now)
    turn.set(ruling=ruling)
    turn.note("ruled", order.id, by=f"staff:{name}", via="telegram", verdict=verdict)
    known = {other.seq: other for other in turn.orders}
    distinct = {_who(other.fields): seq for seq, other in known.items() if seq}
    for seq in dict.fromkeys((*turn.was.ruled_on, *distinct.values())):
        turn.plan(_entry(turn, known.get(seq, order), seq, ruling))
    turn.set(ruled_on=tuple(dict.fromkeys((*turn.was.ruled_on, *distinct.values())))[-KEPT_MOST:])


def follow(turn: Turn, order: Order, ruling: Ruling) -> None:
    """A blocked customer's order came under a phone, e-mail or address that is new: the word is found by it, too."""
    ruled_on = turn.fields.get("ruled_on", turn.was.ruled_on)
    known = {_who(other.fields) for other in turn.orders if other.seq in ruled_on}  # type: ignore[operator]
    if _who(order.fields) not in known:
        turn.plan(_entry(turn, order, order.seq, ruling))
        turn.set(ruled_on=(*ruled_on, order.seq)[-KEPT_MOST:])  # type: ignore[misc]


def _who(fields: OrderFields) -> tuple[object, ...]:
    return fields.phone or fields.phone_raw, fields.email, fields.address


def _entry(turn: Turn, order: Order, seq: int, ruling: Ruling) -> Remember:
    at: datetime = ruling.at
    entry = OrderFields(
        id=f"ruling:{turn.id}:{seq}",
        total=Money(0, order.fields.total.currency),
        placed_at=at,
        name=order.fields.name,
        phone=order.fields.phone,
        phone_raw=order.fields.phone_raw,
        email=order.fields.email,
        address=order.fields.address,
    )
    outcome = PastOrder(order_id=entry.id, placed_at=at, closed_at=at, ended="ruled", matched=(), ruling=ruling)
    return Remember(order=replace(order, fields=entry, said=(), shop_said=None, asked=(), changes=()), outcome=outcome)
