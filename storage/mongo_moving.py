"""A MongoDB store as the target (or the source) of a move. See engine.migrating."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
from pymongo import DeleteOne, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from engine import history_record as record
from engine.migrating import NotEmpty, Row
from storage import mongo_schema
from storage.mongo_connection import Json
from storage.mongo_history import countable
from storage.sealing import Sealer

PAGE = 500

#: Kind -> the fields that are carried, in order; _id is the row's id.
FIELDS = {
    "conversation": ("key", "doc", "version", "next_due", "next_send", "flying"),
    "pointer": ("c", "at"),
    "shop_order": ("shop", "order_id", "c", "state", "at"),
    "journal": ("c", "first", "lines"),
    "kept": ("at", "key", "body"),
    "history_shop": ("key",),
    "history": ("shop", "closed", "sealed", "keys"),
    "history_import": ("mark",),
}
#: What this store has besides, and what it is in something that was carried here.
BESIDES: dict[str, Json] = {"conversation": {"writes": [], "todo": b""}, "pointer": {"v": 0}, "shop_order": {"v": 0}}


class MongoMove:
    """`db` gives the opened database; `answers` turns the driver's errors into StoreUnavailable."""

    def __init__(
        self,
        db: Callable[[], Awaitable[AsyncDatabase[Json]]],
        sealer: Sealer,
        answers: Callable[[], Any],
        index: bytes | None = None,
    ) -> None:
        self._db = db
        self._sealer = sealer
        self._answers = answers
        self._index = index
        self._shop_keys: dict[str, bytes] = {}

    async def mark(self) -> str:
        with self._answers():
            found = await (await self._db()).installation.find_one({"_id": mongo_schema.INSTALLATION})
        return hashlib.sha256(found["key"]).hexdigest() if found else ""

    async def begin(self, mark: str) -> None:
        with self._answers():
            db = await self._db()
            found = await db.installation.find_one({"_id": mongo_schema.INSTALLATION}) or {}
            if found.get("moving") != mark:
                if await db.conversation.find_one({}) is not None:
                    raise NotEmpty("the target holds other data already: name an empty database")
                anew = {"moving": mark} | ({"index": self._index} if self._index else {})
                await db.installation.update_one({"_id": mongo_schema.INSTALLATION}, {"$set": anew})

    async def finish(self) -> None:
        with self._answers():
            installation = (await self._db()).installation
            await installation.update_one({"_id": mongo_schema.INSTALLATION}, {"$set": {"moving": ""}})

    async def pages(self, kind: str) -> AsyncIterator[list[Row]]:
        last = ""
        while True:
            with self._answers():
                found = (await self._db())[kind].find({"_id": {"$gt": last}}).sort("_id", 1).limit(PAGE)
                rows = [row async for row in found]
            if not rows:
                return
            yield [_row(kind, row) for row in rows]
            last = rows[-1]["_id"]

    async def held(self, kind: str, ids: Sequence[str]) -> dict[str, bytes]:
        with self._answers():
            found = (await self._db())[kind].find({"_id": {"$in": list(ids)}})
            return {row["_id"]: _row(kind, row).data async for row in found}

    async def put(self, kind: str, rows: Sequence[Row]) -> None:
        with self._answers():
            made = [await self._document(kind, row) for row in rows]
            writes = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in made]
            await (await self._db())[kind].bulk_write(writes, ordered=False)

    async def drop(self, kind: str, ids: Sequence[str]) -> None:
        with self._answers():
            await (await self._db())[kind].bulk_write([DeleteOne({"_id": id_}) for id_ in ids], ordered=False)

    async def _document(self, kind: str, row: Row) -> Json:
        fields = dict(zip(FIELDS[kind], msgspec.msgpack.decode(row.data), strict=True))
        document = {"_id": row.id, **fields, **BESIDES.get(kind, {})}
        if kind == "conversation":
            document["slot"] = mongo_schema.slot(row.id)
        elif kind == "history":
            document |= await self._counted(fields)
        return document

    async def _counted(self, fields: Json) -> Json:
        if fields["sealed"] is None:
            return {"ended": None, "currency": None, "bucket": None}
        payload = self._sealer.open(await self._shop_key(fields["shop"]), fields["sealed"])
        outcome = record.opened(payload).order.outcome
        return countable(outcome.ended, outcome.amount_minor, outcome.currency)

    async def _shop_key(self, shop: str) -> bytes:
        if shop not in self._shop_keys:
            found = await (await self._db()).history_shop.find_one({"_id": shop})
            assert found is not None, "a shop's key is carried before its history"
            self._shop_keys[shop] = found["key"]
        return self._shop_keys[shop]


def _row(kind: str, document: Json) -> Row:
    """The driver's 64-bit numbers are numbers."""
    fields = tuple(document[name] for name in FIELDS[kind])
    return Row(document["_id"], msgspec.msgpack.encode(fields, enc_hook=int))
