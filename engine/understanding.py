"""`run.py understand`: a JSON line in, a JSON line out."""

from __future__ import annotations

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
