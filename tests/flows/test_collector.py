"""What the garbage collector has to walk: none of the documents that a store keeps decoded by the thousand."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import get_args, get_type_hints

import msgspec
from msgspec import Struct

from flows.conversation import Contact, Conversation
from flows.decision import Decision, Document
from flows.events import AnyEvent
from flows.orders import Order, OrderFields


def reached(kind: object, found: set[type[Struct]]) -> set[type[Struct]]:
    """Every struct that a value of this type may hold."""
    if isinstance(kind, type) and issubclass(kind, Struct) and kind not in found:
        found.add(kind)
        for inner in get_type_hints(kind).values():
            reached(inner, found)
    for inner in get_args(kind):
        reached(inner, found)
    return found


def test_frozen_trees_are_out_of_the_collectors_sight() -> None:
    """A frozen tree cannot hold a cycle, so none of its structs is walked by the collector: it would look through every conversation
    a store has in memory again and again, which is a fifth of a timer's time and stops the loop for tens of milliseconds."""
    found: set[type[Struct]] = set()
    for root in (Decision, Document, AnyEvent):
        reached(root, found)
    assert {Conversation, Order, OrderFields, Contact} <= found
    assert [kind.__name__ for kind in found if kind.__struct_config__.gc] == [], "write gc=False beside frozen=True"


def test_a_decoded_document_is_not_tracked() -> None:
    """A document as a store reads it, its tuples included, is nothing to the collector once that has looked at it."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    document = Conversation(
        id="c", shop="demo", created_at=now, contacts=(Contact("sms", "+34600000001", heard_at=now),)
    )
    read = msgspec.json.decode(msgspec.json.encode(document), type=Conversation)
    gc.collect()
    assert read == document
    assert not [part for part in (read, read.contacts, read.contacts[0], read.timers, read.seen) if gc.is_tracked(part)]
