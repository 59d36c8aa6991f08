"""Which language a message is written in: what the customer writes wins, hints settle what two languages share."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flows.understand.classify import form_of
from flows.understand.lexicon import forms_of

#: Countries where romanised Hindustani is Urdu to the one who writes it.
_URDU_COUNTRIES: Final = frozenset({"PK"})
_SURE_FROM: Final = 0.5


@lru_cache(maxsize=512)
def hinted_forms(lang: str | None, country: str | None) -> tuple[str, ...]:
    """The language forms that the order's language, or else its country, makes likely."""
    if lang:
        return forms_of(lang)
    return forms_of(_COUNTRY_LANGUAGE.get((country or "").upper(), ""))


def language_of(words: list[str], covering: tuple[str, ...], hints: tuple[str, ...], country: str | None) -> str | None:
    """ISO 639 code of the language written; None where the words belong to several and no hint is one of them.

    `covering`: the forms whose own words make up the whole message.
    """
    languages = tuple(dict.fromkeys(form.split("_")[0] for form in covering))
    if len(languages) == 1:
        return languages[0]
    hinted = hints[0].split("_")[0] if hints else None
    if languages:
        return hinted if hinted in languages else None
    form, confidence = form_of(words)
    if form is None:
        return None
    guess = form.split("_")[0]
    if form in {"hi_latn", "ur_latn"}:
        if hinted in {"hi", "ur"}:
            return hinted
        return "ur" if (country or "").upper() in _URDU_COUNTRIES else guess
    if confidence >= _SURE_FROM:
        return guess
    return hinted if hinted else None


#: The language in which a shop of the country would first be answered; only breaks ties between word lists.
_COUNTRY_LANGUAGE: Final[dict[str, str]] = {
    **dict.fromkeys("US GB IE AU NZ CA ZA NG GH SG".split(), "en"),
    **dict.fromkeys("MA DZ TN LY EG SD SA AE QA KW BH OM YE JO LB SY IQ PS".split(), "ar"),
    **dict.fromkeys("FR SN CI CM BJ TG ML BF GA CD".split(), "fr"),
    **dict.fromkeys("ES MX CO PE CL AR EC GT DO BO PY UY CR PA VE HN SV NI".split(), "es"),
    **dict.fromkeys("BR PT AO MZ".split(), "pt"),
    **dict.fromkeys("DE AT CH".split(), "de"),
    **dict.fromkeys("RU BY KZ KG".split(), "ru"),
    **dict.fromkeys("KE TZ UG".split(), "sw"),
    **dict.fromkeys("RO MD".split(), "ro"),
    **dict.fromkeys("GR CY".split(), "el"),
    "IN": "hi",
    "PK": "ur",
    "BD": "bn",
    "ID": "id",
    "TR": "tr",
    "IT": "it",
    "NL": "nl",
    "PL": "pl",
    "UA": "uk",
    "IR": "fa",
    "MY": "ms",
    "VN": "vi",
    "TH": "th",
    "PH": "fil",
}
