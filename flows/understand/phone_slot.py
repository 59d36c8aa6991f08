"""Phone numbers inside a message."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

#: 7 to 15 digits with the marks that people put between them; not part of a longer number or a price.
_NUMBER: Final = re.compile(r"(?<![\d.,#/-])(\+|00)?\(?\d(?:[ .()/-]{0,2}\d){6,14}(?![\d])")
_DIGITS: Final = re.compile(r"\D")


def find_phone(text: str, country: str | None) -> tuple[str, int, int] | None:
    """The first phone number of a cleaned text: (E.164, else the digits as written), start, end. None without one.

    `country` (ISO 3166) says how a number without country code is read. A number that cannot be one there is
    given as its digits, so that the customer can be asked about it.
    """
    for found in _NUMBER.finditer(text):
        raw = found.group().strip(" .-/()")
        digits = _DIGITS.sub("", raw)
        if not 7 <= len(digits) <= 15 or _is_date(raw):
            continue
        return _formatted(raw, digits, country), found.start(), found.end()
    return None


def _is_date(raw: str) -> bool:
    """Whether the digits are written as a date, like 2026-11-21 or 21/11/2026."""
    return re.fullmatch(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", raw) is not None


def _formatted(raw: str, digits: str, country: str | None) -> str:
    international = raw.startswith("+") or digits.startswith("00")
    written = "+" + digits.removeprefix("00") if international else digits
    region = None if international or country is None else country.upper()
    for attempt in (written, "+" + digits):
        try:
            number = phonenumbers.parse(attempt, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and (attempt == written or phonenumbers.is_valid_number(number)):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        if region is None:
            break
    return digits
