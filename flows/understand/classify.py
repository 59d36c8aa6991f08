"""A linear classifier for free text: weights learnt by `python -m bench.train_understand`, scored in plain Python.

A text is a bag of features (words, pairs of words, runs of letters). Each feature votes for intents and for
languages with small integers; what the votes say is turned into a confidence. Alone it never decides an order: it
suggests, and is at most the second witness beside a word of the lexicon (see grammar, witness).
"""

from __future__ import annotations

from functools import lru_cache
from math import exp
from typing import Final

from flows.understand.features import by_word, word_features
from flows.understand.votes import Votes, VotesTable

INTENTS: Final = VotesTable.load("intents.votes")
FORMS: Final = VotesTable.load("forms.votes")
INTENT_LABELS: Final = INTENTS.labels
_QUESTION: Final = INTENT_LABELS.index("question")
_UNCLEAR: Final = INTENT_LABELS.index("unclear")
#: Votes for "question" by each word never seen in training, from this length on, up to so many words.
_STRANGER: Final = 300
_STRANGER_FROM: Final = 3
_STRANGERS_MOST: Final = 3
#: Turn a difference of votes into odds; fitted so that confidence and accuracy agree on held-out phrases.
_SCALE: Final = 0.0032
_SCALE_OF_FORMS: Final = 0.004
#: So many votes behind the best, a label takes part in no odds that anybody would see.
_NOTHING: Final = 4_000


class _Count:
    """The votes of one table, added up for a word at once: the same few thousand words come again and again."""

    def __init__(self, table: VotesTable) -> None:
        self._size = len(table.labels)
        self._get = table.get
        self._of_word = lru_cache(maxsize=12_288)(self._sum)

    def _sum(self, word: str) -> Votes | None:
        """What a word and the runs of letters in it vote for together; None where nothing of it was ever seen."""
        sums: dict[int, int] = {}
        known = False
        for feature in word_features(word):
            votes = self._get(feature)
            if votes is not None:
                known = True
                for label, weight in votes:
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
            votes = self._get(feature)
            if votes is not None:
                known = True
                for label, weight in votes:
                    scores[label] += weight
        return scores, known


_INTENTS: Final = _Count(INTENTS)
_FORMS: Final = _Count(FORMS)


def intent_of(words: list[str]) -> tuple[str, float]:
    """(intent, confidence 0 to 1); "unclear" with 0 for a text without a feature ever seen.

    Every word never seen in training is a vote for "question": a text about something else asks about it.
    """
    return _heard(tuple(words))[:2]


def doubt_of(words: list[str]) -> float:
    """How likely, 0 to 1, a text decides and asks nothing at all ("yes sure, and pigs can fly")."""
    return _heard(tuple(words))[2]


@lru_cache(maxsize=16)  # one message is asked about in parts, and then as a whole again
def _heard(words: tuple[str, ...]) -> tuple[str, float, float]:
    scores, known = _INTENTS.votes(list(words))
    if not known:
        return "unclear", 0.0, 1.0
    strangers = sum(len(word) >= _STRANGER_FROM and word.isalpha() and INTENTS.get(word) is None for word in words)
    scores[_QUESTION] += _STRANGER * min(strangers, _STRANGERS_MOST)
    most = max(scores)
    total = sum(exp((score - most) * _SCALE) for score in scores if score > most - _NOTHING)
    return INTENT_LABELS[scores.index(most)], 1.0 / total, exp((scores[_UNCLEAR] - most) * _SCALE) / total


def form_of(words: list[str]) -> tuple[str | None, float]:
    """(language form, confidence) of a text; None where no feature was ever seen."""
    scores, known = _FORMS.votes(words)
    if not known:
        return None, 0.0
    most = max(scores)
    total = sum(exp((score - most) * _SCALE_OF_FORMS) for score in scores if score > most - _NOTHING)
    return FORMS.labels[scores.index(most)], 1.0 / total
