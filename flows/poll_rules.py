"""How a shop asks its customers for a score: when, whom, how often, and what a score means."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

#: Days between two polls of the shop as a whole.
EVERY = {"quarter": timedelta(days=91), "year": timedelta(days=365)}


class Polls(Struct, frozen=True, omit_defaults=True):
    """Nothing is asked unless the shop says so."""

    after_delivery: timedelta | None = None
    to: Literal["agreed", "everybody"] = "agreed"  # the poll after a delivery
    every: Literal["quarter", "year"] | None = None  # only those who agreed, ever
    apart: timedelta = timedelta(days=30)  # between two polls to one person
    low: int = 2  # up to this score it is a complaint
    high: int = 4  # from this on it is praise
    review_link: str = ""
    welcome: bool = False  # a returning customer is greeted, and asked how the last order went


class Poll(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The last question for a score. `left_at`: when it really left; no score comes before that."""

    order_id: str
    kind: Literal["delivery", "shop", "welcome"]
    effect_id: str
    channel: str
    address: str
    asked_at: datetime
    left_at: datetime | None = None
    score: int = 0  # 0: none yet
