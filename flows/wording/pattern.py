"""The small notation of catalogue texts: `{name}` a value, `[ ... ]` a part that is left out when a value in it is missing,
`{count, plural, one {# order} other {# orders}}` the plural form of the language (ICU's notation, CLDR's categories).

Values are never read as notation: a customer named "{total}" is greeted as "{total}".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from flows.wording.notation import BadPattern, Node, Optional, Plural, Var

_TOKEN = re.compile(
    r"\{(?P<plural>[a-z_]+), plural,\s*|\{(?P<var>[a-z_]+)\}|(?P<open>\[)|(?P<close>[\]}])|(?P<text>[^\[\]{}]+)"
)
_FORM = re.compile(r"\s*(zero|one|two|few|many|other) \{")


@lru_cache(maxsize=8192)
def parse(source: str) -> tuple[Node, ...]:
    """The text as parts. Raises BadPattern."""
    parts, at = _parts(source, 0, "")
    if at != len(source):
        raise BadPattern(f"stray {source[at]!r} at character {at + 1}")
    return parts


def _parts(source: str, at: int, closer: str) -> tuple[tuple[Node, ...], int]:
    parts: list[Node] = []
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            raise BadPattern(f"cannot read {source[at : at + 12]!r} at character {at + 1}")
        if token["close"]:
            if token["close"] != closer:
                raise BadPattern(f"stray {token['close']!r} at character {at + 1}")
            return tuple(parts), at
        at = token.end()
        if token["text"] is not None:
            parts.append(token["text"])
        elif token["var"]:
            parts.append(Var(token["var"]))
        elif token["open"]:
            inner, at = _closed(source, at, "]")
            parts.append(Optional(inner, tuple(mentioned(inner))))
        else:
            forms, at = _forms(source, at)
            parts.append(Plural(token["plural"], forms))
    return tuple(parts), at


def _closed(source: str, at: int, closer: str) -> tuple[tuple[Node, ...], int]:
    inner, at = _parts(source, at, closer)
    if at >= len(source):
        raise BadPattern(f"no {closer!r} at the end")
    return inner, at + 1


def _forms(source: str, at: int) -> tuple[dict[str, tuple[Node, ...]], int]:
    forms: dict[str, tuple[Node, ...]] = {}
    while form := _FORM.match(source, at):
        forms[form[1]], at = _closed(source, form.end(), "}")
    if "other" not in forms or not source.startswith("}", at):
        raise BadPattern(f"a plural needs the form `other` and a closing brace, near character {at + 1}")
    return forms, at + 1


@lru_cache(maxsize=8192)
def required(source: str) -> tuple[str, ...]:
    """Names of the values without which the text cannot stand, in order of appearance. Raises BadPattern."""
    return tuple(dict.fromkeys(_required(parse(source))))


def _required(parts: tuple[Node, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Var):
            yield part.name
        elif isinstance(part, Plural):
            yield part.name
            yield from _required(part.forms["other"])


def mentioned(parts: tuple[Node, ...]) -> Iterator[str]:
    """Every name in the text, those of optional parts too."""
    for part in parts:
        if isinstance(part, Var):
            yield part.name
        elif isinstance(part, Optional):
            yield from part.names
        elif isinstance(part, Plural):
            yield part.name
            for form in part.forms.values():
                yield from mentioned(form)


def fill(parts: tuple[Node, ...], values: Mapping[str, str], plural: Callable[[str], str]) -> str:
    """The text with its values. `plural` gives the CLDR category for the count of that name. Raises KeyError with the name of
    a missing value."""
    out: list[str] = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
        elif isinstance(part, Var):
            out.append(values[part.name])
        elif isinstance(part, Optional):
            if all(map(values.get, part.names)):
                out.append(fill(part.parts, values, plural))
        else:
            form = part.forms.get(plural(part.name), part.forms["other"])
            out.append(fill(form, values, plural).replace("#", values[part.name]))
    return "".join(out)
