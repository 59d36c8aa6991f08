"""TEMPORARY stand-in while the lexicon is being rebuilt: bare answers only, everything else through flows.understand (slow import)."""

from __future__ import annotations

from typing import Any

from flows.understand_model import Slots, Understood

_YES = {"yes", "y", "ok", "okay", "yes!!", "yes!", "si", "sí", "1", "1.", "yep", "yeah", "👍"}
_NO = {"no", "nope", "no!"}
_CANCEL = {"cancel", "3", "cancel order", "cancel it", "3."}
_CHANGE = {"change", "2", "2."}


def understand(text: str, **kw: Any) -> Understood:
    word = text.strip().casefold()
    prompt = kw.get("prompt")
    digit = int(word.rstrip(".")) if word.rstrip(".").isdecimal() and len(word) < 4 else None
    slots = Slots(choice=digit) if digit is not None else Slots()
    if digit is not None and prompt != "confirm":
        return Understood("unclear", False, 0.0, None, "neutral", slots, ())
    for words, intent in ((_YES, "yes"), (_NO, "no"), (_CANCEL, "cancel")):
        if word in words:
            return Understood(intent, True, 1.0, None, "neutral", slots, ())
    if word in _CHANGE:
        return Understood("no", True, 1.0, None, "neutral", Slots(choice=2), ())
    return Understood("unclear", False, 0.0, None, "neutral", slots, ())
