"""An address that comes in two messages: "calle Luna 5", and then "28004 Madrid". What follows within minutes belongs to it.

address noted --a postcode, a house or a floor alone--> noted anew as one address; NO still brings back what stood before both
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import changing
from flows.address_text import continued, is_door
from flows.conversation import Question
from flows.events import CustomerWrote
from flows.orders import BEFORE_DISPATCH, Order
from flows.turn import Turn
from flows.understand.model import Understood

#: Later it is another thought. Our own value.
REST_WITHIN = timedelta(minutes=10)
#: A bare number of fewer digits is a choice from a menu, not a postcode.
DIGITS_LEAST = 4
#: What a message that goes on with an address may be taken for.
_GOES_ON = frozenset({"change_address", "question", "unclear", "change_time", "later"})


def joined(turn: Turn, event: CustomerWrote, question: Question, order: Order | None, got: Understood) -> bool:
    """Words right after a noted address that can only be its rest. False: they are none of that."""
    change = order.changes[-1] if order is not None and order.changes else None
    if order is None or change is None or change.what != "address" or str(change.n) != question.wanted:
        return False
    if turn.now - change.at > REST_WITHIN or order.state not in BEFORE_DISPATCH or got.slots.phone:
        return False
    bare = got.slots.choice is not None and sum(c.isdigit() for c in event.text) < DIGITS_LEAST
    elsewhere = got.sure and got.intent not in _GOES_ON and not is_door(event.text)
    if bare or elsewhere or "?" in event.text:
        return False
    after = continued(order.fields.address, event.text)
    if after is None:
        return False
    was = replace(order.fields, address=change.fields.address)
    changing.put_address(turn, event, replace(order, changes=order.changes[:-1], fields=was), after)
    return True
