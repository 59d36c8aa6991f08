"""What the shop's past and the order's own details come to: a verdict and the reasons for it.

    trusted   enough paid orders, surely theirs, nothing against them     confirmed without a question
    normal    the rest                                                    asked as usual
    watch     score from `watch_from`                                     asked as usual, reasons on the card
    review    score from `review_from`                                    flagged at once, only staff confirm
    blocked   a person said so                                            held

A score is a sum of visible points. It is no probability; `backtest` says what it was worth in this shop.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from flows.risk import details
from flows.risk.behaviour import Past
from flows.risk.history import PastOrder, Ruling
from flows.risk.policy import RiskPolicy
from flows.risk.rulings import Word, word
from flows.risk.signals import Reason
from flows.risk.subject import Subject

Verdict = Literal["trusted", "normal", "watch", "review", "blocked"]


class Bought(Struct, frozen=True, gc=False):
    """What this customer took and paid before, in the order's currency: "4 orders, 310 EUR, last in May"."""

    orders: int
    amount_minor: int
    currency: str
    last_at: datetime


class Assessment(Struct, frozen=True):
    """The verdict on one order. `reasons` weigh heaviest first; `overruled` is set where a person's word decided."""

    verdict: Verdict
    score: float  # 0..100, before any ruling
    reasons: tuple[Reason, ...] = ()
    bought: Bought | None = None
    overruled: Ruling | None = None


def assess(subject: Subject, past: tuple[PastOrder, ...], policy: RiskPolicy, now: datetime) -> Assessment:
    """The verdict on `subject`. Pure; the order of `past` does not matter, and orders closed after `now` do not count."""
    if not policy.enabled:
        return Assessment("normal", 0.0)
    said = word(subject.around.ruling, past, now)
    past = tuple(order for order in past if order.ruling is None)
    weighed = Past(past, policy, now)
    proven = bool(_by_phone(weighed))
    found = [*weighed.reasons(), *details.reasons(subject, policy, first=not weighed.paid, proven=proven)]
    reasons = (*said.reasons, *sorted(found, key=lambda r: (-r.points, r.code)))
    score = round(min(100.0, sum(r.points for r in reasons)), 1)
    verdict = said.ruling.verdict if said.ruling is not None else _verdict(subject, weighed, score, policy, now)
    if said.ruling is None:
        verdict = _at_least(said, verdict)
    return Assessment(verdict, score, reasons, _bought(subject, weighed), said.ruling)


def _at_least(said: Word, verdict: Verdict) -> Verdict:
    """Somebody at this door is blocked: no better than that says."""
    if said.near == "review" or (said.near == "watch" and verdict != "review"):
        return said.near  # type: ignore[return-value]
    return verdict


def _verdict(subject: Subject, past: Past, score: float, policy: RiskPolicy, now: datetime) -> Verdict:
    if score >= policy.review_from:
        return "review"
    if score >= policy.watch_from:
        return "watch"
    return "trusted" if score < policy.trusted_below and _trusted(subject, past, policy, now) else "normal"


def _trusted(subject: Subject, past: Past, policy: RiskPolicy, now: datetime) -> bool:
    """Whether the paid orders speak for this one: enough, fresh, found by the number that will be called, no far dearer."""
    sure = _by_phone(past)
    alike = [o.amount_minor for o in sure if o.currency == subject.currency]
    return (
        len(sure) >= policy.trusted_orders
        and now - sure[0].closed_at <= policy.trusted_within
        and bool(alike)
        and subject.amount_minor <= policy.trusted_times_usual * max(alike)
    )


def _by_phone(past: Past) -> list[PastOrder]:
    """The paid orders that were surely placed from this number, latest first."""
    return [o for o in past.paid if any(m.means == "phone" and m.sure for m in o.matched)]


def _bought(subject: Subject, past: Past) -> Bought | None:
    paid = [o for o in past.paid if o.currency == subject.currency]
    if not paid:
        return None
    return Bought(len(paid), sum(o.amount_minor for o in paid), subject.currency, paid[0].closed_at)
