"""What a text costs as SMS: its encoding, its segments, and its plain spelling for phones' seven-bit alphabet.

GSM-7 carries 160 characters in one segment, UCS-2 only 70, and one foreign letter or curly quote flips the whole text. So
in languages that are customarily texted without accents ("siparisiniz onaylandi") the text is spelled plain before it leaves.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

#: Source: 3GPP TS 23.038 section 6.2.1, read 2026-11. The escape character itself is left out: nobody writes it.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Take two seven-bit places each. Source: as above, section 6.2.1.1.
_EXTENSION = frozenset("^{}\\[~]|€\f")
_GSM = _BASIC | _EXTENSION
#: Whether a whole text is in them: every text that leaves is asked several times, and this takes half the time of a set.
_all_basic = re.compile(f"[{re.escape(''.join(sorted(_BASIC)))}]*").fullmatch
_all_gsm = re.compile(f"[{re.escape(''.join(sorted(_GSM)))}]*").fullmatch

#: Letters and marks that Unicode does not decompose to what people text instead.
_PLAIN = {
    "’": "'", "‘": "'", "‚": "'", "ʼ": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "·": ".", "•": "-", "×": "x",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "ð": "d", "þ": "th", "₹": "Rs", "₺": "TL",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u200b": "", "\u2060": "", "\ufeff": "", "\u00ad": "",
    "\u200e": "", "\u200f": "", "\u2066": "", "\u2067": "", "\u2068": "", "\u2069": "", "\t": " ",
}  # fmt: skip


def encoding(text: str) -> Encoding:
    """GSM-7 where every character is in its two tables, else UCS-2."""
    return "GSM-7" if _all_gsm(text) else "UCS-2"


def segments(text: str) -> int:
    """How many SMS the text is billed as; an empty text is one. No two-place character is split across segments."""
    if _all_basic(text):
        return 1 if len(text) <= 160 else -(-len(text) // 153)
    if encoding(text) == "GSM-7":
        widths = [2 if char in _EXTENSION else 1 for char in text]
        single, part = 160, 153
    else:
        widths = [2 if ord(char) > 0xFFFF else 1 for char in text]
        single, part = 70, 67
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count


@lru_cache(maxsize=8192)
def _plain_char(char: str, accents: bool) -> str:
    if char in _GSM and (accents or not char.isalpha()):
        return char
    if char in _PLAIN:
        return _PLAIN[char]
    bare = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return bare if bare and _GSM.issuperset(bare) else char


def plain(text: str, *, accents: bool = True) -> str:
    """The text in GSM-7's letters ("órdenes" -> "ordenes", curly quotes straight). Where a part cannot be written so (another
    script, an emoji) the text comes back with its accents, since it travels as UCS-2 anyway. `accents=False` drops those
    that GSM-7 has, too: half a word's accents read worse than none in Vietnamese."""
    if accents and _all_gsm(text):
        return text
    spelled = "".join(_plain_char(char, accents) for char in unicodedata.normalize("NFC", text))
    return spelled if _all_gsm(spelled) else text


def unwritable(text: str) -> str:
    """The distinct characters that keep the text out of GSM-7 even when spelled plain, in order of appearance."""
    return "".join(dict.fromkeys(char for char in text if not _GSM.issuperset(_plain_char(char, True))))
