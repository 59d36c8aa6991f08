"""A film of what reaches the disk: every write and every sync that SQLite makes, and what a disk holds if the power fails at any moment.

Of the writes to a file since its last sync any may be lost, and one may be torn: that is what a disk may do, and what the end of a
process alone (a kill) never does. The film is taken in SQLite's own layer for files (a VFS), so it needs no file system of its own; what
a disk that lies about its syncs does is not in it.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

#: Disks write sectors: a torn write has some of them.
SECTOR = 512


class Op(Struct, frozen=True):
    """One thing that was asked of a file. `kind`: write, truncate, sync, delete."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""


class Tape:
    """Everything in its order."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._lock = threading.Lock()

    def add(self, op: Op) -> None:
        with self._lock:
            self.ops.append(op)

    def replay(self, cut: int, folder: Path, dice: random.Random) -> None:
        """Make the files that a disk would hold if the power failed after `cut` operations."""
        safe: dict[str, bytearray] = {}
        loose: dict[str, list[Op]] = {}
        for op in self.ops[:cut]:
            match op.kind:
                case "sync":
                    _apply(safe.setdefault(op.name, bytearray()), loose.pop(op.name, []))
                case "delete":
                    safe.pop(op.name, None)
                    loose.pop(op.name, None)
                case _:
                    safe.setdefault(op.name, bytearray())
                    loose.setdefault(op.name, []).append(op)
        lucky = dice.choice((0.0, 0.0, 0.5, 1.0))  # none of it, some of it, all of it reached the disk
        for name, ops in loose.items():
            kept = [_torn(op, dice) if dice.random() < 0.1 else op for op in ops if dice.random() < lucky]
            _apply(safe[name], kept)
        for name, content in safe.items():
            (folder / Path(name).name).write_bytes(bytes(content))


def _torn(op: Op, dice: random.Random) -> Op:
    sectors = len(op.data) // SECTOR
    return op if sectors < 2 else Op(op.kind, op.name, op.at, op.data[: dice.randrange(1, sectors) * SECTOR])


def _apply(content: bytearray, ops: list[Op]) -> None:
    for op in ops:
        if op.kind == "truncate":
            del content[op.at :]
            continue
        content.extend(b"\0" * (op.at + len(op.data) - len(content)))
        content[op.at : op.at + len(op.data)] = op.data


class _File(apsw.VFSFile):
    def __init__(self, tape: Tape, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._tape = tape
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self._tape.add(Op("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._tape.add(Op("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._tape.add(Op("sync", self._name))


class _Disk(apsw.VFS):
    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        super().__init__("filmed", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        return _File(self._tape, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._tape.add(Op("delete", filename))


@contextlib.contextmanager
def recorded() -> Iterator[Tape]:
    """Databases that are opened meanwhile are filmed."""
    tape = Tape()
    disk = _Disk(tape)
    try:
        yield tape
    finally:
        disk.unregister()
