"""The texts by language: one module with one dict TEXTS for each, loaded when first needed.

To mend a text, change its line; to add a language, copy en.py, translate, and add a line to LANGUAGES. `run.py check` and
`make test` say what is missing, too long or dangerous.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Literal

from msgspec import Struct

Rank = Literal["first", "second"]


class Language(Struct, frozen=True):
    """`gsm`: customarily texted in letters that GSM-7 has (accents left off where need be), so one segment is the bound.
    `accents`: as SMS, letters keep the accents that GSM-7 has.
    `latin`: the module with the same language in Latin letters. `locale`: whose numbers and dates CLDR should give."""

    rank: Rank
    gsm: bool = True
    accents: bool = True
    rtl: bool = False
    latin: str | None = None
    locale: str | None = None


#: First rank: where cash on delivery lives. Second rank: unreviewed by a native speaker, and `check` says so.
LANGUAGES: dict[str, Language] = {
    "en": Language("first"),
    "ar": Language("first", gsm=False, rtl=True),
    "fr": Language("first"),
    "hi": Language("first", gsm=False, latin="hi_latn"),
    "ur": Language("first", gsm=False, rtl=True, latin="ur_latn"),
    "bn": Language("first", gsm=False, latin="bn_latn"),
    "es": Language("first"),
    "pt": Language("first"),
    "id": Language("first"),
    "tr": Language("first"),
    "ru": Language("first", gsm=False),
    "it": Language("second"),
    "de": Language("second"),
    "nl": Language("second"),
    "pl": Language("second"),
    "ro": Language("second"),
    "el": Language("second", gsm=False),
    "uk": Language("second", gsm=False),
    "fa": Language("second", gsm=False, rtl=True),
    "ms": Language("second"),
    "vi": Language("second", accents=False),
    "th": Language("second", gsm=False),
    "fil": Language("second"),
    "sw": Language("second"),
}

#: The three that many people text in Latin letters; a setting of the shop (script: latin) chooses them.
LATIN: dict[str, Language] = {
    "hi_latn": Language("first", locale="en_IN"),
    "ur_latn": Language("first", locale="en_PK"),
    "bn_latn": Language("first", locale="en_BD"),
}

#: Other tags under which the same language arrives. Source: CLDR supplemental aliases, read 2026-11.
_ALIASES = {"tl": "fil", "in": "id", "iw": "he", "mo": "ro", "no": "nb"}

#: Not prose: the shop's or a colleague's own words, passed on as they are, in any language.
_SAME_EVERYWHERE = {"faq_answer": "{answer}", "staff_message": "{text}"}


class Catalogue(Struct, frozen=True):
    """One language's texts. `name` is the module ("hi_latn"), `lang` the language a customer has ("hi")."""

    name: str
    lang: str
    about: Language
    texts: dict[str, str]

    def locale_tag(self, asked: str) -> str:
        """Whose numbers and dates go into these texts: those of the region asked for, if it speaks this language."""
        if self.about.locale:
            return self.about.locale
        return asked if asked.replace("_", "-").lower().split("-")[0] == self.lang else self.lang


@lru_cache(maxsize=64)
def load(name: str) -> Catalogue:
    """The catalogue module of that name. Raises KeyError for one that is not listed."""
    about = LANGUAGES.get(name) or LATIN[name]
    texts: dict[str, str] = importlib.import_module(f"{__name__}.{name}").TEXTS
    return Catalogue(name, name.partition("_")[0], about, _SAME_EVERYWHERE | texts)


@lru_cache(maxsize=1024)
def find(lang: str, script: str | None) -> Catalogue:
    """The catalogue for a customer's language tag ("es-MX", "hi_Latn", "tl"): its base language, else English."""
    parts = lang.replace("_", "-").lower().split("-")
    base = _ALIASES.get(parts[0], parts[0])
    about = LANGUAGES.get(base)
    if about is None:
        return load("en")
    if about.latin and (script == "latin" or "latn" in parts):
        return load(about.latin)
    return load(base)
