"""What a shop submits to Meta or Twilio for approval, made from the same texts that are said inside the 24 h window.

Source: docs.twilio.com WhatsApp templates, developers.facebook.com message templates, read 2026-10 (limits in checking.py).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from flows.money import Money
from flows.wording.notation import Node, Plural, Var
from flows.wording.pattern import parse
from flows.wording.rendered import UnknownTemplate
from flows.wording.rendering import NO_OVERRIDES, Overrides, body_of, source_of
from flows.wording.sample import SAMPLE
from flows.wording.spec import SPECS, WORDS
from flows.wording.values import money_text


class WaTemplate(Struct, frozen=True):
    """`body` with {{1}}, {{2}} ...; `variables[0]` is the value for {{1}}; `buttons` are quick-reply (verb, title) in order;
    `samples` stand for the variables when Meta reviews. Category UTILITY: the texts hold nothing promotional."""

    name: str
    language: str
    body: str
    variables: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...]
    samples: tuple[str, ...]
    category: str = "UTILITY"


def proactive_templates() -> tuple[str, ...]:
    """The names under content_sids and meta.templates: those that may be said outside the 24 h window."""
    return tuple(name for name, spec in SPECS.items() if spec.proactive)


def wa_template(
    template: str, lang: str, *, overrides: Overrides = NO_OVERRIDES, script: str | None = None
) -> WaTemplate:
    """The submission. Optional parts are left out, since an approved template always shows all its variables.
    Raises UnknownTemplate for one that never opens a conversation."""
    source = source_of(template, "whatsapp", lang, overrides, script)
    if not source.spec.proactive:
        raise UnknownTemplate(f"{template} as an approved WhatsApp template")
    order: list[str] = []
    body = "".join(_piece(part, order, source.text) for part in parse(body_of(source, template, "whatsapp")))
    tag = source.catalogue.locale_tag(lang)
    samples = tuple(_sample(name, tag) for name in order)
    buttons = tuple((verb, source.text(f"button_{verb}")) for verb in source.spec.buttons)
    return WaTemplate(template, source.catalogue.lang, body.strip(), tuple(order), buttons, samples)


def _piece(part: Node, order: list[str], text: Callable[[str], str]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Var):
        if part.name in WORDS:
            return text(f"word_{part.name}")
        if part.name not in order:
            order.append(part.name)
        return f"{{{{{order.index(part.name) + 1}}}}}"
    if isinstance(part, Plural):
        raise UnknownTemplate("a text with plural forms cannot be an approved WhatsApp template")
    return ""


def _sample(name: str, tag: str) -> str:
    value = SAMPLE[name]
    return money_text(value, tag, plain=False) if isinstance(value, Money) else str(value)
