"""The default store: one SQLite file. Units share a transaction and an fsync (group commit).

How it works: `transact` queues a unit. The pump takes up to a batch of them, few timers while people wait, runs each in the event loop
inside one BEGIN IMMEDIATE (statements on a warm page cache take microseconds; no hop to a thread), and hands only the COMMIT, which
waits for the disk, to the commit thread. Meanwhile the next units gather. So a unit costs no hop, and a batch costs one.

A refused unit (its `decide` raised) has written nothing, since deciding comes before writing; the others go on. After any database
error the transaction is looked at, rolled back where it still stands, and the batch is run again unit by unit: deciding is pure,
so that is safe. SQLITE_BUSY waits (another process writes) up to about 8 s, then 503. An I/O error on commit is the end of this
process: what the disk holds is known only after recovery (fsync may not be retried: ATC'20 "Can applications recover …").

Weak spots: a page-cache miss blocks the loop for one disk read; a file on a network share has no reliable locks (refused by docs).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import msgspec

from engine.epoch import Restored
from engine.ports import Decide, Due, Handled, Kept, NewerDocument, OrderRow, StoreUnavailable, Tale
from flows.conversation import Conversation, Note
from flows.decision import Document
from flows.events import AnyEvent, Claimed, EffectSettled, TimerDue
from flows.pointers import Pointer
from storage import codec
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.sqlite_expiring import SqliteExpiring
from storage.sqlite_forgetting import SqliteForgetting
from storage.sqlite_history import Errand
from storage.sqlite_keys import adopt
from storage.sqlite_rows import Decided, Row, Rows, answered, at, by, ms

BATCH = 32
#: Where nobody has written for CALM_S, so many timers share a transaction; a person who comes then waits for one such at most.
BATCH_ALONE = 128
CALM_S = 1.0
#: Where people write now and then, so many: each of them may meet a batch that has just begun.
BATCH_BETWEEN = 16
#: What becomes of messages.
_WIRE = (EffectSettled, Claimed)
#: Of a batch, so many places at most go to timers while people wait,
BATCH_TIMERS = 8
#: and so many to what becomes of messages: each answer brings one.
BATCH_OUTBOX = 16
#: Inbound that outruns the disk waits so long, by the age of the oldest unit; then the provider comes again.
WAIT_MOST_S = 8.0
BUSY_PAUSE_S = 0.01
#: WAL pages after which the checkpoint thread is woken.
CHECKPOINT_PAGES = 2000
#: So many times that: the thread never meets a pause in which the log could begin anew, so the commit's own thread helps out.
CHECKPOINT_BEHIND = 4
#: The SQLite release that mends the WAL-reset fault (PLATFORMS.md D 2.4, LIBRARIES.md): older ones are refused.
SQLITE_LEAST = (3, 51, 0)


class _Queued:
    """Something that waits for a transaction: a unit of the road, or an errand beside it."""

    __slots__ = ("born", "future", "result")

    def __init__(self, future: asyncio.Future[Handled]) -> None:
        self.future = future
        self.born = time.monotonic()
        self.result: Handled | None = None


class _Unit(_Queued):
    __slots__ = ("decide", "event", "now")

    def __init__(self, event: AnyEvent, decide: Decide, now: datetime, future: asyncio.Future[Handled]) -> None:
        super().__init__(future)
        self.event = event
        self.decide = decide
        self.now = now


class _Errand(_Queued):
    __slots__ = ("run",)

    def __init__(self, errand: Errand, future: asyncio.Future[Handled]) -> None:
        super().__init__(future)
        self.run = errand.run


def _first(queue: deque[_Queued], most: int) -> list[_Queued]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


class SqliteStore(SqliteForgetting, SqliteExpiring):
    """See engine.ports.Store and engine.ports.History.

    `on_fatal` is called when the file can no longer be trusted: the process has to end.
    """

    def __init__(
        self,
        path: str,
        key: bytes,
        on_fatal: Callable[[str], None] | None = None,
        old_keys: Sequence[bytes] = (),
    ) -> None:
        super().__init__()
        self.path = path
        self._sealer = Sealer(key, old_keys)
        self._on_fatal = on_fatal or (lambda why: None)
        self._people: deque[_Queued] = deque()
        self._outbox: deque[_Queued] = deque()  # what becomes of messages
        self._timers: deque[_Queued] = deque()  # and errands: what nobody waits for
        self._pumping: asyncio.Task[None] | None = None
        self._person_at = 0.0  # monotonic: when the last person's message came
        self._broken = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._checkpointer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._checkpointing = False
        self.commits = 0  # transactions committed, for the bench and /metrics
        self.units = 0

    # -- life

    def open(self) -> None:
        """Open (and make) the file.

        Raises NewerDocument for a newer program's file, WrongKey for another installation's, OSError or apsw.Error when it cannot.
        """
        if tuple(int(x) for x in apsw.sqlite_lib_version().split(".")[:3]) < SQLITE_LEAST:
            raise StoreUnavailable(f"SQLite {apsw.sqlite_lib_version()} is too old; install the locked requirements")
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        if not Path(self.path).exists():  # before a byte is in it; its log and index take the same mode
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = apsw.Connection(self.path)
        self._db.set_busy_timeout(round(WAIT_MOST_S * 1000))
        self._sql("PRAGMA journal_mode = WAL")
        self._sql("PRAGMA synchronous = FULL")
        self._sql("PRAGMA wal_autocheckpoint = 0")
        self._sql("PRAGMA cache_size = -65536")
        self._sql("PRAGMA temp_store = MEMORY")
        (version,) = next(iter(self._sql("PRAGMA user_version")))
        if int(version) > sql.SCHEMA_VERSION:
            raise NewerDocument("this file was written by a newer Doorstep; upgrade this one")
        if int(version) < sql.SCHEMA_VERSION:
            self._sql("BEGIN IMMEDIATE")
            with self._db:
                self._sql(sql.SCHEMA)
                self._sql(sql.FIRST_KEY, (self._sealer.new_key(),))
                self._sql(f"PRAGMA user_version = {sql.SCHEMA_VERSION}")
            self._sql("COMMIT")
        adopt(self._db, self._sealer, write=True)
        self._db.set_busy_timeout(0)
        self._db.set_wal_hook(self._wal)
        self._rows = Rows(self._db, self._sealer)
        self._reader = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        self._reader.set_busy_timeout(1000)
        self._reader.execute("PRAGMA cache_size = -16384")  # the inner pages of ten million orders and their keys

    async def close(self) -> None:
        """Finish what is queued, then close."""
        while self._pumping is not None:
            await asyncio.wait([self._pumping])
        self._thread.shutdown(wait=True)
        self._checkpointer.shutdown(wait=True)
        self._reader.close()
        with contextlib.suppress(apsw.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _sql(self, statement: str, values: tuple[object, ...] = ()) -> apsw.Cursor:
        return self._db.execute(statement, values)

    def _wal(self, _db: object, _name: str, pages: int) -> int:
        """After each commit, in its thread."""
        if pages > CHECKPOINT_BEHIND * CHECKPOINT_PAGES and not self._checkpointing:
            with contextlib.suppress(apsw.Error):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif pages > CHECKPOINT_PAGES and not self._checkpointing:
            self._checkpointing = True
            self._checkpointer.submit(self._checkpoint)
        return int(apsw.SQLITE_OK)

    def _checkpoint(self) -> None:
        """In a thread and on a connection of its own, so that no unit waits for it."""
        try:
            with contextlib.closing(apsw.Connection(self.path)) as db:
                db.set_busy_timeout(1000)
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except apsw.Error:
            pass  # the next commit over the mark asks again
        finally:
            self._checkpointing = False

    def restored(self) -> Restored | None:
        """Whether and when these data came out of a backup."""
        row = self._reader.execute(sql.MARKED, ("restored",)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Restored)

    # -- the one road

    def transact(self, event: AnyEvent, decide: Decide, now: datetime) -> asyncio.Future[Handled]:
        """The unit waits for its turn from this call on, not from the moment it is awaited."""
        loop = asyncio.get_running_loop()
        unit = _Unit(event, decide, now, loop.create_future())
        queue = (
            self._timers if isinstance(event, TimerDue) else self._outbox if isinstance(event, _WIRE) else self._people
        )
        person = queue is self._people
        if self._broken:
            unit.future.set_exception(StoreUnavailable(self._broken))
        elif person and queue and unit.born - queue[0].born > WAIT_MOST_S:
            unit.future.set_exception(StoreUnavailable("more comes in than the disk takes"))
        else:
            if person:
                self._person_at = unit.born
            queue.append(unit)
            if self._pumping is None:
                self._pumping = loop.create_task(self._pump())
        return unit.future

    async def errand(self, errand: Errand) -> None:
        if self._broken:
            raise StoreUnavailable(self._broken)
        loop = asyncio.get_running_loop()
        unit = _Errand(errand, loop.create_future())
        self._timers.append(unit)
        if self._pumping is None:
            self._pumping = loop.create_task(self._pump())
        await unit.future

    def _take(self) -> list[_Queued]:
        """The next batch: what becomes of messages, whose next step waits for it, before timers, of which thousands may be due."""
        people, calm = bool(self._people), time.monotonic() - self._person_at > CALM_S
        alone = BATCH_ALONE if calm else BATCH_BETWEEN
        batch = _first(self._outbox, BATCH_OUTBOX if people else alone)
        batch += _first(self._timers, BATCH_TIMERS if people else alone - len(batch))
        batch += _first(self._people, BATCH - len(batch))
        return batch

    def _waiting(self) -> list[_Queued]:
        return [*self._people, *self._outbox, *self._timers]

    async def _pump(self) -> None:
        batch: list[_Queued] = []
        try:
            while self._people or self._outbox or self._timers:
                batch = self._take()
                if await self._begin(batch):
                    await self._batch(batch)
        except Exception as error:  # noqa: BLE001 -- a bug of ours amid a transaction: nobody may go on from here
            self._broken = f"the store failed: {type(error).__name__}: {error}"
            self._rollback()
            self._fail([*batch, *self._waiting()], StoreUnavailable(self._broken))
            for queue in (self._people, self._outbox, self._timers):
                queue.clear()
            self._on_fatal(self._broken)
        finally:
            self._pumping = None

    async def _begin(self, batch: list[_Queued]) -> bool:
        """A write transaction for the batch; False: nobody of it could be served."""
        while True:
            try:
                self._sql("BEGIN IMMEDIATE")
                self._rows.begin()
                return True
            except apsw.BusyError:
                if time.monotonic() - batch[0].born > WAIT_MOST_S:
                    self._fail(batch, StoreUnavailable("the database is locked by another process"))
                    return False
                await asyncio.sleep(BUSY_PAUSE_S)  # noqa: TID251 -- a lock of the machine, not business time
            except apsw.Error as error:
                self._fail(batch, StoreUnavailable(f"the database cannot be written: {error}"))
                return False

    async def _batch(self, batch: list[_Queued]) -> None:
        try:
            self._run(batch)
        except apsw.Error as error:
            self._rollback()
            await self._one_by_one(batch, error)
            return
        await self._commit(batch)

    async def _one_by_one(self, batch: list[_Queued], error: apsw.Error) -> None:
        """The batch failed as a whole: run each unit alone, so that a poisoned one touches no other."""
        if len(batch) == 1:
            self._fail(batch, StoreUnavailable(f"the database cannot be written: {error}"))
            return
        for unit in batch:
            if not unit.future.done() and await self._begin([unit]):
                await self._batch([unit])

    def _run(self, batch: list[_Queued]) -> None:
        """Find, de-duplicate, load, decide, write: each stage for as many units as do not touch each other, which the processor's
        caches reward with a quarter of the time. What `decide` raises goes to its unit's caller alone.
        """
        waiting = deque(batch)
        while waiting:
            if isinstance(waiting[0], _Errand):
                self._errand(waiting[0])
                waiting.popleft()
            else:
                self._write(self._decide(self._find(waiting), waiting))
        self._rows.flush()

    def _errand(self, unit: _Errand) -> None:
        if unit.future.done():
            return
        self._rows.flush()
        try:
            with self._db:  # a savepoint: an errand that fails halfway leaves no trace in the batch
                unit.run()
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 -- its caller hears of it, the batch goes on
            unit.future.set_exception(error)
        else:
            unit.result = Handled(decision=None)

    def _find(self, waiting: deque[_Queued]) -> list[tuple[_Unit, Row | None]]:
        """Takes units off `waiting` up to an errand, a second one for the same conversation, or one that nobody is known for yet."""
        found: list[tuple[_Unit, Row | None]] = []
        taken: set[int] = set()
        while waiting and isinstance(unit := waiting[0], _Unit):
            row = self._look(unit)
            if unit.future.done():
                waiting.popleft()
                continue
            if found and (row is None or row.n in taken):
                break
            waiting.popleft()
            unit.result = answered(row, unit.event)
            if unit.result is None:
                found.append((unit, row))
                if row is None:
                    break
                taken.add(row.n)
        return found

    def _look(self, unit: _Unit) -> Row | None:
        """Its row. What cannot be read is told to its caller; the batch goes on."""
        try:
            return None if unit.future.done() else self._rows.find(unit.event.to)
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 -- see above
            unit.future.set_exception(error)
            return None

    def _decide(self, found: list[tuple[_Unit, Row | None]], waiting: deque[_Queued]) -> list[Decided]:
        """What is to be written. One that claims a name is the last: who comes after it may be found under that name, so the
        rest goes back to `waiting`."""
        decided: list[Decided] = []
        for place, (unit, row) in enumerate(found, start=1):
            document, new_id = (None, secrets.token_hex(8)) if row is None else (row.document, "")
            try:
                decision = unit.decide(document, new_id, unit.event, unit.now)
                raw = codec.dump(decision.document) if decision.changed else b""
                spilled = codec.dump_notes(decision.spilled) if decision.spilled else b""
            except apsw.Error:
                raise
            except Exception as error:  # noqa: BLE001 -- undecidable or unwritable: its caller hears of it, the batch goes on
                unit.future.set_exception(error)
                continue
            unit.result = Handled(decision=decision)
            if decision.changed:
                decided.append(Decided(row, unit.event, unit.now, decision, raw, spilled))
                if decision.claims and any(pointer.kind != "page" for pointer in decision.claims):
                    waiting.extendleft(unit for unit, _ in reversed(found[place:]))
                    break
        return decided

    def _write(self, decided: list[Decided]) -> None:
        for unit in decided:
            self._rows.write(unit)

    async def _commit(self, batch: list[_Queued]) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._sql, "COMMIT")
        except apsw.Error as error:
            self._rollback()
            if isinstance(error, apsw.IOError | apsw.CorruptError | apsw.NotADBError):
                self._broken = f"the database failed on commit: {error}"
                self._fail(batch, StoreUnavailable(self._broken))
                self._on_fatal(self._broken)
                return
            await self._one_by_one(batch, error)
            return
        self.commits += 1
        for unit in batch:
            if not unit.future.done() and unit.result is not None:
                self.units += 1
                unit.future.set_result(unit.result)

    def _rollback(self) -> None:
        """Whatever happened: no transaction stands, and nothing cached comes from it."""
        self._rows.forget()
        if self._db.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._sql("ROLLBACK")

    @staticmethod
    def _fail(batch: list[_Queued], error: Exception) -> None:
        for unit in batch:
            if not unit.future.done():
                unit.future.set_exception(error)

    def _hash(self, pointer: Pointer) -> bytes:
        return self._rows.hash(pointer)

    # -- reading: on a connection of its own, so that nothing uncommitted is ever shown

    async def load(self, pointer: Pointer) -> Document | None:
        if pointer.kind == "conversation":
            row = self._reader.execute(sql.BY_ID, (pointer.key,)).fetchone()
        else:
            row = self._reader.execute(sql.BY_POINTER, (self._hash(pointer),)).fetchone()
        return None if row is None else codec.read(self._sealer.open(row[2], row[4]))

    async def due(self, now: datetime, limit: int) -> list[Due]:
        return [Due(id_, at(due)) for id_, due in self._reader.execute(sql.DUE, (by(now), limit))]

    async def next_due(self) -> datetime | None:
        row = self._reader.execute(sql.NEXT_DUE).fetchone()
        return at(row[0]) if row and row[0] is not None else None

    async def sendable(self, now: datetime, limit: int, after: tuple[datetime, str] | None = None) -> list[Due]:
        start, id_ = (ms(after[0]), after[1]) if after else (-1, "")
        return [Due(i, at(due)) for i, due in self._reader.execute(sql.SENDABLE, (by(now), start, id_, limit))]

    async def in_flight(self) -> list[str]:
        return [row[0] for row in self._reader.execute(sql.FLYING)]

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]:
        rows = self._reader.execute(sql.ORDERS, (shop, state, state, by(since) if since else 0, limit))
        return [OrderRow(s, o, c, st, at(when)) for s, o, c, st, when in rows]

    async def journal(self, conversation: str) -> list[Note]:
        notes: list[Note] = []
        with self._reader:  # one snapshot: a line that moves from the document to the journal meanwhile is not lost
            for lines, key in self._reader.execute(sql.JOURNAL, (conversation,)):
                notes += codec.read_notes(self._sealer.open(key, lines))
            row = self._reader.execute(sql.BY_ID, (conversation,)).fetchone()
        document = None if row is None else codec.read(self._sealer.open(row[2], row[4]))
        if document is not None:
            notes += document.notes
        return notes

    async def tales(self, shop: str, after: str, limit: int, since: datetime | None = None) -> tuple[list[Tale], str]:
        found, last = [], ""
        with self._reader:  # one snapshot, as above
            rows: list[Any] = self._reader.execute(sql.PAGE_BY_ID, (after, limit)).fetchall()
            for last, key, sealed in rows:
                document = codec.read(self._sealer.open(key, sealed))
                if isinstance(document, Conversation) and document.shop == shop and document.told_since(since):
                    moved: list[Any] = self._reader.execute(sql.JOURNAL, (last,)).fetchall()
                    notes = [n for lines, _ in moved for n in codec.read_notes(self._sealer.open(key, lines))]
                    found.append(Tale(document, [*notes, *document.notes]))
        return found, last

    async def counts(self) -> dict[str, int]:
        found = {f"orders.{state}": count for state, count in self._reader.execute(sql.COUNT_ORDERS)}
        return found | {"commits": self.commits, "units": self.units}

    # -- bodies kept for a repair

    async def keep(self, kept: Kept) -> bool:
        key = self._sealer.new_key()
        body = self._sealer.seal(key, msgspec.json.encode(kept))
        return await self._small(sql.KEEP, [(kept.id, ms(kept.at), key, body)])

    async def kept(self, limit: int = 100) -> list[Kept]:
        rows = self._reader.execute(sql.KEPT, (limit,))
        return [msgspec.json.decode(self._sealer.open(key, body), type=Kept) for _, key, body in rows]

    async def drop_kept(self, ids: Iterable[str]) -> None:
        await self._small(sql.DROP_KEPT, [(i,) for i in ids])

    async def _small(self, statement: str, rows: list[tuple[object, ...]]) -> bool:
        """A write beside the road (kept bodies only): waits for its turn, commits alone. True when it changed something."""
        while self._pumping is not None:
            await asyncio.wait([self._pumping])
        marker = asyncio.get_running_loop().create_task(self._write_small(statement, rows))
        self._pumping = marker  # type: ignore[assignment]
        try:
            return await marker
        finally:
            self._pumping = None
            if self._waiting():
                self._pumping = asyncio.get_running_loop().create_task(self._pump())

    async def _write_small(self, statement: str, rows: list[tuple[object, ...]]) -> bool:
        deadline = time.monotonic() + WAIT_MOST_S
        while True:
            try:
                before = self._db.total_changes()
                with self._db:
                    for row in rows:
                        self._sql(statement, row)
                return self._db.total_changes() > before
            except apsw.BusyError as error:
                if time.monotonic() > deadline:
                    raise StoreUnavailable("the database is locked by another process") from error
                await asyncio.sleep(BUSY_PAUSE_S)  # noqa: TID251 -- a lock of the machine, not business time
            except apsw.Error as error:
                raise StoreUnavailable(f"the database cannot be written: {error}") from error
