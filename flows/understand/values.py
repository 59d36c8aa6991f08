"""Amounts, addresses and bare choices in a message."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from flows.understand.cover import Piece
from flows.understand.fold import fold_clean

_AMOUNT: Final = re.compile(r"(?<!\d)(?:\d{1,3}(?:[., ]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)(?!\d)")
_CURRENCY: Final = re.compile(
    r"(?:rs\.?|inr|pkr|bdt|tk|taka|taka|rupees?|rupiah|rp|usd|eur|euros?|dollars?|dh|dhs|mad|aed|sar|egp|dzd|da|tnd|dt"
    r"|le|tl|lira|reais|r\$|pesos?|soles|rub|руб\w*|р|грн|zl|lei|baht|php|vnd|dong|rm|kes|ksh|tsh|toman"
    r"|جنيه|درهم|ريال|دينار|روپے|روبيه|रुपये|रुपए|रु|টাকা|บาท|[$€£₹₨৳₺₽฿₫₱])"
)
_MONEY: Final = re.compile(
    rf"(?:{_CURRENCY.pattern}\s*({_AMOUNT.pattern}))|(?:({_AMOUNT.pattern})\s*{_CURRENCY.pattern})(?!\w)"
)
_SHORTEST_ADDRESS: Final = 4
#: Words between a house's number and its kind of street: 44 King Street, 12 bis rue.
_NUMBER_BEFORE: Final = 4
_CHOICE: Final = re.compile(r"[#(\[]*\s*(\d{1,9})\s*[).\]!]*")


def find_choice(folded: str) -> int | None:
    """The number, where the whole message is one number (`1`, `2.`, `(3)`, `#1001`)."""
    found = _CHOICE.fullmatch(folded)
    return int(found[1]) if found else None


def find_amount(folded: str, *, bare: bool) -> str | None:
    """The price named, plain digits with at most one point; with `bare` a number without currency counts too."""
    found = _MONEY.search(folded)
    if found:
        return _plain(found[1] or found[2])
    if bare:
        plain = _AMOUNT.search(folded)
        return _plain(plain[0]) if plain else None
    return None


def _plain(written: str) -> str:
    """`1,500.50` and `1.500,50` as `1500.50`."""
    written = written.replace(" ", "")
    last = max(written.rfind(","), written.rfind("."))
    if last >= 0 and len(written) - last - 1 in {1, 2}:
        return re.sub(r"[.,]", "", written[:last]) + "." + written[last + 1 :]
    return re.sub(r"[.,]", "", written)


def find_address(cleaned: str, words: list[str], pieces: list[Piece]) -> str | None:
    """The customer's own words after the last announcement of an address (`my address is ...`), None without one."""
    marker = next((piece for piece in reversed(pieces) if piece.role == "address"), None)
    if marker is None:
        return None
    return as_address(after_tokens(cleaned, words, marker.end))


def find_street(cleaned: str, words: list[str], pieces: list[Piece]) -> str | None:
    """The customer's own words from a kind of street (or the house number just before it) on, where a number stands by."""
    streets = [piece for piece in pieces if piece.role == "street"]
    numbers = [at for at, word in enumerate(words) if word[0].isdigit()]
    if not streets or not numbers:
        return None
    first = streets[0].start
    before = [at for at in numbers if first - _NUMBER_BEFORE <= at < first]
    return as_address(after_tokens(cleaned, words, before[0] if before else first))


def as_address(text: str) -> str | None:
    """A text trimmed to what may be an address: at least 4 characters, one of them a letter. None otherwise."""
    text = text.strip(' :,-.=\n"')
    return text if len(text) >= _SHORTEST_ADDRESS and any(char.isalpha() for char in text) else None


def after_tokens(cleaned: str, words: list[str], end: int) -> str:
    """The cleaned text after the first `end` tokens of its folded form."""
    want = sum(len(word) for word in words[:end])
    seen = 0
    for at, char in enumerate(cleaned):
        if seen >= want:
            return cleaned[at:]
        seen += _folded_length(char)
    return ""


@lru_cache(maxsize=4096)
def _folded_length(char: str) -> int:
    """How many characters of its tokens a readable character becomes."""
    return len(fold_clean(char).replace(" ", "")) if char not in " -(){}[]*=~^|<\\$\n" else char == "\n"
