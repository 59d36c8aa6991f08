"""Erasing a person from MongoDB, and wrapping every key anew after the encryption_key was changed.

Erasing overwrites the conversation with a blank one under a new key, so what backups or the server's own log may still hold of the
old journal cannot be read with what is here. The journal goes first: a crash in between leaves a person to be erased again, never
lines that nobody can open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from flows.conversation import Conversation
from flows.forgetting import Forgotten
from storage import codec, mongo_follow
from storage.mongo_connection import Json
from storage.mongo_history import GONE, MongoHistory

#: Kinds of documents that have a wrapped key.
KEYED = ("conversation", "kept", "history_shop")
RACE_AGAIN_S = 0.002


class MongoForgetting(MongoHistory):
    """See engine.people_data.Forgetting and engine.retention.Expiring. A part of MongoStore."""

    async def forget(self, conversation: str, left: Callable[[Conversation], Forgotten | None]) -> bool:
        """Overwrite the conversation with what `left` makes of it as it is now; False where that is None, or nobody is known."""
        with self.answers():
            db = await self._db()
            while True:
                found = await db.conversation.find_one({"_id": conversation})
                if found is None:
                    return False
                await mongo_follow.carry_out(
                    db, conversation, found["version"], mongo_follow.read(found.get("todo", b""))
                )
                was = codec.read(self._sealer.open(found["key"], found["doc"]))
                forgotten = left(was) if isinstance(was, Conversation) else None
                if forgotten is None:
                    return False
                await db.journal.delete_many({"c": conversation})
                if await self._blank(conversation, found["version"], forgotten):
                    break
                await asyncio.sleep(RACE_AGAIN_S)  # noqa: TID251 -- somebody else was first
            await db.journal.delete_many({"c": conversation})  # what was spilled meanwhile
            keep = {self._hash(pointer) for pointer in forgotten.pointers}
            await db.pointer.delete_many({"c": conversation, "_id": {"$nin": sorted(keep)}})
            return True

    async def _blank(self, conversation: str, version: int, forgotten: Forgotten) -> bool:
        fresh = self._sealer.new_key()
        fields: Json = {
            "key": fresh,
            "doc": self._sealer.seal(fresh, codec.dump(forgotten.conversation)),
            "version": version + 1,
            "next_due": None,
            "next_send": None,
            "flying": [],
            "todo": b"",
        }
        swapped = await (await self._db()).conversation.update_one(
            {"_id": conversation, "version": version}, {"$set": fields}
        )
        return swapped.matched_count > 0

    async def resting(self, after: str, limit: int) -> list[str]:
        idle: Json = {"_id": {"$gt": after}, "next_due": None, "next_send": None, "flying": []}
        with self.answers():
            found = (await self._db()).conversation.find(idle, {"_id": 1}).sort("_id", 1).limit(limit)
            return [row["_id"] async for row in found]

    async def trim_journal(self, conversation: str, before: datetime) -> int:
        dropped = 0
        with self.answers():
            db = await self._db()
            whose = await db.conversation.find_one({"_id": conversation}, {"key": 1})
            if whose is None:
                return 0
            async for block in db.journal.find({"c": conversation}).sort("first", 1):
                notes = codec.read_notes(self._sealer.open(whose["key"], block["lines"]))
                if notes and notes[-1].at >= before:
                    break
                await db.journal.delete_one({"_id": block["_id"]})
                dropped += 1
        return dropped

    async def expire_history(self, shop: str, before_day: int) -> int:
        old: Json = {"shop": shop, "closed": {"$lt": before_day}, "sealed": {"$ne": None}}
        with self.answers():
            done = await (await self._db()).history.update_many(old, {"$set": dict(GONE)})
        self._usual.clear()
        return int(done.modified_count)

    async def rotate(self, progress: Callable[[str, int], None]) -> int:
        """Wrap every key by the present encryption_key; how many that were. May be broken off and run again, beside a `serve`."""
        done = 0
        for kind in KEYED:
            many = 0
            with self.answers():
                rows = (await self._db())[kind]
                async for row in rows.find({}, {"key": 1}):
                    fresh = self._sealer.rewrapped(row["key"])
                    if fresh is not None:
                        swapped = await rows.update_one(
                            {"_id": row["_id"], "key": row["key"]}, {"$set": {"key": fresh}}
                        )
                        many += swapped.matched_count
            progress(kind, many)
            done += many
        return done
