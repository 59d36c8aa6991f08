"""What the `templates` commands print: our WhatsApp templates beside what the provider says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from engine.templates import Row, Submitted, TemplatePlace, other_words, rows
from flows.approvals import LOW, UTILITY, Listed
from flows.policy import Policy
from flows.wording import WaTemplate, wa_template

#: What mends a template that stands so.
_MENDS = {
    "pending": "WhatsApp looks at it: minutes, at most a day",
    "rejected": "change the words and submit it again",
    "paused": "it comes back by itself after some hours; make the words plainer",
    "gone": "submit it again",
}


class Look(Struct, frozen=True):
    """One shop's WhatsApp, and what was found at its provider."""

    policy: Policy
    provider: str
    configured: Mapping[tuple[str, str], str]
    listed: tuple[Listed, ...]
    langs: tuple[str, ...] = ()  # asked for; none: the shop's and those that config.yaml names

    def rows(self) -> list[Row]:
        langs = self.langs or (self.policy.language,)
        found = rows(self.configured, self.listed, langs)
        return [row for row in found if not self.langs or row.lang in self.langs]


def place_of(places: Iterable[TemplatePlace], policy: Policy) -> TemplatePlace:
    """Where the templates of this shop's WhatsApp are kept. Raises LookupError."""
    provider = policy.whatsapp.provider if policy.whatsapp else ""
    return next(p for p in places if policy.shop in p.shops and p.provider.casefold() == provider)


def table(look: Look, texts: bool) -> list[str]:
    """One line a template, and under it what is said, where that is wanted."""
    found = look.rows()
    wide = max((len(row.name) for row in found), default=0)
    lines = []
    for row in found:
        one = row.listed
        notes = [one.category.lower() if one and one.category != UTILITY else ""]
        notes += [f"quality {one.quality.lower()}" if one and one.quality not in ("", "UNKNOWN", "GREEN") else ""]
        notes += [f"reason: {one.why}" if one and one.why else ""]
        notes += ["other words than ours" if other_words(row, look.policy.overrides, look.policy.script) else ""]
        more = ", ".join(note for note in notes if note)
        lines.append(
            f"{row.name:<{wide}}  {row.lang:<5}  {row.word:<13}  {row.ref}{'  ' + more if more else ''}".rstrip()
        )
        if texts:
            lines += _text(wa_template(row.name, row.lang, overrides=look.policy.overrides, script=look.policy.script))
    counted: dict[str, int] = {}
    for row in found:
        counted[row.word] = counted.get(row.word, 0) + 1
    return [*lines, f"At {look.provider}: " + ", ".join(f"{n} {word}" for word, n in sorted(counted.items()))]


def _text(template: WaTemplate) -> list[str]:
    named = ", ".join(f"{{{{{n}}}}} {v}, as {s}" for n, (v, s) in _numbered(template))
    buttons = " | ".join(f"[{title}]" for _, title in template.buttons)
    return [f"    {line}" for line in (*template.body.split("\n"), buttons, named) if line]


def _numbered(template: WaTemplate) -> Iterable[tuple[int, tuple[str, str]]]:
    return enumerate(zip(template.variables, template.samples, strict=True), start=1)


def faults(look: Look) -> list[str]:
    """One plain line for each template that cannot be sent as config.yaml means it, or not as it should be."""
    found = []
    for row in look.rows():
        one, where = row.listed, f"{row.name} ({row.lang})"
        if one is None:
            mend = f"python run.py templates submit {row.name} --lang {row.lang}"
            found.append(f"{where}: {row.word}. {mend}")
        elif one.state not in ("", "approved"):
            why = f" ({one.why})" if one.why else ""
            found.append(f"{where}: {one.state}{why}. {_MENDS[one.state]}.")
        elif one.category not in ("", UTILITY):
            found.append(f"{where}: counts as {one.category.lower()}, which costs more and reaches fewer people.")
        elif one.quality == LOW:
            found.append(f"{where}: customers dislike it; WhatsApp pauses it next. Make the words plainer.")
    return found


def chosen(look: Look, names: Sequence[str], langs: Sequence[str]) -> list[WaTemplate]:
    """What of these is to be submitted: all but what is approved, or is being looked at."""
    policy = look.policy
    by_ref = {one.ref: one for one in look.listed}
    found = []
    for lang in langs or (policy.language.split("-")[0],):
        for name in names:
            known = by_ref.get(look.configured.get((name, lang), ""))
            if known is None or known.state in ("rejected", "gone", "paused"):
                found.append(wa_template(name, lang, overrides=policy.overrides, script=policy.script))
    return found


def to_paste(look: Look, done: Iterable[tuple[WaTemplate, Submitted]]) -> list[str]:
    """The lines of config.yaml, with what it names already."""
    by_name: dict[str, dict[str, str]] = {}
    for (name, lang), ref in look.configured.items():
        by_name.setdefault(name, {})[lang] = ref
    taken = [(template, what) for template, what in done if what.ref]
    if not taken:
        return []
    for template, what in taken:
        by_name.setdefault(template.name, {})[template.language] = what.ref
    named = "content_sids" if look.provider == "Twilio" else "templates"
    lines = ["", f"Into config.yaml, under {look.provider.lower()}:", f"  {named}:"]
    for name in sorted(by_name):
        inner = ", ".join(f"{lang}: {_plain(ref, lang)}" for lang, ref in sorted(by_name[name].items()))
        lines.append(f"    {name}: {{{inner}}}")
    return [
        *lines,
        "then: python run.py templates check, and restart. Until it is approved, orders go on by the next step.",
    ]


def _plain(ref: str, lang: str) -> str:
    """Without Meta's language where it is ours, too."""
    return ref.removesuffix(f"/{lang}")
