"""With what everything begins that a customer writes or presses."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from flows.pointers import Pointer


class Head(TypedDict):
    """What every event of a customer begins with: CustomerWrote and CustomerPressed share these fields."""

    event_id: str
    to: tuple[Pointer, ...]
    at: datetime
    opens: bool
    channel: str
    address: str
    sender: str
    provider_id: str
    reply_to: str
