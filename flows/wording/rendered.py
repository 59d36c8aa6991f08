"""A text as it leaves, where it came from, and what keeps it from being made (flows/wording/rendering.py)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from flows.wording import sms
from flows.wording.catalogue import Catalogue
from flows.wording.spec import Spec


class MissingValue(KeyError):
    """The text needs a value that was not given; `args[0]` is its name."""


class UnknownTemplate(KeyError):
    """There is no such template for that channel."""


class Button(Struct, frozen=True):
    """`verb` is what a press means, `title` what the customer reads."""

    verb: str
    title: str


class Rendered(Struct, frozen=True):
    """What leaves: `lang` is the language it is really in, `subject` is for e-mail alone, `segments` what it costs as SMS."""

    text: str
    lang: str
    subject: str | None
    buttons: tuple[Button, ...]
    encoding: sms.Encoding
    segments: int


class Source(Struct, frozen=True):
    """Where a text comes from: the template's spec, its language, the shop's own texts for it."""

    spec: Spec
    catalogue: Catalogue
    own: Mapping[str, str]

    def text(self, key: str) -> str:
        """The shop's text for this key, else ours. Raises KeyError."""
        return self.own[key] if key in self.own else self.catalogue.texts[key]

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.own or key in self.catalogue.texts
