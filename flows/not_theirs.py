"""Not me, says who was asked: somebody used this number. It stops at once, for this order and address; staff and owner know."""

from __future__ import annotations

from msgspec.structs import replace

from flows import noticing
from flows.conversation import one_address
from flows.deciding import rest
from flows.effects import Say
from flows.events import CustomerPressed, CustomerWrote
from flows.heard import SAID_KEPT, glimpse, whole
from flows.ladder import flag
from flows.orders import ASKABLE, BEFORE_DISPATCH, Order, Reason
from flows.phones import mask
from flows.talk import answer, to_staff
from flows.turn import Turn


def meant(asked: list[Order]) -> list[Order]:
    """The orders that "not me" can mean: those nobody has answered for yet, else the only open one."""
    waiting = [o for o in asked if o.state in ASKABLE]
    rest_ = [o for o in asked if o.state in BEFORE_DISPATCH]
    return waiting or (rest_ if len(rest_) == 1 else [])


def not_me(turn: Turn, event: CustomerWrote | CustomerPressed, orders: list[Order]) -> None:
    """Nothing more about these orders goes to this address; a person finds out whose they are."""
    if not orders:
        to_staff(turn, event, None, "reply.not_me")
        return
    turn.set(question=None)
    said = whole(event.text if isinstance(event, CustomerWrote) else event.title)
    for order in orders:
        _disown(turn, event, order, said)
    answer(turn, event, "not_me_ok", orders[0])


def _disown(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, said: str) -> None:
    address = event.address
    for open_ in [o for o in turn.open if o.status == "planned"]:
        effect = open_.effect
        if isinstance(effect, Say) and effect.order_id == order.id and one_address(effect.to, address):
            turn.settle(open_.id)
            noticing.withdrawn(turn, effect, "disowned")
    turn.note("disowned", order.id, by="customer", via=event.channel, state=order.state)
    asked = tuple(replace(a, status="withdrawn") if one_address(a.address, address) else a for a in order.asked)
    rest(turn, order)
    order = replace(
        order,
        asked=asked,
        disowned=(*order.disowned, address),
        reviewing=False,
        decided_by=None,
        via=None,
        decided_at=None,
        decided_name="",
        before=None,
        said=(*order.said, glimpse(said))[-SAID_KEPT:] if said else order.said,
    )
    order = flag(turn, order, Reason("reply.not_me"))
    turn.tell_staff(order, "customer.wrote", text=said, channel=event.channel, why="reply.not_me")
    turn.ping_owner("owner.not_me", order.id, order=order.id, phone=mask(address), text=said)
