"""What the classifier sees of a text: words, pairs of neighbours, and runs of letters inside longer words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

#: Tokens looked at: a longer text has said what it wants by then, and the time stays bounded.
MAX_TOKENS: Final = 60
_GRAM: Final = 4
#: Digits from which a number is a phone's or an order's rather than a quantity, a price or an hour.
_LONG_NUMBER: Final = 5


def by_word(words: list[str]) -> tuple[list[str], list[str]]:
    """A text's words, whose own features `word_features` gives, and its others: first a pair for each word, then the rest.

    From the tokens of its folded form. Digits are all one, marks but `?` do not count. Thai, written without spaces, is seen as runs
    of letters only, however it was cut into tokens.
    """
    seen: list[str] = []
    others: list[str] = []
    previous = "^"
    run = ""
    for word in words[:MAX_TOKENS]:
        if "\u0e00" <= word[0] <= "\u0e7f":
            run += word
            continue
        if word.isdigit():
            word = "0" if len(word) < _LONG_NUMBER else "00000"
        elif not word[0].isalnum() and word != "?" and not word[0] > "\u08ff":
            continue
        seen.append(word)
        others.append(f"{previous} {word}")
        previous = word
    others += ["~" + run[at : at + _GRAM] for at in range(len(run) - 2)]
    others.append(f"{previous} $")
    return seen, others


def word_features(word: str) -> Iterator[str]:
    """A word itself and the runs of letters inside it."""
    yield word
    size = len(word)
    if size >= _GRAM:
        padded = f"<{word}>"
        for at in range(size - 1):
            yield "~" + padded[at : at + _GRAM]


def features(words: list[str]) -> Iterator[str]:
    """Every feature of a text, in the order of its words."""
    seen, others = by_word(words)
    for word, pair in zip(seen, others, strict=False):
        own = word_features(word)
        yield next(own)
        yield pair
        yield from own
    yield from others[len(seen) :]
