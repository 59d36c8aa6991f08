"""Alternation patterns, in which lexicon and phrases are written: `(please|kindly|) send (it|my order)`.

`(a|b)` is one of them; an empty alternative, or a `?` after a group or a letter, makes it optional; groups nest. A
bar outside of groups separates whole phrases. Expansion is in a fixed order, so that everything built from the files
is reproducible.
"""

from __future__ import annotations

from collections.abc import Iterator


class BadPattern(ValueError):
    """A group is not closed, or closed twice."""


def expand(pattern: str) -> Iterator[str]:
    """Every phrase that a pattern stands for, spaces squeezed, in the order written. Raises BadPattern."""
    options, end = _alternatives(pattern, 0)
    if end != len(pattern):
        raise BadPattern(pattern)
    for option in options:
        phrase = " ".join(option.split())
        if phrase:
            yield phrase


def _alternatives(pattern: str, at: int) -> tuple[list[str], int]:
    """What stands from `at` to the closing bracket or the end, and where that is."""
    done: list[str] = []
    current = previous = [""]
    while at < len(pattern):
        char = pattern[at]
        if char == "(":
            inner, at = _alternatives(pattern, at + 1)
            if at >= len(pattern):
                raise BadPattern(pattern)
            previous, current = current, [head + tail for head in current for tail in inner]
        elif char == ")":
            break
        elif char == "|":
            done += current
            current = previous = [""]
        elif char == "?":
            current = current + previous
        else:
            previous, current = current, [head + char for head in current]
        at += 1
    return done + current, at


def sections(text: str) -> Iterator[tuple[str, str]]:
    """(section, pattern) for each line of a file of `[section]` heads, patterns and `#` comments."""
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        else:
            yield section, line
