"""Cover a message with phrases of the lexicon, for one language form: every token gets one role.

Longest phrase first, the form's own words before borrowed ones. What no phrase covers is `num` (digits), `word`
(a word we do not know) or, after a tolerant second look, the role of the word it is a slip of.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct
from rapidfuzz.distance import OSA

from flows.understand.fold import is_word
from flows.understand.lexicon import BIT, PHRASES, READS, SIZES, Match, role_for

_MARKS: Final = {
    ",": "sep",
    ".": "sep",
    ";": "sep",
    ":": "sep",
    "\n": "sep",
    "/": "sep",
    "&": "but",
    "!": "sep",
    "?": "ask",
    '"': "quote",
    ">": "quote",
    "#": "fill",
    "+": "fill",
    "@": "word",
    "%": "word",
}
#: Roles whose single words a typing slip is mended to.
_MENDED: Final = frozenset({"yes", "affirm", "send", "ok", "no", "cancel", "thanks", "not"})
#: Shorter words are one slip away from too many others.
_MENDED_FROM: Final = 5
#: Endings of words that name a street by themselves: Hauptstrasse, Prinsengracht.
_STREETS: Final = ("strasse", "straat", "gasse", "platz", "gracht", "plein")
_STREET_FROM: Final = 8
_RUN: Final = re.compile(r"(.)\1{2,}")
#: A number, or a clock time written in one: `18h`, `6pm`.
_DIGITS: Final = re.compile(
    r"\d+|\d{1,2}(?:h|h\d\d|am|pm|hrs|uhr|u|uur|ч|baje|bje|tar?|tay|টা|টার|টায|[dt][ae]n?|y[ae])"
)  # 6'dan, 6ya: Turkish cases


class Piece(Struct, frozen=True):
    """Tokens `start` to `end` of the message play `role`."""

    role: str
    start: int
    end: int
    doubt: bool = False  # a letter was replaced by another: a slip, or another word altogether
    own: bool = False  # by the form's own words, not by borrowed ones


def _slips() -> dict[str, list[str]]:
    """Each long decision word under itself and under every spelling of it with one letter less."""
    table: dict[str, list[str]] = {}
    for word, match in PHRASES.items():
        if match.size != 1 or len(word) < _MENDED_FROM or not word.isalpha():
            continue
        if any(role in _MENDED for _, role in match.roles):
            for key in {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}:
                table.setdefault(key, []).append(word)
    return table


_SLIPS: Final = _slips()
_THAI: Final = frozenset(word for word in SIZES if "\u0e00" <= word[0] <= "\u0e7f")
_THAI_LONGEST: Final = max((len(word) for word in _THAI), default=0)


def squeezed(word: str) -> tuple[str, ...]:
    """A word with drawn-out letters, written with two and with one of them: `yesss` -> `yess`, `yes`."""
    if not _RUN.search(word):
        return ()
    return _RUN.sub(r"\1\1", word), _RUN.sub(r"\1", word)


def known_spelling(words: list[str]) -> list[str]:
    """The tokens as some lexicon knows them: drawn-out letters shortened, Thai cut into words."""
    out: list[str] = []
    for word in words:
        if "\u0e00" <= word[0] <= "\u0e7f" and word not in SIZES:
            out += thai_words(word)
            continue
        if word not in SIZES:
            word = next((short for short in squeezed(word) if short in SIZES), word)
        out.append(word)
    return out


def thai_words(run: str) -> list[str]:
    """A run of Thai, which has no spaces, cut at the longest words known; what is between them stays whole."""
    out: list[str] = []
    unknown, at = 0, 0
    while at < len(run):
        end = next((end for end in range(min(len(run), at + _THAI_LONGEST), at, -1) if run[at:end] in _THAI), None)
        if end is None:
            at += 1
            continue
        if unknown < at:
            out.append(run[unknown:at])
        out.append(run[at:end])
        unknown = at = end
    if unknown < len(run):
        out.append(run[unknown:])
    return out


def matches_at(words: list[str]) -> list[tuple[Match, ...]]:
    """For each token the phrases of any form that begin there, longest first."""
    out: list[tuple[Match, ...]] = []
    left = len(words)
    for at, word in enumerate(words):
        found = []
        for size in SIZES.get(word, ()):
            if size <= left:
                match = PHRASES.get(word if size == 1 else " ".join(words[at : at + size]))
                if match is not None:
                    found.append(match)
        out.append(tuple(found))
        left -= 1
    return out


def mend(word: str, reads: tuple[int, ...]) -> tuple[str, bool] | None:
    """(role, is it safe) of the one decision word that this is a typing slip of; None without exactly one role.

    Safe are a letter too many, one too few and two swapped; a letter replaced may be another word altogether.
    """
    if len(word) < _MENDED_FROM or not word.isalpha():
        return None
    keys = {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
    roles: dict[str, bool] = {}
    for key in sorted(keys):
        for target in _SLIPS.get(key, ()):
            if OSA.distance(word, target, score_cutoff=1) == 1:
                role = role_for(PHRASES[target], reads)
                if role in _MENDED:
                    safe = len(word) != len(target) or sorted(word) == sorted(target)
                    roles[role] = roles.get(role, False) or safe
    return next(iter(roles.items())) if len(roles) == 1 else None


def cover(words: list[str], found: list[tuple[Match, ...]], form: str) -> list[Piece]:
    """The roles of all tokens, in order, as a reader of `form` takes them."""
    reads, own = READS[form], BIT[form]
    pieces: list[Piece] = []
    at, size = 0, len(words)
    numbered = any(word.isdigit() for word in words)
    while at < size:
        piece = None
        for match in found[at]:
            role = role_for(match, reads)
            if role is not None and (role != "phone" or numbered):  # "no." before no number is a no
                mine = False
                for mask, _ in match.roles:
                    if mask & own:
                        mine = True
                        break
                piece = Piece(role, at, at + match.size, own=mine)
                break
        if piece is None:
            role, doubt = _unknown(words[at], reads)
            piece = Piece(role, at, at + 1, doubt=doubt)
        if piece.role == "num" and pieces and pieces[-1].role == "later":
            pieces[-1] = Piece("after", pieces[-1].start, pieces[-1].end, own=pieces[-1].own)  # "later" than that hour
        elif piece.role == "later" and pieces and pieces[-1].role == "num":
            piece = Piece("after", piece.start, piece.end, own=piece.own)  # 6'dan sonra
        pieces.append(piece)
        at = piece.end
    return pieces


@lru_cache(maxsize=24_576)  # the same words come again, and each is looked at by several forms
def _unknown(word: str, reads: tuple[int, ...]) -> tuple[str, bool]:
    """(role, is it in doubt) of a word that begins no phrase."""
    mark = _MARKS.get(word)
    if mark:
        return mark, False
    if _DIGITS.fullmatch(word):
        return "num", False
    if not is_word(word):
        return "emoji", False
    if len(word) >= _STREET_FROM and word.endswith(_STREETS):
        return "street", False
    mended = mend(word, reads) if word not in SIZES else None
    return ("word", False) if mended is None else (mended[0], not mended[1])
