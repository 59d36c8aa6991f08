"""What a customer sent beside words comes under the card: voice notes to be played, pictures to be looked at.

Only the provider's own id travels; the engine fetches the file when the message leaves, and keeps it nowhere. What cannot be
fetched is said in a line, so that nobody waits for it.
"""

from __future__ import annotations

from flows.effects import Open, ShowMedia
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import Order
from flows.turn import Turn

#: A provider may need a moment until a file can be fetched; after so many tries a line says that it could not be.
TRIES_MOST = 4


def shown(turn: Turn, order: Order, event: CustomerWrote | CustomerPressed) -> None:
    """Each file of the message, after the words that came with it."""
    if not isinstance(event, CustomerWrote) or not turn.policy.staff_chat:
        return
    for file in event.files:
        turn.plan(ShowMedia(seq=order.seq, channel=event.channel, kind=file.kind, ref=file.ref, order_id=order.id))


def lost(turn: Turn, open_: Open, code: str) -> None:
    """It cannot be shown: say so where it would have stood."""
    effect = open_.effect
    assert isinstance(effect, ShowMedia)
    turn.settle(open_.id)
    turn.note("media.lost", effect.order_id, via=effect.channel, code=code, kind=effect.kind)
    order = turn.by_seq(effect.seq)
    if order is not None:
        turn.tell_staff(order, "media.lost", file=family(effect.kind), cause=code, channel=effect.channel)


def family(kind: str) -> str:
    """What it is called: audio | image | video | file."""
    first = kind.partition("/")[0]
    return first if first in ("audio", "image", "video") else "file"
