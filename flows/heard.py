"""Somebody's words, kept as long as the people of the shop can read them in one message; what is cut off is said, never silent."""

from __future__ import annotations

#: Characters of one message's words under its card, in the owner's chat and in the journal: with what stands around them they fit
#: a message of Telegram (4096). Longer ones are letters; the few there are end with how much is missing.
WHOLE_MOST = 3000
#: A card shows the customer's last words, so many of them and so much of each: the whole stands under it.
SAID_KEPT = 5
SAID_MOST = 400


def whole(words: str) -> str:
    """All of it; of a very long text the beginning, and how many characters are missing."""
    words = words.strip()
    missing = len(words) - WHOLE_MOST
    return words if missing <= 0 else f"{words[:WHOLE_MOST]}… [+{missing}]"


def glimpse(words: str) -> str:
    """As much as a card or a list can show, with a sign where it goes on."""
    words = words.strip()
    return words if len(words) <= SAID_MOST else f"{words[: SAID_MOST - 1].rstrip()}…"
