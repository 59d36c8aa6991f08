"""How many parts an SMS takes. Source: https://www.twilio.com/docs/glossary/what-sms-character-limit, read 2026."""

from __future__ import annotations

from math import ceil

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: these take two septets: an escape, then the character
_GSM_TWICE = frozenset("^{}\\[~]|€\f")


def encoding(text: str) -> str:
    """`GSM-7`, or `UCS-2` as soon as one character is outside it."""
    return "GSM-7" if all(c in _GSM or c in _GSM_TWICE for c in text) else "UCS-2"


def segments(text: str) -> int:
    """Parts of this text; an empty text still is one."""
    if encoding(text) == "GSM-7":
        units, alone, part = sum(2 if c in _GSM_TWICE else 1 for c in text), 160, 153
    else:
        units, alone, part = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= alone else ceil(units / part)
