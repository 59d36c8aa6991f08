"""The reading half of the MongoDB store, and the bodies kept for a repair."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from pymongo.errors import DuplicateKeyError

from engine.ports import Due, Kept, OrderRow, Tale
from flows.conversation import Conversation, Note
from flows.decision import Document
from flows.pointers import Pointer
from storage import codec, mongo_follow, mongo_schema
from storage.moments import moment, ms_by, ms_from
from storage.mongo_connection import Json, MongoConnection

#: Timers of another process' slots are taken over when they are so late: it may be about to be declared dead.
OTHERS_AFTER_MS = 3000


class MongoReading(MongoConnection):
    """See engine.ports.Store. A part of MongoStore."""

    #: Slots whose timers this process wakes on time; None: all.
    slots: frozenset[int] | None
    commits: int
    units: int
    races: int

    async def load(self, pointer: Pointer) -> Document | None:
        with self.answers():
            conversation = await self._lead(pointer)
            found = await (await self._db()).conversation.find_one({"_id": conversation}) if conversation else None
        return None if found is None else codec.read(self._sealer.open(found["key"], found["doc"]))

    # -- due work

    async def due(self, now: datetime, limit: int) -> list[Due]:
        found = await self._due({"$lte": ms_by(now)}, limit, self.slots)
        if self.slots is not None and len(found) < limit:
            late = await self._due({"$lte": ms_by(now) - OTHERS_AFTER_MS}, limit, None)
            found = sorted({d.conversation: d for d in [*found, *late]}.values(), key=lambda d: d.at)[:limit]
        return found

    async def next_due(self) -> datetime | None:
        """Of another process' slots: when this one would take over."""
        first = [due.at for due in await self._due({"$gt": 0}, 1, self.slots)]
        if self.slots is not None:
            others = await self._due({"$gt": 0}, 1, frozenset(range(mongo_schema.SLOTS)) - self.slots)
            first += [moment((ms_from(due.at) or 0) + OTHERS_AFTER_MS) for due in others]
        return min(first, default=None)

    async def _due(self, when: Json, limit: int, slots: frozenset[int] | None) -> list[Due]:
        asked: Json = {"next_due": when} if slots is None else {"next_due": when, "slot": {"$in": sorted(slots)}}
        with self.answers():
            rows = (await self._db()).conversation.find(asked, {"next_due": 1}).sort("next_due", 1).limit(limit)
            return [Due(row["_id"], moment(row["next_due"])) async for row in rows]

    async def sendable(self, now: datetime, limit: int, after: tuple[datetime, str] | None = None) -> list[Due]:
        asked: Json = {"next_send": {"$lte": ms_by(now)}}
        if after is not None:
            at = ms_from(after[0])
            asked["$or"] = [{"next_send": {"$gt": at}}, {"next_send": at, "_id": {"$gt": after[1]}}]
            asked["next_send"]["$gte"] = at
        with self.answers():
            rows = (await self._db()).conversation.find(asked, {"next_send": 1})
            rows = rows.sort([("next_send", 1), ("_id", 1)]).limit(limit)
            return [Due(row["_id"], moment(row["next_send"])) async for row in rows]

    async def in_flight(self) -> list[str]:
        return [conversation for conversation, _ in await self.flights()]

    async def flights(self) -> list[tuple[str, tuple[str, ...]]]:
        """(conversation, processes that have something of it on the wire)."""
        with self.answers():
            rows = (await self._db()).conversation.find({"flying": {"$gt": ""}}, {"flying": 1})
            return [(row["_id"], tuple(row["flying"])) async for row in rows]

    # -- lists and stories

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]:
        asked: Json = {"shop": shop, "at": {"$gte": ms_by(since) if since else 0}}
        if state is not None:
            asked["state"] = state
        with self.answers():
            rows = (await self._db()).shop_order.find(asked).sort("at", -1).limit(limit)
            return [OrderRow(r["shop"], r["order_id"], r["c"], r["state"], moment(r["at"])) async for r in rows]

    async def journal(self, conversation: str) -> list[Note]:
        """The document first: a line that moves to the journal meanwhile is met twice, never missed."""
        with self.answers():
            db = await self._db()
            row = await db.conversation.find_one({"_id": conversation})
            if row is None:
                return []
            sealed = [r["lines"] async for r in db.journal.find({"c": conversation}).sort("first", 1)]
        left = mongo_follow.read(row.get("todo", b"")).lines
        notes = [n for lines in (*sealed, *([left] if left else ())) for n in self._lines(row["key"], lines)]
        document = codec.read(self._sealer.open(row["key"], row["doc"]))
        if document is not None:
            notes += document.notes
        return [found for _, found in sorted({note.n: note for note in notes}.items())]

    async def tales(self, shop: str, after: str, limit: int, since: datetime | None = None) -> tuple[list[Tale], str]:
        found, last = [], ""
        with self.answers():
            rows = (await self._db()).conversation.find({"_id": {"$gt": after}}, {"key": 1, "doc": 1})
            page = [row async for row in rows.sort("_id", 1).limit(limit)]
        for row in page:
            last = row["_id"]
            document = codec.read(self._sealer.open(row["key"], row["doc"]))
            if isinstance(document, Conversation) and document.shop == shop and document.told_since(since):
                found.append(Tale(document, await self.journal(last)))
        return found, last

    def _lines(self, key: bytes, lines: bytes) -> tuple[Note, ...]:
        return codec.read_notes(self._sealer.open(key, lines))

    async def counts(self) -> dict[str, int]:
        steps: list[dict[str, Any]] = [{"$sort": {"state": 1}}, {"$group": {"_id": "$state", "n": {"$sum": 1}}}]
        with self.answers():
            rows = await (await self._db()).shop_order.aggregate(steps)
            found = {f"orders.{row['_id']}": int(row["n"]) async for row in rows}
        return found | {"commits": self.commits, "units": self.units, "races": self.races}

    # -- bodies kept for a repair

    async def keep(self, kept: Kept) -> bool:
        key = self._sealer.new_key()
        body = self._sealer.seal(key, msgspec.json.encode(kept))
        with self.answers():
            try:
                await (await self._db()).kept.insert_one(
                    {"_id": kept.id, "at": ms_from(kept.at), "key": key, "body": body}
                )
            except DuplicateKeyError:
                return False
        return True

    async def kept(self, limit: int = 100) -> list[Kept]:
        with self.answers():
            rows = (await self._db()).kept.find({}).sort("at", 1).limit(limit)
            return [msgspec.json.decode(self._sealer.open(r["key"], r["body"]), type=Kept) async for r in rows]

    async def drop_kept(self, ids: Iterable[str]) -> None:
        with self.answers():
            await (await self._db()).kept.delete_many({"_id": {"$in": list(ids)}})
