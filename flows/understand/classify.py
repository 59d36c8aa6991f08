"""A linear classifier for free text: weights learnt by `python -m bench.train_understand`, scored in plain Python.

A text is a bag of features (words, pairs of words, runs of letters). Each feature votes for intents and for
languages with small integers; what the votes say is turned into a confidence. Alone it never decides an order: it
suggests, and is at most the second witness beside a word of the lexicon (see grammar, witness).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from math import exp
from typing import Final

from flows.understand.features import by_word, word_features


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
_SCALE: Final = 0.006


class _Table:
    """One table of votes, added up for a word at once: the same few thousand words come again and again."""

    def __init__(self, size: int, votes: dict[str, str]) -> None:
        self._size = size
        self._table = votes
        self._of_word = lru_cache(maxsize=12_288)(self._sum)

    def _sum(self, word: str) -> tuple[tuple[int, int], ...] | None:
        """What a word and the runs of letters in it vote for together; None where nothing of it was ever seen."""
        sums: dict[int, int] = {}
        known = False
        for feature in word_features(word):
            votes = self._table.get(feature)
            if votes is not None:
                known = True
                for label, weight in _read(votes):
                    sums[label] = sums.get(label, 0) + weight
        return tuple(sums.items()) if known else None

    def votes(self, words: list[str]) -> tuple[list[int], bool]:
        """The votes for each label, and whether any feature of the text was ever seen."""
        scores = [0] * self._size
        known = False
        seen, others = by_word(words)
        for word in seen:
            summed = self._of_word(word)
            if summed is not None:
                known = True
                for label, weight in summed:
                    scores[label] += weight
        for feature in others:
            votes = self._table.get(feature)
            if votes is not None:
                known = True
                for label, weight in _read(votes):
                    scores[label] += weight
        return scores, known


_INTENTS = _Table(len(INTENT_LABELS), _INTENT_VOTES)
_FORMS = _Table(len(FORM_LABELS), _FORM_VOTES)


def intent_of(words: list[str]) -> tuple[str, float]:
    """(intent, confidence 0 to 1); "unclear" with 0 for a text without a feature ever seen.

    Every word never seen in training is a vote for "question": a text about something else asks about it.
    """
    return _intent_of(tuple(words))


@lru_cache(maxsize=16)  # one message is asked about in parts, and then as a whole again
def _intent_of(words: tuple[str, ...]) -> tuple[str, float]:
    scores, known = _INTENTS.votes(list(words))
    if not known:
        return "unclear", 0.0
    strangers = sum(len(word) >= _STRANGER_FROM and word.isalpha() and word not in _INTENT_VOTES for word in words)
    scores[_QUESTION] += _STRANGER * min(strangers, _STRANGERS_MOST)
    best = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp((score - scores[best]) * _SCALE) for score in scores)
    return INTENT_LABELS[best], 1.0 / total


def form_of(words: list[str]) -> tuple[str | None, float]:
    """(language form, confidence) of a text; None where no feature was ever seen."""
    scores, known = _FORMS.votes(words)
    if not known:
        return None, 0.0
    best = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp((score - scores[best]) * _SCALE) for score in scores)
    return FORM_LABELS[best], 1.0 / total
