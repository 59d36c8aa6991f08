"""Compile flows/understand/lexicon/*.txt into the one table that the product loads.

A phrase that is only a shorter phrase of the same role, with filler or with another of that role beside it, is left
out: the grammar puts the two together by itself. The order and the bytes depend on nothing but the files.
"""

from __future__ import annotations

from pathlib import Path

from flows.understand.fold import fold, tokens
from flows.understand.patterns import expand, sections

HOME = Path(__file__).parent.parent / "flows" / "understand"

Words = tuple[str, ...]


#: Roles that a phrase keeps even where an earlier section called it filler or a doubt.
_STRONGER = frozenset({"thanks", "greeting", "stop", "start", "help"})
_WEAKER = frozenset({"fill", "maybe"})


def source_entries(form: str) -> dict[Words, str]:
    """Every phrase of one form's file with its role; the first role that a phrase gets holds."""
    seen: dict[Words, str] = {}
    for role, pattern in sections((HOME / "lexicon" / f"{form}.txt").read_text("utf-8")):
        if role in {"angry", "pleased"}:
            continue  # the tone of a word is beside its role, see tones
        for phrase in expand(pattern):
            words = tuple(tokens(fold(phrase)))
            if words and (words not in seen or (role in _STRONGER and seen[words] in _WEAKER)):
                seen[words] = role
    return seen


def needed(entries: dict[Words, str], borrowed: dict[Words, str]) -> dict[Words, str]:
    """The entries that the grammar cannot put together from shorter ones of the same role and filler.

    Shortest first, each phrase is covered as the product covers a text, longest match first, with what is needed so
    far; one that comes out as its own role and filler alone is left out.
    """
    kept: dict[Words, str] = {}
    for words in sorted(entries, key=lambda words: (len(words), words)):
        role = entries[words]
        roles = _cover(words, kept, borrowed)
        if words in borrowed or role not in roles or not roles <= {role, "fill"}:
            kept[words] = role  # a word that is English too stays this language's own
    return kept


def _cover(words: Words, own: dict[Words, str], borrowed: dict[Words, str]) -> set[str]:
    """The roles of a text's pieces; "?" for a word that is in no phrase."""
    roles: set[str] = set()
    at = 0
    while at < len(words):
        for end in range(len(words), at, -1):
            role = own.get(words[at:end]) or borrowed.get(words[at:end])
            if role:
                break
        else:
            role, end = "?", at + 1
        roles.add(role)
        at = end
    return roles


def compiled(forms: tuple[str, ...]) -> str:
    """The text of weights/lexicon.tsv: `words<TAB>forms,role[,forms,role]`, sorted, forms as bits in hex."""
    table: dict[Words, dict[str, int]] = {}
    english = source_entries("en")
    for place, form in enumerate(forms):
        for words, role in needed(source_entries(form), english if form != "en" else {}).items():
            roles = table.setdefault(words, {})
            roles[role] = roles.get(role, 0) | 1 << place
    lines = []
    for words in sorted(table):
        roles = table[words]
        written = ",".join(f"{mask:x},{role}" for role, mask in sorted(roles.items()))
        lines.append(f"{' '.join(words)}\t{written}")
    return "\n".join(lines) + "\n"


def tones(forms: tuple[str, ...]) -> str:
    """The text of weights/tones.tsv: `word<TAB>angry|pleased`, sorted; a word that some call both is left out."""
    found: dict[str, set[str]] = {}
    for form in forms:
        for role, pattern in sections((HOME / "lexicon" / f"{form}.txt").read_text("utf-8")):
            if role in {"angry", "pleased"}:
                for phrase in expand(pattern):
                    words = tokens(fold(phrase))
                    if len(words) == 1:
                        found.setdefault(words[0], set()).add(role)
    return "".join(f"{word}\t{min(roles)}\n" for word, roles in sorted(found.items()) if len(roles) == 1)
