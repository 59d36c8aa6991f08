"""A template, a channel, a language and values -> the text that leaves. One road for every channel:

catalogue or the shop's own text -> pattern -> values in the customer's form -> direction marks -> the channel's frame.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flows.money import Money
from flows.wording import sms
from flows.wording.catalogue import find
from flows.wording.pattern import fill, mentioned, parse, required
from flows.wording.rendered import Button, MissingValue, Rendered, Source, UnknownTemplate
from flows.wording.spec import SPECS, WORDS
from flows.wording.values import Moment, Value, cleaned, hours_text, moment_text, money_text, person_name, plural_of

#: Language -> (template or template.channel -> text): what a shop writes instead of ours.
Overrides = Mapping[str, Mapping[str, str]]
NO_OVERRIDES: Overrides = MappingProxyType({})

_LRM = "\u200e"  # what comes is left to right, though it begins with a number or a sign
_RLM = "\u200f"  # the text goes on from right to left; also opens one that begins with a Latin name
_FSI, _PDI = "\u2068", "\u2069"  # first-strong isolate: the value finds its own direction and leaves the text's alone


def source_of(template: str, channel: str, lang: str, overrides: Overrides, script: str | None) -> Source:
    """Raises UnknownTemplate for a name or a channel that is not in SPECS."""
    spec = SPECS.get(template)
    if spec is None or channel not in spec.channels:
        raise UnknownTemplate(f"{template} on {channel}")
    catalogue = find(lang, script)
    own: dict[str, str] = {}
    for tag in (catalogue.lang, catalogue.name, lang):
        own |= overrides.get(tag, {})
    return Source(spec, catalogue, own)


def body_of(source: Source, template: str, channel: str) -> str:
    """The pattern for this channel: the one written for it alone, else the common one. Raises UnknownTemplate."""
    for key in (f"{template}.{channel}", template):
        if source.has(key):
            return source.text(key)
    raise UnknownTemplate(template)


def render(
    template: str,
    channel: str,
    lang: str,
    values: Mapping[str, Value],
    *,
    overrides: Overrides = NO_OVERRIDES,
    script: str | None = None,
) -> Rendered:
    """The text as it leaves, in `lang`, else its base language, else English. Raises MissingValue, UnknownTemplate."""
    source = source_of(template, channel, lang, overrides, script)
    words = {word: source.text(f"word_{word}") for word in WORDS}
    shown = words | {name: _shown(name, value, channel, lang, source) for name, value in values.items()}
    counts = {name: value for name, value in values.items() if isinstance(value, int)}
    pattern = body_of(source, template, channel)
    subject = None
    text = (_fitting if channel == "sms" else _filled)(pattern, shown, counts, source)
    if channel == "email":
        subject = " ".join(_filled(_subject_of(source, template), shown, counts, source).split())
        greeting = "" if source.spec.greets else _filled(source.text("email_greeting"), shown, counts, source)
        text = "\n\n".join(part for part in (greeting, text, shown["shop"]) if part)
    verbs = source.spec.buttons if channel == "whatsapp" else ()
    buttons = tuple([Button(verb, source.text(f"button_{verb}")) for verb in verbs])
    return Rendered(text, source.catalogue.lang, subject, buttons, sms.encoding(text), sms.segments(text))


def _subject_of(source: Source, template: str) -> str:
    return source.text(f"{template}.subject" if source.has(f"{template}.subject") else "subject")


def _filled(pattern: str, shown: Mapping[str, str], counts: Mapping[str, int], source: Source) -> str:
    tag = source.catalogue.lang

    def plural(name: str) -> str:
        return plural_of(counts[name], tag) if name in counts else "other"

    for name in required(pattern):
        if not shown.get(name):
            raise MissingValue(name)
    text = fill(parse(pattern), shown, plural).strip()
    return _RLM + text if source.catalogue.about.rtl and _direction(text) == "L" else text


def _fitting(pattern: str, shown: Mapping[str, str], counts: Mapping[str, int], source: Source) -> str:
    """As SMS: plain letters where the language is texted so, and no customer's name when the name costs a segment (it is a
    courtesy, and one in another script would double the price of the text)."""
    text = _spelled(_filled(pattern, shown, counts, source), source)
    if shown.get("name") and sms.segments(text) > 1:
        nameless = _spelled(_filled(pattern, {**shown, "name": ""}, counts, source), source)
        if sms.segments(nameless) < sms.segments(text):
            return nameless
    return text


def _spelled(text: str, source: Source) -> str:
    about = source.catalogue.about
    return sms.plain(text, accents=about.accents) if about.gsm else text


def _shown(name: str, value: Value, channel: str, lang: str, source: Source) -> str:
    about = source.catalogue.about
    tag = source.catalogue.locale_tag(lang)
    if isinstance(value, Money):
        text = money_text(value, tag, channel == "sms")
    elif isinstance(value, Moment):
        text = moment_text(value, tag)
    elif isinstance(value, int):
        text = str(value)
    elif name == "name":
        text = person_name(value)
    elif name == "hours":
        text = hours_text(cleaned(name, value), tag)
    else:
        text = cleaned(name, value)
    return _directed(text, about.rtl, channel) if text else ""


def _directed(text: str, rtl: bool, channel: str) -> str:
    """Keeps a value readable in a text of the other direction. Isolates where every screen knows them; in SMS, where old
    phones draw them as boxes, a mark before and after, and only in right-to-left texts (GSM-7 has no such character).
    A link gets no mark behind it: some phones would take the mark into the address."""
    link = text.startswith(("https://", "http://"))
    if rtl == (_direction(text) == "R") or "\n" in text or link:
        return text
    if channel != "sms":
        return f"{_FSI}{text}{_PDI}"
    if not rtl:
        return text
    return f"{'' if text[0].isalpha() else _LRM}{text}{_RLM}"


def _direction(text: str) -> str:
    """Of the first strong character outside isolates, as Unicode's rules P2 and P3 find it; numbers and signs alone count as
    left to right, since that is how they are read."""
    if text.isascii():
        return "L"
    isolated = 0
    for char in text:
        isolated += (char == _FSI) - (char == _PDI)
        kind = "" if isolated else unicodedata.bidirectional(char)
        if kind in ("R", "AL"):
            return "R"
        if kind == "L":
            return "L"
    return "L"


def variables(
    template: str, channel: str, lang: str, overrides: Overrides = NO_OVERRIDES, script: str | None = None
) -> tuple[str, ...]:
    """The values without which this text cannot be rendered, in order of appearance. Raises UnknownTemplate."""
    source = source_of(template, channel, lang, overrides, script)
    patterns = [body_of(source, template, channel)]
    if channel == "email":
        patterns = [_subject_of(source, template), *patterns, "{shop}"]
    names = (name for pattern in patterns for name in required(pattern))
    return tuple(name for name in dict.fromkeys(names) if name not in WORDS)


def offered(
    template: str, channel: str, lang: str, overrides: Overrides = NO_OVERRIDES, script: str | None = None
) -> tuple[str, ...]:
    """The answer words that the text offers, as written there (("YES", "CANCEL")): compare them with the sender's opt-out list."""
    source = source_of(template, channel, lang, overrides, script)
    names = mentioned(parse(body_of(source, template, channel)))
    return tuple(dict.fromkeys(source.text(f"word_{name}") for name in names if name in WORDS))


def answer_words(lang: str, overrides: Overrides = NO_OVERRIDES, script: str | None = None) -> tuple[str, str, str]:
    """The words for yes, change and cancel in this language, in this order: what understanding must take for an answer."""
    source = source_of("confirm_words", "sms", lang, overrides, script)
    return source.text("word_yes"), source.text("word_change"), source.text("word_cancel")


def numbered(orders: Iterable[tuple[str, Money]], lang: str, script: str | None = None) -> str:
    """The value `list` of which_order: one line for each (order, total), numbered from 1."""
    tag = find(lang, script).locale_tag(lang)
    return "\n".join(
        f"{n}) {cleaned('order', order)}, {money_text(total, tag, True)}" for n, (order, total) in enumerate(orders, 1)
    )


def is_rtl(lang: str, script: str | None = None) -> bool:
    """Whether the text in this language runs from right to left: what a page and an HTML mail say as dir."""
    return find(lang, script).about.rtl


def template_names() -> tuple[str, ...]:
    """Every template, those of the page too."""
    return tuple(SPECS)
