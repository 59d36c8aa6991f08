"""Documents as bytes: what an older program wrote is read as it was meant, what is damaged is no document."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ports import NewerDocument
from flows.conversation import VERSION, Conversation, Note
from flows.decision import Document
from flows.money import Money
from flows.orders import Order, OrderFields
from flows.postal import PostalAddress
from storage import codec

NOW = datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC)
FIELDS = OrderFields(
    id="4411", total=Money(4990, "EUR"), placed_at=NOW, name="Ana Ruiz", phone="+34611222333",
    address=PostalAddress(line1="Calle Mayor 1", city="Madrid", postcode="28013", country="ES"),
)  # fmt: skip
ANA = Conversation(
    id="1f2e3d4c5b6a7988", shop="demo", created_at=NOW, name="Ana Ruiz",
    orders=(Order(fields=FIELDS, seq=1, received_at=NOW + timedelta(microseconds=1)),),
    timers={"rung:4411": NOW + timedelta(hours=4)}, seen={"api:demo:4411": 1_795_372_268},
    notes=(Note(n=1, at=NOW, what="order.placed", order_id="4411", by="shop", data={"total": "4990"}),),
)  # fmt: skip


def test_what_an_older_program_wrote_as_json_is_read() -> None:
    assert codec.read(msgspec.json.encode(ANA)) == ANA
    assert codec.read_notes(msgspec.json.encode(ANA.notes)) == ANA.notes
    assert codec.read_notes(b"[]") == ()


def test_it_is_written_smaller_and_comes_back_whole() -> None:
    raw = codec.dump(ANA)
    assert codec.read(raw) == ANA
    assert codec.read_notes(codec.dump_notes(ANA.notes)) == ANA.notes
    assert codec.read_notes(codec.dump_notes(())) == ()
    assert len(raw) < 0.75 * len(msgspec.json.encode(ANA))


@pytest.mark.parametrize("encode", [codec.dump, msgspec.json.encode])
def test_a_newer_programs_document_is_refused_in_either_form(encode) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NewerDocument):
        codec.read(encode(msgspec.structs.replace(ANA, v=VERSION + 1)))


def test_a_newer_document_that_cannot_be_read_at_all_is_told_as_newer() -> None:
    strange = {"type": "conversation", "v": VERSION + 1, "orders": "kept elsewhere"}
    for raw in (msgspec.msgpack.encode(strange), msgspec.json.encode(strange)):
        with pytest.raises(NewerDocument):
            codec.read(raw)


@given(cut=st.integers(0, 10_000), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_damage_is_an_error_or_a_document_and_nothing_else(cut: int, at: int, bit: int) -> None:
    raw = codec.dump(ANA)
    with pytest.raises(msgspec.DecodeError):
        codec.read(raw[: cut % len(raw)])
    flipped = bytearray(raw)
    flipped[at % len(raw)] ^= 1 << bit
    notes = bytearray(codec.dump_notes(ANA.notes))
    notes[at % len(notes)] ^= 1 << bit
    with contextlib.suppress(msgspec.DecodeError):
        codec.read_notes(bytes(notes))
    try:
        read: Document = codec.read(bytes(flipped))
    except (msgspec.DecodeError, NewerDocument):
        return
    assert codec.read(codec.dump(read)) == read
