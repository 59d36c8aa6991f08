"""Dates and amounts as shops write them, in the style of the whole column.

One cell cannot say whether 03/04/2025 is in April; a column with a 25/12/2024 in it can. `date_style` decides it from all of them,
and so does `amount_style` for 1.234. A value that does not fit the decided style is refused with its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal

from msgspec import Struct

from engine.ports import TheirFault
from flows.money import Money, NotMoney, parse

DateStyle = Literal["ymd", "dmy", "mdy"]

#: Countries that write the month first. Source: CLDR short dates (unicode.org/cldr), read 2026-11.
MONTH_FIRST = frozenset({"US", "FM", "GU", "MH", "PW", "AS", "MP", "UM", "VI", "PR", "PH", "BZ"})
#: Order numbers and prices are no dates; nothing was sold on the web before.
_OLDEST = 1995
#: A shop's clock may be ahead, and its zone may be another.
_AHEAD = timedelta(days=2)
#: No order costs more: ten thousand million in a currency with two digits.
MOST_MINOR = 10**12

_DATE = re.compile(
    r"(\d{1,4})[./\-\u2010-\u2015年](\d{1,2})[./\-\u2010-\u2015月](\d{1,4})日?\.?"
    r"(?:[T,\s]+(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?\s*$"
)
_AMOUNT = re.compile(r"\d[\d.,'’٬٫\s\u00a0\u202f]*-?")
_NEGATIVE = re.compile(r"[^\d]*[-\u2212(]")
_SPACES = re.compile(r"[\s\u00a0\u202f'’٬]")


class BadValue(TheirFault):
    """A cell that cannot be read; the message says why in plain words."""


class Evidence(Struct, frozen=True):
    """What the dates of a column say about its style."""

    style: DateStyle | None  # None: nothing speaks for either
    day_first: int = 0  # dates that are none with the month first
    month_first: int = 0
    open: int = 0  # dates that could be either


def date_style(dates: Iterable[str], now: datetime) -> Evidence:
    """The style of a column, from all its dates: the year first, else where a number above 12 stands, else which reading keeps
    out of the future. `now` is aware UTC."""
    years = either = day_first = month_first = day_future = month_future = 0
    for text in dates:
        found = _DATE.match(digits(text.strip()) + (" " if len(text) < 10 else ""))
        if found is None:
            continue
        first, second, third = int(found[1]), int(found[2]), int(found[3])
        if len(found[1]) == 4:
            years += 1
            continue
        day_first += first > 12 >= second
        month_first += second > 12 >= first
        if first <= 12 and second <= 12:
            either += 1
            day_future += _is_future(third, second, first, now)
            month_future += _is_future(third, first, second, now)
    style: DateStyle | None = None
    if day_first != month_first:
        style = "dmy" if day_first > month_first else "mdy"
    elif day_future != month_future:
        style = "dmy" if month_future > day_future else "mdy"
    elif years and not either and not day_first:
        style = "ymd"
    return Evidence(style, day_first, month_first, either)


def _is_future(year: int, month: int, day: int, now: datetime) -> bool:
    try:
        return datetime(_year(year), month, day, tzinfo=UTC) > now + _AHEAD
    except ValueError:
        return False


def moment(text: str, style: DateStyle, zone: tzinfo, now: datetime) -> datetime:
    """The moment that was written, aware UTC. Without an offset it is the shop's `zone`. Raises BadValue."""
    found = _DATE.match(digits(text.strip())) if len(text) < 60 else None
    if found is None:
        raise BadValue(f"{text[:40]!r} is no date like 2025-03-31, 31/03/2025 or 03/31/2025")
    first, second, third = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) >= 3:
        year, month, day = first, second, third
    elif style == "mdy":
        year, month, day = third, first, second
    else:
        year, month, day = third, second, first
    hour = int(found[4] or 0) % 12 + 12 * (found[7] in {"p", "P"}) if found[7] else int(found[4] or 0)
    try:
        at = datetime(
            _year(year), month, day, hour, int(found[5] or 0), int(found[6] or 0), tzinfo=_zone(found[8], zone)
        )
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        style_name = {"ymd": "year/month/day", "dmy": "day/month/year", "mdy": "month/day/year"}[style]
        raise BadValue(f"{text[:40]!r} is no date; the column is read as {style_name}") from None
    if at.year < _OLDEST:
        raise BadValue(f"{text[:40]!r} is before {_OLDEST}")
    if at > now + _AHEAD:
        raise BadValue(f"{text[:40]!r} is in the future")
    return at


def _year(year: int) -> int:
    return year + 2000 if year < 100 else year


def _zone(written: str | None, zone: tzinfo) -> tzinfo:
    if not written:
        return zone
    if written in {"Z", "UTC", "GMT"}:
        return UTC
    sign = -1 if written[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(written[1:3]), minutes=int(written[-2:])))


def comma_decimal(amounts: Iterable[str]) -> bool | None:
    """Whether the column writes 49,90; None where nothing speaks for either."""
    comma = point = 0
    for text in amounts:
        number = _number(text)
        last = max(number.rfind(","), number.rfind("."))
        tail = len(number) - last - 1
        if last >= 0 and (tail in {1, 2} or number.count(",") * number.count(".")):
            comma += number[last] == ","
            point += number[last] == "."
    return None if comma == point else comma > point


def amount(text: str, currency: str, *, comma: bool | None) -> Money:
    """The amount that was written, exact. `comma`: the column writes 49,90. Raises BadValue, for a negative one too."""
    if len(text) > 60:
        raise BadValue(f"the total has {len(text):,} characters")
    plain = digits(text.strip())
    number = _number(plain)
    if not number:
        raise BadValue(f"the total {text[:40]!r} is no amount")
    if number.endswith("-") or _NEGATIVE.match(plain):
        raise BadValue(f"the total {text[:40]!r} is negative: a refund is no order")
    try:
        money = parse(_pointed(number.replace("٫", ","), comma, currency), currency)
    except NotMoney as error:
        raise BadValue(f"total: {error}") from None
    if money.minor > MOST_MINOR:
        raise BadValue(f"the total {text[:40]!r} is more than any order")
    return money


def _pointed(number: str, comma: bool | None, currency: str) -> str:
    """With a point and no thousands. One sign before three digits is thousands, unless the column says otherwise."""
    points, commas = number.count("."), number.count(",")
    if points and commas:
        decimal = max(",", ".", key=number.rfind)
    elif points + commas > 1:
        decimal = ""
    else:
        decimal = "," if commas else "."
        digits_after = len(number) - number.rfind(decimal) - 1
        if digits_after == 3 and points + commas and comma is not (decimal == ",") and currency not in _THREE:
            decimal = ""
    for sign in ",.":
        if sign != decimal:
            number = number.replace(sign, "")
    return number.replace(",", ".").rstrip(".")


#: Their amounts have three digits after the point, so 1.234 may be exact.
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def _number(text: str) -> str:
    found = _AMOUNT.search(text)
    return _SPACES.sub("", found[0]).rstrip(".,") if found else ""


def digits(text: str) -> str:
    """Every script's digits as 0-9; the rest, and text that is ASCII, as it is."""
    if text.isascii():
        return text
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)


def whole(text: str, most: int) -> int:
    """A count; 0 for an empty cell. Raises BadValue."""
    plain = digits(text.strip())
    if not plain:
        return 0
    found = re.fullmatch(r"(\d{1,6})(?:[.,]0+)?", plain)
    if found is None:
        raise BadValue(f"{text[:40]!r} is no count")
    return min(int(found[1]), most)
