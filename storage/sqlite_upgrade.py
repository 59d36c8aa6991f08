"""What a file of an older schema needs before this program may write to it.

5: an order is found by its own row in shop_order, whose keys stand in the order in which the shop counts; before, it had a pointer, too,
   whose hash stood anywhere. Conversations have spare room in their rows (storage/sqlite_rows.py); those of before get it as they change.
"""

from __future__ import annotations

from typing import Any

import apsw

from engine.ports import StoreUnavailable
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.serving_lock import ServingLock

#: Since this schema orders have no pointers.
ORDERS_BY_ROW = 5
#: Orders in memory at once.
PAGE = 1000


def upgrade(db: apsw.Connection, sealer: Sealer, schema: int, path: str) -> None:
    """In one transaction, the version included. `schema` 0: a new file. The sealer has been proved to be this file's.

    Raises StoreUnavailable while a process serves the older file: it would look for orders under names that are gone.
    """
    lock = ServingLock(path)
    if schema:
        _taken(lock, path)
    try:
        db.execute("BEGIN IMMEDIATE")
        with db:
            if "spare" not in {name for _, name, *_ in db.execute("PRAGMA table_info(conversation)")}:
                db.execute("ALTER TABLE conversation ADD COLUMN spare BLOB")
            if 0 < schema < ORDERS_BY_ROW:
                _drop_order_pointers(db, sealer)
            db.execute(f"PRAGMA user_version = {sql.SCHEMA_VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        lock.release()


def _taken(lock: ServingLock, path: str) -> None:
    try:
        lock.take()
    except StoreUnavailable as error:
        raise StoreUnavailable(
            f"{path} is served by an older version: stop it first, then this one brings the file up to date"
        ) from error


def _drop_order_pointers(db: apsw.Connection, sealer: Sealer) -> None:
    """The pointer's word counts, should the row ever have said otherwise."""
    last: tuple[str, str] = ("", "")
    while orders := _page(db, last):
        for shop, order_id, conversation in orders:
            gone = db.execute(
                "DELETE FROM pointer WHERE key = ? RETURNING conversation", (sealer.index("order", shop, order_id),)
            ).fetchone()
            if gone is not None and gone[0] != conversation:
                row = (gone[0], shop, order_id)
                db.execute("UPDATE shop_order SET conversation = ? WHERE shop = ? AND order_id = ?", row)
        last = orders[-1][:2]


def _page(db: apsw.Connection, after: tuple[str, str]) -> Any:
    return db.execute(
        """SELECT shop, order_id, conversation FROM shop_order WHERE (shop, order_id) > (?, ?)
        ORDER BY shop, order_id LIMIT ?""",
        (*after, PAGE),
    ).fetchall()
