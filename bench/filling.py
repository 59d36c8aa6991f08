"""Ten million orders into one file, in minutes: made in other processes, kept by the store's own code in great transactions.

What the file holds afterwards is what the store would have written; only the way there is a shortcut: nothing waits for the
disk, and the pages of the keys, which lie anywhere, are written once for half a million orders and not once for a thousand.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import apsw
import msgspec

from bench.made_up_past import Town
from engine.history_record import Closed
from flows.risk.identity import identity
from storage.sealing import Sealer
from storage.sqlite import SqliteStore
from storage.sqlite_file import Errand
from storage.sqlite_history import SqliteHistory
from storage.sqlite_keys import adopt

SHOP = "demo"
#: Orders made and kept at a time, and in one transaction.
BATCH, COMMIT = 20_000, 500_000
#: For the pages of ten million orders' keys.
CACHE_KB = 2_000_000
MAKERS = 2
_orders = msgspec.msgpack.Decoder(list[Closed])


class Filling(SqliteHistory):
    """The store's own writing of the past on a connection of its own."""

    def __init__(self, path: str, key: bytes) -> None:
        super().__init__(path, Sealer(key))
        self._db = self._reader = apsw.Connection(path)
        for each in ("synchronous = OFF", f"cache_size = -{CACHE_KB}", "temp_store = MEMORY"):
            self._db.execute(f"PRAGMA {each}")
        adopt(self._db, self._sealer, write=False)

    async def errand(self, errand: Errand, *, waited_for: bool = False) -> None:
        del waited_for
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        errand.run()

    def commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self.commit()
        self._db.close()


async def fill(path: str, key: bytes, orders: int) -> None:
    """Keep those that the file has not yet: a filling that was cut goes on where it stood."""
    town = Town(orders)
    for sample in range(0, orders, max(1, orders // 50)):  # the shortcut of Town.identity gives what reading gives
        fields = town.fields(sample, town.customer(sample))
        assert town.identity(fields) == identity(fields), fields.address
    store = SqliteStore(path, key)
    store.open()  # makes the file
    kept = sum((await store.history_counts(SHOP)).values())
    await store.close()
    filling = Filling(path, key)
    for made in _made(orders, kept - kept % BATCH):
        await filling.append_history(SHOP, made)
        kept += len(made)
        if kept % COMMIT < BATCH:
            filling.commit()
    filling.close()


def _made(orders: int, begin: int) -> Iterator[list[Closed]]:
    """The orders from `begin` on, in order, a batch at a time."""
    starts = range(begin, orders, BATCH)
    if len(starts) < 2 * MAKERS:
        town = Town(orders)
        for start in starts:
            yield [town.closed(n) for n in range(start, min(start + BATCH, orders))]
        return
    with ProcessPoolExecutor(MAKERS, multiprocessing.get_context("spawn")) as pool:
        ahead = 2 * MAKERS
        waiting = [pool.submit(make, orders, start) for start in starts[:ahead]]
        for start in (*starts[ahead:], *[-1] * ahead):
            if not waiting:
                return
            raw = waiting.pop(0).result()
            if start >= 0:
                waiting.append(pool.submit(make, orders, start))
            yield _orders.decode(raw)


def make(orders: int, start: int) -> bytes:
    """A batch of orders, packed, in another process."""
    town = Town(orders)
    return msgspec.msgpack.encode([town.closed(n) for n in range(start, min(start + BATCH, orders))])
