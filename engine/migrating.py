"""Moves a shop's data to another storage: copied as it lies, sealed as it is, and checked by counts and hashes.

    move(source, target)   ->  a Report of each kind: how many, how many of them copied now, whether both sides hold the same

It may be broken off and run again at any time: what the target holds already, byte for byte, is not copied again. So a live shop moves
in two runs: one while it is served, which takes as long as it takes, and one after `serve` was stopped, which copies what
changed meanwhile. Until a run has found both sides the same, the target does not let itself be served.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from engine.ports import OurFault

#: In this order: what others point to comes first.
KINDS = (
    "conversation",
    "pointer",
    "shop_order",
    "journal",
    "kept",
    "history_shop",
    "history",
    "history_import",
)
#: Kinds of which things go away again; of the others nothing is ever dropped.
GOING = ("kept", "history_import")


class Row(Struct, frozen=True):
    """One thing to carry. `data`: its fields in a form that every storage gives alike."""

    id: str
    data: bytes


class NotEmpty(OurFault):
    """The target holds other data than what is being moved there."""


class Source(Protocol):
    """A storage that data can be taken from."""

    def pages(self, kind: str) -> AsyncIterator[list[Row]]:
        """Everything of a kind, in any order, each once."""

    async def mark(self) -> str:
        """What tells this installation's data from another's."""


class Target(Source, Protocol):
    """A storage that data can be brought to."""

    async def begin(self, mark: str) -> None:
        """Raises NotEmpty where other data than the marked source's is there."""

    async def held(self, kind: str, ids: Sequence[str]) -> dict[str, bytes]:
        """The data of those that are there."""

    async def put(self, kind: str, rows: Sequence[Row]) -> None: ...

    async def drop(self, kind: str, ids: Sequence[str]) -> None: ...

    async def finish(self) -> None:
        """Both sides are the same: the target may be served."""


class Moved(Struct, frozen=True):
    """Of one kind: how many the source has, how many were copied in this run, and whether the target now holds the same."""

    kind: str
    count: int
    copied: int
    same: bool


async def move(
    source: Source, target: Target, *, last: bool, progress: Callable[[str, int], None]
) -> tuple[Moved, ...]:
    """Copy what differs, then read both sides anew and compare. `last`: nobody writes to the source any more.

    `progress(kind, how many so far)`. Only a `last` run that finds everything the same ends the move.
    """
    await target.begin(await source.mark())
    copied = {kind: await _copy(kind, source, target, progress) for kind in KINDS}
    report = []
    for kind in KINDS:
        ours, theirs = await _fingerprint(source, kind), await _fingerprint(target, kind)
        report.append(Moved(kind, ours[0], copied[kind], ours == theirs))
    if last and all(moved.same for moved in report):
        await target.finish()
    return tuple(report)


async def _copy(kind: str, source: Source, target: Target, progress: Callable[[str, int], None]) -> int:
    copied = seen = 0
    there: set[str] = set()
    async for page in source.pages(kind):
        held = await target.held(kind, [row.id for row in page])
        differing = [row for row in page if held.get(row.id) != row.data]
        if differing:
            await target.put(kind, differing)
        copied += len(differing)
        seen += len(page)
        if kind in GOING:
            there.update(row.id for row in page)
        progress(kind, seen)
    if kind in GOING:
        async for page in target.pages(kind):
            gone = [row.id for row in page if row.id not in there]
            if gone:
                await target.drop(kind, gone)
    return copied


async def _fingerprint(source: Source, kind: str) -> tuple[int, int]:
    """(how many, sum of their SHA-256): the same whatever the order."""
    count = total = 0
    async for page in source.pages(kind):
        count += len(page)
        for row in page:
            digest = hashlib.sha256(row.id.encode() + b"\0" + row.data).digest()
            total = (total + int.from_bytes(digest, "big")) % 2**256
    return count, total
