"""Whole messages that ask for our reasons are known in each language, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.why_words import _words, asks_why
from flows.wording.catalogue import LANGUAGES, LATIN

REPLIES = Path(__file__).parent / "understand" / "replies"

DEPOSIT = {
    "en": "Why do you want a deposit?",
    "es": "¿Por qué queréis un depósito?",
    "ar": "لماذا تريدون عربونًا؟",
    "fr": "Pourquoi voulez-vous un acompte ?",
    "hi": "आपको एडवांस क्यों चाहिए?",
    "hi_latn": "Advance kyun chahiye?",
    "ur": "ایڈوانس کیوں چاہیے؟",
    "ur_latn": "Advance kyun chahiye?",
    "bn": "অগ্রিম কেন লাগবে?",
    "bn_latn": "Ogrim keno lagbe?",
    "pt": "Por que querem um depósito?",
    "id": "Kenapa harus bayar uang muka?",
    "tr": "Neden kapora istiyorsunuz?",
    "ru": "Почему нужна предоплата?",
    "it": "Perché volete un acconto?",
    "de": "Warum wollen Sie eine Anzahlung?",
    "nl": "Waarom willen jullie een aanbetaling?",
    "pl": "Dlaczego chcecie zaliczkę?",
    "ro": "De ce cereți avans?",
    "el": "Γιατί ζητάτε προκαταβολή;",
    "uk": "Чому потрібна передоплата?",
    "fa": "چرا بیعانه می‌خواهید؟",
    "ms": "Kenapa perlu deposit?",
    "vi": "Tại sao phải đặt cọc?",
    "th": "ทำไมต้องจ่ายมัดจำคะ",
    "fil": "Bakit kailangan ng deposito?",
    "sw": "Kwa nini mnataka amana?",
}


def test_every_language_can_ask() -> None:
    """Each catalogue's customers have all four classes of words, and an example of each language is understood."""
    assert set(_words()) == set(LANGUAGES) | set(LATIN) == set(DEPOSIT)
    for name, rows in _words().items():
        assert set(rows) == {"why", "checks", "know", "between"}, name
        assert all(all(phrases) for phrases in rows.values()), name


@pytest.mark.parametrize("name", DEPOSIT)
def test_why_a_deposit(name: str) -> None:
    """A whole question about a deposit is one about our reasons; each listed question about what we know is one, too."""
    assert asks_why(DEPOSIT[name]) == "why"
    for phrase in _words()[name]["know"]:
        assert asks_why(phrase) == "know", phrase


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Why?",
            "why a deposit? cancel it",
            "why is it not here yet?",
            "why was my order held? my number is 600000001",
        ),
        *(
            "yes why not",
            "why did you send a blue one",
            "what do you know about this lamp",
            "¿por qué tarda tanto?",
            "deposit",
            "",
        ),
    ],
)
def test_another_message_is_another_message(text: str) -> None:
    """One unknown word, a decision or a number makes it something that is understood elsewhere."""
    assert asks_why(text) == ""


def test_a_bare_why_needs_something_open() -> None:
    """Alone it counts only where the caller knows what it can mean."""
    assert (asks_why("Why?"), asks_why("Why?", bare=True), asks_why("¿por qué?", bare=True)) == ("", "why", "why")
    assert asks_why("yes", bare=True) == ""


def test_no_reply_of_the_labelled_ones_is_swallowed() -> None:
    """Of the labelled replies in all languages, none that decides, changes or complains is taken for a question about reasons."""
    read = 0
    for path in sorted(REPLIES.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            cells = line.split("\t")
            if line.startswith("#") or len(cells) < 4 or cells[2].split()[0] in ("question", "human", "help"):
                continue
            read += 1
            assert asks_why(cells[-1], bare=True) == "", line
    assert read > 1000


@given(st.text(max_size=300))
def test_it_is_total(text: str) -> None:
    """Any text gives an answer, and leave to a bare why only ever adds one."""
    said = asks_why(text)
    assert said in ("", "why", "know")
    assert asks_why(text, bare=True) == said or said == ""
