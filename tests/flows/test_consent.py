"""The one table of opt-out words: word x sender x prompt x the provider's own verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.consent import NOTHING, Ruling, settle
from tests.flows.shop import GATEWAY, TWILIO

SENDERS = {"twilio": TWILIO, "gateway": GATEWAY, "own": replace(TWILIO, opt_out=frozenset({"stop"})), "none": None}
#: Nobody has to configure these: they mean the same at every sender.
OUT = ("stop", "stopall", "unsubscribe", "optout", "opt-out", "revoke", "quit")
ALL_OUT = ("stop everything", "stop all", "stopall")
WORDS = (
    *OUT,
    *ALL_OUT,
    "cancel",
    "end",
    "baja",
    "yes",
    "start",
    "unstop",
    "help",
    "info",
    "no",
    "1",
    "3",
    "please cancel",
)


def expected(word: str, name: str, prompt: bool, kind: str) -> tuple[str, str, bool]:
    """(order, consent, help) as docs/invariants.md puts it, written down without looking at the code."""
    sender = SENDERS[name]
    taken_out = sender is not None and word in sender.opt_out
    taken_in = sender is not None and word in sender.opt_in
    if kind == "STOP":  # the provider has opted them out: that holds, and a cancel is a cancel besides
        return ("cancel" if word == "cancel" and prompt else "", "out", False)
    if kind == "START":
        if word == "yes":  # never gives back what STOP took
            return ("yes" if prompt else "", "", False)
        return ("", "in", False)
    if kind == "HELP":
        return ("", "", True)
    if word == "cancel" and taken_out:
        return ("cancel" if prompt else "", "out", False)
    if taken_out or word in OUT or word in ALL_OUT:
        return ("", "out", False)
    if word == "yes":
        return ("yes" if prompt and taken_in else "", "", False)
    if word in ("start", "unstop"):
        return ("", "in", False)
    if word in ("help", "info"):
        return ("", "", True)
    return ("", "", False)


@pytest.mark.parametrize("kind", ["", "STOP", "START", "HELP"])
@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("name", SENDERS)
@pytest.mark.parametrize("word", WORDS)
def test_the_table(word: str, name: str, prompt: bool, kind: str) -> None:
    """Every cell: what the word does to the order and to the consent."""
    got = settle(word, SENDERS[name], prompt_open=prompt, opt_out_type=kind)
    assert (got.order, got.consent, got.help) == expected(word, name, prompt, kind)


@pytest.mark.parametrize("name", SENDERS)
@pytest.mark.parametrize("word", WORDS)
def test_case_and_punctuation_do_not_count(word: str, name: str) -> None:
    """ "Stop." and "STOP!" are the same word."""
    plain = settle(word, SENDERS[name], prompt_open=True)
    for written in (word.upper(), word.title(), f" {word}!\n", f"'{word}'", f"{word}..."):
        assert settle(written, SENDERS[name], prompt_open=True) == plain


@pytest.mark.parametrize("word", ["stop", "cancel", "yes", "start", "help"])
@pytest.mark.parametrize("tail", [" 12345", " please", " my order", ", thanks"])
def test_a_word_among_others_is_no_opt_out(word: str, tail: str) -> None:
    """Matching is the whole message: "please cancel" and "stop 12345" are read as ordinary words."""
    assert settle(word + tail, TWILIO, prompt_open=True) == NOTHING


def test_who_is_silent_where_the_provider_answers() -> None:
    """Twilio acknowledges STOP, START and HELP by itself: a second text of ours would be refused, or one too many."""
    for word in ("stop", "start", "help", "cancel"):
        assert settle(word, TWILIO, prompt_open=True).silent
        assert not settle(word, GATEWAY, prompt_open=True).silent
    assert not settle("yes", TWILIO, prompt_open=True).silent


def test_a_sender_s_own_help_word() -> None:
    """A word that the provider takes as HELP is one, in whatever language."""
    assert settle("AYUDA", replace(TWILIO, help=frozenset({"ayuda"})), prompt_open=True).help


@pytest.mark.parametrize("word", ALL_OUT)
def test_stop_everything_is_for_the_person(word: str) -> None:
    """ "Stop everything" is more than this channel; a plain STOP is not."""
    assert settle(word, TWILIO, prompt_open=False).everything
    assert not settle("stop", TWILIO, prompt_open=False).everything


@given(st.text(max_size=40), st.sampled_from([*SENDERS]), st.booleans())
def test_total(text: str, name: str, prompt: bool) -> None:
    """Any text has a ruling, and only a word of the lists has one that does something."""
    got = settle(text, SENDERS[name], prompt_open=prompt)
    assert isinstance(got, Ruling)
    sender = SENDERS[name]
    listed = {*WORDS} | (sender.opt_out | sender.opt_in | sender.help if sender else frozenset())
    assert got == NOTHING or any(word in text.casefold() for word in listed)


@given(st.sampled_from(WORDS), st.booleans())
def test_a_yes_never_opts_in(word: str, prompt: bool) -> None:
    """No ruling of YES gives a consent back, whatever the provider makes of it."""
    for kind in ("", "START"):
        assert settle("YES", TWILIO, prompt_open=prompt, opt_out_type=kind).consent == ""
    if settle(word, TWILIO, prompt_open=prompt).consent == "in":
        assert word in ("start", "unstop")
