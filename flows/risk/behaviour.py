"""Signals from the customer's past. Each fades with time and is bought back by what was paid since.

    points of one bad order = weight x likeness x 0.5^(age / half life) x bought_back^(orders paid since)

Likeness says how far the order is this customer's: found by two means it counts more than by either, by the address alone
little. A courier's or the shop's fault never counts, and neither does what staff struck off.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flows.matching import Means
from flows.risk.history import GOOD, PastOrder
from flows.risk.policy import Likeness, RiskPolicy
from flows.risk.signals import Reason

#: An order that was found by no more than this is not "theirs" for praise: trust needs the person, not the household.
OWN = 0.6


def likeness(order: PastOrder, by: Likeness) -> float:
    """How far `order` counts as this customer's, 0..1."""
    other = 1.0
    for found in order.matched:
        weight: float = getattr(by, found.means)
        other *= 1 - weight * (1.0 if found.sure else by.unsure)
    return 1 - other


class Past:
    """The orders of the past, weighed for one moment."""

    def __init__(self, orders: tuple[PastOrder, ...], policy: RiskPolicy, now: datetime) -> None:
        self.policy, self.now = policy, now
        self.orders = sorted(
            (
                o
                for o in {o.order_id: o for o in orders}.values()
                if o.closed_at <= now and now - o.closed_at < policy.forget_after
            ),
            key=lambda o: (o.closed_at, o.order_id),
            reverse=True,
        )
        self.like = {o.order_id: likeness(o, policy.likeness) for o in self.orders}
        self.own = [o for o in self.orders if self.like[o.order_id] >= OWN]
        self.paid = [o for o in self.own if o.ended in GOOD]

    def reasons(self) -> Iterator[Reason]:
        """Every signal of the past that fired."""
        weights = self.policy.weights
        yield from self._each("returned", weights.returned, lambda o: o.came_back and o.ended == "returned")
        yield from self._each("refused", weights.refused, lambda o: o.came_back and o.ended == "refused")
        yield from self._each(
            "not_collected", weights.not_collected, lambda o: o.came_back and o.ended == "not_collected"
        )
        yield from self._each("unreachable", weights.unreachable, lambda o: o.unreachable)
        yield from self._each("late_cancel", weights.late_cancel, _cancelled_late)
        yield from self._each("threats", weights.threats, lambda o: o.threats > 0)
        yield from self._each(
            "redeliveries", weights.redeliveries, _needed_visits, at_least=self.policy.redeliveries_from
        )
        yield from self._each(
            "late_refunds", weights.late_refunds, lambda o: o.late_refunds > 0, at_least=self.policy.late_refunds_from
        )

    def _each(
        self, code: str, weight: float, fired: Callable[[PastOrder], bool], at_least: int = 1
    ) -> Iterator[Reason]:
        behind = [o for o in self.orders if not o.cleared and fired(o)]
        if not weight or len(behind) < at_least:
            return
        points = sum(weight * self._counts(o) for o in behind)
        if points < _TRACE:
            return
        means: tuple[Means, ...] = tuple(dict.fromkeys(m.means for o in behind for m in o.matched))
        yield Reason(
            code,
            round(min(points, self.policy.most_per_signal), 1),
            {"count": str(len(behind)), "last": behind[0].closed_at.date().isoformat()},
            tuple(o.order_id for o in behind),
            means,
            all(m.sure for o in behind for m in o.matched),
        )

    def _counts(self, order: PastOrder) -> float:
        faded: float = 0.5 ** (max(self.now - order.closed_at, timedelta(0)) / self.policy.half_life)
        since = sum(1 for paid in self.paid if paid.closed_at > order.closed_at)
        bought: float = self.policy.bought_back**since
        return self.like[order.order_id] * faded * bought


#: Less than this is faded for good: not worth a line on a card.
_TRACE = 0.5


def _cancelled_late(order: PastOrder) -> bool:
    return order.ended == "cancelled_by_customer" and order.confirmed_at is not None


def _needed_visits(order: PastOrder) -> bool:
    return order.attempts > 1 and order.fault in {"customer", "none"}
