"""The outer parts of an address: postcode, town, region and country, told from what names the door.

A shop sends them in fields of their own, in one line, or both; here all three come to the same.
"""

import re

from msgspec import Struct

from flows.matching.countries import CITY_NAMES, PostalRules, codes, rules_of
from flows.matching.scripts import fold
from flows.matching.tokens import tokens
from flows.matching.words import words_of
from flows.postal import PostalAddress

#: Longer lines are cut: no door needs more, and the work must stay bounded.
MAX_LINE = 300

_BREAKS = str.maketrans("()[]|\u2028", ",,,,,,")
_BREAK = re.compile(r"[()\[\]|\u2028]")
_LAND_PREFIX = re.compile(r"^[a-z]{1,2}[- ](?=\d{4,5}$)")
_NOT_ALNUM = re.compile(r"[\W_]+")
_REGION = re.compile(r"[a-z]{2}")
#: "City" before its name: г. Москва, м. Київ, гр. София.
_CITY = frozenset({"g", "gorod", "m", "misto", "gr", "grad"})
#: Where people write the town before the street.
_TOWN_FIRST = codes("RU UA BY KZ BG KG UZ MD")
#: Where a region is written as two letters after the town.
_SHORT_REGIONS = codes("US CA AU BR IT")


class Parts(Struct, frozen=True):
    """`door` is the folded text that names street, number and flat, its parts separated by commas."""

    door: str
    city: tuple[str, ...]
    region: str
    postcode: str
    country: str


def parts_of(address: PostalAddress) -> Parts:
    """The parts, wherever they were written."""
    country = address.country.strip().upper()[:2]
    rules = rules_of(country)
    text = _folded(f"{address.line1}\n{address.line2}" if address.line2 else address.line1)
    city = _folded(address.city)
    postcode = compact_postcode(address.postcode)
    rest = ""
    if not postcode:
        city, postcode, _ = _take_postcode(city, rules, anywhere=True)
        if not postcode:
            text, postcode, rest = _take_postcode(text, rules, anywhere=False)
    else:
        text = _without(text, address.postcode, postcode)
    segments = [s for s in (part.strip(" .-") for part in text.split(",")) if s]
    segments = [s for at, s in enumerate(segments) if at == 0 or s not in rules.names]
    region = _folded(address.region).strip(" ,.")
    if not region and country in _SHORT_REGIONS and len(segments) > 1 and _REGION.fullmatch(segments[-1]):
        region = segments.pop()
    city = city.strip(" ,.-")
    if city:
        segments = _without_town(segments, city, region)
    else:
        segments, city = _take_town(segments, rest.strip(" ,.-"), country)
    if not region and country in _SHORT_REGIONS and _REGION.fullmatch(city.rpartition(" ")[2]) and " " in city:
        city, _, region = city.rpartition(" ")
    return Parts(",".join(segments), town(city), region, postcode, country)


def compact_postcode(raw: str) -> str:
    """Letters and digits of a postcode, folded, without a country's letter before it (`D-80331`)."""
    folded = fold(raw[:20]).strip()
    return _NOT_ALNUM.sub("", _LAND_PREFIX.sub("", folded)).removesuffix("0000" if len(folded) > 9 else "\0")


def town(folded: str) -> tuple[str, ...]:
    """The words of a town's name, under the one name it is compared by."""
    name = _NOT_ALNUM.sub(" ", folded).strip()
    first, _, rest = name.partition(" ")
    if rest and first in _CITY:
        name = rest
    words = tuple(CITY_NAMES.get(name, name).split())
    return words[:1] if len(words) == 2 and words[1].isdigit() else words  # "Praha 4", "Wien 1020"


def _folded(text: str) -> str:
    folded = fold(text[:MAX_LINE])
    return (folded.translate(_BREAKS) if _BREAK.search(folded) else folded).replace(" - ", ", ")


def _take_postcode(text: str, rules: PostalRules, *, anywhere: bool) -> tuple[str, str, str]:
    """`text` without its postcode, the postcode, and what followed it up to the next comma."""
    found = None
    if rules.postcode_inside is not None and text:
        for found in rules.postcode_inside.finditer(text):  # noqa: B007  the last one
            pass
    if found is None:
        return text, "", ""
    before, after = text[: found.start()], text[found.end() :]
    rest, comma, later = after.partition(",")
    leads = not before.strip(" ,") and any(c.isdigit() for c in later)
    leads = leads and not (rest.strip() and (rules.number_first or any(c.isdigit() for c in rest)))
    if not anywhere and not leads and found[1].isdigit():
        if not any(c.isdigit() for c in before):
            return text, "", ""  # the only number is the house's
        if any(c.isdigit() for c in rest) and not before.rstrip().endswith((",", "-")):
            return text, "", ""  # a long house number before its flat
    return f"{before},{comma}{later}", compact_postcode(found[1]), rest


def _without(text: str, written: str, postcode: str) -> str:
    """`text` without a second mention of the postcode that has a field of its own. The first number is the house's."""
    for form in {fold(written).strip(), postcode}:
        at = text.rfind(form)
        if at > 0 and any(c.isdigit() for c in text[:at]) and not text[at + len(form) :][:1].isalnum():
            return f"{text[:at]},{text[at + len(form) :]}"
    return text


def _without_town(segments: list[str], city: str, region: str) -> list[str]:
    """The segments without a second mention of town and region, which stand in fields of their own."""
    said = {city, region, f"{city} {region}", *CITY_NAMES.get(city, city).split(",")}
    kept = [s for at, s in enumerate(segments) if at == 0 or s not in said]
    if kept and kept[-1].endswith(f" {city}") and kept[-1][: -len(city)].rstrip()[-1:].isdigit():
        kept[-1] = kept[-1][: -len(city)].rstrip()
    return kept


def _take_town(segments: list[str], after_postcode: str, country: str) -> tuple[list[str], str]:
    """The town of an address in one line: behind the postcode, or the last part that can be no street and no door."""
    if after_postcode and after_postcode not in rules_of(country).names:
        return segments, after_postcode
    if len(segments) > 1 and not _names_door(segments[-1], country):
        return segments[:-1], segments[-1]
    if len(segments) > 1 and country in _TOWN_FIRST and not _names_door(segments[0], country):
        return segments[1:], segments[0]
    return segments, ""


def _names_door(segment: str, country: str) -> bool:
    known = words_of(country).by_writing
    return any(
        token.number or any(word.kind in {"street", "unit", "near", "fixed"} for word in known.get((token.text,), ()))
        for token in tokens(segment)
    )
