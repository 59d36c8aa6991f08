"""What a number is (mobile, landline, …), from the tables of phonenumbers, with each country's patterns compiled once.

The package looks its patterns up anew for every number; a shop's past brings a million of them. The answer is the package's own:
the tests compare the two over every region.
"""

import re
from functools import cache
from typing import Literal

from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

Kind = Literal["mobile", "landline", "either", "voip", "toll_free", "premium", "other", "unknown"]
_Rule = tuple[frozenset[int], re.Pattern[str]]

#: In the order of the package, whose first match counts. Source: phonenumberutil._number_type_helper.
_FIRST: tuple[tuple[str, Kind], ...] = (
    ("premium_rate", "premium"),
    ("toll_free", "toll_free"),
    ("shared_cost", "premium"),
    ("voip", "voip"),
    ("personal_number", "other"),
    ("pager", "other"),
    ("uan", "other"),
    ("voicemail", "other"),
)


def kind_of(national: str, code: int, region: str) -> Kind:
    """The kind of a national number in `region` (alpha-2, or 001 under the code); `unknown` where the range is not assigned."""
    rules = _rules(code, region)
    return next((kind for rule, kind in rules if _fits(national, rule)), "unknown") if rules else "unknown"


def _fits(national: str, rule: tuple[_Rule, ...]) -> bool:
    return all((not sizes or len(national) in sizes) and pattern.fullmatch(national) for sizes, pattern in rule)


@cache
def _rules(code: int, region: str) -> tuple[tuple[tuple[_Rule, ...], Kind], ...]:
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    general = _rule(found.general_desc) if found is not None else None
    if found is None or general is None:
        return ()
    kinds: list[tuple[tuple[_Rule | None, ...], Kind]] = [
        ((_rule(getattr(found, name)),), kind) for name, kind in _FIRST
    ]
    fixed, mobile = _rule(found.fixed_line), _rule(found.mobile)
    if found.same_mobile_and_fixed_line_pattern:
        kinds.append(((fixed,), "either"))
    else:
        kinds += [((fixed, mobile), "either"), ((fixed,), "landline"), ((mobile,), "mobile")]
    return tuple(((general, *(rule for rule in rules if rule)), kind) for rules, kind in kinds if all(rules))


def _rule(described: PhoneNumberDesc | None) -> _Rule | None:
    if described is None or not described.national_number_pattern:
        return None
    return frozenset(described.possible_length), re.compile(described.national_number_pattern)
