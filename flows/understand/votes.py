"""A table of votes as it lies in weights/*.votes: hundreds of thousands of features in a few megabytes of memory.

Python's own dict of texts would take ten times as much. A feature is found by its CRC-32 in an open-addressed table:

    line 1   the labels, separated by tabs
    line 2   how many slots (a power of two), how many bytes of votes
    slots    64 bits each, little-endian: CRC-32 of the feature above, place of its votes + 1 below; 0 is empty
    votes    at a place: how many, then label (8 bits) and weight (16 bits, signed) of each

Two features with one CRC-32 are one to it: of those learnt the compiler keeps one; a text's own meets a foreign vote once in some
twenty thousand features.
"""

from __future__ import annotations

import struct
import sys
from array import array
from functools import lru_cache
from importlib import resources
from typing import Final
from zlib import crc32

_PAIR: Final = struct.Struct("<Bh")
_PLACE: Final = 0xFFFFFFFF
#: Slots for each feature, at least: a look-up that finds nothing meets an empty one after some five probes.
_ROOM: Final = 1.4

Votes = tuple[tuple[int, int], ...]


class VotesTable:
    """Feature -> its (label, weight) pairs."""

    def __init__(self, written: bytes) -> None:
        first = written.index(b"\n")
        second = written.index(b"\n", first + 1)
        self.labels = tuple(written[:first].decode().split("\t"))
        count, size = map(int, written[first + 1 : second].split())
        self._slots = array("Q", written[second + 1 : second + 1 + count * 8])
        if sys.byteorder == "big":
            self._slots.byteswap()
        self._votes = written[second + 1 + count * 8 :]
        if len(self._votes) != size:
            raise ValueError(
                "the table of votes is cut off: check the weights out again, or python -m bench.train_understand"
            )
        self._mask = count - 1
        #: feature -> its (label, weight) pairs, perhaps none; None where it was never seen. The same features come again.
        self.get = lru_cache(maxsize=32_768)(self._find)

    @classmethod
    def load(cls, name: str) -> VotesTable:
        """The table of weights/<name>."""
        return cls(resources.files(__package__).joinpath("weights", name).read_bytes())

    def _find(self, feature: str) -> Votes | None:
        key = crc32(feature.encode())
        at = key & self._mask
        while slot := self._slots[at]:
            if slot >> 32 == key:
                place = slot & _PLACE
                return tuple(_PAIR.iter_unpack(self._votes[place : place + self._votes[place - 1] * _PAIR.size]))
            at = (at + 1) & self._mask
        return None


def written(labels: list[str], weights: dict[str, dict[int, int]]) -> bytes:
    """A table's file; the same weights give the same bytes. Of two features with one CRC-32 the one of more weight stays."""
    by_key: dict[int, dict[int, int]] = {}
    for feature in sorted(weights):
        votes, key = weights[feature], crc32(feature.encode())
        known = by_key.get(key)
        if known is None or sum(map(abs, votes.values())) > sum(map(abs, known.values())):
            by_key[key] = votes
    count = 1 << int(len(by_key) * _ROOM).bit_length()  # more than there are features: one stays empty
    slots, blob, places = [0] * count, bytearray(), dict[bytes, int]()
    for key in sorted(by_key):
        pairs = b"".join(
            _PAIR.pack(label, max(-32768, min(32767, weight))) for label, weight in sorted(by_key[key].items())
        )
        one = bytes([len(pairs) // _PAIR.size]) + pairs
        place = places.setdefault(one, len(blob))
        if place == len(blob):
            blob += one
        at = key & (count - 1)
        while slots[at]:
            at = (at + 1) & (count - 1)
        slots[at] = key << 32 | place + 1
    table = array("Q", slots)
    if sys.byteorder == "big":
        table.byteswap()
    head = "\t".join(labels) + f"\n{count} {len(blob)}\n"
    return head.encode() + table.tobytes() + bytes(blob)
