"""What the classifier sees of a text: words, pairs of neighbours, and runs of letters inside longer words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

#: Tokens looked at: a longer text has said what it wants by then, and the time stays bounded.
MAX_TOKENS: Final = 60
_GRAM: Final = 4


def features(words: list[str]) -> Iterator[str]:
    """The features of a text, from the tokens of its folded form; digits are all one, marks but `?` do not count."""
    previous = "^"
    seen = 0
    for word in words:
        if word.isdigit():
            word = "0" if len(word) < 5 else "00000"
        elif not word[0].isalnum() and word != "?" and not word[0] > "\u08ff":
            continue
        seen += 1
        if seen > MAX_TOKENS:
            return
        yield word
        yield f"{previous} {word}"
        previous = word
        size = len(word)
        if size > _GRAM:
            padded = f"<{word}>"
            for at in range(size - 1):
                yield "~" + padded[at : at + _GRAM]
    yield f"{previous} $"
