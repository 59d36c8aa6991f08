"""Addresses: keys to find candidates, a score to judge them, and what is missing or made up in one.

    keys = address_keys(address)          equal keys: worth comparing
    match(address, other)                 the same household? what agreed? how surely?
    missing_parts(address)                what the country's post needs and the customer left out
    nonsense(address)                     why it looks invented

Reading and scoring live in flows/matching/.
"""

from flows.matching import Match
from flows.matching.countries import CITY_NAMES, rules_of
from flows.matching.mashing import mashed, placeholder
from flows.matching.reading import Reading, read_address
from flows.matching.scoring import compare
from flows.matching.scripts import fold, skeleton
from flows.postal import PostalAddress

#: More keys find more misspelt pairs and cost a row each.
MAX_KEYS = 4


def match(a: PostalAddress, b: PostalAddress) -> Match:
    """Whether two addresses are one household's. Symmetric and total; `on` names what agreed."""
    return compare(read_address(a), read_address(b))


def address_keys(address: PostalAddress) -> tuple[str, ...]:
    """Keys of which two writings of one address share at least one: at most `MAX_KEYS`, none for an empty address.

    By postcode and number (whatever became of the street), and by number, town and the sound of each of the two longest
    words of the street (whatever became of the postcode). Without any number: by both words and the place.
    """
    return reading_keys(read_address(address))


def reading_keys(reading: Reading) -> tuple[str, ...]:
    """`address_keys` of an address that is already read."""
    country, unit = reading.country or "-", dict(reading.unit)
    number = "".join(c for c in reading.house if c.isdigit())
    number = number or next((unit[label] for label in ("box", "block", "flat") if label in unit), "")
    streets = [w for w in reading.words if w not in reading.city]
    town = reading.city[:1]
    if not town and not reading.postcode and len(streets) > 1:
        town = (CITY_NAMES.get(streets[-1], streets[-1]),)  # a line without commas ends with its town
    place = "".join(skeleton(word, reading.country) for word in town)
    sounds = [skeleton(w, reading.country) for w in sorted({*streets} - {*town}, key=lambda w: (-len(w), w))[:2]]
    keys = [f"{country}|{reading.postcode}|{number}"] if reading.postcode and number else []
    if number:
        keys.extend(f"{country}|{sound}|{number}|{place}" for sound in sounds)
    elif sounds:
        both = "|".join(sorted(sounds))
        keys.extend(f"{country}|{both}|{where}" for where in (reading.postcode, place) if where)
    return tuple(dict.fromkeys(keys))[:MAX_KEYS]


def missing_parts(address: PostalAddress, reading: Reading | None = None) -> tuple[str, ...]:
    """What a courier in that country needs and the address lacks: `street`, `house`, `city`, `postcode`, `country`.

    A postcode of a shape that the country does not have counts as missing. Countries without house numbers or
    postcodes are not asked for them, and neither is an address that says it has no number (`s/n`). `reading` saves the
    work where the address is already read.
    """
    reading = reading or read_address(address)
    rules = rules_of(reading.country)
    boxed = "box" in dict(reading.unit)
    missing: list[str] = []
    if not reading.words and not boxed:
        missing.append("street")
    if rules.numbered and not (reading.house or reading.unnumbered or boxed or _named_house(reading)):
        missing.append("house")
    if not reading.city:
        missing.append("city")
    if rules.has_postcode and not _fits(reading.postcode, address, reading.country):
        missing.append("postcode")
    if len(reading.country) != 2:
        missing.append("country")
    return tuple(missing)


def nonsense(address: PostalAddress) -> tuple[tuple[str, str], ...]:
    """Why the address looks invented, as (code, the offending text): `mashing`, `placeholder`, `no_letters`."""
    found: list[tuple[str, str]] = []
    for part in (address.line1, address.line2, address.city):
        if word := mashed(part, address.country.upper()):
            found.append(("mashing", word))
        elif word := placeholder(part):
            found.append(("placeholder", word))
    line = fold(f"{address.line1} {address.line2}")
    if line.strip() and not any(c.isalpha() for c in line):
        found.append(("no_letters", line.strip()[:40]))
    return tuple(dict.fromkeys(found))


def _named_house(reading: Reading) -> bool:
    """A British or Irish house may have a name for its number; elsewhere a flat or plot may be all there is."""
    if reading.country in {"GB", "IE"}:
        return len(reading.words) >= 2 or bool(reading.unit)
    return any(label in {"plot", "block"} for label, _ in reading.unit)


def _fits(postcode: str, address: PostalAddress, country: str) -> bool:
    shape = rules_of(country).postcode
    written = fold(address.postcode).strip() or postcode
    return bool(shape and (shape.fullmatch(postcode) or shape.fullmatch(written)))
