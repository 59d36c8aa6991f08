"""Every fault of the texts that can be seen before a customer does: ours in the tests, the shop's own in `run.py check`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from flows.wording import sms
from flows.wording.catalogue import LANGUAGES, LATIN, Catalogue, find, load
from flows.wording.notation import BadPattern
from flows.wording.pattern import mentioned, parse, required
from flows.wording.rendering import NO_OVERRIDES, Overrides, render
from flows.wording.sample import SAMPLE
from flows.wording.spec import PIECES, SPECS, WORDS, Spec
from flows.wording.whatsapp import proactive_templates, wa_template

#: Source: developers.facebook.com interactive reply buttons and message templates; twilio.com quick-reply, read 2026-10.
MAX_BUTTON, MAX_BODY, MAX_BUTTONS = 20, 1024, 3
MAX_SUBJECT = 90  # what mail programs show of a subject

_CAPITALS = re.compile(r"[^\W\d_]+")

#: May be left out of a text although the flow gives it: who speaks is plain in an answer, which order in a talk about one.
_MAY_LACK = frozenset({"shop", "address"})


class Fault(Struct, frozen=True):
    """`where` is language and template ("es confirm_words"); `kind` "fault" must be mended, "warning" should be known."""

    where: str
    message: str
    kind: Literal["fault", "warning"] = "fault"


def check(
    *,
    overrides: Overrides = NO_OVERRIDES,
    langs: Iterable[str] | None = None,
    opt_out_words: Collection[str] = (),
    script: str | None = None,
) -> list[Fault]:
    """All faults of the texts in these languages (default: all, in both scripts) under a shop's overrides and a sender's
    opt-out words. The words family may offer such a word where its digits twin does not, since the flow then takes the twin."""
    faults = [
        Fault(lang, "no catalogue for this language: texts are in English", "warning")
        for lang in langs or ()
        if find(lang, script).lang == "en" and not lang.lower().startswith("en")
    ]
    names = [find(lang, script).name for lang in langs] if langs is not None else [*LANGUAGES, *LATIN]
    opt_out = frozenset(word.casefold() for word in opt_out_words)
    for name in dict.fromkeys(names):
        catalogue = load(name)
        if catalogue.about.rank == "second":
            faults.append(Fault(name, "unreviewed by a native speaker", "warning"))
        regions = [tag for tag in overrides if find(tag, script).name == name and tag not in (name, catalogue.lang)]
        for tag in (catalogue.lang, *regions):
            faults += _language(_Tongue(catalogue, tag, overrides, opt_out))
    faults += _stray_overrides(overrides)
    return faults


class _Tongue(Struct, frozen=True):
    """One set of texts to be checked: a catalogue with what the shop wrote for the language, and for a region of it."""

    catalogue: Catalogue
    tag: str
    overrides: Overrides
    opt_out: frozenset[str]

    @property
    def script(self) -> str:
        return "latin" if self.catalogue.name in LATIN else "own"

    def where(self, key: str) -> str:
        return f"{self.catalogue.name if self.tag == self.catalogue.lang else self.tag} {key}"

    def texts(self) -> dict[str, str]:
        texts = dict(self.catalogue.texts)
        for tag in (self.catalogue.lang, self.catalogue.name, self.tag):
            texts |= self.overrides.get(tag, {})
        return texts


def _language(tongue: _Tongue) -> list[Fault]:
    texts = tongue.texts()
    faults = [Fault(tongue.where(key), "no text in this language") for key in (SPECS | PIECES) if key not in texts]
    for key, text in texts.items():
        spec = _spec_of(key)
        if spec is not None:
            faults += _pattern(tongue.where(key), text, spec)
            faults += _button(tongue.where(key), key, text, tongue.opt_out)
    return faults or [*_rendered(tongue)]


def _spec_of(key: str) -> Spec | None:
    """What the text under this key may hold; None for a key that is no text of ours."""
    base, _, kind = key.partition(".")
    if kind == "subject" and base in SPECS:
        return PIECES.get(key) or PIECES["subject"]
    return PIECES.get(key) or SPECS.get(base)


def _pattern(where: str, text: str, spec: Spec) -> Iterator[Fault]:
    if not text.strip():
        yield Fault(where, "the text is empty")
    try:
        parts = parse(text)
    except BadPattern as error:
        yield Fault(where, f"cannot be read: {error}")
        return
    allowed = {*spec.needs, *spec.may, *WORDS}
    always, ever = set(required(text)), set(mentioned(parts))
    for name in sorted(ever - allowed):
        yield Fault(
            where, f"{{{name}}} is no value of this text; it has {', '.join(sorted(allowed - set(WORDS))) or 'none'}"
        )
    for name in sorted(always & set(spec.may)):
        yield Fault(where, f"{{{name}}} may be missing: put it and its words in [ ]")
    for name in sorted(set(spec.needs) - ever - _MAY_LACK):
        yield Fault(where, f"{{{name}}} is missing")


def _button(where: str, key: str, title: str, opt_out: frozenset[str]) -> Iterator[Fault]:
    if not key.startswith("button_"):
        return
    if len(title) > MAX_BUTTON:
        yield Fault(where, f"button of {len(title)} characters, WhatsApp shows {MAX_BUTTON}")
    if title.casefold() in opt_out:
        yield Fault(where, f"the sender takes {title!r} as opt-out")


def _rendered(tongue: _Tongue) -> Iterator[Fault]:
    for template, spec in SPECS.items():
        where = tongue.where(template)
        for channel in spec.channels:
            shown = render(template, channel, tongue.tag, SAMPLE, overrides=tongue.overrides, script=tongue.script)
            if channel == "sms":
                yield from _sms(where, shown.text, spec, tongue.catalogue)
                yield from _words(where, template, shown.text, tongue.opt_out)
            elif channel == "whatsapp" and len(shown.text) > MAX_BODY:
                yield Fault(where, f"{len(shown.text)} characters, WhatsApp takes {MAX_BODY}")
            elif channel == "email" and len(shown.subject or "") > MAX_SUBJECT:
                yield Fault(
                    where, f"subject of {len(shown.subject or '')} characters, {MAX_SUBJECT} are shown", "warning"
                )
    for template in proactive_templates():
        yield from _template(tongue, template)


def _sms(where: str, text: str, spec: Spec, catalogue: Catalogue) -> Iterator[Fault]:
    if catalogue.about.gsm and sms.encoding(text) != "GSM-7":
        yield Fault(
            where, f"{sms.unwritable(text)!r} cannot be written in GSM-7: the SMS costs more than twice as much"
        )
    bound = 1 if catalogue.about.gsm else 2
    if spec.bounded and sms.segments(text) > bound:
        yield Fault(
            where, f"{sms.segments(text)} SMS segments with the sample values, {bound} at most ({len(text)} characters)"
        )


def _words(where: str, template: str, text: str, opt_out: frozenset[str]) -> Iterator[Fault]:
    """An offered word stands in capitals. STOP in `help` is meant as what the sender takes it for."""
    if _digits_twin(template) is not None:
        return
    for word in dict.fromkeys(_CAPITALS.findall(text)):
        if word.isupper() and word.casefold() in opt_out and (template, word) != ("help", "STOP"):
            yield Fault(where, f"offers {word}, which the sender takes as opt-out")


def _digits_twin(template: str) -> str | None:
    """The text to use in place of this one where the sender takes one of its words as opt-out."""
    twin = {"unclear": "unclear_digits"}.get(template, template.replace("_words", "_digits"))
    return twin if twin != template and twin in SPECS else None


def _template(tongue: _Tongue, template: str) -> Iterator[Fault]:
    where = tongue.where(template)
    made = wa_template(template, tongue.tag, overrides=tongue.overrides, script=tongue.script)
    if made.body.startswith("{{") or made.body.endswith("}}"):
        yield Fault(where, "a WhatsApp template must not start or end with a variable")
    if "}}{{" in "".join(made.body.split()):
        yield Fault(where, "a WhatsApp template must not have two variables side by side")
    if len(made.body) > MAX_BODY:
        yield Fault(where, f"{len(made.body)} characters, a WhatsApp template takes {MAX_BODY}")
    titles = [title for _, title in made.buttons]
    if len(set(titles)) < len(titles) or len(titles) > MAX_BUTTONS:
        yield Fault(where, f"at most {MAX_BUTTONS} buttons, all different")


def _stray_overrides(overrides: Overrides) -> Iterator[Fault]:
    known = {*SPECS, *PIECES, *(f"{name}.{channel}" for name, spec in SPECS.items() for channel in spec.channels)}
    known |= {f"{name}.subject" for name, spec in SPECS.items() if "email" in spec.channels}
    for lang, texts in overrides.items():
        if find(lang, None).lang == "en" and not lang.lower().startswith("en"):
            yield Fault(f"texts {lang}", "no such language")
        for key in texts:
            if key not in known:
                yield Fault(f"texts {lang} {key}", "no such text")
