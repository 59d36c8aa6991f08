"""After the yes: an address that a courier cannot find is asked for, once. A good address is not asked about."""

from __future__ import annotations

from msgspec.structs import replace

from flows.addresses import missing_parts, nonsense
from flows.conversation import Question
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import Order
from flows.postal import PostalAddress, mark
from flows.reach import compose, preferred
from flows.talk import answer
from flows.turn import Turn

ONCE = "address"


def wanted(address: PostalAddress) -> str:
    """The question that the address needs: for its missing part, for all of it, or "" for none.

    An address of which the shop tells nothing is not asked about: such a shop keeps it elsewhere, or is come to.
    """
    if not any((address.line1, address.line2, address.city, address.postcode)):
        return ""
    if nonsense(address):
        return "new_address_ask"
    missing = {*missing_parts(address)} - {"country"}
    if not missing:
        return ""
    return "address_ask" if missing <= {"house", "street"} and address.line1 else "new_address_ask"


def after_yes(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order) -> Order:
    """Ask where they said yes; their next words there are the answer."""
    template = _due(order)
    if not template:
        return order
    order = _noted(turn, order)
    turn.set(question=_question(turn, event.channel, event.address, order))
    answer(turn, event, template, order)
    return order


def after_page(turn: Turn, order: Order) -> Order:
    """The yes came by the page: ask by a message, in the form its way allows."""
    template = _due(order)
    found = preferred(turn, order, template) if template else None
    if found is None:
        return order
    order = _noted(turn, order)
    if found.two_way:
        turn.set(question=_question(turn, found.channel, found.to, order))
    turn.say(compose(turn, order, template, found, "notice"))
    return order


def _due(order: Order) -> str:
    if order.state != "confirmed" or ONCE in order.asked_once:
        return ""
    address = order.fields.address
    return "" if order.good_address == mark(address) else wanted(address)


def _noted(turn: Turn, order: Order) -> Order:
    turn.note("address.asked", order.id, by="rule", missing=", ".join(missing_parts(order.fields.address)))
    return turn.put(replace(order, asked_once=(*order.asked_once, ONCE)))


def _question(turn: Turn, channel: str, address: str, order: Order) -> Question:
    return Question("address", channel, address, turn.now, (order.id,), wanted="missing")
