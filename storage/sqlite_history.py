"""The shop's past in SQLite: one sealed row for each closed order, and a short keyed hash for each key it is found under.

    history_shop     one key per shop, wrapped; every row of the shop is sealed under it
    history          the sealed rows. An erased one keeps its place without content, so that no later import brings it back
    history_key      (first 8 bytes of the keyed hash of shop and key, row): one for the order's id, phone, e-mail, address keys
    history_tally    endings and amounts as counts, for the usual order and the reports
    history_import   how far an import of a file has come; committed with the rows it speaks of

Eight bytes: among a hundred million keys a lookup meets a stranger's row less than once in a hundred billion times, and a met
row is opened and compared before it counts. Rows are hashed before the transaction, which they share with the units of the one
road (see Errand). Weak spot: a row is sealed under its shop's key, so erasing one person rewrites rows instead of dropping a
key, and an older backup still holds them.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import apsw
import msgspec

from engine import history_record as record
from engine.history_door import Recognised
from engine.history_record import Closed, Kept
from engine.ports import Appended, ImportMark
from flows.risk.backtest import Replayed
from flows.risk.history import PastOrder
from flows.risk.identity import Identity
from storage import sqlite_schema as sql
from storage.history_counts import Tally, closed_of, count_in, middle
from storage.sealing import Sealer
from storage.sqlite_file import Errand
from storage.sqlite_forgetting import SqliteForgetting

#: Orders of one number or mailbox that a verdict looks at, the latest first: older ones have faded.
MOST_OWN = 50
#: Rows under one address key whose numbers are read (a pick-up point holds thousands); those that share most keys are opened,
#: and those that read most alike are compared in full, at some 75 microseconds each: together well below a millisecond.
MOST_AT_DOOR, MOST_OPENED, MOST_COMPARED = 60, 12, 6
#: Rows under the hash of one order's id: more than one only where two hashes meet.
_MOST_NAMESAKES = 20
#: It moves slowly: so many orders are judged by one look.
USUAL_AGAIN = 50
#: Rows read at once when the whole past is replayed.
_PAGE = 1000


class _Hashed:
    """An order with the hash of its id, and those of the keys that it is found under."""

    def __init__(self, own: int, keys: tuple[int, ...], order: Closed) -> None:
        self.own = own
        self.keys = keys
        self.order = order


class SqliteHistory(SqliteForgetting):
    """See engine.ports.History. A part of SqliteStore."""

    def __init__(self, path: str, sealer: Sealer) -> None:
        super().__init__(path, sealer)
        self._usual: dict[tuple[str, str], tuple[int, int]] = {}  # (times asked since, minor units)

    # -- writing

    async def append_history(self, shop: str, orders: Sequence[Closed], mark: ImportMark | None = None) -> Appended:
        hashed = [
            _Hashed(self._key(shop, f"o|{order.order_id}"), tuple(self._key(shop, key) for key in order.keys), order)
            for order in orders
        ]
        marked = None if mark is None else (self._source(shop, mark.source), mark.state)
        done = Appended()

        def run() -> None:
            nonlocal done
            done = self._append(shop, hashed)
            if marked is not None and marked[1]:
                self._db.execute(sql.HISTORY_MARK, marked)
            elif marked is not None:
                self._db.execute(sql.HISTORY_UNMARK, marked[:1])

        await self.errand(Errand(run))
        return done

    def _append(self, shop: str, orders: Sequence[_Hashed]) -> Appended:
        n, wrapped = self._shop(shop)
        known = self._known([hashed.own for hashed in orders])
        fresh: list[_Hashed] = []
        tally: Tally = Counter()
        new = changed = same = erased = 0
        for hashed in orders:
            order = hashed.order
            if hashed.own not in known:
                known.add(hashed.own)  # the same order may come again in this batch
                fresh.append(hashed)
                new += 1
                continue
            self._insert(n, wrapped, fresh)
            fresh.clear()
            found = self._order(hashed.own, order.order_id, wrapped)
            if found is None:  # another order's id has the same hash
                self._insert(n, wrapped, [hashed])
                new += 1
            elif found[1] is None:
                erased += 1
            elif (better := record.settled(found[1], order)) is None:
                same += 1
            else:
                self._change(shop, wrapped, found[0], found[1], better, tally)
                changed += 1
        self._insert(n, wrapped, fresh)
        self._db.executemany(sql.HISTORY_COUNT, [(n, *key, orders) for key, orders in tally.items() if orders])
        return Appended(new, changed, same, erased)

    def _known(self, own: Sequence[int]) -> set[int]:
        """Those of the hashes of order ids under which a row stands."""
        return {key for (key,) in self._db.execute(sql.HISTORY_KNOWN, (msgspec.json.encode(own).decode(),))}

    def _insert(self, shop: int, wrapped: bytes, orders: Sequence[_Hashed]) -> None:
        """Rows that are new. Their keys go in the order of the tree, so that fewer pages are touched."""
        if not orders:
            return
        ((last,),) = self._db.execute(sql.HISTORY_LAST)
        rows = list(enumerate(orders, start=last + 1))
        seal = self._sealer.seal
        self._db.executemany(
            sql.HISTORY_INSERT, [(n, shop, each.order.closed_on, seal(wrapped, each.order.payload)) for n, each in rows]
        )
        self._db.executemany(sql.HISTORY_KEY, sorted((key, n) for n, each in rows for key in (each.own, *each.keys)))
        tally: Tally = Counter()
        for each in orders:
            count_in(tally, each.order, 1)
        self._db.executemany(sql.HISTORY_COUNT, [(shop, *key, orders) for key, orders in tally.items()])

    def _change(self, shop: str, wrapped: bytes, row: int, old: bytes, new: Closed, tally: Tally) -> None:
        before, after = record.keys_of(old), new.keys
        self._db.execute(sql.HISTORY_UPDATE, (new.closed_on, self._sealer.seal(wrapped, new.payload), row))
        self._drop_keys(shop, row, set(before) - set(after))
        self._db.executemany(sql.HISTORY_KEY, [(self._key(shop, key), row) for key in after if key not in before])
        count_in(tally, closed_of(old), -1)
        count_in(tally, new, 1)

    def _drop_keys(self, shop: str, row: int, keys: set[str]) -> None:
        self._db.executemany(sql.HISTORY_DROP_KEY, [(self._key(shop, key), row) for key in keys])

    async def erase_history(self, shop: str, who: Identity) -> int:
        erased = 0

        def run() -> None:
            nonlocal erased
            erased = self._erase(shop, who)

        await self.errand(Errand(run))
        with contextlib.suppress(
            apsw.Error
        ):  # so that the log does not keep it, either; a reader in the way lets it wait
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        return erased

    def _erase(self, shop: str, who: Identity) -> int:
        n, _ = self._shop(shop)
        tally: Tally = Counter()
        mine = self._theirs(self._db, shop, who)
        for row, payload in mine.items():
            self._drop_keys(shop, row, set(record.keys_of(payload)))
            self._db.execute(sql.HISTORY_ERASE, (row,))
            count_in(tally, closed_of(payload), -1)
        self._db.executemany(sql.HISTORY_COUNT, [(n, *key, orders) for key, orders in tally.items() if orders])
        return len(mine)

    async def clear_history(self, shop: str, order_ids: Sequence[str]) -> int:
        cleared = 0

        def run() -> None:
            nonlocal cleared
            cleared = 0
            _, wrapped = self._shop(shop)
            for order_id in order_ids:
                found = self._order(self._key(shop, f"o|{order_id}"), order_id, wrapped)
                if found is not None and found[1] is not None:
                    sealed = self._sealer.seal(wrapped, record.cleared(found[1]))
                    self._db.execute(sql.HISTORY_RESEAL, (sealed, found[0]))
                    cleared += 1

        await self.errand(Errand(run))
        return cleared

    # -- reading

    async def history(self, shop: str, who: Identity) -> tuple[PastOrder, ...]:
        row = self._reader.execute(sql.HISTORY_SHOP, (shop,)).fetchone()
        if row is None:
            return ()
        wrapped: Any = row[1]
        own = dict(self._own(self._reader, shop, who, wrapped, MOST_OWN))
        known = Recognised(who)
        mine = [order for payload in own.values() if (order := known.past(payload)) is not None]
        return (*mine, *known.at_door(self._neighbours(shop, who, wrapped, own.keys()), MOST_COMPARED))

    def _neighbours(self, shop: str, who: Identity, wrapped: bytes, own: AbstractSet[int]) -> Iterator[bytes]:
        """Rows under the address keys, opened: those that share most of the keys, the latest first; without `own`."""
        keys = [self._key(shop, key) for key in who.keys if key[0] == "a"]
        if not keys:
            return
        asked = (*(part for key in keys for part in (key, MOST_AT_DOOR)), MOST_OPENED + len(own))
        for n, sealed in self._reader.execute(sql.HISTORY_DOORS[len(keys)], asked):
            if sealed and n not in own:
                yield self._sealer.open(wrapped, sealed)

    async def export_history(self, shop: str, who: Identity) -> list[Kept]:
        return [record.opened(payload) for payload in self._theirs(self._reader, shop, who).values()]

    async def history_counts(self, shop: str) -> dict[str, int]:
        rows = self._reader.execute(sql.HISTORY_TALLIES, (shop,))
        return {name.removeprefix("ended:"): orders for name, orders in rows if orders}

    async def usual_amount(self, shop: str, currency: str) -> int:
        asked, usual = self._usual.get((shop, currency), (0, 0))
        if not usual or asked >= USUAL_AGAIN:
            asked, usual = 0, middle(self._reader.execute(sql.HISTORY_AMOUNTS, (shop, f"amount:{currency}")))
        self._usual[shop, currency] = asked + 1, usual
        return usual

    def replay_history(self, shop: str) -> Iterator[Replayed]:
        last = 0
        while True:
            rows: list[Any] = self._reader.execute(sql.HISTORY_PAGE, (last, shop, _PAGE)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            kept = (record.opened(self._sealer.open(wrapped, sealed)).order for _, sealed, wrapped in rows if sealed)
            yield from (order for order in kept if order.outcome.ruling is None)

    async def import_mark(self, shop: str, source: bytes) -> bytes | None:
        row = self._reader.execute(sql.HISTORY_MARKED, (self._source(shop, source),)).fetchone()
        return None if row is None else bytes(row[0])

    # -- within

    def _key(self, shop: str, key: str) -> int:
        return int.from_bytes(self._sealer.index("history", shop, key)[:8], "big", signed=True)

    def _source(self, shop: str, source: bytes) -> bytes:
        return self._sealer.index("import", shop, source.hex())

    def _shop(self, shop: str) -> tuple[int, bytes]:
        row = self._db.execute(sql.HISTORY_SHOP, (shop,)).fetchone()
        if row is None:
            wrapped = self._sealer.new_key()
            self._db.execute(sql.HISTORY_SHOP_NEW, (shop, wrapped))
            return self._db.last_insert_rowid(), wrapped
        return row[0], row[1]

    def _order(self, own: int, order_id: str, wrapped: bytes) -> tuple[int, bytes | None] | None:
        """The row of this order: its number and payload, None for an erased one's. None where it is not kept."""
        for row, sealed in _under(self._db, own, _MOST_NAMESAKES):
            if sealed is None:
                return row, None
            payload = self._sealer.open(wrapped, sealed)
            if record.order_id_of(payload) == order_id:
                return row, payload
        return None

    def _own(
        self, db: apsw.Connection, shop: str, who: Identity, wrapped: bytes, most: int
    ) -> Iterator[tuple[int, bytes]]:
        """Rows under the phone's and the mailbox's key, opened, the latest first; -1 for all of them."""
        for key in who.keys:
            for n, sealed in _under(db, self._key(shop, key), most) if key[0] != "a" else ():
                if sealed is not None:
                    yield n, self._sealer.open(wrapped, sealed)

    def _theirs(self, db: apsw.Connection, shop: str, who: Identity) -> dict[int, bytes]:
        """All rows that are held about this person: by phone or mailbox, however many."""
        row = db.execute(sql.HISTORY_SHOP, (shop,)).fetchone()
        if row is None:
            return {}
        wrapped: Any = row[1]
        return {n: payload for n, payload in self._own(db, shop, who, wrapped, -1) if record.theirs(who, payload)}


def _under(db: apsw.Connection, key: int, most: int) -> list[tuple[int, bytes | None]]:
    rows: list[Any] = db.execute(sql.HISTORY_BY_KEY, (key, most)).fetchall()
    return rows
