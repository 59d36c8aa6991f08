"""What somebody of the shop types after /notice: in the first line which orders, beneath it the text, per language where they wish.

day 2026-11-26
The deliveries of Thursday come on Friday. We are sorry!
es: Los pedidos del jueves llegan el viernes. Lo sentimos.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flows import hours
from flows.notice import Choice, Draft
from flows.policy import Policy
from flows.wording.catalogue import LANGUAGES

#: Longer is no notice any more: about four SMS to everybody.
TEXT_MOST = 480
_IN = re.compile(r"^([a-z]{2,3}):\s*(.*)$", re.IGNORECASE)
_ID = re.compile(r"^#?[\w./-]*\d[\w./-]*$")


def read(text: str, now: datetime, policy: Policy) -> Draft | str:
    """The draft, or the staff text key of what is wrong with it."""
    first, _, rest = text.strip().partition("\n")
    words = first.replace(",", " ").split()
    news = bool(words) and words[0].casefold() == "news"
    choice = _choice(words[1:] if news else words, now, policy)
    if choice is None:
        return "notice.how"
    texts = _texts(rest)
    if not texts:
        return "notice.no_text"
    if any(len(said) > TEXT_MOST for said in texts.values()):
        return "notice.too_long"
    return Draft(choice=choice, texts=texts, news=news)


def _choice(words: list[str], now: datetime, policy: Policy) -> Choice | None:
    match [word.casefold() for word in words]:
        case ["open"]:
            return Choice(kind="open")
        case ["confirmed"]:
            return Choice(kind="confirmed")
        case ["day", day]:
            found = _day(day, now, policy)
            return Choice(kind="day", value=found.isoformat()) if found else None
        case ["courier", *_] if len(words) > 1:
            return Choice(kind="courier", value=" ".join(words[1:]))
    ids = tuple(word.removeprefix("#") for word in words)
    return Choice(kind="orders", orders=ids) if ids and all(_ID.match(word) for word in words) else None


def _day(word: str, now: datetime, policy: Policy) -> date | None:
    """As the shop's calendar has it."""
    today = now.astimezone(hours.zone(policy.zone)).date()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _texts(rest: str) -> dict[str, str]:
    """Language -> text in one line: an approved WhatsApp template takes no line breaks in a value."""
    texts: dict[str, list[str]] = {}
    tag = ""
    for line in rest.splitlines():
        found = _IN.match(line.strip())
        if found and found[1].lower() in LANGUAGES:
            tag, line = found[1].lower(), found[2]
        texts.setdefault(tag, []).extend(line.split())
    return {tag: " ".join(words) for tag, words in texts.items() if words}
