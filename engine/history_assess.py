"""What `run.py assess` answers: a verdict on an order that somebody has in mind, or how well verdicts would have done so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from engine.history_values import amount
from engine.ports import History
from flows.emails import read_email
from flows.money import Money, decimal_text
from flows.orders import OrderFields
from flows.phones import read_phone
from flows.policy import Policy
from flows.postal import PostalAddress
from flows.risk import Around, Assessment, PastOrder, Reason, assess, describe
from flows.risk.backtest import backtest
from flows.risk.identity import identity
from flows.risk.report import Costs, Report

#: Says a reason in words: (key, values) -> text. The staff's catalogue has them, and only run.py knows both.
Say = Callable[[str, Mapping[str, str]], str]


class Asked(Struct, frozen=True, kw_only=True):
    """An order that somebody has in mind; empty where nothing is known of it."""

    phone: str = ""
    email: str = ""
    address: str = ""
    name: str = ""
    total: str = ""


def order_of(asked: Asked, policy: Policy, now: datetime) -> OrderFields:
    """The order as a shop would tell it. Raises BadValue for a total that is no amount."""
    phone = read_phone(asked.phone, policy.country) if asked.phone else None
    email = read_email(asked.email) if asked.email else None
    total = amount(asked.total, policy.currency, comma=None) if asked.total else Money(0, policy.currency)
    return OrderFields(
        id="asked",
        total=total,
        placed_at=now,
        name=asked.name,
        phone=phone.e164 if phone else None,
        phone_raw=asked.phone,
        email=email.address if email else asked.email or None,
        address=PostalAddress(line1=asked.address, country=policy.country),
    )


async def assessed(asked: Asked, policy: Policy, history: History, say: Say, now: datetime) -> dict[str, Any]:
    """The verdict with its reasons in words and the orders behind each, ready for JSON. Changes nothing."""
    fields = order_of(asked, policy, now)
    past = await history.history(policy.shop, identity(fields))
    around = Around(usual_minor=await history.usual_amount(policy.shop, policy.currency))
    subject = describe(fields, around, policy.disposable)
    if not asked.phone:
        subject = msgspec.structs.replace(subject, phone_given=False)
    if asked.address and not asked.phone:  # one line of text is no form: what it lacks was not asked for
        subject = msgspec.structs.replace(subject, address_missing=())
    found = assess(subject, past, policy.risk, now)
    known = {order.order_id: order for order in past}
    return {
        "shop": policy.shop,
        "verdict": found.verdict,
        "score": found.score,
        "reasons": [_reason(reason, known, say) for reason in found.reasons],
        "bought_before": _bought(found),
        "orders_found": sum(order.ruling is None for order in past),
    }


def _reason(reason: Reason, known: Mapping[str, PastOrder], say: Say) -> dict[str, Any]:
    values = {**reason.values, "orders": ", ".join(reason.orders[:3])} if reason.orders else reason.values
    return {
        "code": reason.code,
        "words": say(f"risk.{reason.code}", values),
        "points": reason.points,
        "matched_on": list(reason.on),
        "sure": reason.sure,
        "orders": [_order(known[order]) for order in reason.orders if order in known],
    }


def _order(order: PastOrder) -> dict[str, Any]:
    return {
        "id": order.order_id,
        "placed_at": order.placed_at.isoformat(),
        "closed_at": order.closed_at.isoformat(),
        "ended": order.ended,
        "fault": order.fault,
        "total": decimal_text(Money(order.amount_minor, order.currency)),
        "currency": order.currency,
        "matched": [{"on": m.means, "sure": m.sure, "score": m.score} for m in order.matched],
    }


def _bought(found: Assessment) -> dict[str, Any] | None:
    if found.bought is None:
        return None
    bought = found.bought
    total = decimal_text(Money(bought.amount_minor, bought.currency))
    return {"orders": bought.orders, "total": total, "currency": bought.currency, "last_at": bought.last_at.isoformat()}


def replayed(policy: Policy, history: History, costs: Costs) -> dict[str, Any]:
    """The backtest's tables, ready for JSON: how well each verdict and signal would have foretold returns. Changes nothing."""
    return {"shop": policy.shop, **_tables(replay(policy, history, costs), policy.currency, costs)}


def replay(policy: Policy, history: History, costs: Costs) -> Report:
    """The same, to be shown."""
    return backtest(history.replay_history(policy.shop), policy.risk, costs, policy.disposable)


def _tables(found: Report, currency: str, costs: Costs) -> dict[str, Any]:
    return {
        "orders_shipped": found.orders,
        "came_back": found.bad,
        "verdicts": [
            {
                "verdict": row.verdict,
                "orders": row.orders,
                "came_back": row.bad,
                "precision": round(row.precision, 4),
                "recall": round(row.recall, 4),
                "interval_95": [round(edge, 4) for edge in row.interval],
            }
            for row in found.verdicts
        ],
        "calibration": [
            {"score": [row.low, row.high], "orders": row.orders, "came_back": row.bad, "share": round(row.share, 4)}
            for row in found.calibration
        ],
        "signals": [
            {
                "signal": row.code,
                "orders": row.orders,
                "came_back": row.bad,
                "precision": round(row.precision, 4),
                "recall": round(row.recall, 4),
                "lift": round(row.lift, 2),
            }
            for row in found.signals
        ],
        "money": {
            "assumed": {
                "cost_of_a_return": decimal_text(Money(costs.return_minor, currency)),
                "cost_of_a_look": decimal_text(Money(costs.review_minor, currency)),
                "share_stopped_by_a_look": costs.caught,
            },
            "saved": decimal_text(Money(found.saved_minor, currency)),
            "currency": currency,
            "good_customers_bothered": found.good_bothered,
            "good_customers_unasked": found.good_trusted,
        },
    }
