"""From a wish to a message: the effect's template and values become the text that leaves."""

from __future__ import annotations

import re

from engine.ports import Message, Template
from flows.effects import Say, Value
from flows.money import Money
from flows.policy import Policy
from flows.wording import Moment, render, wa_template
from flows.wording.values import hours_text, moment_text, money_text

#: Where a template holds its first, second … value.
_NUMBERED = re.compile(r"\{\{(\d+)\}\}")


def message(say: Say, effect_id: str, conversation: str, policy: Policy, link: str) -> tuple[Message, int]:
    """The message and its cost on the lane (SMS: segments, else 1). `link` is the page's address, "" where none is wanted.

    Raises MissingValue or UnknownTemplate (flows.wording) for an effect that no text fits: a bug of ours.
    """
    values: dict[str, Value] = dict(say.values)
    if link:
        values["link"] = link
    rendered = render(say.template, say.channel, say.lang, values, overrides=policy.overrides, script=policy.script)
    titles = {b.verb: b.title for b in rendered.buttons} | dict(zip(say.buttons, say.titles, strict=False))
    buttons = tuple((f"{verb}:{say.seq}:{say.version}", titles[verb]) for verb in say.buttons if verb in titles)
    template = None
    if say.channel == "whatsapp" and (not say.session or (buttons and (say.template, say.lang) in policy.wa_templates)):
        approved = wa_template(say.template, say.lang, overrides=policy.overrides, script=policy.script)
        shown = tuple(_plain(values[name], approved.language) for name in approved.variables)
        template = Template(say.template, say.lang, shown)
        buttons = tuple((f"{verb}:{say.seq}:{say.version}", title) for verb, title in approved.buttons)
    return (
        Message(
            effect_id=effect_id,
            conversation=conversation,
            shop=policy.shop,
            channel=say.channel,
            to=say.to,
            sender=say.sender,
            text=rendered.text,
            lang=rendered.lang,
            order_id=say.order_id,
            subject=rendered.subject or "",
            buttons=buttons,
            template=template,
            session=say.session,
            bound=(say.seq, say.version),
        ),
        rendered.segments if say.channel == "sms" else 1,
    )


def as_listed(message: Message, policy: Policy) -> str:
    """The text as the provider's list shows it: an approved template's own words where one was sent."""
    if message.template is None:
        return message.text
    sent = message.template
    approved = wa_template(sent.name, sent.lang, overrides=policy.overrides, script=policy.script)
    return _NUMBERED.sub(lambda slot: sent.variables[int(slot[1]) - 1], approved.body)


def _plain(value: Value, lang: str) -> str:
    if isinstance(value, Money):
        return money_text(value, lang, False)
    if isinstance(value, Moment):
        return moment_text(value, lang)
    return hours_text(str(value), lang) if isinstance(value, str) else str(value)
