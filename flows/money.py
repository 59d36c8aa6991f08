"""An amount of money as whole minor units, so that no rounding ever happens between the shop's order and the customer's text."""

from __future__ import annotations

import re

from msgspec import Struct

#: Digits after the point where it is not two. Source: ISO 4217 list one (six-group.com), read 2026-11.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_CODE = re.compile(r"[A-Z]{3}")


class NotMoney(ValueError):
    """The text is no amount of this currency; the message says why in plain words."""


class Money(Struct, frozen=True, gc=False, tag="money"):
    """`minor` units of `currency` (ISO 4217): Money(4990, "EUR") is 49.90 euros."""

    minor: int
    currency: str


def exponent(currency: str) -> int:
    """Digits after the point for this ISO 4217 code; 2 for a code that is not listed."""
    return _EXPONENTS.get(currency, 2)


def parse(amount: str, currency: str) -> Money:
    """The exact amount: parse("49.90", "EUR") is Money(4990, "EUR"). Zeros beyond the currency's digits are taken, other
    digits there are not. Raises NotMoney."""
    code = currency.strip().upper()
    if not _CODE.fullmatch(code):
        raise NotMoney(f"currency {currency[:12]!r} is not a three-letter ISO 4217 code")
    match = _AMOUNT.fullmatch(amount.strip())
    if match is None:
        raise NotMoney(f"amount {amount[:24]!r} is not a number like 49.90")
    whole, fraction = match[1], match[2] or ""
    digits = exponent(code)
    if fraction[digits:].strip("0"):
        raise NotMoney(
            f"amount {amount[:24]!r} has more than {digits} digits after the point, which {code} does not have"
        )
    return Money(int(whole + fraction[:digits].ljust(digits, "0")), code)


def decimal_text(money: Money) -> str:
    """The amount as shops and APIs write it: "49.90"; parse() of it gives the same money back."""
    digits = exponent(money.currency)
    if digits == 0:
        return str(money.minor)
    sign, number = ("-", -money.minor) if money.minor < 0 else ("", money.minor)
    return f"{sign}{number // 10**digits}.{number % 10**digits:0{digits}d}"
