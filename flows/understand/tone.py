"""Angry, neutral or pleased: for the desk, never for a decision."""

from __future__ import annotations

from flows.understand.lexicon import PHRASES

_SHOUTING_FROM = 12  # letters: a shorter message in capitals is just a keyboard


def tone_of(cleaned: str, words: list[str]) -> str:
    """The tone of a message from its words, emoji, capitals and exclamation marks."""
    angry = pleased = 0
    for word in words:
        match = PHRASES.get(word)
        if match is not None:
            roles = {role for _, role in match.roles}
            angry += "angry" in roles
            pleased += bool(roles & {"pleased", "thanks", "nice"})
    letters = [char for char in cleaned if char.isalpha()]
    shouting = len(letters) >= _SHOUTING_FROM and sum(map(str.isupper, letters)) > 0.8 * len(letters)
    if angry or "???" in cleaned or (shouting and "!!" in cleaned):
        return "angry" if angry >= pleased else "neutral"
    return "pleased" if pleased else "neutral"
