"""A SQLite store as a source for a move. See engine.migrating.Source. Reads on a connection of its own, beside a `serve`."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import apsw
import msgspec

from engine import history_record as record
from engine.migrating import Row
from storage import codec
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.sqlite_keys import adopt, refuse_newer

PAGE = 500

#: Each kind by pages: (the statement, where it begins). Its first columns say where a row stands; the next page begins after them.
_PAGES: dict[str, tuple[str, tuple[object, ...]]] = {
    "conversation": (
        """SELECT n, id, key, doc, version, next_due, next_send, flying FROM conversation
        WHERE n > ? ORDER BY n LIMIT ?""",
        (0,),
    ),
    "pointer": (
        """SELECT p.key, lower(hex(p.key)), c.id, p.since FROM pointer p JOIN conversation c ON c.n = p.conversation
        WHERE p.key > ? ORDER BY p.key LIMIT ?""",
        (b"",),
    ),
    "shop_order": (
        """SELECT o.shop, o.order_id, o.shop || '/' || o.order_id, o.shop, o.order_id, c.id, o.state, o.updated_at
        FROM shop_order o JOIN conversation c ON c.n = o.conversation
        WHERE (o.shop, o.order_id) > (?, ?) ORDER BY o.shop, o.order_id LIMIT ?""",
        ("", ""),
    ),
    "order pointer": (
        """SELECT o.shop, o.order_id, o.shop, o.order_id, c.id, o.updated_at
        FROM shop_order o JOIN conversation c ON c.n = o.conversation
        WHERE (o.shop, o.order_id) > (?, ?) ORDER BY o.shop, o.order_id LIMIT ?""",
        ("", ""),
    ),
    "journal": (
        """SELECT j.conversation, j.first, printf('%s/%09d', c.id, j.first), c.id, j.first, j.lines
        FROM journal j JOIN conversation c ON c.n = j.conversation
        WHERE (j.conversation, j.first) > (?, ?) ORDER BY j.conversation, j.first LIMIT ?""",
        (0, 0),
    ),
    "kept": ("SELECT id, id, at, key, body FROM kept WHERE id > ? ORDER BY id LIMIT ?", ("",)),
    "history_shop": ("SELECT shop, shop, key FROM history_shop WHERE shop > ? ORDER BY shop LIMIT ?", ("",)),
    "history": (
        """SELECT h.n, h.n, s.shop, h.closed, h.sealed, s.key FROM history h JOIN history_shop s ON s.n = h.shop
        WHERE h.n > ? ORDER BY h.n LIMIT ?""",
        (0,),
    ),
    "history_import": (
        "SELECT source, lower(hex(source)), mark FROM history_import WHERE source > ? ORDER BY source LIMIT ?",
        (b"",),
    ),
}
#: An erased order has one key left: its own.
_ERASED = "SELECT h.n, k.key FROM history_key k JOIN history h ON h.n = k.n WHERE h.sealed IS NULL"
#: Tables that are not carried: made anew from the others, or this file's own.
LEFT = frozenset({"installation", "mark", "history_tally", "history_key"})


class SqliteSource:
    """The file at `path`. Raises apsw.Error where it cannot be read, NewerDocument, WrongKey for another installation's."""

    def __init__(self, path: str, key: bytes, old_keys: Sequence[bytes] = ()) -> None:
        self._sealer = Sealer(key, old_keys)
        self._db = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        self._db.set_busy_timeout(8000)
        refuse_newer(self._db)
        self._installation: bytes = next(iter(self._db.execute(sql.SHOW_KEY)))[0]
        adopt(self._db, self._sealer, write=False)
        self._erased: dict[int, str] = {}

    def close(self) -> None:
        self._db.close()

    def index(self) -> bytes:
        """The wrapped key of the look-up hashes: the target has to hash alike."""
        return self._sealer.wrapped_index()

    async def mark(self) -> str:
        return hashlib.sha256(self._installation).hexdigest()

    async def pages(self, kind: str) -> AsyncIterator[list[Row]]:
        async for page in self._pages(kind):
            yield page
        if kind == "pointer":
            async for page in self._pages("order pointer"):
                yield page

    async def _pages(self, kind: str) -> AsyncIterator[list[Row]]:
        statement, last = _PAGES[kind]
        special: dict[str, Callable[..., Row | None]] = {
            "conversation": self._conversation,
            "order pointer": self._order_pointer,
            "history": self._history,
        }
        make = special.get(kind, _row)
        if kind == "history":
            self._erased = {n: key.to_bytes(8, "big", signed=True).hex() for n, key in self._db.execute(_ERASED)}
        while True:
            rows: list[Any] = self._db.execute(statement, (*last, PAGE)).fetchall()
            if not rows:
                return
            made = [make(*row[len(last) :]) for row in rows]
            yield [row for row in made if row is not None]
            last = rows[-1][: len(last)]

    def _conversation(
        self, id_: str, key: bytes, doc: bytes, version: int, due: int | None, send: int | None, flying: int
    ) -> Row:
        """Who has something of it on the wire stands in plain only as a number: the names are in the document."""
        names: list[str] = []
        if flying:
            names = sorted({o.by for o in codec.read(self._sealer.open(key, doc)).open if o.status == "sending"})
        return _row(id_, key, doc, version, due, send, names)

    def _order_pointer(self, shop: str, order_id: str, conversation: str, at: int) -> Row | None:
        """Elsewhere an order is found as everybody is, by a hash. None: it has such a pointer here, too (an older file)."""
        key = self._sealer.index("order", shop, order_id)
        older = self._db.execute("SELECT 1 FROM pointer WHERE key = ?", (key,)).fetchone()
        return _row(key.hex(), conversation, at) if older is None else None

    def _history(self, n: int, shop: str, closed: int, sealed: bytes | None, wrapped: bytes) -> Row:
        if sealed is None:
            return _row(self._erased[n], shop, closed, None, [])
        payload = self._sealer.open(wrapped, sealed)
        keys = sorted({self._key(shop, key) for key in record.keys_of(payload)})
        return _row(self._key(shop, f"o|{record.order_id_of(payload)}"), shop, closed, sealed, keys)

    def _key(self, shop: str, key: str) -> str:
        return self._sealer.index("history", shop, key)[:8].hex()


def _row(id_: str, *fields: object) -> Row:
    return Row(id_, msgspec.msgpack.encode(fields))
