"""Telegram's HTML parse mode: text and entities out of markup, refused where Telegram refuses.

Offsets in entities count UTF-16 units, offsets in refusals count bytes, as at Telegram.
Source: https://core.telegram.org/bots/api#html-style; the wording of refusals as bots log it.
"""

from __future__ import annotations

import re
from html import escape

from sandbox.telegram_params import Json, Refused, bad_request

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
#: The only named entities that Telegram knows; any other stays as written.
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));?")
_ATTRIBUTE = re.compile(r"""\s*([^\s=>/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[\w.-]+))?""")
_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)|(?P<mention>(?<!\w)@\w{4,32})|(?P<url>https?://[^\s<>\"]+)"
)


def utf16_len(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class _Open:
    """A tag that waits for its end."""

    def __init__(self, name: str, attributes: dict[str, str], start: int) -> None:
        self.name = name
        self.attributes = attributes
        self.start = start


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.text: list[str] = []
        self.length = 0  # UTF-16 units written so far
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "<":
                self._tag()
            elif char == "&" and (found := _REFERENCE.match(self.source, self.at)):
                self._write(_character(found))
                self.at = found.end()
            else:
                self._write(char)
                self.at += 1
        if self.open:
            raise _unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return "".join(self.text), sorted(self.entities, key=lambda e: (e["offset"], -e["length"]))

    def _write(self, piece: str) -> None:
        self.text.append(piece)
        self.length += utf16_len(piece)

    def _where(self) -> int:
        return len(self.source[: self.at].encode())

    def _tag(self) -> None:
        end = self.source.find(">", self.at)
        if self.source.startswith("</", self.at):
            self._end_tag(end)
        else:
            self._start_tag(end)
        self.at = end + 1

    def _start_tag(self, end: int) -> None:
        if end < 0:
            raise _unparsable(f"Unclosed start tag at byte offset {self._where()}")
        name, _, rest = self.source[self.at + 1 : end].replace("\n", " ").partition(" ")
        name = name.lower()
        if name not in TAGS:
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {self._where()}')
        attributes: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(rest):
            key, value = found[1].lower(), found[2]
            if value is None and key != "expandable":
                raise _unparsable(
                    f'Expected equal sign in declaration of an attribute of the tag "{name}" at byte offset {self._where()}'
                )
            attributes[key] = _REFERENCE.sub(_character, (value or "").strip("\"'"))
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {self._where()}')
        self.open.append(_Open(name, attributes, self.length))

    def _end_tag(self, end: int) -> None:
        if not self.open:
            raise _unparsable(f"Unexpected end tag at byte offset {self._where()}")
        if end < 0:
            raise _unparsable(f"Unclosed end tag at byte offset {self._where()}")
        name = self.source[self.at + 2 : end].strip().lower()
        last = self.open.pop()
        if name and name != last.name:
            raise _unparsable(
                f'Unmatched end tag at byte offset {self._where()}, expected "</{last.name}>", found "</{name}>"'
            )
        self._close(last)

    def _close(self, tag: _Open) -> None:
        length = self.length - tag.start
        language = tag.attributes.get("class", "").removeprefix("language-")
        if tag.name == "code" and self.open and self.open[-1].name == "pre" and language:
            self.open[-1].attributes["language"] = language
            return
        entity: Json = {"type": TAGS[tag.name], "offset": tag.start, "length": length}
        if tag.name == "a":
            url = tag.attributes.get("href", "")
            if not re.match(r"(https?|tg|mailto|tel):", url):
                return
            entity["url"] = url
        elif tag.name == "pre" and "language" in tag.attributes:
            entity["language"] = tag.attributes["language"]
        elif tag.name == "tg-emoji":
            entity["custom_emoji_id"] = tag.attributes.get("emoji-id", "")
        elif tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        if length > 0:
            self.entities.append(entity)


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else found[0]


def _unparsable(why: str) -> Refused:
    return bad_request(f"can't parse entities: {why}")


def found_entities(text: str) -> list[Json]:
    """What Telegram marks without being asked: commands, mentions, links."""
    return [
        {"type": str(hit.lastgroup), "offset": utf16_len(text[: hit.start()]), "length": utf16_len(hit[0])}
        for hit in _FOUND.finditer(text)
    ]


def parse_text(source: str, parse_mode: str | None, given: list[Json] | None = None) -> tuple[str, list[Json], str]:
    """Text as shown, its entities, and the HTML of it. Raises Refused 400 on markup that Telegram refuses.

    Modes are HTML and none; the Markdown modes are refused, which this sandbox leaves out.
    """
    html = source if parse_mode else escape(source, quote=False)
    if parse_mode and parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    text, entities = _Reader(source).read() if parse_mode else (source, [dict(entity) for entity in given or []])
    cut = utf16_len(text) - utf16_len(text.lstrip())
    text = text.strip()
    kept: list[Json] = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] + entity["length"] - cut, utf16_len(text))
        if end > start:
            kept.append(entity | {"offset": start, "length": end - start})
    taken = [
        range(entity["offset"], entity["offset"] + entity["length"])
        for entity in kept
        if entity["type"] in {"code", "pre", "text_link"}
    ]
    kept += [entity for entity in found_entities(text) if not any(entity["offset"] in span for span in taken)]
    return text, sorted(kept, key=lambda e: (e["offset"], -e["length"])), html.strip()
