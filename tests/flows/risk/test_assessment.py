"""The assessment: every signal, what fades, what is bought back, and who may overrule it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import (
    Around,
    Assessment,
    Matched,
    OpenOrder,
    PastOrder,
    RiskPolicy,
    Ruling,
    Subject,
    Weights,
    assess,
    describe,
)
from flows.risk.history import CAME_BACK

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = RiskPolicy()
HOME = PostalAddress("Calle Mayor 5, 3º B", city="Madrid", postcode="28013", country="ES")
ORDER = OrderFields(
    id="1001", total=Money(4990, "EUR"), placed_at=NOW, name="Ana Ruiz", phone="+34677204815", email="ana@example.com",
    address=HOME, items=(Item("Lamp", sku="L1"),),
)  # fmt: skip


def _past(order_id: str = "1", days: float = 10, **fields: Any) -> PastOrder:
    closed = NOW - timedelta(days=days)
    known = {"ended": "paid", "amount_minor": 4000, "currency": "EUR", **fields}
    return PastOrder(order_id=order_id, placed_at=closed - timedelta(days=4), closed_at=closed, **known)


def _bad(order_id: str = "1", days: float = 10, **fields: Any) -> PastOrder:
    return _past(order_id, days, **{"ended": "refused", "fault": "customer", **fields})


def _paid(count: int, days: float = 30, **fields: Any) -> tuple[PastOrder, ...]:
    return tuple(_past(f"p{at}", days + at, **fields) for at in range(count))


def _assess(*past: PastOrder, around: Around = Around(), policy: RiskPolicy = POLICY, **order: Any) -> Assessment:  # noqa: B008
    subject = describe(replace(ORDER, **order), around, frozenset({"trash.example"}))
    return assess(subject, past, policy, NOW)


def _points(found: Assessment, code: str) -> float:
    return sum(reason.points for reason in found.reasons if reason.code == code)


def test_a_stranger_with_a_plain_order_is_normal() -> None:
    """Nothing known and nothing odd: no reason, no score."""
    assert _assess() == Assessment("normal", 0.0)


PAST_SIGNALS = [
    ("returned", _bad(ended="returned")),
    ("refused", _bad()),
    ("not_collected", _bad(ended="not_collected")),
    ("unreachable", _past(ended="cancelled_by_rule", unreachable=True)),
    ("late_cancel", _past(ended="cancelled_by_customer", confirmed_at=NOW - timedelta(days=13))),
    ("threats", _past(threats=1)),
]


@pytest.mark.parametrize(("code", "order"), PAST_SIGNALS, ids=[code for code, _ in PAST_SIGNALS])
def test_each_signal_of_the_past(code: str, order: PastOrder) -> None:
    """Each kind of trouble fires its own signal, names the order behind it and by what it was matched."""
    found = _assess(order)
    reason = next(r for r in found.reasons if r.code == code)
    assert (reason.orders, reason.on, reason.sure) == (("1",), ("phone",), True)
    assert 0 < reason.points <= getattr(POLICY.weights, code)
    assert _points(_assess(replace(order, cleared=True)), code) == 0


@pytest.mark.parametrize(("code", "fields"), [("redeliveries", {"attempts": 3}), ("late_refunds", {"late_refunds": 1})])
def test_what_only_counts_when_it_repeats(code: str, fields: dict[str, int]) -> None:
    """One second visit or one refund for lateness is bad luck; a habit is a signal."""
    one, two = _past("1", **fields), _past("2", 20, **fields)
    assert _points(_assess(one), code) == 0
    assert _points(_assess(one, two), code) > 0


NOW_SIGNALS: list[tuple[str, dict[str, Any]]] = [
    ("impossible_phone", {"phone": None, "phone_raw": "12"}),
    ("odd_phone", {"phone": "+34123456789"}),
    ("odd_phone", {"phone": "+34666666666"}),
    ("odd_phone", {"phone": "+34800123456"}),
    ("disposable_email", {"email": "x@trash.example"}),
    ("mistyped_email", {"email": "ana@gmial.com"}),
    ("nonsense_address", {"address": replace(HOME, line1="asdf 12")}),
    ("nonsense_address", {"address": replace(HOME, line1="test")}),
    ("missing_parts", {"address": replace(HOME, line1="Calle Mayor")}),
    ("nonsense_name", {"name": "asdf"}),
    ("nonsense_name", {"name": "Test Test"}),
    ("big_first", {"total": Money(50000, "EUR"), "around": Around(usual_minor=4000)}),
    ("open_unconfirmed", {"around": Around(open_orders=(OpenOrder("9", NOW),))}),
    ("same_item_twice", {"around": Around(open_orders=(OpenOrder("9", NOW, True, ("L1",)),))}),
    ("prefix_burst", {"around": Around(on_prefix_hour=20)}),
    ("address_burst", {"around": Around(on_address_day=5)}),
    ("threats", {"around": Around(threats=1)}),
]


@pytest.mark.parametrize(("code", "order"), NOW_SIGNALS)
def test_each_signal_of_the_order(code: str, order: dict[str, Any]) -> None:
    """Each oddity of the order itself fires its own signal, and none fires with its weight at 0."""
    assert [r.code for r in _assess(**order).reasons] == [code]
    off = RiskPolicy(weights=replace(Weights(), **{code: 0}))
    assert _assess(policy=off, **order).reasons == ()


@pytest.mark.parametrize("order", [
    {"phone": None, "phone_raw": ""}, {"email": None}, {"name": ""}, {"address": PostalAddress(country="ES")},
    {"around": Around(open_orders=(OpenOrder("9", NOW, True, ("L2",)),))},
    {"around": Around(open_orders=(OpenOrder("9", NOW - timedelta(days=9), True, ("L1",)),))},
    {"around": Around(on_prefix_hour=19, on_address_day=4, group_orders=3)}, {"total": Money(50000, "EUR")},
])  # fmt: skip
def test_what_is_no_signal(order: dict[str, Any]) -> None:
    """What is merely not told, or below its limit, or switched off by default, is not held against anybody."""
    assert _assess(**order).reasons == ()


def test_the_declared_group_counts_only_where_switched_on() -> None:
    """Orders at other shops are a bare count, and off unless the owner gives them weight."""
    policy = RiskPolicy(weights=Weights(group_orders=6))
    reason = _assess(around=Around(group_orders=3), policy=policy).reasons[0]
    assert (reason.code, reason.points, reason.values, reason.orders) == ("group_orders", 18, {"count": "3"}, ())


@pytest.mark.parametrize("fault", ["courier", "shop", "none"])
@pytest.mark.parametrize("ended", sorted(CAME_BACK))
def test_only_the_customers_own_fault_counts(ended: str, fault: str) -> None:
    """A parcel that the courier or the shop spoiled says nothing about the customer."""
    assert _assess(_bad(ended=ended, fault=fault)).score == 0


def test_complaints_and_refunds_are_no_offence() -> None:
    """Whoever complains or is refunded is not marked for it."""
    assert _assess(_past(complaints=5, refunds=3)).score == 0


def test_verdicts_climb_with_the_score() -> None:
    """One fresh refusal is watched, two are reviewed, however many never block."""
    verdicts = [_assess(*(_bad(str(at)) for at in range(count))).verdict for count in (0, 1, 2, 9)]
    assert verdicts == ["normal", "watch", "review", "review"]


def test_points_fade_by_half_in_a_half_life() -> None:
    """An old refusal counts half after the half life, and not at all after the time to forget."""
    fresh = _assess(_bad(days=0)).score
    assert _assess(_bad(days=180)).score == pytest.approx(fresh / 2, abs=0.1)
    assert _assess(_bad(days=1095)).reasons == ()


def test_paid_orders_buy_back_what_was_before_them() -> None:
    """Each order paid since makes an old refusal lighter; one paid before it does not."""
    alone = _assess(_bad(days=100)).score
    assert _assess(_bad(days=100), *_paid(1, days=50)).score == pytest.approx(alone * POLICY.bought_back, abs=0.1)
    assert _assess(_bad(days=100), *_paid(1, days=150)).score == alone


def test_a_household_is_not_a_person() -> None:
    """A refusal found by the address alone weighs about a third, and paid orders of a relative earn no trust."""
    by_address = (Matched("address", sure=True),)
    assert _assess(_bad(matched=by_address)).score < 0.4 * _assess(_bad()).score
    assert _assess(*_paid(9, matched=by_address)).verdict == "normal"
    assert _assess(*_paid(9, matched=by_address)).bought is None


def test_an_unsure_match_weighs_half() -> None:
    """Where neighbours could be meant, the order counts half and the reason says that it is not sure."""
    found = _assess(_bad(matched=(Matched("address", sure=False, score=0.85),)))
    sure = _assess(_bad(matched=(Matched("address", sure=True),)))
    assert found.score == pytest.approx(sure.score / 2, abs=0.1)
    assert found.reasons[0].sure is False


def test_three_paid_orders_make_trust() -> None:
    """A good customer is trusted, and what they bought is told."""
    found = _assess(*_paid(4))
    assert found.verdict == "trusted"
    assert found.bought is not None
    assert (found.bought.orders, found.bought.amount_minor, found.bought.currency) == (4, 16000, "EUR")
    assert found.bought.last_at == NOW - timedelta(days=30)


@pytest.mark.parametrize("case", [
    {"past": _paid(2)}, {"past": _paid(4, days=800)}, {"past": _paid(4), "total": Money(13000, "EUR")},
    {"past": _paid(4, matched=(Matched("email"),))}, {"past": (*_paid(4), _bad("x", 5))},
    {"past": _paid(4), "phone": "+34511847362"},
    {"past": _paid(4, currency="USD")},
], ids=["too few", "too long ago", "far dearer", "not this number", "refused since", "odd phone", "other currency"])  # fmt: skip
def test_what_stands_against_trust(case: dict[str, Any]) -> None:
    """Trust needs enough paid orders, fresh, on this number, of this size, and nothing against it."""
    past = case.pop("past")
    assert _assess(*past, **case).verdict != "trusted"


@pytest.mark.parametrize("verdict", ["trusted", "normal", "blocked"])
def test_a_person_overrules_for_good(verdict: str) -> None:
    """Staff's word is the verdict, whatever the score then and later; the reasons stay visible."""
    ruling = Ruling(verdict, "Olga", NOW - timedelta(days=900))  # type: ignore[arg-type]
    found = _assess(_bad("1"), _bad("2"), _bad("3"), around=Around(ruling=ruling))
    assert (found.verdict, found.overruled) == (verdict, ruling)
    assert found.score >= POLICY.review_from
    assert found.reasons


def test_switched_off_says_nothing() -> None:
    """With risk off every order is normal."""
    assert _assess(_bad("1"), _bad("2"), policy=RiskPolicy(enabled=False)) == Assessment("normal", 0.0)


def test_reasons_weigh_heaviest_first() -> None:
    """The card's first line is the weightiest reason."""
    points = [r.points for r in _assess(_bad(), _past("2", unreachable=True), name="asdf").reasons]
    assert points == sorted(points, reverse=True)
    assert len(points) == 3


ENDS = [
    "delivered",
    "paid",
    "returned",
    "refused",
    "not_collected",
    "cancelled_by_customer",
    "cancelled_by_rule",
    "lost",
]
ANY_PAST = st.lists(
    st.builds(
        lambda days, ended, fault, confirmed, attempts, late, matched: _past(
            "", days, ended=ended, fault=fault, confirmed_at=NOW - timedelta(days=days + 3) if confirmed else None,
            attempts=attempts, late_refunds=late, matched=matched,
        ),
        st.floats(-5, 2000), st.sampled_from(ENDS), st.sampled_from(["customer", "courier", "none"]), st.booleans(),
        st.integers(1, 4), st.integers(0, 2),
        st.sampled_from([(Matched("phone"),), (Matched("email"), Matched("address", False, 0.8)), (Matched("address"),)]),
    ),
    max_size=8,
).map(lambda rows: tuple(replace(row, order_id=str(at)) for at, row in enumerate(rows)))  # fmt: skip
SUBJECT = describe(ORDER, Around())


@given(ANY_PAST, st.randoms(use_true_random=False))
def test_the_order_of_the_past_does_not_matter(past: tuple[PastOrder, ...], dice: Any) -> None:
    """However storage returns the rows, the assessment is the same, and the score stays within 0 and 100."""
    shuffled = list(past)
    dice.shuffle(shuffled)
    found = assess(SUBJECT, past, POLICY, NOW)
    assert found == assess(SUBJECT, tuple(shuffled), POLICY, NOW)
    assert 0 <= found.score <= 100
    assert found.verdict != "blocked"


@given(ANY_PAST)
def test_paying_never_harms_and_refusing_never_helps(past: tuple[PastOrder, ...]) -> None:
    """One more paid order lowers the score or leaves it; one more refusal raises it or leaves it."""
    score = assess(SUBJECT, past, POLICY, NOW).score
    assert assess(SUBJECT, (*past, _past("new", 1)), POLICY, NOW).score <= score
    assert assess(SUBJECT, (*past, _bad("new", 1)), POLICY, NOW).score >= score


@given(ANY_PAST, st.floats(0, 4000))
def test_time_only_forgives(past: tuple[PastOrder, ...], days: float) -> None:
    """With nothing new, a later look at the same closed past never gives a higher score."""
    closed = tuple(order for order in past if order.closed_at <= NOW)
    later = assess(SUBJECT, closed, POLICY, NOW + timedelta(days=days))
    assert later.score <= assess(SUBJECT, closed, POLICY, NOW).score + 0.11  # rounding of each reason


def test_what_closes_later_is_not_known_yet() -> None:
    """An order that ends after the moment of judging does not count."""
    assert _assess(_bad(days=-1)).score == 0


def test_the_subject_keeps_no_text() -> None:
    """What the assessment takes along is judged, not the address or the name themselves."""
    subject = describe(ORDER, Around())
    assert isinstance(subject, Subject)
    assert "Mayor" not in repr(subject)
    assert "Ruiz" not in repr(subject)
