"""Values in the customer's form: money, moments, names. All plain spaces, no invisible marks: those are the frame's business.

babel is imported when a first amount or date is written, so that a command that sends nothing starts fast.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from flows.money import Money, decimal_text, exponent

if TYPE_CHECKING:
    from babel import Locale


class Moment(Struct, frozen=True, gc=False, tag="moment"):
    """A point in time as the customer should read it: `at` is aware UTC, `zone` the customer's ("Europe/Madrid").
    `style`: "time" 15:00, "day" Thu 26 Nov, "weekday" Thu, "daytime" day and time."""

    at: datetime
    zone: str
    style: Literal["time", "day", "weekday", "daytime"] = "time"


Value = str | int | Money | Moment

#: How these currencies are written in a plain text, where ISO's code would puzzle. Prefix, or suffix after the number.
_PREFIX = {"INR": "Rs ", "PKR": "Rs ", "LKR": "Rs ", "NPR": "Rs ", "BDT": "Tk ", "IDR": "Rp", "MYR": "RM", "BRL": "R$ ",
           "USD": "$", "GBP": "£", "KES": "KSh ", "TZS": "TSh ", "NGN": "N", "ZAR": "R"}  # fmt: skip
_SUFFIX = {"TRY": " TL", "PLN": " zl", "RON": " lei"}
#: A whole amount of these is written without ".00". Source: CLDR supplemental data, cashDigits 0, read 2026-11; the second
#: line is shops' practice where cash on delivery lives.
_WHOLE = frozenset(
    (
        *("AMD", "COP", "CRC", "CZK", "GYD", "HUF", "IDR", "MNT", "MUR", "NOK", "PKR", "SEK", "TZS", "TWD", "UZS"),
        *("INR", "BDT", "LKR", "NPR", "KES", "NGN", "PHP", "EGP", "MAD", "DZD", "RUB", "UAH", "THB", "ARS"),
    )
)
#: Longest value that goes into a text, in characters; what is longer is cut, since a text is paid by its length. A link
#: is never cut: half an address is none, so a longer one is left out.
MAX_VALUE = 240
MAX_NAME = 40
_LIMITS = {"list": 1000, "answer": 1400, "text": 1400, "quote": 4096, "link": 500, "tracking": 500}
#: Line breaks are kept in lists and in words that a person at the shop wrote.
_LINES = frozenset({"list", "answer", "text", "quote"})
_LINKS = frozenset({"link", "tracking"})
_ODD_SPACE = re.compile(r"[\u00a0\u202f\u2009\u2007\u200a]")
_MARKS = re.compile(r"[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2060\ufeff]")
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)\b", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """CLDR's locale for a language tag with or without region; the language alone, else English, where CLDR has none."""
    from babel import Locale, UnknownLocaleError

    parts = tag.replace("-", "_").split("_")
    for candidate in ("_".join(parts), parts[0]):
        try:
            return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


@lru_cache(maxsize=4096)
def money_text(money: Money, tag: str, plain: bool) -> str:
    """The amount by the customer's locale, digits 0-9 everywhere: couriers, notes and pages show the same. `plain` (SMS)
    writes a sign that every phone has: "49,90 EUR", "Rs 1,299.00"."""
    from babel.numbers import format_currency, format_decimal, get_currency_symbol

    locale = locale_of(tag)
    amount = Decimal(decimal_text(money))
    digits = _shown_digits(money)
    if not plain and get_currency_symbol(money.currency, locale=locale) != money.currency:
        shown = format_currency(
            amount, money.currency, locale=locale, currency_digits=False, format=_digits(locale, digits)
        )
        return bare(shown)
    number = bare(format_decimal(amount, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=locale))
    if money.currency in _PREFIX:
        return _PREFIX[money.currency] + number
    return number + _SUFFIX.get(money.currency, f" {money.currency}")


def _shown_digits(money: Money) -> int:
    """ISO's digits, or none for a whole amount of a currency whose cents nobody writes."""
    from babel.numbers import get_currency_precision

    digits = exponent(money.currency)
    if money.minor % 10**digits:
        return digits
    return 0 if money.currency in _WHOLE or get_currency_precision(money.currency) == 0 else digits


def _digits(locale: Locale, digits: int) -> str:
    pattern: str = locale.currency_formats["standard"].pattern
    fraction = f".{'0' * digits}" if digits else ""
    return re.sub(r"\.0+", fraction, pattern)


@lru_cache(maxsize=4096)
def moment_text(moment: Moment, tag: str) -> str:
    """The moment on the customer's clock."""
    from babel.dates import format_skeleton, format_time

    locale = locale_of(tag)
    local = moment.at.astimezone(ZoneInfo(moment.zone))
    time = bare(format_time(local, "short", locale=locale))
    if moment.style == "time":
        return time
    if moment.style == "weekday":
        return bare(format_skeleton("E", local, locale=locale))
    day = bare(format_skeleton("MMMEd", local, locale=locale))
    comma = "،" if locale.text_direction == "rtl" else ","
    return day if moment.style == "day" else f"{day}{comma} {time}"


def either(texts: list[str], tag: str) -> str:
    """ "Thu or Fri", as the language joins what may be one or the other."""
    from babel.lists import format_list

    return bare(format_list(texts, style="or", locale=locale_of(tag)))


@lru_cache(maxsize=1024)
def hours_text(hours: str, tag: str) -> str:
    """The shop's hours ("mon-fri 09:00-18:00") with the weekdays in the customer's language."""
    names = locale_of(tag).days["format"]["abbreviated"]
    return _WEEKDAY.sub(lambda day: bare(names[_DAYS.index(day[1].lower())]), hours)


@lru_cache(maxsize=1024)
def plural_of(count: int, tag: str) -> str:
    """CLDR's plural category of a whole number in that language."""
    form: str = locale_of(tag).plural_form(count)
    return form


def bare(text: str) -> str:
    """Without odd spaces and invisible direction marks."""
    return _MARKS.sub("", _ODD_SPACE.sub(" ", text))


def cleaned(name: str, text: str) -> str:
    """A word from outside made harmless: no control, direction or other invisible characters, no line break (but in a list),
    not endless. Joiners stay: Indic and Persian spelling needs them."""
    keep_lines = name in _LINES
    limit = _LIMITS.get(name, MAX_VALUE)
    if name in _LINKS and len(text) > limit:
        return ""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return " ".join(text.split())  # an order's number, a plain name: nothing to take out
    kept = "".join(
        char if char in "\u200c\u200d" or (char == "\n" and keep_lines) else
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else
        "" if unicodedata.category(char) in ("Cf", "Cs", "Co") else char
        for char in text[: 2 * limit]
    )  # fmt: skip
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    return "\n".join(lines).strip()[:limit]


def person_name(text: str) -> str:
    """The name if it looks like one, else nothing: an order form is an open door, and a link or a phone number in the name
    field must not travel to a stranger under the shop's name."""
    name = cleaned("name", text)
    fine = len(name) <= MAX_NAME and all(
        char in " .'’-\u200c\u200d" or unicodedata.category(char)[0] in "LM" for char in name
    )
    return name if fine and not re.search(r"\.\S", name) else ""
