"""A person's word about a customer, found again wherever that customer orders from.

Where the word was given, the conversation knows it. Beside it the history keeps it as an entry that is no order, under the same
phone, e-mail and address keys as orders, so that export and erasure cover it. Found there,

    by phone or e-mail, surely       it decides, unless a later word does
    by the address alone             a block asks for a person's look: review at one door, watch where neighbours may share it
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from flows.risk.history import PastOrder, Ruling
from flows.risk.signals import Reason


class Word(Struct, frozen=True):
    """What persons have said. `ruling` decides; `near` ("review", "watch") is the least verdict where only the door matches."""

    ruling: Ruling | None = None
    near: str = ""
    reasons: tuple[Reason, ...] = ()


def word(own: Ruling | None, past: tuple[PastOrder, ...], now: datetime) -> Word:
    """The word that holds for an order of the conversation's `own` ruling and of what the history says."""
    given = own if own is not None and own.at <= now else None
    means: set[str] = set()
    near: list[PastOrder] = []
    for entry in past:
        ruling = entry.ruling
        if ruling is None or ruling.at > now:
            continue
        theirs = {m.means for m in entry.matched if m.means != "address" and m.sure}
        if theirs and (given is None or ruling.at >= given.at):
            given, means = ruling, {str(m) for m in theirs}
        elif not theirs and ruling.verdict == "blocked":
            near.append(entry)
    if given is not None:
        elsewhere = given.verdict == "blocked" and bool(means) and "phone" not in means
        return Word(given, reasons=(_reason("blocked_email", given),) if elsewhere else ())
    if not near:
        return Word()
    latest = max(near, key=lambda entry: entry.ruling.at if entry.ruling else now)
    sure = any(m.sure for entry in near for m in entry.matched)
    assert latest.ruling is not None
    return Word(near="review" if sure else "watch", reasons=(_reason("blocked_address", latest.ruling),))


def _reason(code: str, ruling: Ruling) -> Reason:
    return Reason(code, 0.0, {"by": ruling.by, "last": ruling.at.date().isoformat()})
