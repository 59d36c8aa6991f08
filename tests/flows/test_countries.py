"""The country table: how a text is asked for an answer, by country and sender."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.countries import Override, Way, built_in, merged, sender_country, sender_for, sender_kind, sms_way
from flows.country_facts import FACTS
from flows.policy import Sender

SHARED = Path(__file__).parents[3] / "shared" / "data" / "countries.json"
TABLE = built_in()


def sender(address: str, two_way: bool | None = None) -> Sender:
    return Sender("sms", "twilio" if two_way is None else "gateway", address, two_way=two_way)


@pytest.mark.parametrize(
    ("country", "address", "way"),
    [
        ("US", "+14155550100", "words"),  # two-way
        ("US", "DEMOSHOP", "link"),  # a name never gets a reply
        ("GB", "+447700900123", "words"),
        ("ES", "+34600000000", "words"),  # local: a number of that country
        ("ES", "12345", "words"),  # local: a short code
        ("ES", "+14155550100", "link"),  # local: but the number is abroad
        ("IN", "56161", "words"),
        ("IN", "+14155550100", "link"),  # only shorteners are refused
        ("MX", "+525512345678", "words"),
        ("MX", "+14155550100", "none"),
        ("PH", "+639171234567", "words"),
        ("PH", "+14155550100", "none"),  # links must be registered
        ("MA", "+212600000000", "link"),  # no replies even to a local number
        ("PK", "+14155550100", "link"),
        ("AE", "+14155550100", "none"),  # neither replies nor links
        ("AE", "12345", "none"),
        ("SA", "DEMOSHOP", "none"),
        ("TR", "DEMOSHOP", "none"),
        ("HR", "+385911234567", "link"),  # unknown two-way counts as no, unknown links as allowed
        ("CH", "+41791234567", "words"),  # not in the table
        ("CH", "DEMOSHOP", "link"),
    ],
)
def test_the_way_of_a_text(country: str, address: str, way: Way) -> None:
    """Reply words only where replies arrive, else the page's link where it may stand, else another channel."""
    assert sms_way(TABLE, country, sender(address)) == way


@pytest.mark.parametrize(("said", "way"), [(True, "words"), (False, "none")])
def test_a_gateway_s_own_word_comes_before_the_table(said: bool, way: Way) -> None:
    """A local gateway that takes replies does so in the Emirates too, and one that does not does not at all."""
    assert sms_way(TABLE, "AE", sender("12345", two_way=said)) == way
    assert sms_way(TABLE, "US", sender("+14155550100", two_way=False)) == "link"


def test_overrides_change_what_they_name() -> None:
    """The settings lie over the built-in row; what they leave open stays."""
    table = merged(
        {"AE": Override(two_way_sms=True), "MA": Override(links_allowed=False), "CH": Override(two_way_sms=False)}
    )
    assert sms_way(table, "AE", sender("+14155550100")) == "words"
    assert sms_way(table, "AE", sender("DEMOSHOP")) == "none"
    assert sms_way(table, "MA", sender("+14155550100")) == "none"
    assert sms_way(table, "CH", sender("+41791234567")) == "link"
    assert (table["AE"].links_allowed, table["MA"].two_way_sms) == (False, "no")


def test_a_sender_of_its_own_for_a_country() -> None:
    """A local number named for a country is what the text comes from there, and what the table judges."""
    table = merged({"ES": Override(sender="+34600000000")})
    usual = sender("+14155550100")
    assert sms_way(table, "ES", usual) == "words"
    assert sender_for(table, "ES", usual).address == "+34600000000"
    assert sender_for(table, "FR", usual) == usual


def test_nobody_changes_the_built_in_table() -> None:
    """Each shop gets a table of its own."""
    built_in().clear()
    merged({"ES": Override(two_way_sms=True)})
    assert built_in() == TABLE
    assert len(TABLE) == 70


@pytest.mark.parametrize(
    ("address", "kind", "country"),
    [
        ("+14155550100", "number", "US"),
        ("+16475550100", "number", "CA"),
        ("+34600000000", "number", "ES"),
        ("12345", "short", ""),
        ("DEMOSHOP", "name", ""),
        ("7ELEVEN", "name", ""),
        ("", "name", ""),
    ],
)
def test_what_a_sender_is(address: str, kind: str, country: str) -> None:
    """Numbers, short codes and names are told apart, and a number's country is known."""
    assert (sender_kind(address), sender_country(address)) == (kind, country)


def test_every_fact_has_its_source() -> None:
    """No row without the page that says so."""
    assert all(fact.source.startswith("https://") for fact in FACTS.values())
    assert sum(fact.two_way == "no" for fact in FACTS.values()) == 46


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data/countries.json")
def test_the_facts_are_those_that_were_collected() -> None:
    """Our table says of each country what the collected facts say."""
    collected = json.loads(SHARED.read_text(encoding="utf-8"))["countries"]
    two_way = {"yes": "yes", "no": "no", "unknown": "unknown", "short code or local number only": "local"}
    assert set(FACTS) == set(collected)
    for code, fact in FACTS.items():
        assert fact.two_way == two_way[collected[code]["two_way_sms"]], code
        links = collected[code]["links"]
        assert (links in ("allowed", "forbidden", "unknown")) == (fact.links == links), code
        assert fact.source == collected[code]["source"], code


@given(st.sampled_from([*FACTS, "CH", "AQ", ""]), st.text(max_size=16), st.none() | st.booleans())
def test_every_pair_has_a_way(country: str, address: str, two_way: bool | None) -> None:
    """Whatever the sender is called, there is an answer, and a name without a gateway never gets reply words."""
    way = sms_way(TABLE, country, sender(address, two_way))
    assert way in ("words", "link", "none")
    if two_way is None and sender_kind(address) == "name":
        assert way != "words"
