"""One spelling for what people type in many: the folding that lexicon, phrases and messages all go through.

Two steps. `clean` keeps the words readable (NFKC, no control or bidi characters, digits of every script as 0-9,
one kind of quote) and is what slots are cut from. `fold` goes on to what is compared: no case, no accents, one
form of the letters that Arabic, Persian and Urdu keyboards write differently, no apostrophes. Both are
idempotent, and `fold(clean(x)) == fold(x)`. Weak spot: folding accents merges a few words of different meaning
(Vietnamese most of all); the lexicon says nothing sure where two meanings meet.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Characters looked at. The longest real answers are a few hundred; 2,000 keeps a 64 kB paste cheap.
MAX_LENGTH: Final = 2000

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Me"})
_FIXED: Final[dict[str, str]] = {
    **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\t\xa0", " "),
    **dict.fromkeys('"“”„‟«»″〝〞「」『』', '"'),
    **dict.fromkeys("'’‘‛ʼ`´′ʻʿʾ", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("؟⸮՞", "?"),
    **dict.fromkeys("،、，", ","),
    **dict.fromkeys("।॥۔。", "."),
    "؛": ";",
    "＞": ">",
}


class _Cleaning(dict[int, str]):
    """`str.translate` table that works a character out when it is first seen; at most one entry per code point."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char in _FIXED:
            out = _FIXED[char]
        elif category == "Nd":
            out = str(unicodedata.digit(char))
        elif category in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
            out = ""  # control, bidi, joiners, variation selectors, skin tones, keycaps: the same text with or without
        elif category in {"Zs", "Zl", "Zp"}:
            out = " "
        else:
            out = char
        self[code] = out
        return out


#: Letters that differ by keyboard or by habit, after decomposition and without marks.
_SAME_LETTER: Final[dict[str, str]] = {
    **dict.fromkeys("'ـ", ""),
    **dict.fromkeys("یى", "ي"),
    "ک": "ك",
    **dict.fromkeys("ہھةۃە", "ه"),
    "ں": "ن",
    "ٱ": "ا",
    "ı": "i",
    "ł": "l",
    "đ": "d",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "ё": "е",
    "ѐ": "е",
    "ँ": "ं",  # chandrabindu and anusvara are typed for each other
    "ঁ": "",
    "़": "",  # nukta
    "়": "",
    "_": " ",
}


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char in _SAME_LETTER:
            out = _SAME_LETTER[char]
        elif unicodedata.category(char) == "Mn" and not 0x0900 <= code <= 0x0E7F:
            out = ""  # accents and vowel points; in the scripts of India and Thailand they are letters
        else:
            out = char
        self[code] = out
        return out


_CLEANING: Final = _Cleaning()
_FOLDING: Final = _Folding()
_SPACES: Final = re.compile(r" {2,}")
_BREAKS: Final = re.compile(r" *\n[ \n]*")

# A word, an emoji or other symbol, or a mark that can change what a sentence says.
_TOKEN: Final = re.compile(
    r"[\w\u0900-\u0dff\u0e00-\u0e7f]+|[?!.,;:\"\n>/+@#%&]|[^\w\s?!.,;:\"\n>/+@#%&\-(){}\[\]*=~^|<\\$]"
)


def clean(text: str) -> str:
    """The readable text: at most MAX_LENGTH characters, one line break between lines, one space between words."""
    text = text[:MAX_LENGTH]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_CLEANING))
    text = text.translate(_CLEANING)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()[:MAX_LENGTH].rstrip()


def fold_clean(text: str) -> str:
    """What is compared, from a text that `clean` gave."""
    if text.isascii():
        folded = text.casefold().replace("'", "").replace("_", " ")
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        folded = unicodedata.normalize("NFKD", decomposed.translate(_FOLDING).casefold()).translate(_FOLDING)
    return _BREAKS.sub("\n", _SPACES.sub(" ", folded)).strip()


def fold(text: str) -> str:
    """What is compared: no case, no accents, no apostrophes, one form of every letter."""
    return fold_clean(clean(text))


def tokens(folded: str) -> list[str]:
    """Words, emoji and the marks that matter (`? ! . , ; : " > / + @ # % &` and line breaks), in their order."""
    return _TOKEN.findall(folded)


def is_word(token: str) -> bool:
    """Whether a token has a letter or a digit (and is no emoji or mark)."""
    return token[0].isalnum() or (token[0] > "\u08ff" and unicodedata.category(token[0])[0] in "LMN")


def scripts(words: list[str]) -> set[str]:
    """The scripts that words are written in, by their first letters: {"LATIN", "ARABIC"}."""
    return {unicodedata.name(word[0], "").partition(" ")[0] for word in words if word[0].isalpha()}
