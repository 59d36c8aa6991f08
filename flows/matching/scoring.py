"""How alike two readings of an address are: `compare` starts from 1 and takes off for every part that speaks against it.

What keeps two households apart counts most: another house number, flat, kind of street (Church Road, Church Street) or
town takes a pair far below SAME, however alike the rest. A flat that only one side names leaves open who of the
building ordered: such a pair stays below SAME, too.
"""

from functools import lru_cache

from msgspec.structs import replace
from rapidfuzz.distance import OSA

from flows.matching import NO_MATCH, Match
from flows.matching.countries import CITY_NAMES, codes
from flows.matching.reading import Reading
from flows.matching.scripts import ARABIC, BY_EAR, skeleton
from flows.matching.words import TITLES

# what is left of the score (factors), by part; every one below 0.8 alone forbids "the same"
_OTHER = 0.1  # the part is there on both sides and differs
_ONE_SIDE_FLAT = 0.7  # a neighbour may have left the flat out
_ONE_SIDE_HOUSE = 0.5
_NO_HOUSE = 0.75  # neither names a house in a country that numbers them
_OTHER_KIND = 0.4
_OTHER_WAY = 0.3
_ONE_SIDE_WAY = 0.93
_MISTYPED_POSTCODE = 0.9  # one sign off or two swapped, in the same town
_OTHER_POSTCODE = 0.35
_OTHER_TOWN = 0.93  # under one postcode: a district, a village's other name
_OTHER_TOWN_ALONE = 0.2
_NO_PLACE = 0.78  # neither postcode nor town to compare
_SPELLING = 0.18  # how much of the score a misspelt street costs at most

#: Scores are rounded to four digits, upwards as well.
_ROUNDING = 0.0001
#: Below this likeness two street names are two streets.
_STREET = 0.7


def compare(a: Reading, b: Reading, at_least: float = 0.0) -> Match:
    """How surely two readings mean one household. Symmetric. What cannot reach `at_least` any more is NO_MATCH, without a look
    at its street: most neighbours differ in house or flat, which is quickly seen."""
    if a.country and b.country and a.country != b.country:
        return NO_MATCH
    country = a.country or b.country
    if country in UNNUMBERED and bool(a.house) != bool(b.house):
        a, b = _door_by_flat(a, b), _door_by_flat(b, a)
    at_least -= _ROUNDING
    on: list[str] = []
    door: list[str] = []
    house = _house(a, b, country, door)
    if house < at_least:
        return NO_MATCH
    unit, sure = _unit(a, b, door)
    if house * unit < at_least:
        return NO_MATCH
    place = _place(a, b, country, on)
    if place * house * unit < at_least:
        return NO_MATCH
    score = place * _street(a, b, country, on) * house * unit
    on += door
    return Match(round(score, 4), sure=sure and score >= 0.9 and "house" in on and "street" in on, on=tuple(on))


def _place(a: Reading, b: Reading, country: str, on: list[str]) -> float:
    towns = _towns(a.city or _town_inside(a, b), b.city or _town_inside(b, a), country)
    if a.region and b.region and len(a.region) == len(b.region) == 2 and a.region != b.region:
        towns = False
    if towns:
        on.append("city")
    if not a.postcode or not b.postcode:
        return {True: 1.0, False: _OTHER_TOWN_ALONE, None: _NO_PLACE}[towns]
    if a.postcode == b.postcode or (country in {"GB", "US", "IE", "NL"} and _begins(a.postcode, b.postcode)):
        on.insert(0, "postcode")
        return _OTHER_TOWN if towns is False else 1.0
    if towns and OSA.distance(a.postcode, b.postcode) == 1:
        return _MISTYPED_POSTCODE
    return _OTHER_POSTCODE if towns else _OTHER


def _town_inside(reading: Reading, other: Reading) -> tuple[str, ...]:
    """The other's town where it stands among the words of a line without commas."""
    words = {CITY_NAMES.get(word, word) for word in reading.words}
    return other.city if all(word in words or _SAINTS.get(word) in words for word in other.city) else ()


#: Titles as towns keep them and streets do not.
_SAINTS = {"sao": "saint", "san": "saint", "santa": "saint", "sankt": "saint", "saint": "saint", "st": "saint"}


def _begins(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) >= 3 and long.startswith(short)


def _towns(a: tuple[str, ...], b: tuple[str, ...], country: str) -> bool | None:
    """Whether two towns are one; None where one is not named."""
    if not a or not b:
        return None
    few, many = sorted((a, b), key=lambda words: (len(words), words))
    if all(any(_alike(word, other, country) >= 0.8 for other in many) for word in few):
        return True
    return _alike("".join(a), "".join(b), country) >= 0.8


def _street(a: Reading, b: Reading, country: str, on: list[str]) -> float:
    left, right = _without(a.words, (*b.city, b.region)), _without(b.words, (*a.city, a.region))
    likeness = names_alike(left, right, country)
    if likeness < _STREET:
        boxes = dict(a.unit).get("box"), dict(b.unit).get("box")
        return 1.0 if boxes[0] and boxes[0] == boxes[1] and not (left and right) else _OTHER * likeness
    on.insert(0, "street")
    factor = 1 - _SPELLING * (1 - likeness) / (1 - _STREET)
    if a.kinds and b.kinds and a.kinds.isdisjoint(b.kinds) and not (country in ARABIC and a.kinds | b.kinds <= _ROADS):
        factor *= _OTHER_KIND
    if a.ways != b.ways:
        factor *= _OTHER_WAY if a.ways and b.ways else _ONE_SIDE_WAY
    return factor


#: شارع and طريق become street or road as the translator likes.
_ROADS = frozenset({"street", "road", "avenue"})


def _without(words: tuple[str, ...], city: tuple[str, ...]) -> tuple[str, ...]:
    """The words without the town, which one side wrote into the street's line; all of them where no name is left."""
    town = {*city, *(_SAINTS.get(word, word) for word in city)} if city else ()
    left = tuple(word for word in words if CITY_NAMES.get(word, word) not in town)
    return left if any(word not in TITLES for word in left) else words


def names_alike(a: tuple[str, ...], b: tuple[str, ...], country: str) -> float:
    """Likeness of two street names, 0..1. Order does not count, words that only one side has cost little."""
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    if _numbered(a) != _numbered(b) or _areas_apart(a, b):
        return 0.0
    a, b = _unnumbered(a), _unnumbered(b)
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    joined = max(_alike("".join(a), "".join(b), country), _heard_alike(a, b, country))
    few, many = sorted((a, b), key=lambda words: (len(words), sum(map(len, words)), words))
    best = [(max(_alike(word, other, country) for other in many), _weight(word)) for word in few]
    whole = sum(weight for _, weight in best)
    covered = sum(weight * like for like, weight in best if like >= _STREET) / whole
    if sum(weight for like, weight in best if like < _STREET) > _STRAY * whole:
        return joined
    extra = 1 - min(1.0, whole / sum(map(_weight, many)))
    return max(joined, covered * (1 - 0.3 * extra))


#: More than this share of the shorter name missing from the longer, and they are two names.
_STRAY = 0.34


def _numbered(words: tuple[str, ...]) -> set[str]:
    """Numbers that are names: 5th Avenue, Road 12."""
    return {word for word in words if word[0] == "#" and " " not in word}


def _unnumbered(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word[0] != "#")


def _areas_apart(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether both name a sector, phase or cross, and not the same one."""
    left, right = ({word for word in words if word[0] == "#" and " " in word} for words in (a, b))
    shared = {word.split()[0] for word in left} & {word.split()[0] for word in right}
    return any(
        {w for w in left if w.split()[0] == kind}.isdisjoint(w for w in right if w.split()[0] == kind)
        for kind in shared
    )


def _weight(word: str) -> int:
    return 2 if word in TITLES else len(word)  # General, Saint: half of all streets


def _heard_alike(a: tuple[str, ...], b: tuple[str, ...], country: str) -> float:
    """Whole names by ear, one consonant off at most: عبد الناصر and Abdel Nasser."""
    if country not in BY_EAR:
        return 0.0
    heard = skeleton("".join(a), country), skeleton("".join(b), country)
    return 0.9 if min(map(len, heard)) >= _ENOUGH_HEARD and OSA.distance(*heard, score_cutoff=1) <= 1 else 0.0


#: Shorter skeletons are alike by accident.
_ENOUGH_HEARD = 6


def _alike(a: str, b: str, country: str) -> float:
    """Likeness of two words: equal, an initial, one slip of the finger (two from 11 letters on), or the same by ear."""
    if a == b:
        return 1.0
    if min(len(a), len(b)) == 1:
        return 0.8 if a[0] == b[0] and max(len(a), len(b)) >= 3 else 0.0  # an initial
    if country in BY_EAR and max(len(a), len(b)) >= 3:
        heard = skeleton(a, country), skeleton(b, country)
        if heard[0] == heard[1] and len(heard[0]) >= 2:
            return 0.95
    if country in _UMLAUTS and _plain(a) == _plain(b):
        return 1.0
    longest = max(len(a), len(b))
    allowed = 0 if longest < 4 else 1 if longest < 11 else 2
    slips = OSA.distance(a, b, score_cutoff=allowed)
    if slips <= allowed and a.isalpha() and b.isalpha():
        return 1 - 0.12 * slips
    return 0.0


_UMLAUTS = codes("DE AT CH LI DK NO SE FI")


def _plain(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")


def _house(a: Reading, b: Reading, country: str, on: list[str]) -> float:
    if a.house and a.house == b.house:
        on.append("house")
        return 1.0
    if not a.house and not b.house:
        same_unit = bool(a.unit) and a.unit == b.unit
        named = country in {"GB", "IE"} and min(len(a.words), len(b.words)) >= 3  # Rose Cottage, Mill Lane
        if same_unit or named or country in UNNUMBERED or (a.unnumbered and b.unnumbered):
            return 0.9
        return _NO_HOUSE
    if not a.house or not b.house:
        return _ONE_SIDE_HOUSE
    if _numbers(a) == _numbers(b):  # 5 3B and 5-3 B: only which sign belongs to which number is open
        on.append("house")
        return 1.0
    return _OTHER


#: Countries where a door is found by its building's or family's name, or by a landmark.
UNNUMBERED = codes("AE SA KW QA BH OM JO IN BD PK NP LK NG GH KE CR NI EG IQ SD YE")


def _door_by_flat(reading: Reading, other: Reading) -> Reading:
    """`302 Sai Towers` beside `Flat 302, Sai Towers`: the only number there is, is the flat's."""
    flat = dict(other.unit).get("flat")
    if not reading.house or not flat or reading.house != flat or "flat" in dict(reading.unit):
        return reading
    return replace(reading, house="", unit=tuple(sorted((*reading.unit, ("flat", flat)))))


@lru_cache(maxsize=1024)  # one order is compared with every neighbour's
def _numbers(reading: Reading) -> tuple[str, ...]:
    """All signs that tell doors apart, in the order stair, floor, flat, so that labels do not count."""
    unit = dict(reading.unit)
    ordered = [unit[label] for label in _ORDER if label in unit]
    return tuple(_signs("/".join((reading.house, *ordered, *reading.loose))))


_ORDER = ("plot", "block", "back", "stair", "floor", "flat", "box")


def _signs(text: str) -> list[str]:
    signs: list[str] = []
    for sign in text:
        if not sign.isalnum():
            signs.append("")
        elif signs and signs[-1] and signs[-1][-1].isdigit() == sign.isdigit():
            signs[-1] += sign
        else:
            signs.append(sign)
    return [sign for sign in signs if sign]


def _unit(a: Reading, b: Reading, on: list[str]) -> tuple[float, bool]:
    """The factor of the flats, and whether they name one door."""
    if not (a.unit or a.loose) and not (b.unit or b.loose):
        return 1.0, False
    if (a.house == b.house and a.unit == b.unit and a.loose == b.loose) or _numbers(a) == _numbers(b):
        on.append("unit")
        return 1.0, True
    left, right = dict(a.unit), dict(b.unit)
    shared = left.keys() & right.keys()
    if any(left[label] != right[label] for label in shared):
        return _OTHER, False
    if left.get("flat") and left.get("flat") == right.get("flat"):
        on.append("unit")
        return (1.0, True) if "stair" not in left.keys() ^ right.keys() else (0.85, False)
    if not shared and (_only_flat(a, b) or _only_flat(b, a)):
        on.append("unit")
        return 0.9, False
    left_rest, right_rest = set(_rest(a, shared)), set(_rest(b, shared))
    if not left_rest or not right_rest:
        return _ONE_SIDE_FLAT, False
    return (0.85, False) if left_rest == right_rest else (_OTHER, False)


def _only_flat(a: Reading, b: Reading) -> bool:
    """Whether `a` names the flat of `b` without its label, and `b` its floor besides: 15/7 and No:15 Kat:3 D:7."""
    return not a.unit and len(a.loose) == 1 and dict(b.unit).get("flat") == a.loose[0]


def _rest(reading: Reading, shared: set[str]) -> list[str]:
    return _signs("/".join((*(value for label, value in reading.unit if label not in shared), *reading.loose)))
