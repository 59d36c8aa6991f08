"""Whole messages that ask for our reasons: "why do you want a deposit?", "what do you know about me?", in each language.

A message counts only when every word of it is known here, so that nothing else that it may say is swallowed: "why a deposit? cancel
it" is no question of this kind. The words stand in why_words.txt.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Literal

from msgspec import Struct

from flows.understand.fold import fold

WHY: Literal["why"] = "why"
KNOW: Literal["know"] = "know"

#: Nobody asks it in more characters, and the work stays small.
_MOST = 140

#: Written without spaces between words.
_JOINED = ("th",)
_JOINED_SCRIPTS = re.compile(r"[\u0e00-\u0e7f]")


_ROWS = ("why", "checks", "know", "between")


class _Language(Struct, frozen=True):
    why: re.Pattern[str]
    checks: re.Pattern[str]
    know: re.Pattern[str]
    all: re.Pattern[str]
    joined: bool


def asks_why(text: str, *, bare: bool = False) -> Literal["why", "know", ""]:
    """ "why": for the reasons of what we asked for; "know": for what is known of them; "": something else. With `bare` a mere
    "why?" is enough: something is open that it can only mean."""
    joined = bool(_JOINED_SCRIPTS.search(text))
    if len(text) > _MOST or not (bare or joined or len(text.split(None, 1)) > 1):
        return ""  # "yes" is not looked at any closer
    words = _WORD.findall(fold(text))
    languages = dict.fromkeys(name for word in words for name in _begins().get(word, ()))
    if joined:
        languages |= dict.fromkeys(_JOINED)
    return next((found for name in languages if (found := _asked(words, _language(name), bare=bare))), "")


_WORD = re.compile(r"[^\W_]+")


def _asked(words: list[str], language: _Language, *, bare: bool) -> Literal["why", "know", ""]:
    text = ("" if language.joined else " ").join(words)
    left, known = language.know.subn(" ", text)
    if known and not left.strip():
        return KNOW
    if language.all.sub(" ", left).strip():  # something else is said
        return ""
    if known:
        return KNOW
    if language.why.search(text) and (bare or language.checks.search(text)):
        return WHY
    return ""


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    """Language -> class -> phrases."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in resources.files("flows").joinpath("why_words.txt").read_text("utf-8").splitlines():
        head, _, phrases = line.partition(":")
        if phrases and not line.startswith("#"):
            name, row = head.split()
            found.setdefault(name, {}).setdefault(row, []).extend(p.strip() for p in phrases.split(","))
    return found


@cache
def _language(name: str) -> _Language:
    why, checks, know, between = ([_folded(phrase) for phrase in _words()[name][row]] for row in _ROWS)
    joined = name in _JOINED
    return _Language(
        _any_of(why, joined=joined),
        _any_of(checks, joined=joined),
        _any_of(know, joined=joined),
        _any_of([*why, *checks, *between], joined=joined),
        joined,
    )


@cache
def _begins() -> dict[str, tuple[str, ...]]:
    """First word of what asks -> the languages where it does: most messages are told apart by this one look."""
    found: dict[str, tuple[str, ...]] = {}
    for name, rows in _words().items():
        for phrase in (*rows["why"], *rows["know"]):
            first = _folded(phrase).split(" ")[0]
            if name not in found.setdefault(first, ()):
                found[first] = (*found[first], name)
    return found


def _folded(phrase: str) -> str:
    """As a message is folded; the * of a beginning stays."""
    return " ".join(_WORD.findall(fold(phrase.rstrip("*")))) + ("*" if phrase.endswith("*") else "")


def _any_of(phrases: list[str], *, joined: bool) -> re.Pattern[str]:
    longest = sorted(phrases, key=len, reverse=True)
    if joined:
        return re.compile("|".join(re.escape(phrase.replace(" ", "")) for phrase in longest))
    forms = (re.escape(p.removesuffix("*")) + (r"\w*" if p.endswith("*") else "") for p in longest)
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")
