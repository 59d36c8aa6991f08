"""Bring a shop's file into its history: read in other processes, kept in order, resumable to the row.

A chunk of rows goes to a worker, which validates, recognises and packs them (nearly all of the time); this process keeps what
comes back, in the file's order. With each chunk, and in the same commit, a mark says how many records are done. Whoever is stopped
goes on from there; whoever imports the file again finds every order there already. Refused rows go to FILE.rejects.csv before their
chunk is committed, and a resumed import first cuts that file back to what the mark knows, so that no row stands in it twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.history_file import Record, records
from engine.history_record import Closed
from engine.history_rejects import Rejects, rejects_path
from engine.history_rows import Chunk, Rejected, Row, opened_chunk, read_chunk, read_rows
from engine.history_survey import Survey, rows
from engine.ports import Appended, History, ImportMark, TheirFault

#: Rows that a worker reads at a time.
CHUNK = 1000
#: Chunks that are committed together: each commit writes nearly every page of the keys, which lie anywhere, and others who write
#: the same file wait so long, some 80 ms.
TOGETHER = 4
#: Chunks under way, for two workers: more only fills memory.
AHEAD = 6
WORKERS = 2
#: Starting two workers takes about a second; a smaller file is read here in less.
SMALL_BYTES = 1_000_000


class AlreadyRunning(TheirFault):
    """Another process imports this file."""


class Tally(Struct, frozen=True):
    """What became of the records: before (by an import that was broken off), and now. They add up to `records`."""

    records: int = 0
    before: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    erased: int = 0
    rejected: int = 0

    @property
    def item_lines(self) -> int:
        """Further lines of an order that stands above them."""
        return self.records - self.before - self.new - self.changed - self.same - self.erased - self.rejected


class _Mark(Struct, frozen=True):
    """Where a broken-off import goes on."""

    records: int = 0
    rejects_bytes: int = 0


class _Batch(Struct, frozen=True):
    """Rows that are read together, and those that no reading can help. `done` counts records up to the last of them."""

    rows: list[Row]
    faulty: list[Rejected]
    done: int


class _Read(Struct, frozen=True):
    """What was read of some batches, to be kept in one commit. `done` as in _Batch."""

    closed: list[Closed]
    refused: list[Rejected]
    done: int


async def import_file(
    path: Path, shop: str, found: Survey, store: History, progress: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Keep every order of the file. `progress` hears after each commit. Raises AlreadyRunning, StoreUnavailable, OSError."""
    with contextlib.ExitStack() as stack:
        _lock(stack, path)
        state = await store.import_mark(shop, found.source)
        begin = msgspec.json.decode(state, type=_Mark) if state else _Mark()
        rejects = stack.enter_context(Rejects(rejects_path(path), found.sheet.header, begin.rejects_bytes))
        tally = Tally(records=begin.records, before=begin.records)
        batches = _batches(rows(records(path, found.sheet), found.reading), begin.records)
        async for read in _read(stack, found, batches, small=path.stat().st_size < SMALL_BYTES):
            mark = _Mark(read.done, rejects.add(read.refused))
            done = await store.append_history(shop, read.closed, ImportMark(found.source, msgspec.json.encode(mark)))
            tally = _added(tally, read.done, done, len(read.refused))
            progress(tally)
        await store.append_history(shop, (), ImportMark(found.source))
    return tally


def _lock(stack: contextlib.ExitStack, path: Path) -> None:
    """Two imports of one file would write one file of rejects. Two of different copies are fine: orders are known by number."""
    file = os.open(path, os.O_RDONLY)
    stack.callback(os.close, file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(
            f"another process is importing {path.name}; nothing was changed here. Wait for it, then look with --yes again"
        ) from None
    except OSError:
        pass  # a file system without locks: orders are still kept once, only the rejects may be told twice


def _batches(found: Iterator[tuple[int, Row | Record]], skip: int) -> Iterator[_Batch]:
    kept: list[Row] = []
    faulty: list[Rejected] = []
    done = skip
    for count, row in found:
        if count <= skip:
            continue
        done = count
        if isinstance(row, Record):
            faulty.append(Rejected(row.line, row.fault, row.cells))
        else:
            kept.append(row)
        if len(kept) + len(faulty) >= CHUNK:
            yield _Batch(kept, faulty, done)
            kept, faulty = [], []
    if kept or faulty:
        yield _Batch(kept, faulty, done)


async def _read(
    stack: contextlib.ExitStack, found: Survey, batches: Iterator[_Batch], *, small: bool
) -> AsyncIterator[_Read]:
    """All that is read, in order, in portions for a commit each."""
    portion: list[tuple[_Batch, Chunk]] = []
    chunks = _here(found, batches) if small else _in_workers(stack, found, batches)
    async for batch, chunk in chunks:
        portion.append((batch, chunk))
        if len(portion) >= TOGETHER:
            yield _joined(portion)
            portion.clear()
    if portion:
        yield _joined(portion)


def _joined(portion: list[tuple[_Batch, Chunk]]) -> _Read:
    refused = [row for batch, chunk in portion for row in (*chunk.rejected, *batch.faulty)]
    return _Read(
        [order for _, chunk in portion for order in chunk.closed],
        sorted(refused, key=lambda row: row.line),
        portion[-1][0].done,
    )


async def _here(found: Survey, batches: Iterator[_Batch]) -> AsyncIterator[tuple[_Batch, Chunk]]:
    for batch in batches:
        yield batch, read_rows(found.reading, batch.rows)


async def _in_workers(
    stack: contextlib.ExitStack, found: Survey, batches: Iterator[_Batch]
) -> AsyncIterator[tuple[_Batch, Chunk]]:
    """Each batch with what was read of it, in order."""
    pool = ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn"), _begin)
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    under_way: deque[tuple[_Batch, Future[bytes]]] = deque()
    for batch in batches:
        under_way.append((batch, pool.submit(read_chunk, found.reading, msgspec.msgpack.encode(batch.rows))))
        if len(under_way) >= AHEAD:
            first, future = under_way.popleft()
            yield first, opened_chunk(await asyncio.wrap_future(future))
    for first, future in under_way:
        yield first, opened_chunk(await asyncio.wrap_future(future))


def _begin() -> None:
    """In a worker: Ctrl-C is the first process' business, and its death is ours too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # tables that stay: looking through them again and again is a tenth of a worker's time
    gc.set_threshold(50_000)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def leave() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


def _added(tally: Tally, records_done: int, done: Appended, rejected: int) -> Tally:
    return Tally(
        records_done,
        tally.before,
        tally.new + done.new,
        tally.changed + done.changed,
        tally.same + done.same,
        tally.erased + done.erased,
        tally.rejected + rejected,
    )
