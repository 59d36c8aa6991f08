"""Two witnesses of a decision: a word of the lexicon, and the classifier that hears the same in the whole message.

The grammar is sure where every word is accounted for. Customers write words that no lexicon has ("de una, los espero
con la plata lista"); there the classifier must be very sure of the same decision, and nothing may speak against it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from flows.understand.cover import Piece
from flows.understand.grammar import AGREE, FIRM, OPEN, clauses, words_of

#: The words that a decision needs beside the classifier's, and what must not stand beside it.
_WORDS: Final = {"yes": FIRM | {"ok", "nod"}, "cancel": {"cancel"}, "no": {"no"}}
_AGAINST: Final = {
    "yes": OPEN | {"no", "not", "cancel", "num", "discount", "human", "call_me"},
    "cancel": OPEN | {"yes", "send"},
    "no": OPEN | {"yes", "send", "cancel"},
}
_UNKNOWN_MOST: Final = 4
_UNKNOWN_IF_LOUD: Final = 2
#: A longer message may decide as well, but a second witness is not enough for it.
_WORDS_MOST: Final = 11


def bears_out(intent: str, pieces: list[Piece], *, narrow: bool, loud: bool) -> bool:
    """Whether a cover has a word of this decision and nothing that speaks against it: the lexicon's half of two witnesses.

    `narrow`: hardly a word of it may be unknown. `loud`: the other witness is so sure that where the word stands does not matter.
    """
    roles = {piece.role for piece in pieces}
    if loud and intent != "cancel":
        return _says_it(intent, pieces, roles, narrow=narrow)
    said = [piece.role for piece in pieces if not piece.doubt and piece.role in _WORDS[intent]]
    if not said or roles & _AGAINST[intent] or words_of(pieces, "word") > (1 if narrow else _UNKNOWN_MOST):
        return False
    if sum(piece.end - piece.start for piece in pieces if piece.role not in {"sep", "emoji"}) > _WORDS_MOST:
        return False
    if intent == "yes":  # "yes sure, and pigs can fly": what nobody knows stands beside a yes of its own
        first, *others = clauses(pieces)
        return (_agrees(first) or not words_of(first, "word")) and all(map(_mostly_agrees, others))
    if intent == "no":
        return len(said) > 1 or not (roles & AGREE or words_of(pieces, "word"))
    if any({"no", "not"} & {one.role for one in clause} for clause in _with(pieces, "cancel")):
        return False  # "do not cancel", in whatever order a language says it
    return len(said) > 1 or any(role.startswith("reason:") for role in roles) or not _of_something(pieces)


def _says_it(intent: str, pieces: list[Piece], roles: set[str], *, narrow: bool) -> bool:
    """Whether a word of the decision is there, nothing against it, and hardly anything unknown; a "send" alone may be of anything."""
    if roles & _AGAINST[intent] or words_of(pieces, "word") > _UNKNOWN_IF_LOUD:
        return False
    if narrow and intent == "yes":
        return any(_agrees([piece]) for piece in pieces)
    return any(piece.role in _WORDS[intent] and not piece.doubt for piece in pieces)


def _agrees(clause: list[Piece]) -> bool:
    """Whether a clause says yes, or is politeness; a "send" may be about anything."""
    return any(piece.role in {"yes", "affirm", "ok", "thanks", "greeting"} and not piece.doubt for piece in clause)


def _mostly_agrees(clause: list[Piece]) -> bool:
    """Whether a later clause has not more unknown words than words of agreement: "and Santa Claus is surely real" has."""
    agreeing = sum(_agrees([piece]) for piece in clause)
    return words_of(clause, "word") <= agreeing


def _of_something(pieces: list[Piece]) -> bool:
    """Whether an unknown word stands right beside the cancel: an alarm or a flight may be what is cancelled."""
    core = [piece.role for piece in pieces if piece.role not in {"fill", "emoji"}]
    return any({left, right} == {"cancel", "word"} for left, right in pairwise(core))


def _with(pieces: list[Piece], role: str) -> list[list[Piece]]:
    """The clauses that hold a role."""
    return [clause for clause in clauses(pieces) if any(piece.role == role for piece in clause)]
