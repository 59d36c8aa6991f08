"""The shop's past, replayed: what each order's assessment would have been, against how it ended.

Every order is judged with what was known when it was placed: closed orders count as past, the rest as open. Only shipped
orders tell whether a verdict was right. Changes nothing. Weak spots: rulings by staff and threats in open talks are not
part of a history and are left out, and orders that were never shipped (a phantom that staff stopped) cannot be counted as caught.
"""

from collections.abc import Iterable

from msgspec import Struct

from flows.orders import OrderFields
from flows.risk.history import SHIPPED, PastOrder
from flows.risk.memory import Memory
from flows.risk.policy import RiskPolicy
from flows.risk.report import DEFAULT_COSTS, Costs, Judged, Report, report


class Replayed(Struct, frozen=True):
    """One order of the past: what the shop knew when it came, and how it ended."""

    fields: OrderFields
    outcome: PastOrder


def backtest(
    orders: Iterable[Replayed],
    policy: RiskPolicy,
    costs: Costs = DEFAULT_COSTS,
    disposable: frozenset[str] = frozenset(),
) -> Report:
    """How well the signals and the whole would have predicted returns over `orders`, in the order of placing."""
    shop = Memory(policy, disposable)
    judged: list[Judged] = []
    for order in sorted(orders, key=lambda o: (o.fields.placed_at, o.fields.id)):
        assessment = shop.assess(order.fields)
        shop.keep(order.fields, order.outcome)
        if order.outcome.ended in SHIPPED:
            codes = tuple(r.code for r in assessment.reasons)
            judged.append(
                Judged(assessment.verdict, assessment.score, codes, order.outcome.came_back, order.fields.total.minor)
            )
    return report(judged, costs)
