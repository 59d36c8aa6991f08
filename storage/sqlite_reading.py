"""The reading half of the SQLite store, and the bodies kept for a repair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from engine.ports import Due, Kept, OrderRow, Tale
from flows.conversation import Conversation, Note
from flows.decision import Document
from flows.pointers import Pointer
from storage import codec
from storage import sqlite_schema as sql
from storage.sqlite_file import Errand, SqliteFile
from storage.sqlite_rows import at, by, ms


class SqliteReading(SqliteFile):
    """See engine.ports.Store. A part of SqliteStore. Nothing uncommitted is shown: it reads on a connection of its own."""

    commits: int
    units: int

    async def load(self, pointer: Pointer) -> Document | None:
        row = self._rows.look(self._reader, pointer)
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
        row = (kept.id, ms(kept.at), key, self._sealer.seal(key, msgspec.json.encode(kept)))
        new = False

        def run() -> None:
            nonlocal new
            self._db.execute(sql.KEEP, row)
            new = self._db.changes() > 0

        await self.errand(Errand(run), waited_for=True)  # a provider waits for its 200
        return new

    async def kept(self, limit: int = 100) -> list[Kept]:
        rows = self._reader.execute(sql.KEPT, (limit,))
        return [msgspec.json.decode(self._sealer.open(key, body), type=Kept) for _, key, body in rows]

    async def drop_kept(self, ids: Iterable[str]) -> None:
        gone = [(id_,) for id_ in ids]
        await self.errand(Errand(lambda: self._db.executemany(sql.DROP_KEPT, gone)))
