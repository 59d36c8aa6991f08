"""The shop's past in MongoDB: one sealed document for each closed order, found by keyed hashes. See engine.ports.History.

What is looked at, and how much of it, is as in SQLite (sqlite_history.py). An erased order keeps its place without content, so that
no later import brings it back. Rows are written one by one and an import's mark after its rows: an import that was broken off comes
to the same rows again and finds them kept.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence

from pymongo import MongoClient
from pymongo.errors import BulkWriteError, DuplicateKeyError

from engine import history_record as record
from engine.history_door import Recognised
from engine.history_record import Closed, Kept
from engine.ports import Appended, ImportMark
from flows.risk.backtest import Replayed
from flows.risk.history import PastOrder
from flows.risk.identity import Identity
from storage.history_counts import USUAL_FROM, WIDTH
from storage.mongo_connection import DUPLICATE, Json, MongoConnection
from storage.sqlite_history import MOST_AT_DOOR, MOST_COMPARED, MOST_OPENED, MOST_OWN

#: The usual amount is worked out anew after so many questions, or after a write of this process.
USUAL_AGAIN = 256
#: What is left of an erased order.
GONE: Json = {"sealed": None, "closed": 0, "keys": [], "ended": None, "currency": None, "bucket": None}


def countable(ended: str, amount_minor: int, currency: str) -> Json:
    """What of a closed order stands in plain, so that it can be counted."""
    worth = amount_minor > 0
    return {
        "ended": ended if ended != "ruled" else None,
        "currency": currency if worth else None,
        "bucket": round(math.log(amount_minor) / WIDTH) if worth else None,
    }


class MongoHistory(MongoConnection):
    """A part of MongoStore."""

    _shop_keys: dict[str, bytes]
    _usual: dict[tuple[str, str], tuple[int, int]]  # (shop, currency) -> (amount, questions left)

    # -- writing

    async def append_history(self, shop: str, orders: Sequence[Closed], mark: ImportMark | None = None) -> Appended:
        with self.answers():
            key = await self._shop_key(shop)
            again = await self._insert(shop, key, orders)
            done = Counter({"new": len(orders) - len(again)})
            for order in again:
                done[await self._settle(shop, key, order)] += 1
            if mark is not None:
                await self._mark(shop, mark)
        self._usual.clear()
        return Appended(done["new"], done["changed"], done["same"], done["erased"])

    async def _insert(self, shop: str, key: bytes, orders: Sequence[Closed]) -> list[Closed]:
        """Gives those that are kept already (or came twice)."""
        if not orders:
            return []
        rows = [{"_id": self._own(shop, order.order_id), **self._entry(shop, key, order)} for order in orders]
        try:
            await (await self._db()).history.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            faults = error.details.get("writeErrors", [])
            if not faults or any(fault.get("code") != DUPLICATE for fault in faults):
                raise
            return [orders[fault["index"]] for fault in faults]
        return []

    async def _settle(self, shop: str, key: bytes, order: Closed) -> str:
        history = (await self._db()).history
        own = self._own(shop, order.order_id)
        while True:
            found = await history.find_one({"_id": own})
            if found is None or found["sealed"] is None:
                return "erased"
            better = record.settled(self._sealer.open(key, found["sealed"]), order)
            if better is None:
                return "same"
            kept = await history.update_one(
                {"_id": own, "sealed": found["sealed"]}, {"$set": self._entry(shop, key, better)}
            )
            if kept.matched_count:
                return "changed"

    def _entry(self, shop: str, key: bytes, order: Closed) -> Json:
        return {
            "shop": shop,
            "closed": order.closed_on,
            "sealed": self._sealer.seal(key, order.payload),
            "keys": sorted({self._key(shop, name) for name in order.keys}),
            **countable(order.ended, order.amount_minor, order.currency),
        }

    async def _mark(self, shop: str, mark: ImportMark) -> None:
        source = {"_id": self._source(shop, mark.source)}
        marks = (await self._db()).history_import
        if mark.state:
            await marks.update_one(source, {"$set": {"mark": mark.state}}, upsert=True)
        else:
            await marks.delete_one(source)

    async def clear_history(self, shop: str, order_ids: Sequence[str]) -> int:
        cleared = 0
        with self.answers():
            key = await self._shop_key(shop)
            history = (await self._db()).history
            for order_id in order_ids:
                found = await history.find_one({"_id": self._own(shop, order_id)})
                if found is not None and found["sealed"] is not None:
                    sealed = self._sealer.seal(key, record.cleared(self._sealer.open(key, found["sealed"])))
                    await history.update_one({"_id": found["_id"]}, {"$set": {"sealed": sealed}})
                    cleared += 1
        return cleared

    async def erase_history(self, shop: str, who: Identity) -> int:
        with self.answers():
            mine = [row async for row, payload in self._mine(shop, who, 0) if record.theirs(who, payload)]
            for row in mine:
                await (await self._db()).history.update_one({"_id": row}, {"$set": dict(GONE)})
        self._usual.clear()
        return len(set(mine))

    # -- reading

    async def history(self, shop: str, who: Identity) -> tuple[PastOrder, ...]:
        with self.answers():
            own = {row: payload async for row, payload in self._mine(shop, who, MOST_OWN)}
            shared: Counter[str] = Counter()
            for name in who.keys:
                if name[0] == "a":
                    shared.update(row for row in await self._at_door(shop, name) if row not in own)
            opened = [row for row, _ in shared.most_common(MOST_OPENED)]
            near = [payload async for _, payload in self._payloads(shop, {"_id": {"$in": opened}}, 0)] if opened else []
        known = Recognised(who)
        mine = [order for payload in own.values() if (order := known.past(payload)) is not None]
        return (*mine, *known.at_door(near, MOST_COMPARED))

    async def _at_door(self, shop: str, name: str) -> list[str]:
        found = (await self._db()).history.find({"keys": self._key(shop, name)}, {"_id": 1})
        return [row["_id"] async for row in found.sort("closed", -1).limit(MOST_AT_DOOR)]

    async def _mine(self, shop: str, who: Identity, most: int) -> AsyncIterator[tuple[str, bytes]]:
        """(row, payload) under the phone's and the mailbox's key, the latest first; `most` 0: all of them."""
        for name in who.keys:
            if name[0] != "a":
                async for found in self._payloads(shop, {"keys": self._key(shop, name)}, most):
                    yield found

    async def _payloads(self, shop: str, asked: Json, most: int) -> AsyncIterator[tuple[str, bytes]]:
        key = await self._shop_key(shop)
        async for row in (await self._db()).history.find(asked).sort("closed", -1).limit(most):
            if row["sealed"] is not None:
                yield row["_id"], self._sealer.open(key, row["sealed"])

    async def export_history(self, shop: str, who: Identity) -> list[Kept]:
        with self.answers():
            mine = {row: payload async for row, payload in self._mine(shop, who, 0)}
        return [record.opened(payload) for payload in mine.values() if record.theirs(who, payload)]

    async def history_counts(self, shop: str) -> dict[str, int]:
        steps: list[Json] = [{"$match": {"shop": shop}}, {"$group": {"_id": "$ended", "n": {"$sum": 1}}}]
        with self.answers():
            rows = await (await self._db()).history.aggregate(steps)
            return {row["_id"]: int(row["n"]) async for row in rows if row["_id"] is not None}

    async def usual_amount(self, shop: str, currency: str) -> int:
        amount, left = self._usual.get((shop, currency), (0, 0))
        if left <= 0:
            amount, left = await self._median(shop, currency), USUAL_AGAIN
        self._usual[shop, currency] = (amount, left - 1)
        return amount

    async def _median(self, shop: str, currency: str) -> int:
        asked = {"shop": shop, "currency": currency}
        with self.answers():
            history = (await self._db()).history
            many = await history.count_documents(asked)
            if many < USUAL_FROM:
                return 0
            middle = history.find(asked, {"bucket": 1}).sort("bucket", 1).skip(many // 2).limit(1)
            return round(math.exp((await middle.to_list())[0]["bucket"] * WIDTH))

    def replay_history(self, shop: str) -> Iterator[Replayed]:
        """Blocks while it reads: for commands, on a connection of its own."""
        with self.answers(), MongoClient[Json](self._url) as client:
            db = client.get_default_database("doorstep")
            shop_row = db.history_shop.find_one({"_id": shop})
            for row in db.history.find({"shop": shop}, {"sealed": 1}) if shop_row else ():
                if row["sealed"] is None:
                    continue
                order = record.opened(self._sealer.open(shop_row["key"], row["sealed"])).order  # type: ignore[index]
                if order.outcome.ruling is None:
                    yield order

    async def import_mark(self, shop: str, source: bytes) -> bytes | None:
        with self.answers():
            found = await (await self._db()).history_import.find_one({"_id": self._source(shop, source)})
        return None if found is None else bytes(found["mark"])

    # -- within

    def _own(self, shop: str, order_id: str) -> str:
        return self._key(shop, f"o|{order_id}")

    def _key(self, shop: str, key: str) -> str:
        """As long as in SQLite, so that hashes can move as they are."""
        return self._sealer.index("history", shop, key)[:8].hex()

    def _source(self, shop: str, source: bytes) -> str:
        return self._sealer.index("import", shop, source.hex()).hex()

    async def _shop_key(self, shop: str) -> bytes:
        key = self._shop_keys.get(shop)
        if key is None:
            shops = (await self._db()).history_shop
            found = await shops.find_one({"_id": shop})
            if found is None:
                with contextlib.suppress(DuplicateKeyError):
                    await shops.insert_one({"_id": shop, "key": self._sealer.new_key()})
                found = await shops.find_one({"_id": shop})
            assert found is not None
            key = self._shop_keys[shop] = bytes(found["key"])
        return key
