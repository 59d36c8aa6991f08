"""A line of the log as bytes: one JSON object, with what no log may hold taken out. Who writes it is engine/journal_log.py's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

#: Telegram's tokens, as they stand in its URLs; page tokens in paths; phone numbers. The last line of defence: nothing above
#: logs them in the first place.
_SECRETS = (
    (re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"), "<token>"),  # in a URL behind "bot"
    (re.compile(r"/c/[A-Za-z0-9_-]{22}"), "/c/<token>"),
    (re.compile(r"\+\d{5,13}(\d{4})\b"), r"…\1"),
)
#: What every Telegram token holds: written so that the search jumps from colon to colon, it costs a tenth of the pattern above.
_LIKE_A_TOKEN = re.compile(rb":(?<=\d:)[A-Za-z0-9_-]{30}")

_encoder = msgspec.json.Encoder(enc_hook=str)


def redact(text: str) -> str:
    """The text without what no log may hold."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


def line(created: float, level: str, log: str, what: str, facts: dict[str, object]) -> bytes:
    """`created` in epoch seconds; no fact is called at, level, log or what. Ends with a line break."""
    told = _encoder.encode(facts)
    begun = b'{"at":"%s%03dZ"%s' % (_second(int(created)), int(created % 1 * 1000), _named(level, log, what))
    written = begun + b"," + told[1:] if len(told) > len(b"{}") else begun + b"}"
    if b"+" in written or b"/c/" in written or _LIKE_A_TOKEN.search(written):
        return redact(written.decode()).encode() + b"\n"
    return written + b"\n"  # nearly every line, and this is on the hot path


@lru_cache(2)
def _second(seconds: int) -> bytes:
    """2026-11-21T10:00:00. and then the milliseconds: without a plus, which would look like a phone number to `redact`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.").encode()


@lru_cache(512)
def _named(level: str, log: str, what: str) -> bytes:
    """The fields that are alike in many lines."""
    return b"," + _encoder.encode({"level": level, "log": log, "what": what})[1:-1]
