"""What holds for every text there is."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.understand import DECISIONS, INTENTS, TONES, clean, fold, understand
from flows.understand.lexicon import PHRASES
from flows.understand.reading import QUICK
from tests.depth import examples

PROMPTS = st.sampled_from(["confirm", "no_what", "which", "why", "number", "address", "time", "poll", None])
LANGS = st.sampled_from([None, "en", "ar", "hi", "ur", "fr", "th", "el", "xx", ""])
WORDS = st.sampled_from(sorted(PHRASES)[::37])
TEXTS = st.one_of(st.text(max_size=120), st.lists(WORDS, max_size=8).map(" ".join))


@given(TEXTS, PROMPTS, LANGS)
def test_understanding_is_total_and_deterministic(text, prompt, lang):
    """Any text at any prompt gives a well-formed meaning, the same one each time."""
    got = understand(text, prompt=prompt, lang=lang)
    assert got.intent in INTENTS
    assert got.tone in TONES
    assert 0.0 <= got.confidence <= 1.0
    assert got == understand(text, prompt=prompt, lang=lang)


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(text):
    """`clean` and `fold` are idempotent, and folding a cleaned text is folding the text."""
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)
    assert fold(clean(text)) == fold(text)


@given(TEXTS, PROMPTS, LANGS)
def test_understanding_does_not_see_the_normalisation(text, prompt, lang):
    """A text and its cleaned form mean the same."""
    assert understand(clean(text), prompt=prompt, lang=lang) == understand(text, prompt=prompt, lang=lang)


@given(TEXTS)
def test_folding_never_changes_a_decision(text):
    """Case, accents and look-alike letters decide nothing."""
    got, folded = understand(text, prompt="confirm"), understand(fold(text), prompt="confirm")
    assert (got.intent, got.sure) == (folded.intent, folded.sure)


@given(
    WORDS,
    st.sampled_from(['Liked "{}"', "Loved “{}”", "> {}", 'Emphasized "{}"', "{}\n> Is your order right?", "«{}» 👍"]),
    LANGS,
)
def test_a_quote_of_ours_is_never_an_answer(word, frame, lang):
    """Whatever is quoted, reacted to or answered above a quote decides nothing."""
    got = understand(frame.format(word), prompt="confirm", lang=lang)
    assert not (got.sure and got.intent in DECISIONS)


@settings(max_examples=examples(200))
@given(st.sampled_from(sorted(QUICK)), LANGS)
def test_the_short_road_and_the_long_one_agree(word, lang):
    """A lexicon entry found at once means what the whole reading would have made of it."""
    quick = understand(word, prompt="confirm", lang=lang)
    long = understand(word + " ", prompt="confirm", lang=lang)
    assert (quick.intent, quick.sure, quick.lang) == (long.intent, long.sure, long.lang)


def test_time_is_bounded_by_the_length_looked_at():
    """A 64 kB paste costs no more than the 2,000 characters that are read, and those cost milliseconds."""
    for seed in ("yes ", "a", "haan bhej do ", "١", "no\n", "👍", "x" * 50 + " ", '"'):
        start = time.process_time()
        understand(seed * (65536 // len(seed)), prompt="confirm")
        assert time.process_time() - start < 0.25
