"""What a batch of the SQLite store holds in its hands: rows as they stand in the transaction, and what is to be written."""

from __future__ import annotations

from datetime import datetime

import msgspec

from flows.decision import Decision, Document
from flows.events import AnyEvent


class Row(msgspec.Struct, gc=False):
    """A conversation as it stands in the transaction, what this batch has written included."""

    n: int
    id: str
    key: bytes  # wrapped
    version: int
    document: Document


class Decided(msgspec.Struct, gc=False):
    """One unit that is to be written: its row (None: a new conversation), the decision, and the document as bytes."""

    row: Row | None
    event: AnyEvent
    now: datetime
    decision: Decision
    raw: bytes
    spilled: bytes
