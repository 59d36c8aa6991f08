"""What a provider's no means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.refusals import DEFAULT, KINDS, classify, known

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "error-codes"
PROVIDERS = ("twilio", "meta", "smtp", "gateway")


@pytest.mark.parametrize(
    ("provider", "code", "kind"),
    [
        ("twilio", "21610", "said_no"),
        ("twilio", "21614", "dead"),
        ("twilio", "30006", "dead"),
        ("twilio", "30003", "may_return"),
        ("twilio", "63016", "outside_window"),
        ("twilio", "63018", "later"),
        ("twilio", "20500", "unknown"),
        ("twilio", "30007", "text_fault"),
        ("twilio", "20003", "setup_fault"),
        ("meta", "131047", "outside_window"),
        ("meta", "131056", "later"),
        ("meta", "131000", "unknown"),
        ("meta", "131026", "dead"),
        ("meta", "131049", "may_return"),
        ("meta", "131050", "said_no"),
        ("meta", "132001", "text_fault"),
        ("meta", "200", "setup_fault"),
        ("meta", "299", "setup_fault"),
        ("meta", "131062", "bsuid"),
        ("smtp", "5.1.1", "dead"),
        ("smtp", "550", "dead"),
        ("smtp", "5.2.2", "may_return"),
        ("smtp", "4.7.1", "later"),
        ("smtp", "451", "later"),
        ("smtp", "535", "setup_fault"),
        ("gateway", "http_429", "later"),
        ("gateway", "http_401", "setup_fault"),
    ],
)
def test_known_codes(provider: str, code: str, kind: str) -> None:
    """The codes that decide what happens to an order mean what the providers say they mean."""
    assert classify(provider, code) == kind
    assert known(provider, code) or kind == "later"


@pytest.mark.parametrize("provider", [*PROVIDERS, "nobody"])
def test_an_unlisted_code_marks_and_pauses_nothing(provider: str) -> None:
    """A code that nobody listed gets the default, which neither kills an address nor pauses a channel."""
    assert classify(provider, "999999") == classify(provider, "") == DEFAULT == "may_return"
    assert not known(provider, "999999")


def test_every_code_of_the_ladders_hard_failures_is_listed() -> None:
    """What must move on within seconds (number unknown, landline, not on WhatsApp, opted out) is never left to the default."""
    for code in ("21610", "21614", "21635", "30006", "63003", "63024"):
        assert classify("twilio", code) in ("dead", "said_no")


def test_every_kind_is_used() -> None:
    """No class of refusal stands in the table without a code."""
    codes = {f"{n}" for n in (*range(400), *range(14000, 64000), *range(80000, 80010), *range(130000, 136000))}
    assert {classify(provider, code) for provider in ("twilio", "meta") for code in codes} == set(KINDS)


def test_twilios_messaging_codes_are_mostly_listed() -> None:
    """Of Twilio's public codes for sending (216xx, 300xx, 630xx), those that a send can meet are in the table."""
    path = SHARED / "twilio_messaging_codes.json"
    if not path.exists():
        pytest.skip("the shared error codes are not here")
    published = json.loads(path.read_text("utf-8"))
    met_by_a_send = {"21211", "21214", "21610", "21612", "21614", "21617", "30003", "30004", "30005", "30006", "30007"}
    met_by_a_send |= {code for code in published if code.startswith("630") and code < "63022"} - {"63011", "63019"}
    assert not [code for code in sorted(met_by_a_send & set(published)) if not known("twilio", code)]
