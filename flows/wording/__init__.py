"""Every sentence a customer reads: catalogues by language, rendered for a channel, previewed, checked. Pure.

A flow names a template and gives values; nothing above this room writes prose.
"""

from flows.money import Money
from flows.wording.catalogue import LANGUAGES, Rank
from flows.wording.checking import Fault, check
from flows.wording.rendered import Button, MissingValue, Rendered, UnknownTemplate
from flows.wording.rendering import (
    Overrides,
    answer_words,
    is_rtl,
    numbered,
    offered,
    render,
    template_names,
    variables,
)
from flows.wording.sample import preview
from flows.wording.values import Moment, Value
from flows.wording.whatsapp import WaTemplate, proactive_templates, wa_template


def languages() -> dict[str, Rank]:
    """Language -> rank; "second" is unreviewed by a native speaker."""
    return {lang: about.rank for lang, about in LANGUAGES.items()}


__all__ = [
    "Button",
    "Fault",
    "MissingValue",
    "Moment",
    "Money",
    "Overrides",
    "Rendered",
    "UnknownTemplate",
    "Value",
    "WaTemplate",
    "answer_words",
    "check",
    "is_rtl",
    "languages",
    "numbered",
    "offered",
    "preview",
    "proactive_templates",
    "render",
    "template_names",
    "variables",
    "wa_template",
]
