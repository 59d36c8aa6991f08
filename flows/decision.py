"""What one event led to: the next state, what to claim and carry out, and a word for whoever brought the event."""

from __future__ import annotations

from msgspec import Struct

from flows.conversation import Conversation, Note
from flows.desk import Desk
from flows.effects import Open
from flows.pointers import Pointer

Document = Conversation | Desk


class Decision(Struct, frozen=True, gc=False, kw_only=True):
    """`notice` is one word for the caller, with its value: "same", "conflict", "unknown", "already:Ana", "stale" …"""

    document: Document
    changed: bool = True  # False: nothing to write
    planned: tuple[Open, ...] = ()  # effects that this step added
    perform: tuple[Open, ...] = ()  # passed the final gate in this very step: put them on the wire after the commit
    claims: tuple[Pointer, ...] = ()  # pointers that lead here from now on; an order among them stands in `orders`, too
    spilled: tuple[Note, ...] = ()  # journal lines that leave the document's tail
    orders: tuple[tuple[str, str], ...] = ()  # (order id, state) that changed, for lists and counts
    notice: str = ""
    forward: str = ""  # the order lives elsewhere: bring the event to this phone's conversation
