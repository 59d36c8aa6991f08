"""The short way to read a number says what the package says, wherever it says anything."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from phonenumbers import SUPPORTED_REGIONS

from flows import phones
from flows.phone_plain import plain


def _writings(region: str, dice: random.Random) -> list[str]:
    """Numbers of the region near its examples, right and wrong, in ways that people write them."""
    code = phonenumbers.country_code_for_region(region)
    found: list[str] = []
    for kind in range(11):
        example = phonenumbers.example_number_for_type(region, kind)
        for _ in range(4 if example else 0):
            digits = list(phonenumbers.national_significant_number(example))
            for _ in range(dice.randrange(len(digits))):
                digits[dice.randrange(len(digits))] = dice.choice("0123456789")
            d = "".join(digits)
            found += [
                d,
                f"0{d}",
                f"+{code}{d}",
                f"+{code} {d[:3]} {d[3:]}",
                f"{code}{d}",
                f"00{code}{d}",
                f"({d[:2]}) {d[2:]}",
            ]
            found += [d[:-1], f"{d}1", f"{d[:3]}-{d[3:]}", f"+ {code} {d}", f"8{d}", f"1{d}"]
    return found


def test_it_says_what_the_package_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over every region: what is read the short way is read the same with the short way closed, and it is taken often."""
    dice = random.Random(20261122)
    asked = [(text, region) for region in sorted(SUPPORTED_REGIONS) for text in _writings(region, dice)]
    taken = [(text, region) for text, region in asked if plain(text, region) is not None]
    phones._read_one.cache_clear()
    short = [phones.read_phone(text, region) for text, region in taken]
    monkeypatch.setattr(phones, "plain", lambda text, region: None)
    phones._read_one.cache_clear()
    assert short == [phones.read_phone(text, region) for text, region in taken]
    phones._read_one.cache_clear()
    assert len(taken) > len(asked) // 20


@pytest.mark.parametrize(
    "text", ["", "+", "+34", "٦٠٠١٢٣٤٥٦", "600 12", "call 600123456", "+34+600123456", "+34 0600123456"]
)
def test_anything_else_is_left_to_the_package(text: str) -> None:
    """What is no plain number of the country is not guessed at."""
    assert plain(text, "ES") is None
