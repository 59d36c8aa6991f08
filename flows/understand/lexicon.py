"""The words of every language form, loaded once: which phrase plays which role in which language.

A form is a language in one script: `hi` and `hi_latn` are two files, one language. A file lists patterns under
roles (docs in lexicon/en.txt). Forms borrow the words of the forms named in their `[with]` section, because
people mix: Urdu with English, Maghrebi Arabic with French.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from msgspec import Struct

from flows.understand.fold import fold, tokens
from flows.understand.patterns import expand, sections

#: Language forms in the order in which ties are settled; second rank after first.
FORMS: Final = (
    *("en", "ar", "ar_latn", "fr", "hi", "hi_latn", "ur", "ur_latn", "bn", "bn_latn", "es", "pt", "id", "tr", "ru"),
    *("it", "de", "nl", "pl", "ro", "el", "uk", "fa", "ms", "vi", "th", "fil", "sw"),
)
#: Forms whose words no native speaker has reviewed yet.
UNREVIEWED: Final = frozenset(FORMS[15:])
LANGUAGES: Final = tuple(dict.fromkeys(form.split("_")[0] for form in FORMS))
BIT: Final = {form: 1 << place for place, form in enumerate(FORMS)}


class Match(Struct, frozen=True):
    """A phrase of the lexicon: its tokens and the role it plays, by language form (bits of BIT)."""

    words: tuple[str, ...]
    roles: tuple[tuple[int, str], ...]


def _entries(form: str) -> list[tuple[tuple[str, ...], str]]:
    """(words, role) of one form's file, in the order written; the first role given to a phrase holds."""
    text = resources.files(__package__).joinpath("lexicon", f"{form}.txt").read_text("utf-8")
    seen: dict[tuple[str, ...], str] = {}
    for role, pattern in sections(text):
        if role == "with":
            continue
        for phrase in expand(pattern):
            words = tuple(tokens(fold(phrase)))
            if words:
                seen.setdefault(words, role)
    return list(seen.items())


def _borrowed(form: str) -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("lexicon", f"{form}.txt").read_text("utf-8")
    names = [name for role, line in sections(text) if role == "with" for name in line.split()]
    return tuple(name for name in names if name in BIT)


def _table() -> tuple[dict[str, tuple[Match, ...]], dict[tuple[str, ...], Match]]:
    """Phrases by their first word, longest first; and by all their words."""
    roles: dict[tuple[str, ...], dict[str, int]] = {}
    for form in FORMS:
        for words, role in _entries(form):
            by_role = roles.setdefault(words, {})
            by_role[role] = by_role.get(role, 0) | BIT[form]
    whole = {
        words: Match(words, tuple((mask, role) for role, mask in by_role.items())) for words, by_role in roles.items()
    }
    by_first: dict[str, list[Match]] = {}
    for words, match in whole.items():
        by_first.setdefault(words[0], []).append(match)
    longest_first = {
        first: tuple(sorted(found, key=lambda match: -len(match.words))) for first, found in by_first.items()
    }
    return longest_first, whole


#: Form -> the bits of its own and of the forms it borrows from, nearest first.
READS: Final[dict[str, tuple[int, ...]]] = {
    form: (BIT[form], *(BIT[name] for name in _borrowed(form) if name != form)) for form in FORMS
}
BY_FIRST, WHOLE = _table()


def role_for(match: Match, reads: tuple[int, ...]) -> str | None:
    """The role that a phrase plays for a form which reads those bits, its own words first. None: not its word."""
    for bit in reads:
        for mask, role in match.roles:
            if mask & bit:
                return role
    return None


def forms_of(lang: str) -> tuple[str, ...]:
    """The forms of a language code: `ur` -> (`ur`, `ur_latn`). Empty for one that we do not know."""
    base = lang.replace("-", "_").split("_")[0].lower()
    base = {"tl": "fil", "in": "id", "ph": "fil"}.get(base, base)
    return tuple(form for form in FORMS if form.split("_")[0] == base)
