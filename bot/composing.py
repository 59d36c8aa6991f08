"""Cards and notices as Telegram's HTML, within its limit. Everything that came from outside is escaped here and nowhere else.

A message that would be too long gets shorter step by step: first what customers wrote, then the other values, at last whole lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from msgspec import Struct

from bot.wordless import named
from bot.words import Words, shortened
from flows.effects import Card, Line, Value
from flows.wording.values import cleaned

#: UTF-16 units of a message after its markup is taken away. Source: https://core.telegram.org/bots/api#sendmessage, read 2026-11
TEXT_MOST = 4096
#: Of the words beneath a picture. Source: https://core.telegram.org/bots/api#sendphoto, read 2026-11
CAPTION_MOST = 1024
#: UTF-16 units of the answer to a press. Source: https://core.telegram.org/bots/api#answercallbackquery, read 2026-11
TOAST_MOST = 200
#: (characters of a quotation, characters of any other value), from roomy to tight.
_STEPS = ((3200, 240), (2200, 240), (1400, 240), (600, 240), (300, 240), (120, 240), (60, 120), (30, 60), (15, 30))

_MARKS = {
    "pending": "⏳", "confirmed": "✅", "flagged": "🔔", "held": "⏸", "cancelled": "❌", "shipped": "🚚", "delivered": "📦",
    "returned": "↩️", "ignored": "➖", "talk": "💬", "talk_closed": "✔️", "kept": "🧰",
}  # fmt: skip
#: What stands before lines of a kind.
_BULLETS = {
    "reason": "❗ ",
    "tried": "• ",
    "skipped": "• ",
    "called": "• ",
    "taken": "🙋 ",
    "next": "⏰ ",
    "quiet": "🌙 ",
    "untold": "⚠️ ",
    "untold_yet": "⚠️ ",
}
_BOLD = frozenset({"order"})


class Piece(Struct, frozen=True):
    """A line and, beneath it, the words that somebody wrote."""

    head: str
    quote: str = ""
    bold: bool = False

    def length(self) -> int:
        return units(self.head) + (units(self.quote) + 1 if self.quote else 0) + 1

    def html(self) -> str:
        head = f"<b>{escape(self.head, quote=False)}</b>" if self.bold else escape(self.head, quote=False)
        if not self.quote:
            return head
        return f"{head}\n<blockquote>{escape(self.quote, quote=False)}</blockquote>"


def units(text: str) -> int:
    """Its length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def card_html(card: Card, words: Words, beneath: int = 0) -> str:
    """A whole card. `beneath`: units that the caller adds to it."""

    def pieces(quote_most: int, value_most: int) -> list[Piece]:
        heading = f"{_MARKS.get(card.state, '')} {words.say(f'state.{card.state}')}".strip()
        first = [Piece(heading, bold=True)]
        if card.again:
            first.append(Piece(words.say("again")))
        return first + _lines(card.lines, words, quote_most, value_most)

    return _fitted(pieces, TEXT_MOST - beneath)


def notice_html(key: str, values: Mapping[str, Value], words: Words) -> str:
    """A reply under a card, or a message to the owner."""

    def pieces(quote_most: int, value_most: int) -> list[Piece]:
        first = [Piece(words.say("again"))] if values.get("again") else []
        return [*first, Piece(words.say(key, values, value_most), _quote(values, words, quote_most))]

    return _fitted(pieces)


def ping_html(key: str, values: Mapping[str, Value], lines: Sequence[Line], words: Words) -> str:
    """A message to the owner: what happened, the words, and beneath it what is known."""

    def pieces(quote_most: int, value_most: int) -> list[Piece]:
        first = [Piece(words.say("again"))] if values.get("again") else []
        head = Piece(words.say(key, values, value_most), _quote(values, words, quote_most), bold=bool(lines))
        return [*first, head, *_lines(lines, words, quote_most, value_most)]

    return _fitted(pieces)


def plain_html(*lines: str) -> str:
    """Lines of ours, each with whatever values it has in it already."""
    return _fitted(lambda quote_most, value_most: [Piece(line) for line in lines])


def toast(text: str) -> str:
    """The answer to a press, within its limit."""
    while units(text) > TOAST_MOST:
        text = shortened(text, len(text) - 1)
    return text


def _lines(lines: Sequence[Line], words: Words, quote_most: int, value_most: int) -> list[Piece]:
    pieces: list[Piece] = []
    before = ""
    for line in lines:
        family = line.key.partition(".")[0]
        head = _BULLETS.get(family, "") + words.say(line.key, line.values, value_most)
        quote = _quote(line.values, words, quote_most)
        if line.key == before and quote and pieces[-1].quote:
            # several words of one customer stand under one heading
            pieces[-1] = Piece(pieces[-1].head, f"{pieces[-1].quote}\n{quote}")
        else:
            pieces.append(Piece(head, quote, bold=family in _BOLD))
        before = line.key
    return pieces


def _quote(values: Mapping[str, Value], words: Words, most: int) -> str:
    text = values.get("text")
    return shortened(cleaned("quote", named(text, words)), most) if isinstance(text, str) else ""


def _fitted(pieces: Callable[[int, int], list[Piece]], most: int = TEXT_MOST) -> str:
    made: list[Piece] = []
    for quote_most, value_most in _STEPS:
        made = pieces(quote_most, value_most)
        if sum(piece.length() for piece in made) <= most:
            return "\n".join(piece.html() for piece in made)
    while len(made) > 1 and sum(piece.length() for piece in made) > most - 2:
        del made[-1]
    if made and made[0].length() > most:
        made = [Piece(shortened(made[0].head, most // 2), bold=made[0].bold)]
    return "\n".join(piece.html() for piece in [*made, Piece("…")])
