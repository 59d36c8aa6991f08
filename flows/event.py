"""What every event has. Events are facts, past tense, frozen: flows/events.py those of a conversation, flows/desk_events.py the desk's."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from flows.pointers import Pointer


class Event(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What every event has: the source's own id, to whom it may belong, and when it was received."""

    event_id: str  # prefix and the source's own id: "twilio:SM…:received"
    to: tuple[Pointer, ...]
    at: datetime  # aware UTC, when it was received here
    #: False: an event for nobody known is dropped instead of opening a conversation
    opens: bool = False
