"""What staff and owners read, by key and language. To mend a text, change its line; to add a language, copy en.py and translate.

The notation is that of flows/wording/pattern.py: {name} a value, [ … ] left out when a value in it is missing, plural forms.
Texts hold no markup; bot/composing.py puts it around them. A value called `text` is what somebody wrote: it never stands in a
sentence, it is quoted beneath it.
"""

from __future__ import annotations

from bot.texts import ar, en, es, fr, hi, pt, ru

CATALOGUES: dict[str, dict[str, str]] = {
    "en": en.TEXTS,
    "ar": ar.TEXTS,
    "es": es.TEXTS,
    "fr": fr.TEXTS,
    "hi": hi.TEXTS,
    "pt": pt.TEXTS,
    "ru": ru.TEXTS,
}

#: Written from right to left: values from outside are isolated, so that they do not turn the line around.
RIGHT_TO_LEFT = frozenset({"ar"})


def language_of(*wished: str) -> str:
    """The first language tag of `wished` that there are texts for ("pt-BR" is read as Portuguese), else English."""
    for tag in wished:
        language = tag.replace("_", "-").split("-")[0].lower()
        if language in CATALOGUES:
            return language
    return "en"


def find(key: str, language: str) -> str | None:
    """The text of a key, in English where the language lacks it; None for a key that nobody wrote."""
    text = CATALOGUES[language].get(key)
    return text if text is not None else CATALOGUES["en"].get(key)
