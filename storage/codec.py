"""Documents as bytes: MessagePack by msgspec, with a version; a newer version than ours is refused untouched.

MessagePack and not JSON: a third fewer bytes, so that a page of the file holds two customers who have just answered instead of one, and
an answer sends 2.4 pages through the log instead of 3. Until schema 3 they were written as JSON, which is still read: a document takes
the new form when it changes next. Moments are aware UTC throughout; MessagePack would not keep another offset.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.ports import NewerDocument
from flows.conversation import VERSION, Note
from flows.decision import Document

_encoder = msgspec.msgpack.Encoder()
_documents = msgspec.msgpack.Decoder(Document)
_notes = msgspec.msgpack.Decoder(tuple[Note, ...])
#: What was written as JSON begins with a brace or a bracket, which MessagePack never writes in front of a map or a list.
_JSON = (b"{", b"[")
_documents_json = msgspec.json.Decoder(Document)
_notes_json = msgspec.json.Decoder(tuple[Note, ...])


class _Version(msgspec.Struct):
    v: int = 1


_versions = msgspec.msgpack.Decoder(_Version)
_versions_json = msgspec.json.Decoder(_Version)


def dump(document: Document) -> bytes:
    return _encoder.encode(document)


def read(raw: bytes) -> Document:
    """Raises NewerDocument for one written by a newer program, msgspec.DecodeError for damage."""
    json = raw.startswith(_JSON)
    decoder: Any = _documents_json if json else _documents
    try:
        document: Document = decoder.decode(raw)
    except msgspec.ValidationError:
        if (_versions_json if json else _versions).decode(raw).v > VERSION:
            raise NewerDocument("this data was written by a newer Doorstep; upgrade this one") from None
        raise
    except UnicodeDecodeError as error:
        raise _damaged(error) from error
    if document.v > VERSION:
        raise NewerDocument("this data was written by a newer Doorstep; upgrade this one")
    return document


def dump_notes(notes: tuple[Note, ...]) -> bytes:
    return _encoder.encode(notes)


def read_notes(raw: bytes) -> tuple[Note, ...]:
    """Raises msgspec.DecodeError for damage."""
    try:
        return (_notes_json if raw.startswith(_JSON) else _notes).decode(raw)
    except UnicodeDecodeError as error:
        raise _damaged(error) from error


def _damaged(error: UnicodeDecodeError) -> msgspec.DecodeError:
    """What msgspec lets through for text in MessagePack."""
    return msgspec.DecodeError(f"damaged text: {error.reason}")
