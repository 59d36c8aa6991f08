"""The conversations of the SQLite file as the units of a batch see them: found once, written together.

What was found stays known for as long as no other connection has written (PRAGMA data_version, asked inside the transaction):
a message, its acknowledgement and what became of it then read their conversation once. What units write is gathered, and `flush`
writes it before the commit with one statement of each kind; until then `find` sees it here. Nothing known outlives a rollback.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw

from engine.ports import Handled
from flows.decision import Document
from flows.events import AnyEvent
from flows.pointers import Pointer
from storage import codec
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.sqlite_units import Decided, Row

#: Conversations kept in memory, decoded.
KNOWN = 4096
#: Names kept with them: a conversation is found under its phone, its id and its orders.
NAMES = 4 * KNOWN

#: Kinds of names that are no pointers of their own.
_FOUND_OTHERWISE = ("conversation", "order")
#: Bytes that a document may take in its row before it needs more: two such rows fill a page of the file, or one does. A row that
#: grows with each event would outgrow its page, and then SQLite deals its rows and its neighbours' out anew: five pages written for one.
ROOMS = (1920, 3944)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def ms(moment: datetime | None) -> int | None:
    """The moment in whole milliseconds, never before it: who is woken then finds that the moment has come."""
    return None if moment is None else -((_EPOCH - moment) // _MS)


def by(now: datetime) -> int:
    """`now` in whole milliseconds, never after it: what is due by then is due."""
    return (now - _EPOCH) // _MS


def at(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MS


class Rows:
    """Belongs to the connection that writes."""

    def __init__(self, db: apsw.Connection, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer
        self._known: OrderedDict[int, Row] = OrderedDict()
        self._names: OrderedDict[Pointer, int] = OrderedDict()
        self._data_version = 0
        self._documents: dict[int, tuple[bytes, Row]] = {}
        self._orders: dict[tuple[str, str], tuple[int, str, int | None]] = {}

    def begin(self) -> None:
        """A transaction has begun: what another connection has written meanwhile is read anew."""
        (version,) = next(iter(self._db.execute("PRAGMA data_version")))
        if version != self._data_version:
            self.forget()
            self._data_version = version

    def forget(self) -> None:
        """Nothing is known, and nothing waits to be written: after a rollback, or where rows were written beside this."""
        self._known.clear()
        self._names.clear()
        self._documents.clear()
        self._orders.clear()

    def hash(self, pointer: Pointer) -> bytes:
        return self._sealer.index(pointer.kind, pointer.shop, pointer.key)

    def look(self, db: apsw.Connection, pointer: Pointer) -> Any:
        """Where the name leads in the file, as (n, id, key, version, doc); None: nowhere."""
        if pointer.kind == "conversation":
            return db.execute(sql.BY_ID, (pointer.key,)).fetchone()
        if pointer.kind == "order":
            return db.execute(sql.BY_ORDER, (pointer.shop, pointer.key)).fetchone()
        return db.execute(sql.BY_POINTER, (self.hash(pointer),)).fetchone()

    def find(self, pointers: tuple[Pointer, ...]) -> Row | None:
        for pointer in pointers:
            n = self._names.get(pointer)
            row = self._known.get(n) if n is not None else None
            if row is None:
                row = self._read(pointer)
            if row is not None:
                return row
        return None

    def _read(self, pointer: Pointer) -> Row | None:
        moving = self._orders.get((pointer.shop, pointer.key)) if pointer.kind == "order" else None
        if moving is not None:  # this batch has written of it, the file does not know yet
            return self._known[moving[0]]
        found = self.look(self._db, pointer)
        if found is None:
            return None
        n, id_, key, version, sealed = found
        row = self._known.get(n)
        if row is None:
            row = self._know(Row(n, id_, key, version, codec.read(self._sealer.open(key, sealed))))
        self._name(pointer, n)
        return row

    def _name(self, pointer: Pointer, n: int) -> None:
        """Remember which row a name leads to, by what was read or has just been written."""
        self._names[pointer] = n
        self._names.move_to_end(pointer)
        if len(self._names) > NAMES:
            self._names.popitem(last=False)

    def _know(self, row: Row) -> Row:
        self._known[row.n] = row
        self._name(Pointer("conversation", row.id), row.n)  # under which what becomes of its messages comes back
        if len(self._known) > KNOWN:
            oldest = next(iter(self._known))
            if oldest not in self._documents:  # what this batch has written is still to be found
                del self._known[oldest]
        return row

    def write(self, unit: Decided) -> None:
        """Take what the unit decided; new conversations and the names they are found under are written at once."""
        decision, row = unit.decision, unit.row
        moment = ms(unit.now)
        if row is None:
            row = self._open(unit, moment)
        else:
            row = Row(row.n, row.id, row.key, row.version + 1, decision.document)
            self._known[row.n] = row
            self._known.move_to_end(row.n)
            self._documents[row.n] = (unit.raw, row)
        for pointer in decision.claims:
            if pointer.kind == "order":  # it stands in `orders`, too, and moves with its conversation
                self._name(pointer, row.n)
            elif self._names.get(pointer) != row.n:  # a phone or mailbox stays with whom it was known first
                self._point_new(pointer, row.n, moment)
        for order_id, state in decision.orders:
            self._orders[decision.document.shop, order_id] = (row.n, state, moment)
        if decision.spilled:
            lines = self._sealer.seal(row.key, unit.spilled)
            self._db.execute(sql.SPILL, (row.n, decision.spilled[0].n, lines))

    def _open(self, unit: Decided, moment: int | None) -> Row:
        document = unit.decision.document
        key = self._sealer.new_key()
        doc = self._sealer.seal(key, unit.raw)
        self._db.execute(sql.INSERT, (document.id, key, doc, spare(doc), *_columns(document)))
        n = self._db.last_insert_rowid()
        last = unit.event.to[-1]
        if last.kind not in _FOUND_OTHERWISE:
            self._point_new(last, n, moment)
        return self._know(Row(n, document.id, key, 1, document))

    def _point_new(self, pointer: Pointer, n: int, moment: int | None) -> None:
        self._db.execute(sql.POINT_NEW, (self.hash(pointer), n, moment))
        if self._db.changes():
            self._name(pointer, n)

    def flush(self) -> None:
        """Write what was gathered: before the commit, and before anything else reads these tables in the transaction."""
        if self._documents:
            rows = []
            for n, (raw, row) in self._documents.items():
                doc = self._sealer.seal(row.key, raw)
                rows.append((doc, spare(doc), row.version, *_columns(row.document), n))
            self._db.executemany(sql.UPDATE, rows)
            self._documents.clear()
        if self._orders:
            self._db.executemany(sql.ORDER, [(*order, *row) for order, row in self._orders.items()])
            self._orders.clear()


def spare(doc: bytes) -> int:
    """Zeros to write behind a sealed document, so that its row keeps its size while the document grows."""
    for room in ROOMS:
        if len(doc) <= room:
            return room - len(doc)
    return 0


def _columns(document: Document) -> tuple[int | None, int | None, int]:
    """next_due, next_send, flying: what the row shows without being opened."""
    flying = sum([effect.status == "sending" for effect in document.open]) if document.open else 0
    return ms(document.next_due()), ms(document.next_send()), flying


def answered(row: Row | None, event: AnyEvent) -> Handled | None:
    """What there is to say without deciding: nobody is known and the event opens nothing, or it was seen before."""
    if row is None:
        return None if event.opens else Handled(decision=None)
    return Handled(decision=None, duplicate=True) if event.event_id in row.document.seen else None
