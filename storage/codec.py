"""Documents as bytes: tagged JSON by msgspec, with a version; a newer version than ours is refused untouched."""

from __future__ import annotations

import msgspec

from engine.ports import NewerDocument
from flows.conversation import VERSION, Note
from flows.decision import Document

_encoder = msgspec.json.Encoder()
_documents = msgspec.json.Decoder(Document)
_notes = msgspec.json.Decoder(tuple[Note, ...])


class _Version(msgspec.Struct):
    v: int = 1


_versions = msgspec.json.Decoder(_Version)


def dump(document: Document) -> bytes:
    return _encoder.encode(document)


def read(raw: bytes) -> Document:
    """Raises NewerDocument for one written by a newer program, msgspec.ValidationError for damage."""
    try:
        document: Document = _documents.decode(raw)
    except msgspec.ValidationError:
        if _versions.decode(raw).v > VERSION:
            raise NewerDocument("this data was written by a newer Doorstep; upgrade this one") from None
        raise
    if document.v > VERSION:
        raise NewerDocument("this data was written by a newer Doorstep; upgrade this one")
    return document


def dump_notes(notes: tuple[Note, ...]) -> bytes:
    return _encoder.encode(notes)


def read_notes(raw: bytes) -> tuple[Note, ...]:
    return _notes.decode(raw)
