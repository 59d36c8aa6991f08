"""Values as shops send them, made harmless: JSON without rounded amounts, text without tricks, times in UTC.

Nothing here raises for a wrong type: a body is somebody else's, and what is no text is no text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from engine.ports import BadPayload

#: An order id longer than this is no id of a shop; it also bounds the key of the lookup.
MAX_ID = 64
#: Longest single line (a name, a street) and longest note that are kept, in characters; the rest is cut.
MAX_LINE, MAX_NOTE = 200, 2000

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}))?(?:[-_.@].*)?")

#: Ids of shops fit into 64 bits; Python refuses to write out numbers of thousands of digits.
_MOST_INT = 2**64

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decoded(body: bytes) -> Any:
    """The JSON value, fractions as Decimal so that no amount is rounded. Raises BadPayload."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPayload(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise BadPayload("the body is nested too deeply") from error


def part(source: object, *path: str) -> Mapping[str, Any]:
    """The object at that path; an empty one where it is absent, null or something else."""
    for name in path:
        source = source.get(name) if isinstance(source, dict) else None
    return source if isinstance(source, dict) else {}


def parts(source: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in that list; what is no object is left out."""
    found = source.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(value: object, most: int = MAX_LINE) -> str:
    """One line without control or direction-changing characters, at most `most` characters; "" for what is no text."""
    if isinstance(value, int) and (isinstance(value, bool) or abs(value) > _MOST_INT):
        return ""
    if not isinstance(value, str | int | Decimal):
        return ""
    return " ".join(_harmless(str(value)[: 4 * most]).split())[:most].strip()


def note(value: object) -> str:
    """A note of several lines, each cleaned like a line."""
    if not isinstance(value, str):
        return ""
    lines = (" ".join(_harmless(line).split()) for line in value[: 4 * MAX_NOTE].splitlines())
    return "\n".join(lines).strip()[:MAX_NOTE]


def _harmless(raw: str) -> str:
    """Joiners stay: Indic and Persian spelling needs them."""
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(
        char if char in "\u200c\u200d" or (category := unicodedata.category(char))[0] != "C"
        else " " if category == "Cc" else ""
        for char in raw
    )  # fmt: skip


def first_text(*values: object) -> str:
    """The first value that says anything."""
    return next((found for value in values if (found := text(value))), "")


def country_code(*values: object) -> str:
    """The first two-letter code, upper case; "" where there is none."""
    for value in values:
        if isinstance(value, str) and len(code := value.strip().upper()) == 2 and code.isascii() and code.isalpha():
            return code
    return ""


def language_tag(value: object) -> str | None:
    """ "pt_br" -> "pt-BR", "ES" -> "es", "hi-latn" -> "hi-Latn" (Latin letters are the only script that changes a text);
    None for what is no language tag."""
    match = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    latin = "-Latn" if (match[2] or "").lower() == "latn" else ""
    return match[1].lower() + latin + (f"-{match[3].upper()}" if match[3] else "")


def moment(value: object) -> datetime | None:
    """An ISO 8601 time as aware UTC; without a zone it is UTC. None for what is no time between 2000 and 2100."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if not 2000 <= at.year < 2100:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def digest(body: bytes) -> str:
    """The first 16 hex digits of the SHA-256: a name for a body inside one order."""
    return hashlib.sha256(body).hexdigest()[:16]
