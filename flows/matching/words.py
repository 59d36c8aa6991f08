"""The words of addresses by language, from the shipped tables in flows/matching/words/.

A table line reads `class concept: writing, writing, …`. Classes:

    street   a kind of street; the concept is shared by languages (calle, rue and شارع are all `street`)
    suffix   the same, grown onto the name (Goethestraße)
    unit     the label before (or after) the number of a flat, floor, stair, block, plot or box
    fixed    a unit that needs no number (ground floor, links, dcha)
    number   the label before the house number;  none = "without number"
    area     a numbered part of a town that belongs to the street (sector, phase)
    title    a word written many ways inside names (St, Gral., Dr.);  name = the same, complete by itself (Gran Vía)
    ordinal  a number in words;  dir = a compass point;  month = makes a date of the number before it
    near     begins a landmark, which says nothing about the door;  drop = says nothing at all
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from flows.matching.countries import rules_of
from flows.matching.scripts import fold
from flows.matching.tokens import tokens

#: No writing in the tables is longer, so no longer run of words is looked up.
LONGEST = 5


class Word(NamedTuple):
    """What a writing means in an address. `value` is only filled for fixed units."""

    kind: str
    concept: str
    value: str = ""


class Words(NamedTuple):
    """The words of one country: by the tokens they are written with, and the endings of compounds."""

    by_writing: Mapping[tuple[str, ...], tuple[Word, ...]]
    suffixes: tuple[tuple[str, str], ...]  # (ending, concept), longest first
    starts: frozenset[str]  # first tokens of writings of several tokens


def _table(name: str) -> tuple[tuple[Word, tuple[str, ...]], ...]:
    text = resources.files("flows.matching").joinpath(f"words/{name}.txt").read_text("utf-8")
    rows: list[tuple[Word, tuple[str, ...]]] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head, _, writings = line.partition(":")
        word = Word(*head.split(maxsplit=2))
        for writing in writings.split(","):
            found = tuple(token.text for token in tokens(fold(writing)))
            if found:
                rows.append((word, found))
    return tuple(rows)


_TABLES = {
    path.name.removesuffix(".txt"): _table(path.name.removesuffix(".txt"))
    for path in resources.files("flows.matching").joinpath("words").iterdir()
    if path.name.endswith(".txt")
}


#: Words of names that tell nothing by themselves: half of all streets have one.
TITLES = frozenset(word.concept for table in _TABLES.values() for word, _ in table if word.kind == "title")


@cache
def words_of(country: str) -> Words:
    """The words that are usual in `country`; the country's own languages win over English."""
    by_writing: dict[tuple[str, ...], list[Word]] = {}
    suffixes: dict[str, str] = {}
    for language in (*rules_of(country).languages, "months"):
        for word, writing in _TABLES[language]:
            if word.kind == "suffix":
                suffixes.setdefault("".join(writing), word.concept)
                continue
            meanings = by_writing.setdefault(writing, [])
            if all(known.kind != word.kind for known in meanings):
                meanings.append(word)
    return Words(
        {writing: tuple(meanings) for writing, meanings in by_writing.items()},
        tuple(sorted(suffixes.items(), key=lambda row: -len(row[0]))),
        frozenset(writing[0] for writing in by_writing if len(writing) > 1),
    )
