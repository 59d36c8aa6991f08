"""The labelled replies, language by language, and the files that understanding is built from."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.compile_lexicon import HOME, compiled, tones
from bench.replies import load_replies, seen_before
from bench.train_understand import learn, mixed
from flows.understand import DECISIONS, INTENTS, understand
from flows.understand.classify import INTENT_LABELS
from flows.understand.lexicon import FORMS, UNREVIEWED


@pytest.mark.parametrize("form", FORMS)
def test_labelled_replies(form):
    """No wrong sure decision; clear replies are sure and right (95 % in the first rank, 85 % in the second)."""
    replies = load_replies(form)
    assert len(replies) >= (30 if form in UNREVIEWED else 60)
    right = 0
    for reply in replies:
        got = understand(reply.text, prompt=reply.prompt, lang=reply.lang)
        good = got.intent == reply.intent and set(reply.parts) <= {part.intent for part in got.parts}
        if got.sure and got.intent in DECISIONS:
            assert reply.clear, (reply, got)
            assert got.intent == reply.intent, (reply, got)
        right += good and got.sure and reply.clear
    clear = sum(reply.clear for reply in replies)
    assert right / clear >= (0.85 if form in UNREVIEWED else 0.95)


@pytest.mark.long
def test_the_replies_are_not_the_training():
    """Fewer than 30 % of the replies of a language equal a lexicon entry or a training phrase."""
    for form in FORMS:
        replies = load_replies(form)
        assert sum(seen_before(reply.text) for reply in replies) < 0.3 * len(replies), form


def test_the_replies_cover_the_intents():
    """The labelled replies of the first rank ask for every kind of change."""
    for form in FORMS:
        counted = Counter(reply.intent for reply in load_replies(form))
        assert {"yes", "no", "cancel", "change_phone", "change_address", "change_time", "not_me"} <= set(counted), form
        assert set(counted) <= set(INTENTS)


@pytest.mark.long
def test_the_compiled_lexicon_is_the_source():
    """weights/lexicon.tsv and tones.tsv are what the lexicon files compile to, to the byte."""
    assert (HOME / "weights" / "lexicon.tsv").read_text("utf-8") == compiled(FORMS)
    assert (HOME / "weights" / "tones.tsv").read_text("utf-8") == tones(FORMS)


def test_training_is_reproducible():
    """The same phrases give the same weights, and no label is outside of the contract."""
    examples = [
        ("yes", ("yes", "^ yes")),
        ("cancel", ("cancel", "^ cancel", "it")),
        ("question", ("how", "^ how", "much")),
    ] * 5
    assert learn(examples, ["cancel", "question", "yes"], 80) == learn(examples, ["cancel", "question", "yes"], 80)
    assert mixed(["a", "b", "c"], "x") == mixed(["c", "b", "a"], "x")
    assert set(INTENT_LABELS) <= set(INTENTS)
