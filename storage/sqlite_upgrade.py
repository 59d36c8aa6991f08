"""What a file of an older schema needs before this program may write to it.

5: an order is found by its own row in shop_order, whose keys stand in the order in which the shop counts; before, it had a pointer, too,
   whose hash stood anywhere. Conversations have spare room in their rows (storage/sqlite_rows.py); those of before get it as they change.
"""

from __future__ import annotations

from typing import Any

import apsw

from storage import sqlite_schema as sql
from storage.sealing import Sealer

#: Since this schema orders have no pointers.
ORDERS_BY_ROW = 5


def upgrade(db: apsw.Connection, sealer: Sealer, schema: int) -> None:
    """In one transaction, the version included. `schema` 0: a new file. The sealer has been proved to be this file's."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        if "spare" not in {name for _, name, *_ in db.execute("PRAGMA table_info(conversation)")}:
            db.execute("ALTER TABLE conversation ADD COLUMN spare BLOB")
        if 0 < schema < ORDERS_BY_ROW:
            _drop_order_pointers(db, sealer)
        db.execute(f"PRAGMA user_version = {sql.SCHEMA_VERSION}")
    db.execute("COMMIT")


def _drop_order_pointers(db: apsw.Connection, sealer: Sealer) -> None:
    """The pointer's word counts, should the row ever have said otherwise."""
    orders: list[Any] = db.execute("SELECT shop, order_id, conversation FROM shop_order").fetchall()
    for shop, order_id, conversation in orders:
        gone = db.execute(
            "DELETE FROM pointer WHERE key = ? RETURNING conversation", (sealer.index("order", shop, order_id),)
        ).fetchone()
        if gone is not None and gone[0] != conversation:
            db.execute(
                "UPDATE shop_order SET conversation = ? WHERE shop = ? AND order_id = ?", (gone[0], shop, order_id)
            )
