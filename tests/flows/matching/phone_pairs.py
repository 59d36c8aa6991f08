"""Labelled pairs of phone numbers: subscribers written by hand, writings as people in each country write them.

Nothing here asks the code under test: how a number is written at home and abroad is spelled out per country. A
near-miss is what really happens: a digit missed, doubled, swapped or mistaken, or the same digits in another country.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.flows.matching.measured import Pair


class Number(NamedTuple):
    """A subscriber: country, calling code, and the national number in groups as it is spoken, without trunk prefix."""

    country: str
    code: str
    groups: tuple[str, ...]
    trunk: str = ""


NUMBERS = tuple(
    Number(country, code, tuple(groups.split()), trunk)
    for country, code, trunk, rows in (
        ("ES", "34", "", "612 345 098;600 718 293;677 204 815;711 90 35 22;655 01 48 73"),
        ("GB", "44", "0", "7911 123456;7400 829104;7700 143982;20 7946 0958;7856 330271"),
        ("DE", "49", "0", "151 2345 6709;170 944 2281;30 5683 2210;1523 881 0473;176 3055 1842"),
        ("FR", "33", "0", "6 12 34 50 78;7 81 22 93 04;1 42 68 53 00;6 70 11 29 85;6 33 90 47 16"),
        ("IT", "39", "", "347 123 4509;333 908 2217;02 4801 3377;320 551 8894;06 6982 1140"),
        ("PL", "48", "", "512 345 098;601 772 310;22 695 40 70;788 190 253;665 028 417"),
        ("RU", "7", "8", "916 123 45 09;903 778 21 60;495 232 90 10;921 340 17 85;985 660 04 37"),
        ("IN", "91", "0", "98765 40321;90040 81726;70113 95520;99201 34417;88006 72193"),
        ("AE", "971", "0", "50 123 4709;55 880 2316;4 331 9020;52 674 1183;56 209 5547"),
        ("EG", "20", "0", "100 123 4508;122 907 3316;111 480 2259;106 335 9017;128 710 4462"),
        ("BD", "880", "0", "1712 345098;1819 220471;1911 673305;1552 904118;1677 081529"),
        ("US", "1", "", "212 456 7809;415 883 2016;305 720 4418;617 309 5572;713 648 0295"),
    )
    for groups in rows.split(";")
)

_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
_BENGALI = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
_OWN_DIGITS = {"AE": _ARABIC, "EG": _ARABIC, "IN": _DEVANAGARI, "BD": _BENGALI}


def writings(number: Number) -> tuple[str, ...]:
    """Ways in which one and the same number reaches a shop of its country."""
    spoken, joined = " ".join(number.groups), "".join(number.groups)
    home = f"{number.trunk}{joined}"
    own = home.translate(_OWN_DIGITS.get(number.country, {}))
    return (
        f"{number.trunk}{spoken}",
        home,
        f"+{number.code} {spoken}",
        f"00{number.code}{joined}" if number.country != "US" else f"011{number.code}{joined}",
        f"+{number.code}{joined}",
        f"+{number.code} ({number.trunk or number.groups[0]}) {spoken if number.trunk else ' '.join(number.groups[1:])}"
        if number.trunk != "8"
        else f"+{number.code} ({number.groups[0]}) {'-'.join(number.groups[1:])}",
        f"{number.trunk}{'-'.join(number.groups)}",
        f"{number.code}{joined}",
        f"tel: {number.trunk}{'.'.join(number.groups)}",
        own if own != home else f"{number.trunk}{spoken} ext. 12",
        f"\u202a+{number.code}\u00a0{spoken}\u202c",
    )


def _slips(number: Number) -> Iterator[tuple[str, str]]:
    """Near-misses of a number: (writing, why), all of them full writings of another number or of none."""
    joined = "".join(number.groups)
    home = number.trunk
    last, tail = joined[-1], joined[-2:]
    yield f"{home}{joined[:-1]}{(int(last) + 1) % 10}", "last digit"
    middle = len(joined) // 2 + 1
    swapped = joined[:middle] + joined[middle + 1] + joined[middle] + joined[middle + 2 :]
    if swapped != joined:
        yield f"{home}{swapped}", "two digits swapped"
    yield f"+{number.code}{joined[:-2]}{(int(tail) + 37) % 100:02}", "other last two digits"
    yield f"{home}{joined[:-3]}{(int(joined[-3]) + 5) % 10}{joined[-2:]}", "one digit"
    other = "49" if number.code != "49" else "43"
    yield f"+{other}{joined}", "same digits in another country"
    yield f"+{number.code}{joined}{joined[-1] * 4}", "digits too many"
    yield f"{home}{joined[:-4]}", "digits missing"


def pairs() -> tuple[Pair, ...]:
    """The whole set. Each side is (raw, country of the shop)."""
    found: list[Pair] = []
    for at, number in enumerate(NUMBERS):
        ways = writings(number)
        for step in range(7):
            a, b = ways[(at + step) % len(ways)], ways[(at + 3 * step + 1 + step // 4) % len(ways)]
            if a != b:
                found.append(Pair((a, number.country), (b, number.country), True, "another writing"))
        for turn, (slip, why) in enumerate(_slips(number)):
            found.append(Pair((ways[(at + turn) % len(ways)], number.country), (slip, number.country), False, why))
    return (*found, *_SPECIAL)


def _same(country: str, *writings: str) -> tuple[Pair, ...]:
    return tuple(Pair((writings[0], country), (other, country), True, "two forms") for other in writings[1:])


def _apart(country: str, first: str, *others: str) -> tuple[Pair, ...]:
    return tuple(Pair((first, country), (other, country), False, "two subscribers") for other in others)


#: Countries whose numbers have two forms, and what looks like it and is not.
_SPECIAL = (
    *_same("MX", "+525512345678", "55 1234 5678", "+52 1 55 1234 5678", "044 55 1234 5678", "01 55 1234 5678"),
    *_apart("MX", "+525512345678", "+525512345679", "+15512345678", "+52 1 55 1234 5679", "33 1234 5678"),
    *_same("BR", "+5541988887777", "41 8888-7777", "(41) 98888-7777", "041 98888 7777", "+55 41 8888 7777"),
    *_apart("BR", "+554132345678", "+5541932345678", "41 93234-5678", "+55 11 3234 5678"),
    *_same("AR", "+5491123456789", "011 15 2345-6789", "+54 9 11 2345-6789", "11 15 2345 6789"),
    *_apart("AR", "+5491123456789", "011 15 2345-6798", "+54 9 351 2345 678"),
    *_apart("ES", "600 000 000", "600 OOO OOO", "", "asdf", "123", "no tengo", "600 000"),
)
