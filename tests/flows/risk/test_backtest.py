"""The backtest: what was known when, what the tables count, and that a year replays in the order of placing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import PastOrder, RiskPolicy
from flows.risk.backtest import Replayed, backtest
from flows.risk.identity import found_by, identity
from flows.risk.memory import Memory
from flows.risk.report import Costs, Judged, report, wilson

START = datetime(2026, 1, 1, tzinfo=UTC)
HOME = PostalAddress("Calle Mayor 5, 3º B", city="Madrid", postcode="28013", country="ES")


def _order(at: int, day: float, ended: str = "paid", phone: str = "+34677204815", **fields: Any) -> Replayed:
    placed = START + timedelta(days=day)
    order = OrderFields(
        id=str(at), total=Money(4000, "EUR"), placed_at=placed, name="Ana Ruiz", phone=phone, address=HOME,
        items=(Item("Lamp", sku=f"L{at}"),), **fields,
    )  # fmt: skip
    fault = "customer" if ended == "refused" else "none"
    outcome = PastOrder(
        order_id=str(at), placed_at=placed, closed_at=placed + timedelta(days=4), confirmed_at=placed, ended=ended,
        fault=fault, amount_minor=4000, currency="EUR",
    )  # fmt: skip
    return Replayed(order, outcome)


def test_a_refuser_is_seen_from_the_second_parcel_on() -> None:
    """The first refusal cannot be foretold, the second is watched, the third is reviewed."""
    found = backtest([_order(at, 10 * at, "refused") for at in range(3)], RiskPolicy())
    assert [(row.verdict, row.orders, row.bad) for row in found.verdicts] == [
        ("review", 1, 1), ("watch", 1, 1), ("normal", 1, 1), ("trusted", 0, 0),
    ]  # fmt: skip
    assert (found.orders, found.bad) == (3, 3)
    assert {row.code: row.orders for row in found.signals} == {"refused": 2}


def test_nothing_is_known_before_its_time() -> None:
    """An order placed before the first one's refusal is not judged by it, in whatever order the rows come."""
    rows = [_order(2, 20, "refused"), _order(1, 2, "refused"), _order(0, 0, "refused")]
    found = backtest(rows, RiskPolicy(weights=replace(RiskPolicy().weights, open_unconfirmed=0)))
    assert {row.verdict: row.orders for row in found.verdicts} == {"review": 1, "watch": 0, "normal": 2, "trusted": 0}


def test_good_customers_come_to_be_trusted() -> None:
    """After three paid parcels the next goes out without a question."""
    found = backtest([_order(at, 10 * at) for at in range(6)], RiskPolicy())
    assert found.good_trusted == 3
    assert found.good_bothered == 0


def test_the_same_rows_give_the_same_report() -> None:
    """A replay is pure: twice the same, and in any order of rows."""
    rows = [_order(at, at, "refused" if at % 3 else "paid", phone=f"+3467720481{at % 4}") for at in range(20)]
    assert backtest(rows, RiskPolicy()) == backtest(rows[::-1], RiskPolicy())


def test_what_was_never_shipped_is_not_judged() -> None:
    """A cancelled order says nothing about returns, but stays part of the past."""
    found = backtest([_order(0, 0, "cancelled_by_customer"), _order(1, 10)], RiskPolicy())
    assert found.orders == 1
    assert {row.code for row in found.signals} == {"late_cancel"}


def test_the_tables_count_right() -> None:
    """Precision, recall, lift and money against figures worked out by hand."""
    judged = [
        *(Judged("review", 60, ("refused",), True, 4000),) * 3, Judged("review", 55, ("refused",), False, 4000),
        Judged("watch", 30, ("odd_phone",), True, 4000), *(Judged("normal", 0, (), False, 4000),) * 15,
    ]  # fmt: skip
    found = report(judged, Costs(return_minor=1000, review_minor=100, caught=0.5))
    assert [(r.verdict, r.precision, r.recall) for r in found.verdicts[:2]] == [
        ("review", 0.75, 0.75),
        ("watch", 0.8, 1.0),
    ]
    assert [(b.low, b.high, b.orders, b.bad) for b in found.calibration if b.orders] == [
        (0, 5, 15, 0),
        (25, 40, 1, 1),
        (50, 70, 4, 3),
    ]
    refused = next(row for row in found.signals if row.code == "refused")
    assert (refused.orders, refused.bad, refused.precision, refused.lift) == (4, 3, 0.75, 3.75)
    assert (found.good_bothered, found.saved_minor) == (1, 3 * 500 - 4 * 100)


def test_an_empty_history_reports_nothing() -> None:
    """No orders, no figures, no failure."""
    found = backtest([], RiskPolicy())
    assert (found.orders, found.bad, found.signals, found.saved_minor) == (0, 0, (), 0)
    assert sum(b.orders for b in found.calibration) == 0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(10, 10, 0.722, 1.0), (0, 10, 0.0, 0.278), (50, 100, 0.404, 0.596), (0, 0, 0.0, 1.0)],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    """The interval agrees with the printed tables (Newcombe 1998), and is honest for nothing counted."""
    assert wilson(hits, of) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


def test_one_person_in_two_writings_is_found() -> None:
    """Keys meet and the judge agrees, whatever way phone, e-mail and address were written."""
    here = identity(_order(0, 0, email="ana.ruiz@gmail.com").fields)
    other = replace(HOME, line1="C/ Mayor, 5 piso 3 puerta B")
    there = identity(
        replace(_order(1, 0).fields, phone="0034 677 20 48 15", email="anaruiz+x@googlemail.com", address=other)
    )
    assert set(here.keys) & set(there.keys)
    assert [m.means for m in found_by(here, there)] == ["phone", "email", "address"]
    assert found_by(here, there) == found_by(there, here)


def test_strangers_in_one_building_are_not_found() -> None:
    """Another flat, another phone: not one customer."""
    there = replace(_order(1, 0).fields, phone="+34600718293", address=replace(HOME, line1="Calle Mayor 5, 4º C"))
    assert found_by(identity(_order(0, 0).fields), identity(there)) == ()


def test_a_machine_on_one_prefix_comes_under_review() -> None:
    """From the twentieth number within the hour on, every order of the series is reviewed."""
    memory = Memory(RiskPolicy())
    verdicts = []
    for at in range(40):
        order = _order(at, at / 2000, phone=f"+3467720{at * 31 % 10000:04}", email=f"a{at}@example.com")
        order = replace(order, fields=replace(order.fields, address=replace(HOME, line1=f"Calle Real {at + 1}")))
        verdicts.append(memory.assess(order.fields).verdict)
        memory.keep(order.fields, order.outcome)
    assert set(verdicts[:19]) == {"normal"}
    assert set(verdicts[19:]) == {"review"}
