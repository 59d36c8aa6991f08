"""Amounts are exact, or refused in plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.money import Money, NotMoney, decimal_text, exponent, parse

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "INR", "IDR", "TND", "CLF", "PKR"])


@given(st.integers(0, 10**14), CURRENCIES)
def test_writing_and_reading_an_amount_gives_it_back(minor: int, currency: str) -> None:
    """decimal_text and parse are inverse for every amount and exponent."""
    assert parse(decimal_text(Money(minor, currency)), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("49.90", "EUR", 4990), ("49.9", "eur", 4990), ("49", "EUR", 4900), ("49.900", "EUR", 4990), ("1200", "JPY", 1200),
     ("1.234", "KWD", 1234), (" 0.05 ", "USD", 5), ("1200.00", "JPY", 1200)],
)  # fmt: skip
def test_amounts_as_shops_write_them(amount: str, currency: str, minor: int) -> None:
    """The currency's own digits count, zeros beyond them do not matter."""
    assert parse(amount, currency) == Money(minor, currency.upper())


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("49.905", "EUR"), ("1.5", "JPY"), ("49,90", "EUR"), ("-5", "EUR"), ("", "EUR"), ("1e3", "EUR"), ("NaN", "EUR"),
     ("٤٩", "EUR"), ("1" * 16, "EUR"), ("5", "euro"), ("5", ""), ("5", "€")],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount: str, currency: str) -> None:
    """Nothing is rounded, guessed or read from another notation."""
    with pytest.raises(NotMoney):
        parse(amount, currency)


def test_exponents() -> None:
    """ISO 4217's digits: none, two, three, four."""
    assert [exponent(code) for code in ("JPY", "EUR", "KWD", "CLF", "XXX")] == [0, 2, 3, 4, 2]
