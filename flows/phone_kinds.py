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
    general, rules = _rules(code, region)
    size = len(national)
    if general is None or not _fits(national, size, general):
        return "unknown"
    for kind, each in rules:
        for rule in each:
            if not _fits(national, size, rule):
                break
        else:
            return kind
    return "unknown"


def _fits(national: str, size: int, rule: _Rule) -> bool:
    sizes, pattern = rule
    return (not sizes or size in sizes) and pattern.fullmatch(national) is not None


@cache
def _rules(code: int, region: str) -> tuple[_Rule | None, tuple[tuple[Kind, tuple[_Rule, ...]], ...]]:
    """What every number of the region fits, and what each kind fits beside it."""
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    general = _rule(found.general_desc) if found is not None else None
    if found is None or general is None:
        return None, ()
    kinds: list[tuple[Kind, tuple[_Rule | None, ...]]] = [
        (kind, (_rule(getattr(found, name)),)) for name, kind in _FIRST
    ]
    fixed, mobile = _rule(found.fixed_line), _rule(found.mobile)
    if found.same_mobile_and_fixed_line_pattern:
        kinds.append(("either", (fixed,)))
    else:
        kinds += [("either", (fixed, mobile)), ("landline", (fixed,)), ("mobile", (mobile,))]
    return general, tuple((kind, tuple(rule for rule in rules if rule)) for kind, rules in kinds if all(rules))


def _rule(described: PhoneNumberDesc | None) -> _Rule | None:
    if described is None or not described.national_number_pattern:
        return None
    return frozenset(described.possible_length), re.compile(described.national_number_pattern)
