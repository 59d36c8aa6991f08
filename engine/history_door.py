"""Which of the kept orders are a customer's, with what matched: those of the number and mailbox, and those from the same door.

known = Recognised(here)             once for an incoming order
known.past(payload)                  its PastOrder, or None for a stranger who shares a key
known.at_door(payloads, most)        the same for the orders from one house, of which few are the customer's

Reading an address costs some 50 microseconds, and a house may have ordered a thousand times. So an order that was typed as
another one is judged by that one's answer, and neighbours are told by their numbers and letters at first sight: what speaks for
this very door is read in full, and of what does not only a few, those that look most alike, as one side may be spelt out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace
from rapidfuzz import fuzz

from engine.history_record import Packed, past_order, typed_by, unpacked, who_of
from flows.risk.history import Matched, PastOrder
from flows.risk.identity import Identity, found_by

#: Two writings of one door share its numbers (1.0) or, where one spells them out, most letters of the rest.
LEAST_ALIKE = 0.75
#: Orders compared although they read like another street's; one that has another door's numbers counts for both.
OTHERS_COMPARED = 2

_NUMBER = re.compile(r"\d+")
#: A door's letter behind a number: 3º B, 12-A, 5c.
_DOOR_LETTER = re.compile(r"\d[ºª°.\-/ ]{0,3}([a-z])\b")
_LETTER = re.compile(r"(?<![a-z])[a-z](?![a-z])")


class Recognised:
    """The customer `here`, among orders that share a key with theirs."""

    def __init__(self, here: Identity) -> None:
        self.here = here
        self._answers: dict[tuple[str, ...], tuple[Matched, ...]] = {}
        door = " ".join((here.address.house, *here.address.loose, *(value for _, value in here.address.unit)))
        self._numbers = _numbers(door)
        self._letters = set(_LETTER.findall(door))
        self._words = " ".join(here.address.words)

    def past(self, payload: bytes) -> PastOrder | None:
        """The kept order if it is this customer's, with what matched; None where only a key is shared."""
        return self._past(unpacked(payload))

    def at_door(self, payloads: Iterable[bytes], most: int) -> list[PastOrder]:
        """Those of the orders from one house that are the customer's. At most `most`, the likeliest, are compared in full."""
        rated = [(*self._resemblance(packed), at, packed) for at, packed in enumerate(map(unpacked, payloads))]
        rated.sort(key=lambda row: row[:3], reverse=True)
        chosen: list[Packed] = []
        others = 0
        for this_door, alike, _, packed in rated:
            if not this_door or alike < LEAST_ALIKE:
                others += 1 if this_door else OTHERS_COMPARED
                if others > OTHERS_COMPARED:
                    continue
            chosen.append(packed)
            if len(chosen) == most:
                break
        return [order for packed in chosen if (order := self._past(packed)) is not None]

    def _past(self, packed: Packed) -> PastOrder | None:
        typed = typed_by(packed)
        matched = self._answers.get(typed)
        if matched is None:
            matched = self._answers[typed] = found_by(self.here, who_of(packed))
        return replace(past_order(packed), matched=matched) if matched else None

    def _resemblance(self, packed: Packed) -> tuple[bool, float]:
        """At first sight: whether nothing speaks for two doors, and how alike numbers and letters are, 0..2."""
        line = f"{packed.line1} {packed.rest.line2}".casefold()
        mine, there = self._numbers, _numbers(line)
        shared = len(mine & there) / len(mine | there) if mine or there else 1.0
        this_door = mine <= there or there <= mine
        if this_door and self._letters:
            this_door = not (letters := _DOOR_LETTER.findall(line)) or not self._letters.isdisjoint(letters)
        return this_door, shared + fuzz.ratio(self._words, line) / 100


def _numbers(text: str) -> set[int]:
    """The numbers in it: of any script, 05 and 5 are one."""
    return {int(number) for number in _NUMBER.findall(text)}
