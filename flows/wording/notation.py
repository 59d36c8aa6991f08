"""What a catalogue's text consists of, once flows/wording/pattern.py has read it."""

from __future__ import annotations

from msgspec import Struct


class BadPattern(ValueError):
    """The text breaks the notation; the message says where."""


class Var(Struct, frozen=True):
    """A value by name."""

    name: str


class Optional(Struct, frozen=True):
    """Left out as a whole when one of its values, `names`, is missing."""

    parts: tuple[Node, ...]
    names: tuple[str, ...]


class Plural(Struct, frozen=True):
    """The form for a count; `#` in a form is the count itself."""

    name: str
    forms: dict[str, tuple[Node, ...]]


Node = str | Var | Optional | Plural
