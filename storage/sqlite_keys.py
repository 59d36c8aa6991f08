"""The keys of a SQLite file: whose it is, and how a new encryption_key takes the place of an old one.

A file is taken over the first time it is opened with the new key and the old one beside it: from then on new things are wrapped by the
new key, and both are read. `rotate` then wraps the rest anew, a few hundred at a time, each in a commit of its own, beside a
`serve`; broken off, it goes on where it was, because each row tells which key wrapped it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw

from engine.ports import NewerDocument, StoreUnavailable
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.serving_lock import ServingLock

PAGE = 500
#: The mark that holds the wrapped key of the look-up hashes, once the encryption_key is no longer the first one.
INDEX = "index"
#: Tables with a wrapped key: the column that names a row. All are read in its order.
TABLES = {"conversation": "n", "kept": "id", "history_shop": "n"}


def refuse_newer(db: apsw.Connection) -> int:
    """The schema that the file was written with. Raises NewerDocument for one that this program does not know."""
    (version,) = next(iter(db.execute("PRAGMA user_version")))
    if int(version) > sql.SCHEMA_VERSION:
        raise NewerDocument("this file was written by a newer Doorstep; upgrade this one")
    return int(version)


def adopt(db: apsw.Connection, sealer: Sealer, *, write: bool) -> None:
    """Make `sealer` this file's. With `write` an older key's file is taken over. Raises WrongKey."""
    row: Any = db.execute(sql.SHOW_KEY).fetchone()
    index: Any = db.execute(sql.MARKED, (INDEX,)).fetchone() if _has_marks(db) else None
    anew = sealer.adopt(row[0], bytes.fromhex(index[0]) if index else None)
    if anew is not None and write:
        with db:
            db.execute(sql.NEW_KEY, (anew[0],))
            db.execute(sql.MARK, (INDEX, anew[1].hex()))


def _has_marks(db: apsw.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark'").fetchone() is not None


def rotate(db: apsw.Connection, sealer: Sealer, progress: Callable[[str, int], None]) -> int:
    """Wrap everything by the present key; how many keys that were. The file was taken over before. Raises WrongKey, apsw.Error."""
    done = 0
    for table, name in TABLES.items():
        last: object = "" if table == "kept" else -1
        many = 0
        while True:
            db.execute("BEGIN IMMEDIATE")
            with db:
                page: list[Any] = db.execute(
                    f"SELECT {name}, key FROM {table} WHERE {name} > ? ORDER BY {name} LIMIT ?", (last, PAGE)  # noqa: S608 -- constants
                ).fetchall()  # fmt: skip
                for row, wrapped in page:
                    fresh = sealer.rewrapped(wrapped)
                    if fresh is not None:
                        db.execute(f"UPDATE {table} SET key = ? WHERE {name} = ?", (fresh, row))  # noqa: S608 -- constants
                        many += 1
            db.execute("COMMIT")
            if not page:
                break
            last = page[-1][0]
            progress(table, many)
        done += many
    return done


def rotate_file(path: str, keys: Sequence[bytes], progress: Callable[[str, int], None]) -> int:
    """`rotate` for the file at `path`. Raises StoreUnavailable while it is served by a process that knows only the old key, and
    NewerDocument."""
    if not Path(path).exists():
        raise StoreUnavailable(f"there is no {path}")
    sealer = Sealer(keys[0], keys[1:])
    with contextlib.closing(apsw.Connection(path)) as db:
        db.set_busy_timeout(8000)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        refuse_newer(db)
        row: Any = db.execute(sql.SHOW_KEY).fetchone()
        taken_over = sealer.rewrapped(row[0]) is None
        lock = ServingLock(path)
        if not taken_over:
            try:
                lock.take()
            except StoreUnavailable as error:
                raise StoreUnavailable(
                    "serve still runs with the old key alone: restart it with encryption_key and old_keys, then run this"
                ) from error
        try:
            adopt(db, sealer, write=True)
            return rotate(db, sealer, progress)
        finally:
            lock.release()
