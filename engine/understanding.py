"""`run.py understand`: a JSON line in, a JSON line out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from flows.understand import understand


class Asked(Struct):
    """One line of input; `prompt` is what was asked last (confirm, which, number …)."""

    text: str
    lang: str | None = None
    prompt: str | None = None
    country: str | None = None


_asked = msgspec.json.Decoder(Asked)
_encoder = msgspec.json.Encoder()


def understood(line: str | bytes) -> bytes:
    """{"intent", "sure", "confidence", "lang", "tone", "slots", "parts"}; {"error"} for a line that is no question."""
    try:
        asked = _asked.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        return _encoder.encode({"error": f'write lines like {{"text": "yes", "prompt": "confirm"}}: {error}'})
    got = understand(asked.text, prompt=asked.prompt, lang=asked.lang, country=asked.country)
    return _encoder.encode(
        {
            "intent": got.intent,
            "sure": got.sure,
            "confidence": round(got.confidence, 4),
            "lang": got.lang,
            "tone": got.tone,
            "slots": got.slots,
            "parts": got.parts,
        }
    )


def answers(read: Callable[[], bytes]) -> Iterator[bytes]:
    """The answers to all lines of each piece that `read` gives, until it gives an empty one.

    Whoever writes line by line and waits gets each answer at once; a file through a pipe costs one write for each piece read.
    """
    begun: list[bytes] = []  # of a line whose end has not come yet
    while piece := read():
        head, newline, rest = piece.rpartition(b"\n")
        if not newline:
            begun.append(piece)
            continue
        yield _lines(b"".join((*begun, head)))
        begun = [rest]
    yield _lines(b"".join(begun))


def _lines(raw: bytes) -> bytes:
    return b"".join(understood(line) + b"\n" for line in raw.split(b"\n") if line.strip())
