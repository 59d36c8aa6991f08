"""The one entry: a customer's text and the open prompt in, what it means out."""

from __future__ import annotations

import re
from typing import Final

from flows.understand.fold import clean, fold, fold_clean
from flows.understand.language import hinted_forms
from flows.understand.lexicon import BIT, FORMS, PHRASES
from flows.understand.message import Message
from flows.understand.model import DECISIONS, Slots, Understood
from flows.understand.values import find_choice

_DIGIT_AT_CONFIRM: Final = {1: "yes", 2: "no", 3: "cancel"}
_NO_SLOTS: Final = Slots()
#: What most texts of ours offer, and most customers answer.
_OFFERED_DIGITS: Final = frozenset("123")
#: Two of the offered digits at once are no choice.
_SEVERAL: Final = re.compile(r"[1-9](?:[\s,.;/&+-]+[1-9])+[\s.!]*")
#: What an export or a gateway writes for a message without words.
_MEDIA: Final = re.compile(
    r"[\[<(]\s*(?:voice|audio|image|photo|picture|video|sticker|media|gif|document|file|attachment|location)[^\])>]{0,40}[\])>]"
    r"|(?:🎤|🎙|📷|🎥|📎)\s*(?:voice message|audio|photo|video|\d+:\d\d|\(\d+:\d\d\))?",
    re.IGNORECASE,
)
_OFFERED_MEAN: Final = ("yes", "change", "cancel")
_QUICK_ROLES: Final = {"yes": "yes", "affirm": "yes", "send": "yes", "ok": "yes", "no": "no", "cancel": "cancel"}
#: What is a yes on one side of the Red Sea and "what?" on the other.
_MEANS_WHAT: Final = {"EG": frozenset({"ايه", "eh", "eeh", "اي"})}
#: A bare number from here on is a phone number where one was asked for.
_SHORTEST_PHONE: Final = 1_000_000


#: (intent, languages that have the entry)
Quick = tuple[str, tuple[str, ...]]


def understand(
    text: str,
    *,
    prompt: str | None = None,
    lang: str | None = None,
    country: str | None = None,
    offered: tuple[str, ...] = (),
) -> Understood:
    """What a message means as an answer to `prompt`. Pure, total, linear in the first MAX_LENGTH characters.

    `prompt`: what was asked last: "confirm", "no_what" (after a no: cancel or change?), "which", "why", "number",
    "address", "time", "poll", or None. `lang` and `country`: ISO codes of the order, hints only. `offered`: the
    words that the confirm prompt gave for yes, change and cancel, in this order. At "confirm" the digits 1, 2, 3
    are yes, no (`slots.choice` 2: change something) and cancel; elsewhere a bare number is only `slots.choice`.
    """
    if prompt is None or prompt == "confirm":
        quick = QUICK.get(text) or QUICK.get(text.casefold())
        if quick is not None and country not in _MEANS_WHAT:
            return _bare(quick, lang, country)
        if text in _OFFERED_DIGITS:
            return _chosen(int(text), prompt, lang)
    cleaned = clean(text)
    folded = fold_clean(cleaned)
    if not folded:
        return Understood("unclear", False, 0.0, None, "neutral", _NO_SLOTS, ())
    if _MEDIA.fullmatch(cleaned) or (prompt in {None, "confirm", "which"} and _SEVERAL.fullmatch(folded)):
        return Understood("unclear", False, 0.0, None, "neutral", _NO_SLOTS, ())
    if folded.rstrip(" .!") in _MEANS_WHAT.get(country or "", ()):
        return Understood("unclear", False, 0.0, lang, "neutral", _NO_SLOTS, ())
    choice = find_choice(folded)
    if choice is not None and (prompt != "number" or choice < _SHORTEST_PHONE):
        return _chosen(choice, prompt, lang)
    understood = Message(cleaned, folded, prompt, lang, country).understood()
    return _as_offered(understood, folded, prompt, offered)


def _chosen(choice: int, prompt: str | None, lang: str | None) -> Understood:
    """A message that is one number."""
    intent = _DIGIT_AT_CONFIRM.get(choice, "unclear") if prompt == "confirm" else "unclear"
    sure = intent != "unclear"
    return Understood(intent, sure, 1.0 if sure else 0.0, lang, "neutral", Slots(choice=choice), ())


def _as_offered(understood: Understood, folded: str, prompt: str | None, offered: tuple[str, ...]) -> Understood:
    """A word that the prompt itself gave, where the lexicon does not know better."""
    decided = understood.sure and understood.intent in DECISIONS
    if prompt != "confirm" or decided or len(offered) != len(_OFFERED_MEAN):
        return understood
    meant = [mean for word, mean in zip(offered, _OFFERED_MEAN, strict=True) if fold(word) == folded.rstrip(" .!")]
    if len(meant) != 1:
        return understood
    intent, slots = ("no", Slots(choice=2)) if meant[0] == "change" else (meant[0], _NO_SLOTS)
    return Understood(intent, True, 1.0, understood.lang, understood.tone, slots, ())


def _bare(quick: Quick, lang: str | None, country: str | None) -> Understood:
    """A whole message that is one entry of the lexicon, and means the same in every language that has it."""
    intent, languages = quick
    if len(languages) == 1:
        written: str | None = languages[0]
    else:
        hint = hinted_forms(lang, country)
        written = hint[0].split("_")[0] if hint and hint[0].split("_")[0] in languages else None
    return Understood(intent, True, 1.0, written, "neutral", _NO_SLOTS, ())


def _quick() -> dict[str, Quick]:
    """Text -> meaning for the single words of the lexicon that no language reads in another way."""
    table: dict[str, Quick] = {}
    for text, match in PHRASES.items():
        if match.size == 1 and text[0] != "+" and len(match.roles) == 1 and match.roles[0][1] in _QUICK_ROLES:
            mask, role = match.roles[0]
            languages = tuple(dict.fromkeys(form.split("_")[0] for form in FORMS if mask & BIT[form]))
            if role == "ok" and "thanks" in text:
                continue
            table[text] = (_QUICK_ROLES[role], languages)
    return table


QUICK: Final = _quick()
