"""A message and a decide so small that only the store is under test. Imports little: other processes start with it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from flows import pointers
from flows.conversation import Conversation
from flows.decision import Decision, Document
from flows.events import AnyEvent, CustomerWrote
from flows.pointers import Pointer

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
ANA, BEN = "+34600000001", "+34600000002"


def wrote(
    n: int | str, phone: str = ANA, shop: str = "demo", *, opens: bool = True, to: Pointer | None = None
) -> CustomerWrote:
    return CustomerWrote(
        event_id=f"twilio:SM{n}:received",
        to=(to or pointers.phone(shop, phone),),
        at=NOW,
        opens=opens,
        channel="sms",
        address=phone,
        sender="+34911000001",
        text="YES",
        provider_id=f"SM{n}",
    )


def heard(document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
    """Counts events in `orders_ever` and remembers their ids."""
    was = document or Conversation(id=new_id, shop=event.to[-1].shop, created_at=now)
    assert isinstance(was, Conversation)
    seen = {**was.seen, event.event_id: int(now.timestamp())}
    return Decision(document=replace(was, orders_ever=was.orders_ever + 1, seen=seen))


def as_json(key: bytes, sealed: bytes) -> bytes:
    """The sealed document as programs before MessagePack sealed it; b"" where it lies so already."""
    import msgspec

    from storage import codec
    from storage.sealing import Sealer

    sealer = Sealer(KEY)
    raw = sealer.open(key, sealed)
    return b"" if raw.startswith(b"{") else sealer.seal(key, msgspec.json.encode(codec.read(raw)))


def notes_as_json(key: bytes, sealed: bytes) -> bytes:
    """The same for a block of the journal."""
    import msgspec

    from storage import codec
    from storage.sealing import Sealer

    sealer = Sealer(KEY)
    return sealer.seal(key, msgspec.json.encode(codec.read_notes(sealer.open(key, sealed))))
