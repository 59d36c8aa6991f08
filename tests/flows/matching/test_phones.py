"""Phones: read in every way of writing, matched by the subscriber, shown without the number."""

import json
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from flows.phone_kinds import kind_of
from flows.phones import (
    MAX_RAW,
    canonical,
    looks_made_up,
    mask,
    match_key,
    prefix,
    read_phone,
    same_phone,
    wa_forms,
    written_by,
)
from tests.flows.matching import phone_pairs
from tests.flows.matching.measured import measured

VECTORS = Path(__file__).parents[3].parent / "shared/data/vectors/phone/chatwoot_whatsapp_variants.json"


def _same(a: tuple[str, str], b: tuple[str, str]) -> bool:
    left, right = read_phone(*a), read_phone(*b)
    return left is not None and right is not None and same_phone(left.e164, right.e164)


def test_labelled_pairs_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Writings of one subscriber are one, slips of the finger are another's."""
    with capsys.disabled():
        result = measured("phones", phone_pairs.pairs(), _same)
    assert result.pairs >= 300
    assert result.near_misses >= result.pairs * 0.45
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.9, result.wrong


@pytest.mark.parametrize("number", phone_pairs.NUMBERS, ids=lambda n: n.country + n.groups[-1])
def test_every_writing_gives_one_number(number: phone_pairs.Number) -> None:
    """However it is written, a number comes out as the one E.164 form that its country makes of it."""
    expected = f"+{number.code}{''.join(number.groups)}"
    assert {getattr(read_phone(raw, number.country), "e164", raw) for raw in phone_pairs.writings(number)} == {expected}


@pytest.mark.parametrize(
    "raw", ["", " ", "+", "()", "asdf", "none", "123", "600 OOO OOO", "000000000", "+999 123 456 789", "1-800-FLOWERS"]
)
def test_what_nobody_can_dial_is_refused(raw: str) -> None:
    """Letters, scraps and impossible lengths give None, not a number that somebody else owns."""
    assert read_phone(raw, "ES") is None


def test_a_number_without_its_area_code_is_refused() -> None:
    """A local number cannot be texted, so it is no number here."""
    assert read_phone("555-1234", "US") is None


def test_possible_but_unassigned_is_read_and_says_so() -> None:
    """A range that nobody knows yet only lowers the score: the number is kept."""
    phone = read_phone("+34 123 456 789", None)
    assert phone is not None
    assert (phone.e164, phone.valid, phone.kind) == ("+34123456789", False, "unknown")


@pytest.mark.parametrize(
    ("raw", "country", "kind"),
    [("600 000 000", "ES", "mobile"), ("910 000 000", "ES", "landline"), ("212 456 7890", "US", "either"),
     ("800 123 456", "ES", "toll_free"), ("+44 56 1234 5678", None, "voip")],
)  # fmt: skip
def test_kinds(raw: str, country: str | None, kind: str) -> None:
    """The kind of range is told, so that a landline is called and not texted."""
    phone = read_phone(raw, country)
    assert phone is not None
    assert phone.kind == kind


def test_the_first_of_two_numbers_counts() -> None:
    """Two numbers in one field: the first that can be dialled is the customer's."""
    phone = read_phone("600 123 456 / 611 222 333", "ES")
    assert phone is not None
    assert phone.e164 == "+34600123456"


def test_a_slash_inside_a_german_number_is_no_second_number() -> None:
    """0176/12345678 is one number."""
    phone = read_phone("0176/12345678", "DE")
    assert phone is not None
    assert phone.e164 == "+4917612345678"


def test_a_million_characters_are_not_parsed() -> None:
    """A field longer than any number is refused at once."""
    assert read_phone("6" * 1_000_000, "ES") is None
    assert read_phone(" " * MAX_RAW + "600000000", "ES") is None


def test_whatsapp_ids_of_others() -> None:
    """The public vectors of a WhatsApp inbox: stored contact and incoming id, whether they are one."""
    if not VECTORS.exists():
        pytest.skip("vectors/phone is not here")
    for stored, wa_id, expected, why in json.loads(VECTORS.read_text())["rows"]:
        found = stored if stored and written_by(stored, wa_id) else wa_id
        assert found.removeprefix("whatsapp:+") == expected.removeprefix("whatsapp:+"), why


@pytest.mark.parametrize(
    ("e164", "ids"),
    [
        ("+5541988887777", ("5541988887777", "554188887777")),
        ("+554132345678", ("554132345678",)),
        ("+525512345678", ("525512345678", "5215512345678")),
        ("+5215512345678", ("525512345678", "5215512345678")),
        ("+541112345678", ("5491112345678", "541112345678")),
        ("+5491112345678", ("5491112345678",)),
        ("+34600000000", ("34600000000",)),
    ],
)
def test_whatsapp_forms(e164: str, ids: tuple[str, ...]) -> None:
    """A number's WhatsApp ids are those under which its owner can really write."""
    assert wa_forms(e164) == ids


@pytest.mark.parametrize(
    ("e164", "shown"),
    [("+34600123412", "+34•••••12"), ("+212612345612", "+212•••••12"), ("whatsapp:+15551230099", "+1•••••99"),
     ("nobody", "•••••"), ("", "•••••"), ("+34600", "+34•••••")],
)  # fmt: skip
def test_masked(e164: str, shown: str) -> None:
    """A masked number names the country and two digits, and never how long it is."""
    assert mask(e164) == shown


def test_prefix_is_all_but_the_last_four() -> None:
    """Numbers made up in a row share a prefix."""
    assert prefix("+34600123412") == prefix("+34600129999") == "+3460012"


@pytest.mark.parametrize(("e164", "odd"), [
    ("+34666666666", True), ("+34612345678", True), ("+34698765432", True), ("+34677204815", False), ("+34600000012", False),
])  # fmt: skip
def test_numbers_typed_blindly(e164: str, odd: bool) -> None:
    """One digit held down, or a walk along the keys, is seen; round numbers that are sold are not."""
    assert looks_made_up(e164) is odd


ANYTHING = st.one_of(st.text(max_size=40), st.text("+0123456789 ()-./٠١२", max_size=24))
NATIONAL = st.tuples(
    st.sampled_from(["34", "55", "52", "54", "7", "1", "91", "49"]), st.from_regex(r"[1-9]\d{7,9}", fullmatch=True)
)


@given(ANYTHING, st.sampled_from([None, "ES", "BR", "MX", "AR", "US", "RU", "IN", "ZZ", "es"]))
def test_reading_is_total_and_settled(raw: str, country: str | None) -> None:
    """Any text gives a number or None, and reading what was read changes nothing."""
    phone = read_phone(raw, country)
    if phone is not None:
        again = read_phone(phone.e164, None)
        assert again == phone
        assert phone.possible
        assert canonical(phone.e164) == phone.e164


@given(NATIONAL, NATIONAL)
def test_same_is_symmetric_and_has_a_key(a: tuple[str, str], b: tuple[str, str]) -> None:
    """Who is the same does not depend on who asks, and equal keys say exactly the same."""
    left, right = "+" + "".join(a), "+" + "".join(b)
    assert same_phone(left, right) == same_phone(right, left)
    assert same_phone(left, left)
    assert (match_key(left) == match_key(right)) == same_phone(left, right)


_PACKAGE = {
    "mobile": {PhoneNumberType.MOBILE},
    "landline": {PhoneNumberType.FIXED_LINE},
    "either": {PhoneNumberType.FIXED_LINE_OR_MOBILE},
    "voip": {PhoneNumberType.VOIP},
    "toll_free": {PhoneNumberType.TOLL_FREE},
    "premium": {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST},
    "other": {PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.PAGER, PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL},
    "unknown": {PhoneNumberType.UNKNOWN},
}


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.data())
def test_kinds_are_the_packages_own(region: str, data: st.DataObject) -> None:
    """Whatever number of whatever country, its kind is the one that phonenumbers gives, exactly."""
    kind = data.draw(st.sampled_from(sorted(set(PhoneNumberType.values()) - {PhoneNumberType.UNKNOWN})))
    example = phonenumbers.example_number_for_type(region, kind)
    drawn = data.draw(st.integers(10**5, 10**11))
    digits = phonenumbers.national_significant_number(example) if example else str(drawn)
    digits = digits[: -data.draw(st.integers(1, 5))] + str(drawn)[-data.draw(st.integers(1, 5)) :]
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(region), national_number=int(digits)
    )
    found = phonenumbers.region_code_for_number(number)
    told = kind_of(str(int(digits)), number.country_code, found) if found else "unknown"
    assert phonenumbers.number_type(number) in _PACKAGE[told]
