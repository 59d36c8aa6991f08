"""The SQLite file and its connections: made, opened, given a key, checkpointed, closed. The parts of SqliteStore stand on it.

Weak spots: a page-cache miss blocks the loop for one disk read; a file on a network share has no reliable locks (refused by docs).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import msgspec

from engine.epoch import Restored
from engine.ports import StoreUnavailable
from flows.pointers import Pointer
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.sqlite_keys import adopt, refuse_newer
from storage.sqlite_rows import Rows
from storage.sqlite_upgrade import upgrade

#: So long a write waits for another process's, and a message for those that came before it; then the provider comes again.
WAIT_MOST_S = 8.0
#: WAL pages after which the checkpoint thread is woken.
CHECKPOINT_PAGES = 2000
#: So many times that: the thread never meets a pause in which the log could begin anew, so the commit's own thread helps out.
CHECKPOINT_BEHIND = 4
#: Statements kept ready: the most that apsw keeps. One that was used goes to the end of the line, so they have to be as many as a
#: batch of people executes; with apsw's own 100 each batch would have every text read anew.
STATEMENTS = 512
#: The SQLite release that mends the WAL-reset fault (https://sqlite.org/wal.html): older ones are refused.
SQLITE_LEAST = (3, 51, 0)


class Errand:
    """Rows that belong to no conversation, written in a batch of the one road. `run` may be called again after a rollback."""

    def __init__(self, run: Callable[[], object]) -> None:
        self.run = run


class SqliteFile:
    """A part of SqliteStore: one connection that writes, and one that reads, so that nothing uncommitted is ever shown."""

    def __init__(self, path: str, sealer: Sealer) -> None:
        self.path = path
        self._sealer = sealer
        self._checkpointer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._checkpointing = False

    async def errand(self, errand: Errand, *, waited_for: bool = False) -> None:
        """Run it inside a transaction of the road; returns after the commit. `waited_for`: its turn comes among people's messages.

        What it raises goes to the caller alone. Raises StoreUnavailable.
        """
        raise NotImplementedError

    def open(self) -> None:
        """Open (and make) the file.

        Raises NewerDocument for a newer program's file, WrongKey for another installation's, StoreUnavailable while a process serves
        a file that has to be brought up to date, OSError or apsw.Error when it cannot.
        """
        if tuple(int(x) for x in apsw.sqlite_lib_version().split(".")[:3]) < SQLITE_LEAST:
            raise StoreUnavailable(f"SQLite {apsw.sqlite_lib_version()} is too old; install the locked requirements")
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        if not Path(self.path).exists():  # before a byte is in it; its log and index take the same mode
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = apsw.Connection(self.path, statementcachesize=STATEMENTS)
        self._db.set_busy_timeout(round(WAIT_MOST_S * 1000))
        _keeps_plans(self._db)
        self._sql("PRAGMA journal_mode = WAL")
        self._sql("PRAGMA synchronous = FULL")
        self._sql("PRAGMA wal_autocheckpoint = 0")
        self._sql("PRAGMA cache_size = -16384")
        self._sql("PRAGMA temp_store = MEMORY")
        self._sql("PRAGMA secure_delete = ON")  # a row that grows moves: what it leaves behind holds its key
        schema = refuse_newer(self._db)
        if schema < sql.SCHEMA_VERSION:
            self._sql("BEGIN IMMEDIATE")
            with self._db:
                self._sql(sql.SCHEMA)
                self._sql(sql.FIRST_KEY, (self._sealer.new_key(),))
            self._sql("COMMIT")
        adopt(self._db, self._sealer, write=True)
        if schema < sql.SCHEMA_VERSION:  # who has not the key closes nothing to the older program that has it
            upgrade(self._db, self._sealer, schema, self.path)
        self._db.set_busy_timeout(0)
        self._db.set_wal_hook(self._wal)
        self._rows = Rows(self._db, self._sealer)
        self._reader = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        self._reader.set_busy_timeout(1000)
        _keeps_plans(self._reader)
        self._reader.execute("PRAGMA cache_size = -16384")  # the inner pages of ten million orders and their keys

    def remember(self, megabytes: int) -> None:
        """How much of the file the writing connection keeps in memory, 16 MB unless told."""
        self._sql(f"PRAGMA cache_size = -{megabytes * 1024}")

    def look(self) -> None:
        """Open to read alone, beside whoever serves: nothing is made, taken over or checkpointed.

        Raises NewerDocument, WrongKey, apsw.Error.
        """
        self._reader = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY)
        self._reader.set_busy_timeout(1000)
        refuse_newer(self._reader)
        adopt(self._reader, self._sealer, write=False)
        self._rows = Rows(self._reader, self._sealer)

    def leave(self) -> None:
        """After `look`."""
        self._reader.close()

    async def close(self) -> None:
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

    def _hash(self, pointer: Pointer) -> bytes:
        return self._rows.hash(pointer)

    def restored(self) -> Restored | None:
        """Whether and when these data came out of a backup."""
        row = self._reader.execute(sql.MARKED, ("restored",)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Restored)


def _keeps_plans(db: apsw.Connection) -> None:
    """A statement keeps its plan whatever values it is given ("query planner stability guarantee"). Without this a SQLite built with
    STAT4, as apsw's is, reads and plans a join's text anew at each execution: measured, 8.6 us for a conversation by its name
    instead of 2.8."""
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
