"""What is remembered of a closed order, and how surely it was this customer's."""

from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

from flows.matching import Means

#: How an order ended. `paid` is delivered and paid for; `delivered` leaves open whether money came.
Ended = Literal[
    "delivered",
    "paid",
    "returned",  # came back by the customer's wish after delivery, or for a reason nobody noted
    "refused",  # not taken at the door
    "not_collected",  # left at the pick-up point, or nobody home until the courier gave up
    "cancelled_by_customer",
    "cancelled_by_shop",
    "cancelled_by_rule",  # the ladder ended without an answer
    "lost",
    "ruled",  # no order at all: what a person decided about a customer, found again by phone, e-mail and address
]
Fault = Literal["customer", "courier", "shop", "none"]

GOOD: frozenset[str] = frozenset({"delivered", "paid"})
CAME_BACK: frozenset[str] = frozenset({"returned", "refused", "not_collected"})
#: What an order can come to; the one left over is no order.
ENDINGS: tuple[Ended, ...] = tuple(ended for ended in get_args(Ended) if ended != "ruled")
#: The parcel left the shop, so the order says whether a prediction was right. A lost one says nothing of the customer.
SHIPPED: frozenset[str] = GOOD | CAME_BACK


class Matched(Struct, frozen=True, gc=False, array_like=True):
    """By what an order of the past was found to be this customer's."""

    means: Means
    sure: bool = True
    score: float = 1.0


class Ruling(Struct, frozen=True, gc=False):
    """What a person decided about this customer for good; only the latest one counts.

    `trusted` and `blocked` are the verdict itself. `normal` lets the customer off: signals from before and after are
    still listed, and no longer decide. Only a ruling blocks, never a score.
    """

    verdict: Literal["trusted", "normal", "blocked"]
    by: str  # a person's name
    at: datetime
    note: str = ""


class PastOrder(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One closed order. Times are aware UTC; amounts whole minor units of `currency`."""

    order_id: str
    placed_at: datetime
    closed_at: datetime
    ended: Ended
    fault: Fault = "none"  # whose, where it did not end well
    amount_minor: int = 0
    currency: str = ""
    confirmed_at: datetime | None = None  # the customer's or staff's yes
    attempts: int = 1  # the courier's visits
    unreachable: bool = False  # no answer on any channel, calls included
    complaints: int = 0  # never held against anybody: for the card only
    refunds: int = 0
    late_refunds: int = 0  # refunds asked for because the courier was minutes late
    threats: int = 0
    skus: tuple[str, ...] = ()
    matched: tuple[Matched, ...] = (Matched("phone"),)
    cleared: bool = False  # staff struck it off: it says nothing bad any more
    ruling: Ruling | None = None  # of an entry that is no order ("ruled")

    @property
    def came_back(self) -> bool:
        """Whether the parcel came back through the customer's own doing."""
        return self.ended in CAME_BACK and self.fault == "customer"
