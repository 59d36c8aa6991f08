"""Endings and amounts of the past as counts, so that the usual order is known without opening any row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from engine import history_record as record
from engine.history_record import Closed

#: Buckets of amounts are 2 % wide: nobody's usual order is known better than that.
WIDTH = math.log(1.02)
#: Fewer orders say nothing about what is usual in a shop.
USUAL_FROM = 30

#: (what is counted, bucket of an amount) -> orders
Tally = Counter[tuple[str, int]]


def count_in(tally: Tally, order: Closed, by: int) -> None:
    """Count the order (`by` 1), or take it out again (-1). A person's ruling is no order."""
    if order.ended == "ruled":
        return
    tally[f"ended:{order.ended}", 0] += by
    if order.amount_minor > 0:
        tally[f"amount:{order.currency}", round(math.log(order.amount_minor) / WIDTH)] += by


def closed_of(payload: bytes) -> Closed:
    """The kept order as it was counted."""
    kept = record.opened(payload)
    return record.closed(kept.order, kept.origin, kept.said)


def middle(buckets: Iterable[tuple[int, int]]) -> int:
    """The median amount in minor units, of (bucket, orders) in order; 0 where too few are known."""
    rows = list(buckets)
    left = sum(orders for _, orders in rows)
    if left < USUAL_FROM:
        return 0
    left = left // 2 + 1
    for bucket, orders in rows:
        left -= orders
        if left <= 0:
            return round(math.exp(bucket * WIDTH))
    return 0
