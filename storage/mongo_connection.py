"""The connection to MongoDB: made at the first use, with its indexes, waiting for the majority's journals on every write."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.operations import IndexModel

from engine.ports import NewerDocument, StoreUnavailable
from flows.pointers import Pointer
from storage import mongo_schema
from storage.sealing import Sealer

Json = dict[str, Any]
#: The server's code for: there is one already.
DUPLICATE = 11000
#: A server that does not answer so long is away: callers get StoreUnavailable and come again.
AWAY_AFTER_MS = 3000
#: An answer that takes longer than this is given up, and what became of the write is looked up.
ANSWER_MOST_MS = 10_000


class MongoConnection:
    """What every part of MongoStore stands on."""

    def __init__(self, url: str, key: bytes, listeners: Sequence[Any] = (), old_keys: Sequence[bytes] = ()) -> None:
        self._url = url
        self._sealer = Sealer(key, old_keys)
        self._listeners = listeners
        self._opening = asyncio.Lock()
        self._opened: AsyncDatabase[Json] | None = None
        self._client: AsyncMongoClient[Json] | None = None
        self._closing = False

    async def _db(self) -> AsyncDatabase[Json]:
        """The database, connected, with its indexes. Raises StoreUnavailable, NewerDocument, WrongKey."""
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    if self._closing:
                        raise StoreUnavailable("the store is closed")
                    await self._open()
        assert self._opened is not None
        return self._opened

    async def _open(self) -> None:
        client: AsyncMongoClient[Json] = AsyncMongoClient(
            self._url,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=AWAY_AFTER_MS,
            connectTimeoutMS=AWAY_AFTER_MS,
            socketTimeoutMS=ANSWER_MOST_MS,
            appname="doorstep",
            event_listeners=list(self._listeners),
        )
        db = client.get_default_database("doorstep")
        try:
            with self.answers():
                await self._prepare(db)
        except BaseException:
            await client.close()
            raise
        self._client, self._opened = client, db

    async def _prepare(self, db: AsyncDatabase[Json]) -> None:
        fresh = {"_id": mongo_schema.INSTALLATION, "key": self._sealer.new_key(), "schema": mongo_schema.SCHEMA_VERSION}
        with contextlib.suppress(DuplicateKeyError):
            await db.installation.insert_one(fresh)
        found = await db.installation.find_one({"_id": mongo_schema.INSTALLATION})
        if found is None or found["schema"] > mongo_schema.SCHEMA_VERSION:
            raise NewerDocument("this data was written by a newer Doorstep; upgrade this one")
        anew = self._sealer.adopt(found["key"], found.get("index"))
        if anew is not None:  # an older key's data: taken over by the present one, once
            whose = {"_id": mongo_schema.INSTALLATION, "key": found["key"]}
            await db.installation.update_one(whose, {"$set": {"key": anew[0], "index": anew[1]}})
        if found["schema"] < mongo_schema.SCHEMA_VERSION:
            # we have the key; from here on an older program must not touch it
            older = {"_id": mongo_schema.INSTALLATION, "schema": {"$lt": mongo_schema.SCHEMA_VERSION}}
            await db.installation.update_one(older, {"$set": {"schema": mongo_schema.SCHEMA_VERSION}})
        for name in mongo_schema.INDEXES:
            await self._index(db, name)

    async def _index(self, db: AsyncDatabase[Json], name: str) -> None:
        """Make the indexes that are not there. Another process may be making them just now: then they are there at the next look."""
        for last in (False, True):
            models = [IndexModel(list(fields)) for fields in mongo_schema.INDEXES[name]]
            there = set(await db[name].index_information()) if models else set()
            wanting = [model for model in models if model.document["name"] not in there]
            try:
                if wanting:
                    await db[name].create_indexes(wanting)
                return
            except PyMongoError:
                if last:
                    raise

    async def _disconnect(self) -> None:
        async with self._opening:
            if self._client is not None:
                await self._client.close()
                self._client = self._opened = None

    @contextlib.contextmanager
    def answers(self) -> Iterator[None]:
        """Inside: what PyMongo raises is StoreUnavailable."""
        try:
            yield
        except PyMongoError as error:
            raise StoreUnavailable(f"MongoDB does not serve: {type(error).__name__}") from error

    # -- names

    def _hash(self, pointer: Pointer) -> str:
        return self._sealer.index(pointer.kind, pointer.shop, pointer.key).hex()

    async def _lead(self, pointer: Pointer) -> str:
        """The id that this name leads to; empty: nobody's."""
        if pointer.kind == "conversation":
            return pointer.key
        found = await (await self._db()).pointer.find_one({"_id": self._hash(pointer)})
        return str(found["c"]) if found is not None else ""
