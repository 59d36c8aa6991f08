"""One Latin form for names written in Latin, Cyrillic, Greek, Arabic, Devanagari or Bengali letters.

The tables aim at comparing, not at beauty: two people who spell one street by ear should land on forms that `skeleton`
makes equal. Letters of other scripts (Chinese, Thai, …) stay as they are and match only themselves. Weak spot: Arabic and
Indic writing leaves vowels out, so names that differ in vowels alone (Hasan, Husain) cannot be told apart there.
"""

import re
import unicodedata
from functools import lru_cache

from flows.matching.countries import codes


def _letters(letters: str, latin: str) -> dict[str, str]:
    return dict(zip(letters, latin.split(), strict=True))


_CYRILLIC = _letters(
    "абвгдежзиклмнопрстуфхцчшщъыьэюяєіґђјљњћџѕәғқңөұүһ",
    (
        "a b v g d e zh z i k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya ye i g dj j lj nj c "
        "dz z a g k n o u u h"
    ),
)
_GREEK = _letters("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f h ps o")
# و and ي are written for long vowels as often as for consonants: taken as vowels.
_ARABIC = _letters(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءپچژگکیہےںٹڈڑ",
    "a b t th j h kh d dh r z s sh s d t z _ gh f k k l m n h u i a h _ p ch zh g k i h i n t d r",
)
# The vowel inside each consonant is not written out: `skeleton` drops vowels anyway.
_DEVANAGARI = _letters(
    "अआइईउऊऋएऐओऔऑकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळािीुूृेैोौॉंँः",
    (
        "a a i i u u ri e ai o au o k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r "
        "l v sh sh s h l a i i u u ri e ai o au o n n h"
    ),
)
_BENGALI = _letters(
    "অআইঈউঊঋএঐওঔকখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহৎািীুূৃেৈোৌংঁঃ",
    (
        "a a i i u u ri e oi o ou k kh g gh ng ch chh j jh n t th d dh n t th d dh n p ph b bh m j r "
        "l sh sh s h t a i i u u ri e oi o ou ng n h"
    ),
)
_LETTERS = str.maketrans(
    {
        **{c: latin.strip("_") for c, latin in (_CYRILLIC | _GREEK | _ARABIC | _DEVANAGARI | _BENGALI).items()},
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ـ": "",
        "ʼ": "",
        "’": "",
        "ʹ": "",
        "“": "",
        "”": "",
        "«": "",
        "»": "",
        "„": "",
    }
)
_SIGNS = str.maketrans(
    {
        "º": "°",
        "ª": "°",
        "˚": "°",
        "№": " no ",
        "–": "-",
        "—": "-",
        "−": "-",
        "‑": "-",
        "،": ",",
        "、": ",",
        "，": ",",
        ";": ",",
        "؛": ",",
        "\n": ",",
        "\r": ",",
        "\t": " ",
        "\u00a0": " ",
    }
)
_ASCII_SIGN = re.compile(r"[;\n\r\t]")  # of those signs, what plain ASCII can hold: nearly always nothing
_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f°]")
_GREEK_PAIRS = tuple(pair.split("=") for pair in sorted(codes("ου=ou μπ=b ντ=nt γκ=gk γγ=ng ει=i οι=i αυ=av ευ=ev")))
_NASAL = re.compile(r"[ंং](?=[पफबभमপফবভম])")  # an m before lips, else an n
_ARTICLE = re.compile(r"(?<![^\W\d_])ال(?=[^\W\d_]{3})")  # written as part of the word
_POSSESSIVE = re.compile(r"['`´’](?=s\b)")
_APOSTROPHE = re.compile(r"['`´’]")  # dell'Orso is two words, St John's is not

ARABIC = codes("AE SA EG MA DZ TN LY JO LB KW QA BH OM IQ SY YE SD PS IR PK AF")
_SLAVIC_LANDS = codes("RU BY UA KZ BG RS MK ME KG UZ TJ MN")
_BENGALI_LANDS = frozenset({"BD"})
_OTHER_LANDS = codes("IN NP LK GR CY GE AM IL")
#: Countries whose street names reach a shop in two scripts, or in Latin letters chosen by ear.
BY_EAR = ARABIC | _SLAVIC_LANDS | _BENGALI_LANDS | _OTHER_LANDS

_HUSHING = re.compile(r"shch|sch|sh|tch|ch|zh|cz|sz")
_BREATHED = re.compile(r"([bdgjkt])h")
_VOWELS = re.compile(r"[aeiouyh]")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=8192)  # towns, regions and streets come again and again
def fold(text: str) -> str:
    """`text` in small Latin letters without accents, digits of any script as 0-9, `º` and `ª` as `°`."""
    if text.isascii():
        small = text.lower() if _ASCII_SIGN.search(text) is None else text.lower().translate(_SIGNS)
    else:
        small = text.translate(_BARE)
        if _OTHER_SCRIPT.search(small):
            small = _in_latin(small)
    return _apart(small) if "'" in small or "`" in small else small


def _in_latin(bare: str) -> str:
    bare = _NASAL.sub("m", _ARTICLE.sub("", bare))
    for pair, latin in _GREEK_PAIRS:
        bare = bare.replace(pair, latin)
    return bare.translate(_LETTERS)


class _Bare(dict[int, str]):
    """Each character as it stays: small, no accents, digits of any script as 0-9, signs alike. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code).translate(_SIGNS)).casefold())
        bare = "".join(
            str(unicodedata.decimal(char)) if char.isdecimal() else char
            for char in small
            if not unicodedata.combining(char)
        ).translate(_SIGNS)
        self[code] = bare
        return bare


_BARE = _Bare()


def _apart(text: str) -> str:
    return _APOSTROPHE.sub(" ", _POSSESSIVE.sub("", text))


@lru_cache(maxsize=8192)
def skeleton(word: str, country: str = "") -> str:
    """The consonants of a folded word as one ear hears them: `Tverskaya`, `Tverskaja` and `Тверская` are all `tvrsk`.

    `country` tells how its people spell: an Arabic j may be a g, a Slavic j is a vowel, a Bengali v is a b. Falls back
    to the word itself where fewer than two consonants are left.
    """
    heard = _HUSHING.sub("S", word).replace("ph", "f")
    heard = _BREATHED.sub(r"\1", heard)
    for letters, sound in (("ck", "k"), ("q", "k"), ("c", "k"), ("x", "ks"), ("ts", "s"), ("tz", "s"), ("z", "s")):
        heard = heard.replace(letters, sound)
    if country in ARABIC:
        heard = heard.replace("j", "g").replace("w", "").replace("v", "")
    elif country in _SLAVIC_LANDS:
        heard = heard.replace("j", "").replace("w", "v")
    elif country in _BENGALI_LANDS:
        heard = heard.replace("v", "b").replace("w", "b").replace("j", "S")
    else:
        heard = heard.replace("w", "v")
    heard = _DOUBLED.sub(r"\1", _VOWELS.sub("", heard))
    return heard if len(heard) >= 2 else word
