"""Numbers as nearly everybody writes them, read without the package's search for what else they could be.

`plain` answers only where the package would say the same: digits with the usual signs between them, in a country that shares its code
with no other, which its numbering plan assigns and which neither a trunk prefix nor a prefix for calls abroad begins. Anything else
is left to the package; the tests compare the two over every region.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from flows.phone_kinds import Kind, kind_of

_PLAIN = re.compile(r"\+?[\d ().\-/]+")
_SIGNS = str.maketrans("", "", " ().-/")
#: Numbers of these have two forms (flows.phones.canonical).
_TWO_FORMS = frozenset({52, 54, 55})


class _Rules(Struct, frozen=True):
    """What a national number of one country has to fit. `leads`: what may stand before it when it is dialled."""

    region: str
    code: int
    lengths: frozenset[int]
    general: re.Pattern[str]
    leads: re.Pattern[str] | None


def plain(text: str, country: str) -> tuple[str, str, Kind] | None:
    """(E.164, region, kind) of a number that can be read only one way, else None. `country` is alpha-2, upper case."""
    if not _PLAIN.fullmatch(text) or not text.isascii():
        return None
    digits = text.translate(_SIGNS)
    rules = _rules(country)
    if rules is None:
        return None
    if digits[:1] == "+":
        code = f"+{rules.code}"
        if not digits.startswith(code) or text[:1] != "+" or text[1:2] in " (.-/":
            return None
        digits = digits[len(code) :]
    if len(digits) not in rules.lengths or digits[0] == "0" or digits.startswith(str(rules.code)):
        return None
    if (rules.leads is not None and rules.leads.match(digits)) or not rules.general.fullmatch(digits):
        return None
    kind = kind_of(digits, rules.code, rules.region)
    return None if kind == "unknown" else (f"+{rules.code}{digits}", rules.region, kind)


@cache
def _rules(country: str) -> _Rules | None:
    found = PhoneMetadata.metadata_for_region(country, None)
    if found is None or found.general_desc is None or not found.general_desc.national_number_pattern:
        return None
    code = found.country_code or 0
    if len(COUNTRY_CODE_TO_REGION_CODE.get(code, ())) != 1 or code in _TWO_FORMS:
        return None
    leads = [p for p in (found.international_prefix, found.national_prefix_for_parsing, found.national_prefix) if p]
    return _Rules(
        country,
        code,
        frozenset(found.general_desc.possible_length),
        re.compile(found.general_desc.national_number_pattern),
        re.compile("|".join(f"(?:{lead})" for lead in leads)) if leads else None,
    )
