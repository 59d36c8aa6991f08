"""`check` finds what a shop can break in its own texts."""

from __future__ import annotations

import pytest

from flows.wording import check


def faults(key: str, text: str, lang: str = "en", **more: object) -> list[str]:
    found = check(overrides={lang: {key: text}}, langs=[lang], **more)  # type: ignore[arg-type]
    return [fault.message for fault in found if fault.kind == "fault"]


@pytest.mark.parametrize(
    ("key", "text", "word"),
    [
        ("confirm_words", "{shop}: order {order}. Reply {yes}.", "{total} is missing"),
        ("confirmed", "Thanks {nickname}, {order} {total}.", "{nickname} is no value"),
        ("confirmed", "Thank you, {name}. {order} {total} ok", "{name} may be missing"),
        ("confirmed", "Thank you {order", "cannot be read"),
        ("confirmed", "Thank you [{order} {total}", "no ']'"),
        ("confirmed", "  ", "empty"),
        ("confirmed", "Good \U0001f600 {order} {total} ok", "cannot be written in GSM-7"),
        ("confirmed", "{order} {total} " + "very " * 40 + "good", "2 SMS segments"),
        ("confirm", "{shop} asks about {order}, {total}. Right?", "must not start or end with a variable"),
        ("confirm", "Hello, {shop}: {order} {total} right?", "side by side"),
        ("confirm", "Hello {shop} {order}, {total} " + "x" * 1100 + ".", "1024"),
        ("button_yes", "Yes, everything is right", "button of 24 characters"),
        ("button_change", "Cancel the order", "all different"),
        ("nonsense", "x", "no such text"),
        ("confirmed.whatsapp", "Thank you {order", "cannot be read"),
        ("confirmed.subject", "Your {parcel}", "{parcel} is no value"),
    ],
)
def test_each_kind_of_fault_is_found(key: str, text: str, word: str) -> None:
    """A missing, foreign or possibly absent variable, broken notation, length, alphabet and WhatsApp's limits are told."""
    assert any(word in message for message in faults(key, text)), faults(key, text)


def test_a_regions_texts_are_checked_too() -> None:
    """What a shop writes for es-MX alone is checked on top of Spanish."""
    found = check(overrides={"es-MX": {"confirmed": "Listo {orden} {total}."}}, langs=["es"])
    assert [fault.where for fault in found] == ["es-MX confirmed", "es-MX confirmed"]


def test_a_good_override_is_no_fault() -> None:
    """A shop may change a text, smart quotes and all: they are spelled plain."""
    assert faults("confirmed", "All “set”, {order}! Please have {total}\u00a0ready…") == []


def test_an_offered_opt_out_word_is_found() -> None:
    """A text without a digits twin that offers a word on the sender's list is a fault, whatever its case; the words family
    is not, since the flow takes its twin."""
    literal = faults("status_cancelled", "{order} is cancelled. Text END.", opt_out_words=["end"])
    assert literal == ["offers END, which the sender takes as opt-out"]
    digits = faults("confirm_digits", "{shop} {order} {total}: 1 yes, 2 change or CANCEL?", opt_out_words=["CANCEL"])
    assert digits == ["offers CANCEL, which the sender takes as opt-out"]
    offering = faults("status_cancelled", "{order} is cancelled. Reply {cancel}.", opt_out_words=["Cancel"])
    assert offering == ["offers CANCEL, which the sender takes as opt-out"]
    assert faults("status_cancelled", "{order} is cancelled.", opt_out_words=["CANCEL"]) == []
    assert faults("button_cancel", "Cancel", opt_out_words=["CANCEL"]) == ["the sender takes 'Cancel' as opt-out"]


def test_languages_without_a_catalogue_and_without_review_are_warned_of() -> None:
    """A shop in Icelandic hears that texts are English; one in Thai that no native speaker has read them."""
    assert [(fault.where, fault.kind) for fault in check(langs=["is", "th", "es-MX"])] == [
        ("is", "warning"),
        ("th", "warning"),
    ]
    assert [fault.where for fault in check(overrides={"is": {}})][-1] == "texts is"
