"""Addresses: one door however it is written, neighbours kept apart, gaps and nonsense named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.addresses import MAX_KEYS, address_keys, match, missing_parts, nonsense
from flows.matching.parts import MAX_LINE
from flows.matching.reading import read_address
from flows.matching.scripts import fold, skeleton
from flows.postal import PostalAddress
from tests.flows.matching import address_pairs
from tests.flows.matching.measured import Pair, measured

BY_HAND = Path(__file__).with_name("addresses_by_hand.tsv")


def _line(text: str, country: str) -> PostalAddress:
    return PostalAddress(line1=text, country=country)


def _by_hand() -> tuple[Pair, ...]:
    rows = [row.split("\t") for row in BY_HAND.read_text("utf-8").splitlines() if not row.startswith("#")]
    return tuple(Pair(_line(a, land), _line(b, land), same == "1", "by hand") for same, land, a, b in rows)


def test_labelled_pairs_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """In ten countries: writings of one door are one; the next house, flat, street or town is another's."""
    with capsys.disabled():
        result = measured("addresses, 10 countries", address_pairs.pairs(), lambda a, b: match(a, b).same)
    assert result.pairs >= 300
    assert result.near_misses >= result.pairs * 0.45
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.9, result.wrong


def test_free_lines_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole addresses in one line, in two dozen countries, with whatever people leave out."""
    with capsys.disabled():
        result = measured("addresses, free lines", _by_hand(), lambda a, b: match(a, b).same)
    assert result.precision >= 0.98, result.wrong
    assert result.recall >= 0.9, result.wrong


def test_keys_find_what_matches() -> None:
    """Nearly every pair that is one shares a key: what no key finds is never scored."""
    same = [pair for pair in (*address_pairs.pairs(), *_by_hand()) if pair.same and match(pair.a, pair.b).same]
    found = sum(bool(set(address_keys(pair.a)) & set(address_keys(pair.b))) for pair in same)
    assert found >= 0.98 * len(same)


DOORS = [(country, door) for country in address_pairs.COUNTRIES for door in country.doors]


@pytest.mark.parametrize(("country", "door"), DOORS, ids=lambda value: getattr(value, "code", None) or value.number)
def test_neighbours_are_two_people(country: address_pairs.Country, door: address_pairs.Door) -> None:
    """Two flats of one building, or one without its flat, are never taken for one household."""
    at = country.doors.index(door)
    here = address_pairs.written(country.ways[0], door, country.code)
    beside = address_pairs.written(country.ways[0], door._replace(flat=(country.other_flat[at],)), country.code)
    unsaid = address_pairs.written(country.ways[0], door._replace(flat=("",)), country.code)
    assert not match(here, beside).same
    assert not match(here, unsaid).same
    assert match(here, here).same


@pytest.mark.parametrize(
    ("a", "b", "country", "on", "sure"),
    [
        ("C/ Mayor 5, 3º B, 28013 Madrid", "Calle Mayor nº 5 piso 3 puerta B, 28013 Madrid", "ES",
         {"street", "house", "unit", "postcode"}, True),
        ("12 High St, Leeds LS6 1AA", "12 High Street, Leeds LS6 1AA", "GB", {"street", "house", "postcode", "city"}, False),
        ("ул. Ленина 5, кв. 1, Москва", "Lenina 5 kv 1, Moscow", "RU", {"street", "house", "unit", "city"}, True),
    ],
)  # fmt: skip
def test_a_match_says_on_what_and_how_surely(a: str, b: str, country: str, on: set[str], sure: bool) -> None:
    """What agreed is named; without a flat on either side a match is not sure."""
    found = match(_line(a, country), _line(b, country))
    assert found.same
    assert (set(found.on) >= on, found.sure) == (True, sure)


@pytest.mark.parametrize(
    ("text", "country", "house", "unit"),
    [
        ("Calle Mayor 5, 3º B", "ES", "5", {"floor": "3", "flat": "b"}),
        ("Flat 3, 12 High Street", "GB", "12", {"flat": "3"}),
        ("Hauptstr. 5, 2. OG links", "DE", "5", {"floor": "2", "flat": "izda"}),
        ("Via XX Settembre 12/A int. 3", "IT", "12a", {"flat": "3"}),
        ("25, rue du 8 mai 1945", "FR", "25", {}),
        ("Av. 9 de Julio 1200 piso 3 dpto B", "AR", "1200", {"floor": "3", "flat": "b"}),
        ("Lenina 5к2 кв 12", "RU", "5", {"block": "2", "flat": "12"}),
        ("350 5th Ave # 12", "US", "350", {"flat": "12"}),
        ("Cra. 7 # 45-10 apto 301", "CO", "45", {"flat": "301"}),
        ("شارع التحرير ١٥ شقة ٣ الدور الثاني", "EG", "15", {"flat": "3", "floor": "2"}),
        ("Vinohradská 1511/230", "CZ", "230", {}),
        ("Kossuth Lajos u. 12. II. em. 5", "HU", "12", {"floor": "2"}),
    ],
)
def test_numbers_find_their_places(text: str, country: str, house: str, unit: dict[str, str]) -> None:
    """Each country's habit says which number is the house's and which the flat's."""
    reading = read_address(_line(text, country))
    assert (reading.house, dict(reading.unit)) == (house, unit)


@pytest.mark.parametrize(
    ("address", "missing"),
    [
        (PostalAddress("Calle Mayor", city="Madrid", postcode="28013", country="ES"), ("house",)),
        (PostalAddress("Calle Mayor s/n", city="Madrid", postcode="28013", country="ES"), ()),
        (PostalAddress("Calle Mayor 5", city="Madrid", postcode="2801", country="ES"), ("postcode",)),
        (PostalAddress("Calle Mayor 5", city="", postcode="", country="ES"), ("city", "postcode")),
        (PostalAddress("Rose Cottage, Mill Lane", city="Bakewell", postcode="DE45 1AA", country="GB"), ()),
        (PostalAddress("Al Wasl Road", city="Dubai", country="AE"), ()),
        (PostalAddress("PO Box 123", city="Leeds", postcode="LS1 1AA", country="GB"), ()),
        (PostalAddress("Main Street 5", city="Springfield"), ("country",)),
        (PostalAddress(country="DE"), ("street", "house", "city", "postcode")),
        (PostalAddress("Hauptstraße 5", city="Berlin", postcode="D-10827", country="DE"), ()),
    ],
)
def test_missing_parts_are_the_countrys_own(address: PostalAddress, missing: tuple[str, ...]) -> None:
    """Only what that country's post needs is missed: no postcode in Dubai, no number for a named English house."""
    assert missing_parts(address) == missing


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("asdf 12", "ES", "mashing"), ("sdkfjh 3", "ES", "mashing"), ("фывапр 5", "RU", "mashing"), ("شسيب", "EG", "mashing"),
        ("asldkfj", "GB", "mashing"), ("xxxxx", "FR", "mashing"), ("qweqwe 12", "US", "mashing"), ("lalalala", "IT", "mashing"),
        ("test", "ES", "placeholder"), ("n/a", "US", "placeholder"), ("Calle Test 5", "ES", "placeholder"),
        ("тест", "RU", "placeholder"), ("12345", "ES", "no_letters"),
    ],
)  # fmt: skip
def test_nonsense_is_named(text: str, country: str, code: str) -> None:
    """A fist on the keyboard, a placeholder, or digits alone, in any script."""
    assert code in {found for found, _ in nonsense(_line(text, country))}


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Knightsbridge 5", "GB"), ("Llanfairpwllgwyngyll Rd 1", "GB"), ("Strzelczyka 5", "PL"), ("Krk 12", "HR"),
        ("Schlachthofstr. 5", "DE"), ("Liberty Property Ave 4", "US"), ("Улица Пролетарская 3", "RU"), ("Rhythm Way 2", "US"),
        ("Wrzeszcz 3", "PL"), ("Čtvrť Míru 2", "CZ"), ("Tartar Sokak 5", "TR"), ("Doherty Street 9", "IE"), ("NWFP Road", "PK"),
        ("Проспект Октября 7", "RU"), ("Szczęśliwa 8", "PL"), ("Angstschweißgasse 1", "AT"), ("Boulevard Testa 5", "IT"),
        ("Bldg 5 Hwy 12", "US"), ("शांति नगर 12", "IN"), ("شارع فيصل 12", "EG"), ("Walla Walla St 5", "US"),
    ],
)  # fmt: skip
def test_real_names_are_not_nonsense(text: str, country: str) -> None:
    """Names that only look mashed are let through: a joker costs less than a customer."""
    assert nonsense(_line(text, country)) == ()


@pytest.mark.parametrize(
    ("a", "b", "country"),
    [
        ("Тверская", "Tverskaja", "RU"), ("التحرير", "Tahrir", "EG"), ("गांधी", "Gandhi", "IN"), ("মিরপুর", "Mirpur", "BD"),
        ("Κηφισίας", "Kifisias", "GR"), ("Хрещатик", "Khreshchatyk", "UA"), ("محمد", "Mohamed", "EG"), ("Mohammed", "Muhammad", "EG"),
    ],
)  # fmt: skip
def test_scripts_sound_alike(a: str, b: str, country: str) -> None:
    """A name in its own script and in Latin letters by ear have one skeleton."""
    assert skeleton(fold(a), country) == skeleton(fold(b), country)


SCRAPS = st.lists(
    st.sampled_from([
        "Calle", "Mayor", "St", "12", "3º", "B", "Flat", "no", "#", ",", "ул.", "Ленина", "к2", "شارع", "٣", "s/n", "bis",
        "28013", "Madrid", "of", "de", "25", "Mayo", "XX", "-", "/", "5к2", "ii.", "em.", "near", "°", "'", "M.G.", "ground floor",
    ]),
    max_size=9,
).map(" ".join)  # fmt: skip
ANY_ADDRESS = st.builds(
    PostalAddress,
    line1=st.one_of(SCRAPS, st.text(max_size=30)),
    line2=st.one_of(st.just(""), SCRAPS),
    city=st.sampled_from(["", "Madrid", "Москва", "دبي", "Praha 4", "12"]),
    postcode=st.sampled_from(["", "28013", "LS6 1AA", "D-80331", "x"]),
    country=st.sampled_from(["", "ES", "GB", "RU", "IN", "EG", "CZ", "DE", "US", "FR", "zz", "HU"]),
)


@given(ANY_ADDRESS, ANY_ADDRESS)
def test_matching_is_total_and_symmetric(a: PostalAddress, b: PostalAddress) -> None:
    """Any two texts get a score between 0 and 1, whoever asks first."""
    there, back = match(a, b), match(b, a)
    assert 0 <= there.score <= 1
    assert (there.score, there.sure, set(there.on)) == (back.score, back.sure, set(back.on))


@given(ANY_ADDRESS)
def test_reading_is_total_and_stable(address: PostalAddress) -> None:
    """Keys, gaps and nonsense are told of any text, the same each time, and keys stay few."""
    assert address_keys(address) == address_keys(address)
    assert len(address_keys(address)) <= MAX_KEYS
    assert set(missing_parts(address)) <= {"street", "house", "city", "postcode", "country"}
    assert nonsense(address) == nonsense(address)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    """What is folded stays as it is."""
    assert fold(fold(text)) == fold(text)


def test_a_million_characters_cost_no_more() -> None:
    """A cell of a million characters is cut before it is read."""
    huge = PostalAddress(line1="Calle Mayor 5, " * 70_000, city="M" * 1_000_000, postcode="2" * 1_000_000, country="ES")
    begin = PostalAddress(line1=huge.line1[:MAX_LINE], city=huge.city[:MAX_LINE], postcode="2" * 20, country="ES")
    assert (address_keys(huge), missing_parts(huge)) == (address_keys(begin), missing_parts(begin))
    assert nonsense(huge) == nonsense(begin)
