"""A linear classifier for free text: weights learnt by `python -m bench.train_understand`, scored in plain Python.

A text is a bag of features (words, pairs of words, runs of letters). Each feature votes for intents and for
languages with small integers; what the votes say is turned into a confidence. It suggests; it never decides an
order (see grammar).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from math import exp
from typing import Final

from flows.understand.features import features


def _load(name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The labels, and feature -> its votes as written: a hundred thousand of them are loaded, few are ever looked at."""
    lines = resources.files(__package__).joinpath("weights", name).read_text("utf-8").splitlines()
    return tuple(lines[0].split("\t")), dict(line.partition("\t")[::2] for line in lines[1:])


@lru_cache(maxsize=16_384)
def _read(votes: str) -> tuple[tuple[int, int], ...]:
    """(label, weight) pairs of `label,weight,label,weight`."""
    numbers = [int(number) for number in votes.split(",")] if votes else []
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


INTENT_LABELS, _INTENT_VOTES = _load("intents.tsv")
FORM_LABELS, _FORM_VOTES = _load("forms.tsv")
_QUESTION: Final = INTENT_LABELS.index("question")
#: Votes for "question" by each word never seen in training, from this length on, up to so many words.
_STRANGER: Final = 300
_STRANGER_FROM: Final = 3
_STRANGERS_MOST: Final = 3
#: Turns a difference of votes into odds; fitted so that confidence and accuracy agree on held-out phrases.
_SCALE: Final = 0.012


def _votes(words: list[str], size: int, table: dict[str, str]) -> tuple[list[int], int]:
    scores = [0] * size
    known = 0
    for feature in features(words):
        votes = table.get(feature)
        if votes is not None:
            known += 1
            for label, weight in _read(votes):
                scores[label] += weight
    return scores, known


def intent_of(words: list[str]) -> tuple[str, float]:
    """(intent, confidence 0 to 1); "unclear" with 0 for a text without a feature ever seen.

    Every word never seen in training is a vote for "question": a text about something else asks about it.
    """
    scores, known = _votes(words, len(INTENT_LABELS), _INTENT_VOTES)
    if not known:
        return "unclear", 0.0
    strangers = sum(len(word) >= _STRANGER_FROM and word.isalpha() and word not in _INTENT_VOTES for word in words)
    scores[_QUESTION] += _STRANGER * min(strangers, _STRANGERS_MOST)
    best = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp((score - scores[best]) * _SCALE) for score in scores)
    return INTENT_LABELS[best], 1.0 / total


def form_of(words: list[str]) -> tuple[str | None, float]:
    """(language form, confidence) of a text; None where no feature was ever seen."""
    scores, known = _votes(words, len(FORM_LABELS), _FORM_VOTES)
    if not known:
        return None, 0.0
    best = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp((score - scores[best]) * _SCALE) for score in scores)
    return FORM_LABELS[best], 1.0 / total
