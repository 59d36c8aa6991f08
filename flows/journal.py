"""One line of a story: of a conversation, or of the desk."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Note(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of the journal: what happened, to which order, by whom and through what."""

    n: int
    at: datetime
    what: str  # dotted constant: order.placed, asked, answered, decided …
    order_id: str = ""
    by: str = ""  # customer | staff:<name> | shop | rule | provider
    via: str = ""
    data: dict[str, str] = {}
