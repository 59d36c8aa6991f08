"""The books of the bargains: what was offered, agreed to and given, added up from the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from flows.conversation import Note

_ENDS_BADLY = frozenset({"cancelled", "returned"})


class Books(Struct, frozen=True):
    """`cost`: what was given away, `saved`: what customers who haggled pay for the orders that they keep; both by currency, in
    minor units, of bargains that still hold: an order that was cancelled or came back has cost and saved nothing."""

    offered: int = 0
    accepted: int = 0
    refused: int = 0
    asked: int = 0  # put to staff
    cost: dict[str, int] = {}
    saved: dict[str, int] = {}


def books(notes: Iterable[Note]) -> Books:
    """The sum over journal lines, of one order or of a year; those of one order in their order."""
    held: dict[str, tuple[str, int, int]] = {}  # order -> (currency, cost, total) of its bargain
    lost: set[str] = set()
    counts = {"deal.offered": 0, "deal.accepted": 0, "deal.refused": 0, "deal.asked": 0}
    for note in notes:
        if note.what in counts:
            counts[note.what] += 1
        if note.what == "deal.accepted":
            data = note.data
            held[note.order_id] = (data["currency"], int(data["cost"]), int(data["total"]))
        elif note.what in ("deal.undone", "deal.lapsed"):
            held.pop(note.order_id, None)
        elif note.what == "decided":
            (lost.add if note.data.get("state") in _ENDS_BADLY else lost.discard)(note.order_id)
        elif note.what == "order.returned":
            lost.add(note.order_id)
    cost: dict[str, int] = {}
    saved: dict[str, int] = {}
    for order_id, (currency, given, total) in held.items():
        if order_id not in lost:
            cost[currency] = cost.get(currency, 0) + given
            saved[currency] = saved.get(currency, 0) + total
    return Books(
        counts["deal.offered"], counts["deal.accepted"], counts["deal.refused"], counts["deal.asked"], cost, saved
    )
