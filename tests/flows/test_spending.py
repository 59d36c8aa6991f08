"""The day's money: booked ahead in parts, told at four fifths and at the end, and new each day."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows import pointers, spending
from flows.desk import Desk
from flows.desk_events import MoneyBooked
from flows.policy import Limits, Prices
from tests.flows.shop import NOW, POLICY, SHOP

RICH = replace(POLICY, limits=Limits(money_per_day="10.00 EUR"), prices=Prices(0.08, 0.05))
DESK = Desk(id="d", shop=SHOP)


def booked(minor: float, n: int = 0) -> MoneyBooked:
    return MoneyBooked(event_id=f"money:{n}", to=(pointers.desk(SHOP),), at=NOW, minor=minor)


@given(st.lists(st.floats(min_value=0.1, max_value=40), min_size=1, max_size=400))
def test_the_books_never_say_less_than_was_spent(costs: list[float]) -> None:
    """However messages come: booked is at least spent, at most a fiftieth more, and written far more rarely than messages leave."""
    desk, ahead, spent, writes = DESK, 0.0, 0.0, 0
    for n, cost in enumerate(costs):
        spent += cost
        ahead -= cost
        if ahead < 0:
            desk, more, _ = spending.booked(desk, booked(-ahead, n), NOW, RICH)
            ahead, writes = more, writes + 1
        assert spent - 1e-6 <= desk.spent <= max(spent, min(spent + 20, 999)) + 1e-6
        if desk.spent < 999:
            assert writes <= spent / 20 + 2
    assert (spending.out_until(RICH, desk, NOW) is not None) == (spent >= 1000 - 1e-6)


def test_the_owner_hears_twice_a_day() -> None:
    """Near at four fifths, out at the end, each once; the next day begins anew."""
    desk, heard = DESK, []
    for n in range(120):
        desk, _, ping = spending.booked(desk, booked(10.0, n), NOW, RICH)
        heard += [ping.key] if ping else []
    assert heard == ["owner.money_near", "owner.money_out"]
    tomorrow = NOW + timedelta(days=1)
    assert spending.out_until(RICH, desk, tomorrow) is None
    desk, _, ping = spending.booked(desk, booked(10.0, 999), tomorrow, RICH)
    assert ping is None
    assert desk.spent <= 30


def test_another_currency_is_no_limit() -> None:
    """A limit in another currency than the prices counts nothing (check says so); null neither."""
    assert spending.limit_of(replace(RICH, limits=Limits(money_per_day="10.00 USD"))) is None
    assert spending.limit_of(POLICY) is None
    assert spending.cost(POLICY, "sms", 3) == 0
    assert spending.cost(RICH, "sms", 3) == 24.0
    assert spending.cost(RICH, "email") == 0
