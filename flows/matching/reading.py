"""An address read into what tells doors apart: street, house number, flat, town.

`read_address` goes through the words once. A label takes the number beside it (`piso 3`, `3rd floor`, `кв. 5`); numbers
without a label are kept in order, and the country's habit says which of them is the house's. Weak spot: an address
whose numbers carry no labels at all (some Indian plots) is compared number by number, without knowing what each is.
"""

from functools import lru_cache

from msgspec import Struct

from flows.matching.countries import codes, rules_of
from flows.matching.parts import parts_of
from flows.matching.scan import Number, Scan
from flows.matching.words import words_of
from flows.postal import PostalAddress


class Reading(Struct, frozen=True, gc=False):
    """All values folded. `unit` holds (label, value) in the order flat, floor, …; `loose` numbers without a label."""

    country: str
    postcode: str = ""
    city: tuple[str, ...] = ()
    region: str = ""
    words: tuple[str, ...] = ()  # of the street's name, with numbers in it as `#5`
    kinds: frozenset[str] = frozenset()  # street, avenue, …
    ways: frozenset[str] = frozenset()  # compass points
    house: str = ""
    unit: tuple[tuple[str, str], ...] = ()
    loose: tuple[str, ...] = ()
    unnumbered: bool = False  # says that there is no house number


#: Where a house's number has several parts (8-2-293); elsewhere the last before the street is the house's (3/12 High St).
_PLOTS = codes("IN BD PK NP LK")


def read_address(address: PostalAddress) -> Reading:
    """What `address` says. Total: any text gives a reading, nonsense gives an empty one."""
    parts = parts_of(address)
    rules = rules_of(parts.country)
    scan = Scan(parts, rules, words_of(parts.country)).run()
    chosen = _house(scan, number_first=rules.number_first)
    house = chosen.value if chosen else ""
    loose = tuple(number.value for number in scan.numbers if number is not chosen)
    if parts.country in {"CZ", "SK"} and loose:
        house, *rest = loose  # 1802/32: the land register's number, then the street's
        loose = tuple(rest)
    unit = dict(scan.unit)
    if not house:
        house = unit.pop("plot", "")
    return Reading(
        country=parts.country,
        postcode=parts.postcode,
        city=parts.city,
        region=parts.region,
        words=tuple(scan.words) or tuple(sorted(scan.kinds)),
        kinds=frozenset(scan.kinds) if scan.words else frozenset(),
        ways=frozenset(scan.ways),
        house=house,
        unit=tuple(sorted(unit.items())),
        loose=loose,
        unnumbered=scan.unnumbered,
    )


@lru_cache(maxsize=8192)
def known_address(address: PostalAddress) -> Reading:
    """`read_address`, remembered: a customer types the same again, and half a town shares a pick-up point."""
    return read_address(address)


def _house(scan: Scan, *, number_first: bool) -> Number | None:
    """Which number without a flat's label is the house's; what turns out to name the street joins its words."""
    labelled = [n for n in scan.numbers if n.labelled]
    if labelled:
        return labelled[0]
    if not scan.words and len(scan.numbers) > 1:
        named = next((n for n in scan.numbers if n.after_kind), None)
        if named is not None:  # Calle 50 # 12, Highway 9
            scan.numbers.remove(named)
            scan.words.append(f"#{named.value}")
    if not scan.numbers:
        return None
    on_street = [n for n in scan.numbers if n.segment in scan.kind_segments]
    numbers = on_street or scan.numbers  # 12 Victoria House, 88 Kings Road
    if number_first:
        before = [n for n in numbers if scan.per_segment[n.segment] > n.words_before]
        leading = [n for n in before if not n.words_before and n.segment == before[0].segment]
        if leading:
            return leading[0] if scan.parts.country in _PLOTS else leading[-1]
        return before[0] if before else numbers[0]
    behind = [n for n in numbers if n.words_before]
    if len(behind) > 1 and behind[0].segment == behind[1].segment and behind[1].words_before > behind[0].words_before:
        named = behind.pop(0)  # Via 20 Settembri 12: a number inside the name belongs to it
        scan.numbers.remove(named)
        scan.words.append(f"#{named.value}")
    return behind[0] if behind else numbers[0]
