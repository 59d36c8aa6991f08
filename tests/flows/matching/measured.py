"""Precision and recall of a matcher over labelled pairs, printed with their intervals."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flows.risk.report import wilson


class Pair(NamedTuple):
    """Two writings, whether a person would call them the same, and why the pair is in the set."""

    a: Any
    b: Any
    same: bool
    why: str


class Measured(NamedTuple):
    pairs: int
    near_misses: int
    precision: float
    recall: float
    wrong: tuple[Pair, ...]


def measured(name: str, pairs: Iterable[Pair], matcher: Callable[[Any, Any], bool]) -> Measured:
    """Runs `matcher` over `pairs` and prints one line: n, precision and recall, each with its Wilson interval."""
    rows = [(pair, matcher(pair.a, pair.b)) for pair in pairs]
    hits = sum(pair.same and said for pair, said in rows)
    said = sum(answer for _, answer in rows)
    same = sum(pair.same for pair, _ in rows)
    figures = [
        f"{part} {hits / of:.3f} (95 %: {wilson(hits, of)[0]:.3f} to {wilson(hits, of)[1]:.3f})"
        for part, of in (("precision", said), ("recall", same))
    ]
    sys.stdout.write(f"\n{name}: n={len(rows)}, {len(rows) - same} of them near-misses; {', '.join(figures)}\n")
    wrong = tuple(pair for pair, answer in rows if answer != pair.same)
    return Measured(len(rows), len(rows) - same, hits / said, hits / same, wrong)
