"""What a customer sent without words, named in the reader's language.

The flows keep a mark where no words came (flows/talk.py, media_text): `[audio/ogg]`, `[location 40.41650, -3.70256]`, `[empty]`.
"""

from __future__ import annotations

import re

from bot.words import Words
from flows.attachments import family

_FILES = re.compile(r"\[([a-z]+/[^\[\],]+(?:, [a-z]+/[^\[\],]+)*)\]")
_PLACE = re.compile(r"\[location (-?[\d.]+, -?[\d.]+)\]")


def named(text: str, words: Words) -> str:
    """The customer's own words as they are; a mark as what it stands for."""
    if files := _FILES.fullmatch(text):
        return ", ".join(words.say(f"file.{family(kind)}") for kind in files[1].split(", "))
    if place := _PLACE.fullmatch(text):
        return words.say("file.place", {"at": place[1]})
    return words.say("file.empty") if text == "[empty]" else text
