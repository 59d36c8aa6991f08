"""In which language we write: what the customer writes, then the order's, then the shop's. It stays until they switch.

One Latin word switches nothing that is settled: "yes" and "ok" are written by people of every language. A word in another
script, or a whole sentence, does.
"""

from __future__ import annotations

import unicodedata

from flows.orders import OrderFields
from flows.turn import Turn
from flows.understand.model import Understood
from flows.wording import languages

#: Languages that are not written in Latin letters, and the script that their own texts are in. Romanised writing of
#: them is told by the words alone. Source: Unicode CLDR likely subtags, read 2026-11.
_SCRIPT_OF = {
    "ar": "ARABIC", "fa": "ARABIC", "ur": "ARABIC", "hi": "DEVANAGARI", "bn": "BENGALI", "ru": "CYRILLIC",
    "uk": "CYRILLIC", "el": "GREEK", "th": "THAI",
}  # fmt: skip
#: Of these, people write in Latin letters, too.
_ROMANISED = frozenset({"ar", "hi", "ur", "bn"})
#: The language shows in the first words.
LOOKED_AT = 400
#: One letter may be a sign; so many are a word.
LETTERS_LEAST = 2
#: Fewer words in Latin letters are no proof of a language against one that is settled.
WORDS_LEAST = 2


def follow(turn: Turn, text: str, got: Understood) -> None:
    """Go on in the language that the customer has written, where that is clear."""
    lang = got.lang
    if not lang or lang == turn.language or lang not in languages():
        if lang == turn.language and got.sure and turn.was.language_from != "customer":
            turn.set(language=lang, language_from="customer")
        return
    script = _script(text)
    if not _fits(lang, script):
        return
    settled = turn.was.language is not None
    if settled and script == "LATIN" and len(text.split()) < WORDS_LEAST:
        return
    if settled and not got.sure and not (script == _SCRIPT_OF.get(lang) and script != "LATIN"):
        return
    turn.set(language=lang, language_from="customer")


def of_an_order(turn: Turn, fields: OrderFields) -> None:
    """A newer order may speak another language, as long as the customer has not chosen one by writing."""
    if fields.language and turn.was.language_from != "customer":
        turn.set(language=fields.language)


def _script(text: str) -> str:
    """The script that the words are in: LATIN, ARABIC, … ; "" where there are no letters.

    A street's or a person's name in Latin letters is written by people of every script, so any other one goes first.
    """
    counts: dict[str, int] = {}
    for char in text[:LOOKED_AT]:
        if char.isalpha():
            name = unicodedata.name(char, "").partition(" ")[0]
            counts[name] = counts.get(name, 0) + 1
    others = {name: n for name, n in counts.items() if name != "LATIN" and n >= LETTERS_LEAST} or counts
    return max(others, key=lambda name: others[name]) if others else ""


def _fits(lang: str, script: str) -> bool:
    """Whether words in this script can be that language."""
    own = _SCRIPT_OF.get(lang, "LATIN")
    return script == own or (script == "LATIN" and lang in _ROMANISED)
