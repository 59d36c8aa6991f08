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


def source_entries(form: str) -> dict[Words, str]:
    """Every phrase of one form's file with its role; the first role that a phrase gets holds."""
    seen: dict[Words, str] = {}
    for role, pattern in sections((HOME / "lexicon" / f"{form}.txt").read_text("utf-8")):
        for phrase in expand(pattern):
            words = tuple(tokens(fold(phrase)))
            if words:
                seen.setdefault(words, role)
    return seen


def without_filler(entries: dict[Words, str], borrowed: dict[Words, str]) -> dict[Words, str]:
    """The entries that are not filler, their own or borrowed, beside a shorter entry of the same role."""
    fill = {words for words, role in (borrowed | entries).items() if role == "fill"}
    longest = max((len(words) for words in fill), default=0)

    def redundant(words: Words, role: str) -> bool:
        for cut in range(1, len(words)):
            if entries.get(words[:cut]) == role and entries.get(words[cut:]) == role:
                return True
        for size in range(1, min(longest, len(words) - 1) + 1):
            if words[:size] in fill and entries.get(words[size:]) == role:
                return True
            if words[-size:] in fill and entries.get(words[:-size]) == role:
                return True
        return False

    return {words: role for words, role in entries.items() if not redundant(words, role)}


def compiled(forms: tuple[str, ...]) -> str:
    """The text of weights/lexicon.tsv: `words<TAB>forms,role[,forms,role]`, sorted, forms as bits in hex."""
    table: dict[Words, dict[str, int]] = {}
    english = source_entries("en")
    for place, form in enumerate(forms):
        for words, role in without_filler(source_entries(form), english).items():
            roles = table.setdefault(words, {})
            roles[role] = roles.get(role, 0) | 1 << place
    lines = []
    for words in sorted(table):
        roles = table[words]
        written = ",".join(f"{mask:x},{role}" for role, mask in sorted(roles.items()))
        lines.append(f"{' '.join(words)}\t{written}")
    return "\n".join(lines) + "\n"
