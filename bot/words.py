"""Keys and values made words in one language: plain text, without markup.

Values come from outside: they are cleaned of control and direction marks here, and escaped where the text gets its markup
(bot/composing.py). A key that nobody wrote still says something: staff must see that an order needs them, whatever its reason.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from bot.texts import RIGHT_TO_LEFT, find, language_of
from flows.effects import Value
from flows.money import Money
from flows.wording import Moment
from flows.wording.pattern import fill, parse
from flows.wording.values import cleaned, moment_text, money_text, plural_of

#: Values that are codes: their words stand in the catalogue under these families.
_CODES = {
    "channel": "channel",
    "status": "status",
    "state": "state",
    "via": "via",
    "kind": "kind",
    "limit": "limit",
    "why": "why",
    "code": "why",
    "tone": "tone",
    "word": "told",
    "where": "shop_place",
    "role": "role",
    "file": "file",
    "cause": "cause",
    "figure": "numbers",
}
#: Lists of codes, by the family of their words.
_LISTS = {"parts": "part"}
#: `by` is a code here; everywhere else it is a person's name.
_BY_IS_A_CODE = frozenset({"decided"})
#: Zero of these says nothing, so that the optional part around it is left out.
_NOTHING_WHEN_ZERO = frozenset({"more"})
_ISOLATE, _END = "\u2068", "\u2069"


class Words:
    """One language. `language`: a tag; what there are no texts for is read as English."""

    def __init__(self, *wished: str) -> None:
        self.language = language_of(*wished)
        self._rtl = self.language in RIGHT_TO_LEFT

    def say(self, key: str, values: Mapping[str, Value] | None = None, most: int = 240) -> str:
        """The text of `key`, each value cut at `most` characters. The value called `text` is left to the caller."""
        values = values or {}
        pattern = find(key, self.language)
        if pattern is None:
            return self._unwritten(key, values, most)
        spoken = {name: self._value(key, name, value, most) for name, value in values.items() if name != "text"}
        return fill(parse(pattern), _Lenient(spoken), lambda name: self._plural(values.get(name)))

    def has(self, key: str) -> bool:
        return find(key, self.language) is not None

    def reason(self, why: str, most: int = 240) -> str:
        """Why an order needs a person, from the reason's key."""
        key = f"reason.{why}"
        return self.say(key, None, most) if self.has(key) else self.say("reason.other", {"why": why}, most)

    def moment(self, moment: Moment) -> str:
        return moment_text(moment, self.language)

    def _unwritten(self, key: str, values: Mapping[str, Value], most: int) -> str:
        family, _, rest = key.partition(".")
        if family == "again":
            return self.say("again.reason", {**values, "why": self.reason(rest, most)}, most)
        if family == "reason":
            return self.say("reason.other", {"why": rest}, most)
        if family == "owner":
            return self.say("owner.other", {**values, "key": rest}, most)
        return self.say("other", {"order": "", **values, "key": key}, most)

    def _value(self, key: str, name: str, value: Value, most: int) -> str:
        if isinstance(value, Money):
            return self._isolated(money_text(value, self.language, False))
        if isinstance(value, Moment):
            return self._isolated(moment_text(value, self.language))
        if isinstance(value, int):
            return "" if value == 0 and name in _NOTHING_WHEN_ZERO else str(value)
        word = self._word(key, name, value)
        return word if word is not None else self._isolated(shortened(cleaned(name, value), most))

    def _word(self, key: str, name: str, value: str) -> str | None:
        """The catalogue's word where the value is a code."""
        if name in _LISTS:
            found = [find(f"{_LISTS[name]}.{code}", self.language) or code for code in value.split(", ")]
            return cleaned(name, ", ".join(found))
        if name == "why" and value and find(f"reason.{value}", self.language):
            return self.say(f"reason.{value}")
        family = "who" if name == "by" and key in _BY_IS_A_CODE else _CODES.get(name)
        return find(f"{family}.{value}", self.language) if family and value else None

    def _isolated(self, text: str) -> str:
        """In a text that is read from the right each value, else each that is: it would turn what stands behind it around."""
        return f"{_ISOLATE}{text}{_END}" if text and (self._rtl or _from_the_right(text)) else text

    def _plural(self, value: Value | None) -> str:
        counted = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
        return plural_of(counted, self.language) if isinstance(counted, int) else "other"


def _from_the_right(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


class _Lenient(dict[str, str]):
    """A value that was not given is empty: a card with a gap helps more than no card."""

    def __missing__(self, name: str) -> str:
        return ""


def shortened(text: str, most: int) -> str:
    """At most `most` characters, with a sign where something is cut off."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"
