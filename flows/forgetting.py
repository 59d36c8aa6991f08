"""What is left of a conversation when its person is erased: nothing that tells who they were.

Kept: the numbers of closed orders with how they ended (so that a late echo of the shop does not bring the person back), and on
which channels they had said stop. The address itself is not kept: the look-up hash that leads here is enough to know it again.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from flows import pointers
from flows.conversation import FORMER_MOST, Conversation, Note
from flows.orders import CLOSED
from flows.pointers import Pointer


class Forgotten(Struct, frozen=True):
    """The conversation as it stays, and the pointers that still lead to it."""

    conversation: Conversation
    pointers: tuple[Pointer, ...]


def unfinished(was: Conversation) -> tuple[str, ...]:
    """Orders that have to end first: whoever is owed a parcel cannot be forgotten yet."""
    return tuple(order.id for order in was.orders if order.state not in CLOSED)


def forget(was: Conversation, now: datetime) -> Forgotten:
    """Pure. The caller has seen that nothing is unfinished."""
    former = {**was.former, **{order.id: order.state for order in was.orders}}
    stopped = [contact for contact in was.contacts if contact.stopped]
    left = Conversation(
        id=was.id,
        shop=was.shop,
        created_at=was.created_at,
        orders_ever=was.orders_ever,
        seen=was.seen,
        notes=(Note(n=was.notes_ever + 1, at=now, what="erased", by="owner"),),
        notes_ever=was.notes_ever + 1,
        silenced=was.silenced,
        former=dict(list(former.items())[-FORMER_MOST:]),
        stopped_before=tuple(dict.fromkeys((*was.stopped_before, *(contact.channel for contact in stopped)))),
    )
    known = stopped if not was.silenced else was.contacts
    kept = [pointers.order(was.shop, order_id) for order_id in left.former]
    return Forgotten(left, (*kept, *(_pointer(was.shop, contact.channel, contact.address) for contact in known)))


def _pointer(shop: str, channel: str, address: str) -> Pointer:
    if channel == "email":
        return Pointer("email", address, shop)
    return pointers.phone(shop, address) if address.startswith("+") else Pointer("whatsapp_id", address, shop)
