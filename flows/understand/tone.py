"""Angry, neutral or pleased: for the desk, never for a decision."""

from __future__ import annotations

from importlib import resources
from typing import Final

from flows.understand.cover import Piece

#: Letters from which capitals are shouting: a shorter message in capitals is just a keyboard.
_SHOUTING_FROM: Final = 12
_SHOUTING_SHARE: Final = 0.8
_PLEASED_ROLES: Final = frozenset({"thanks", "nice"})
_TONES: Final = dict(
    line.split("\t")
    for line in resources.files(__package__).joinpath("weights", "tones.tsv").read_text("utf-8").splitlines()
)


def tone_of(cleaned: str, words: list[str], pieces: list[Piece]) -> str:
    """The tone of a message from its words, emoji, capitals and exclamation marks; anger outweighs politeness."""
    found = [_TONES[word] for word in words if word in _TONES]
    angry = found.count("angry")
    pleased = found.count("pleased") + sum(piece.role in _PLEASED_ROLES for piece in pieces)
    letters = [char for char in cleaned if char.isalpha()]
    capitals = sum(map(str.isupper, letters))
    shouting = len(letters) >= _SHOUTING_FROM and capitals > _SHOUTING_SHARE * len(letters) and "!!" in cleaned
    if angry or shouting or "???" in cleaned:
        return "angry" if angry + shouting >= pleased else "neutral"
    return "pleased" if pleased else "neutral"
