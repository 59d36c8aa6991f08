"""The words of every language form, loaded once: which phrase plays which role in which language.

A form is a language in one script: `hi` and `hi_latn` are two files, one language. A file lists patterns under
roles (docs in lexicon/en.txt); `python -m bench.train_understand` compiles them all into weights/lexicon.tsv.
Forms borrow words from each other, because people mix: Urdu with English, Maghrebi Arabic with French.
"""

from __future__ import annotations

from importlib import resources
from sys import intern
from typing import Final

from msgspec import Struct

#: Language forms in the order in which ties are settled; second rank after first.
FORMS: Final = (
    *("en", "ar", "ar_latn", "fr", "hi", "hi_latn", "ur", "ur_latn", "bn", "bn_latn", "es", "pt", "id", "tr", "ru"),
    *("it", "de", "nl", "pl", "ro", "el", "uk", "fa", "ms", "vi", "th", "fil", "sw"),
)
#: Forms whose words no native speaker has reviewed yet.
UNREVIEWED: Final = frozenset(FORMS[15:])
#: Whose words a form reads beside its own, nearest first; the others read English beside their own.
_BORROWS: Final = {
    "en": (),
    "ar": ("en", "fr"),
    "ar_latn": ("en", "fr"),
    "hi": ("hi_latn", "en"),
    "hi_latn": ("en",),
    "ur": ("ur_latn", "en"),
    "ur_latn": ("hi_latn", "en"),
    "bn": ("bn_latn", "en"),
    "ru": ("en", "uk"),
    "uk": ("ru", "en"),
    "ms": ("id", "en"),
}
LANGUAGES: Final = tuple(dict.fromkeys(form.split("_")[0] for form in FORMS))
BIT: Final = {form: 1 << place for place, form in enumerate(FORMS)}


#: The roles of one phrase: (forms as bits of BIT, role) pairs.
Roles = tuple[tuple[int, str], ...]


class Match(Struct, frozen=True):
    """A phrase of the lexicon found in a text: how many tokens it covers, and its roles."""

    size: int
    roles: Roles


def _load() -> tuple[dict[str, Match], dict[str, tuple[int, ...]]]:
    """Phrases by their words, joined by spaces; and for each first word the sizes that phrases have, longest first.

    The compiled file has one phrase a line, `words<TAB>forms,role[,forms,role]`, words folded, forms as bits in hex.
    """
    phrases: dict[str, Match] = {}
    sizes: dict[str, set[int]] = {}
    shared: dict[tuple[int, str], Match] = {}
    for line in resources.files(__package__).joinpath("weights", "lexicon.tsv").read_text("utf-8").splitlines():
        phrase, _, written = line.partition("\t")
        first, size = phrase.partition(" ")[0], phrase.count(" ") + 1
        match = shared.get((size, written))
        if match is None:
            fields = written.split(",")
            pairs = zip(fields[::2], fields[1::2], strict=True)
            roles = tuple((int(forms, 16), intern(role)) for forms, role in pairs)
            match = shared[(size, intern(written))] = Match(size, roles)
        phrases[phrase] = match
        sizes.setdefault(first, set()).add(size)
    return phrases, {first: tuple(sorted(found, reverse=True)) for first, found in sizes.items()}


#: Form -> the bits of its own and of the forms it borrows from, nearest first.
READS: Final[dict[str, tuple[int, ...]]] = {
    form: (BIT[form], *(BIT[name] for name in _BORROWS.get(form, ("en",)))) for form in FORMS
}
PHRASES, SIZES = _load()


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
