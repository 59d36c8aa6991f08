"""The default store: one SQLite file. Units share a transaction and an fsync (group commit).

How it works: `transact` queues a unit. The pump takes up to a batch of them, few timers while people wait, runs each in the event loop
inside one BEGIN IMMEDIATE (statements on a warm page cache take microseconds; no hop to a thread), and hands only the COMMIT, which
waits for the disk, to the commit thread. Meanwhile the next units gather, and after it those that are just being read. So a unit
costs no hop, and a batch costs one.

A refused unit (its `decide` raised) has written nothing, since deciding comes before writing; the others go on. After any database
error the transaction is looked at, rolled back where it still stands, and the batch is run again unit by unit: deciding is pure,
so that is safe. SQLITE_BUSY waits (another process writes) up to about 8 s, then 503. An I/O error on commit is the end of this
process: what the disk holds is known only after recovery (fsync may not be retried: ATC'20 "Can applications recover …").

Here is the road alone. The file it writes to is sqlite_file, rows and statements are sqlite_rows and sqlite_schema; what is read is
sqlite_reading, and the shop's past sqlite_history; these parts stand upon each other in one line, as machine code needs it
(docs/performance.md). Rows of no conversation go through an errand, in the same transactions.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import apsw

from engine.ports import Decide, Handled, StoreUnavailable
from flows.events import AnyEvent, Claimed, EffectSettled, TimerDue
from storage import codec
from storage.committing import Committer
from storage.new_id import new_id
from storage.sealing import Sealer
from storage.sqlite_expiring import SqliteExpiring
from storage.sqlite_file import WAIT_MOST_S, Errand
from storage.sqlite_rows import answered
from storage.sqlite_units import Decided, Row

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
#: A batch begins with so many units, which leaves some to come in while the disk has it; or with fewer, when so many turns of the
#: loop, some 10 us each, have brought nothing.
ENOUGH, QUIET_TURNS = BATCH * 3 // 4, 6
BUSY_PAUSE_S = 0.01


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


class SqliteStore(SqliteExpiring):
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
        super().__init__(path, Sealer(key, old_keys))
        self._on_fatal = on_fatal or (lambda why: None)
        self._people: deque[_Queued] = deque()
        self._outbox: deque[_Queued] = deque()  # what becomes of messages
        self._timers: deque[_Queued] = deque()  # and errands: what nobody waits for
        self._pumping: asyncio.Task[None] | None = None
        self._person_at = 0.0  # monotonic: when the last person's message came
        self._broken = ""
        self._committer = Committer("commit")
        self.commits = 0  # transactions committed, for the bench and /metrics
        self.units = 0

    async def close(self) -> None:
        """Finish what is queued, then close."""
        while self._pumping is not None:
            await asyncio.wait([self._pumping])
        self._committer.close()
        await super().close()

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

    async def errand(self, errand: Errand, *, waited_for: bool = False) -> None:
        if self._broken:
            raise StoreUnavailable(self._broken)
        loop = asyncio.get_running_loop()
        unit = _Errand(errand, loop.create_future())
        (self._people if waited_for else self._timers).append(unit)
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

    async def _gather(self) -> None:
        """Let come what is on its way: a unit of a batch of sixteen costs less than one of four, and nobody waits here for longer than
        the loop finds requests to read. One turn of it reads a request, the next one or two queue the unit."""
        quiet, there = 0, len(self._people) + len(self._outbox)
        while 0 < there < ENOUGH and quiet < QUIET_TURNS:
            await asyncio.sleep(0)  # noqa: TID251 -- a turn of the loop, no time
            before, there = there, len(self._people) + len(self._outbox)
            quiet = quiet + 1 if there == before else 0

    def _waiting(self) -> list[_Queued]:
        return [*self._people, *self._outbox, *self._timers]

    async def _pump(self) -> None:
        batch: list[_Queued] = []
        try:
            while self._people or self._outbox or self._timers:
                await self._gather()
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
            document, name = (None, new_id(unit.now)) if row is None else (row.document, "")
            try:
                decision = unit.decide(document, name, unit.event, unit.now)
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
                if decision.claims:
                    waiting.extendleft(unit for unit, _ in reversed(found[place:]))
                    break
        return decided

    def _write(self, decided: list[Decided]) -> None:
        for unit in decided:
            self._rows.write(unit)

    async def _commit(self, batch: list[_Queued]) -> None:
        try:
            await self._committer.run(partial(self._sql, "COMMIT"))
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
