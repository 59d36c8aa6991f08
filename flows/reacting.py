"""A reaction, an edit, a deletion of a message.

A thumbs-up is a yes only where it hangs under our question about the order as it is now, and only on an order that still waits
for an answer. One that is taken away, an edited or deleted message decides nothing: a person sees it.
"""

from __future__ import annotations

from flows.events import CustomerWrote
from flows.heard import whole
from flows.orders import ASKABLE, Order
from flows.talk import to_staff
from flows.turn import Turn

#: What WhatsApp reports as a reaction that was taken away (adapters/meta_inbound.py).
WITHDRAWN = "-"
_YES = frozenset("👍👌✅✔☑🆗")
_NO = frozenset("👎❌✖🚫⛔")
#: Skin tones and the mark "as a picture" say nothing.
_MODIFIERS = frozenset("🏻🏼🏽🏾🏿\ufe0f\u200d♀♂")


def verdict(turn: Turn, event: CustomerWrote) -> tuple[str, Order | None]:
    """("yes" | "no" | "", order): what a reaction says about which order; "" decides nothing."""
    signs = {char for char in event.reaction if char not in _MODIFIERS}
    order = _question(turn, event.reply_to)
    if order is None or order.state not in ASKABLE or len(signs) != 1:
        return "", order
    sign = signs.pop()
    return ("yes" if sign in _YES else "no" if sign in _NO else ""), order


def _question(turn: Turn, provider_id: str) -> Order | None:
    """The order that this message of ours asked about, in its current version."""
    if not provider_id:
        return None
    for order in turn.orders:
        for asked in order.asked:
            if asked.provider_id == provider_id and asked.status != "withdrawn" and asked.version == order.version:
                return order
    return None


def shown(turn: Turn, event: CustomerWrote, asked: list[Order]) -> None:
    """Kept in the journal and shown to staff; what may change an answer that was given makes a card."""
    kind = "reaction" if event.reaction else "deleted" if event.deleted else "edited"
    gone = event.reaction == WITHDRAWN
    kind = "reaction_gone" if gone else kind
    words = "" if gone else whole(event.reaction or event.text)
    turn.note(f"customer.{kind}", by="customer", via=event.channel, text=words)
    if kind == "edited":
        order = asked[0] if asked else next((o for o in turn.orders if o.open), None)
        to_staff(turn, event, order, "reply.edited")
        return
    about = _question(turn, event.reply_to)
    matters = kind in ("reaction_gone", "deleted") and about is not None
    for order in [about, *turn.orders]:
        if order is not None and order.open and (order.card_wanted or (matters and order is about)):
            turn.tell_staff(turn.card(order), f"customer.{kind}", text=words)
            return
