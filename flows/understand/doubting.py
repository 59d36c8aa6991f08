"""A decision by its words, doubted: the classifier hears another thing in the whole, or the agreement asks back.

The lexicon accounts for words; what they come to together it does not hear. "Oh yes?", "yes, and pigs can fly", "got it,
all right, thanks" are made of the words of a yes. What is doubted is asked again.
"""

from __future__ import annotations

from typing import Final

from flows.understand.classify import doubt_of, intent_of
from flows.understand.cover import Piece
from flows.understand.grammar import AGREE, EMPTY, Reading
from flows.understand.model import DECISIONS, Slots, Understood

#: From here on what the classifier hears instead leaves a decision by words open,
_ANOTHER_FROM: Final = 0.9
#: for words that are none of the order's language already from here on,
_FOREIGN_FROM: Final = 0.3
#: and so does the likelihood that nothing is decided at all; less is enough where what stands beside it is a guess, too.
_DOUBT_MOST: Final = 0.5
_DOUBT_BESIDE_MOST: Final = 0.05
#: Whoever adds these to a yes means the opposite, or sings.
_MOCKING: Final = frozenset("🙃🙄🎶🎵")
_NO_SLOTS: Final = Slots()


def doubted(
    got: Understood, reading: Reading, pieces: list[Piece], words: list[str], hints: tuple[str, ...], prompt: str | None
) -> bool:
    """Whether a sure decision is to be asked again. `pieces`, `words`: the whole message's; `hints`: the order's forms."""
    if not got.sure or got.intent not in DECISIONS or len(words) == 1:
        return False
    if got.intent == "yes" and (mocks(words) or _asks_back(pieces, words, prompt)):
        return True
    if not got.parts and _is_plain(pieces):
        return False
    proved = bool(got.parts) and all(part.slots != _NO_SLOTS for part in got.parts)
    if not proved and doubt_of(words) >= (_DOUBT_BESIDE_MOST if got.parts else _DOUBT_MOST):
        return True
    return _is_another(got, reading, pieces, words, hints)


def mocks(words: list[str]) -> bool:
    """Whether a sign in it turns an agreement round; what is refused or stopped is refused with any sign."""
    return not _MOCKING.isdisjoint(words)


def _is_plain(pieces: list[Piece]) -> bool:
    """Whether a yes is said in so many words, and by nothing else but courtesy: "sí claro", "ja hoor"."""
    roles = {piece.role for piece in pieces}
    return "yes" in roles and roles <= AGREE | EMPTY - {"but"} and not roles & {"thanks", "greeting"}


def _is_another(
    got: Understood, reading: Reading, pieces: list[Piece], words: list[str], hints: tuple[str, ...]
) -> bool:
    """Whether the whole is clearly heard as something else."""
    heard, confidence = intent_of(words)
    foreign = bool(hints) and not any(piece.own for piece in pieces)
    if heard == got.intent or confidence < (_FOREIGN_FROM if foreign else _ANOTHER_FROM):
        return False
    if got.parts and not reading.late:  # it may well be heard as what stands beside the decision
        return False
    if got.intent == "cancel" and not foreign:  # why they cancel is a complaint, a price, a thanks
        return False
    return not (heard == "thanks" and any(piece.role == "yes" for piece in pieces))


def _asks_back(pieces: list[Piece], words: list[str], prompt: str | None) -> bool:
    """Whether the agreement itself is a question ("yes? really?"), or comes with a thanks for what has come already."""
    agreed = False
    for piece in pieces:
        if agreed and words[piece.start] == "?":
            return True
        agreed = piece.role in AGREE or (agreed and piece.role in {"fill", "emoji"})
    roles = {piece.role for piece in pieces}
    return prompt is None and "thanks" in roles and not roles & {"yes", "send"}
