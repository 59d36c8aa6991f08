"""Which processes live, and who leads: small documents beside the conversations. See engine.leases.Processes."""

from __future__ import annotations

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from engine.ports import OurFault
from storage.mongo_connection import MongoConnection
from storage.mongo_schema import INSTALLATION


class MongoProcesses(MongoConnection):
    """A part of MongoStore. No clock is compared: each process watches by its own whether the others' beats go on."""

    async def enter(self, process: str) -> None:
        """Raises OurFault while data is still being moved here."""
        with self.answers():
            installation = await (await self._db()).installation.find_one({"_id": INSTALLATION}) or {}
            if installation.get("moving"):
                raise OurFault("a move to this database was begun and not ended: run migrate to its end, then serve")
            try:
                await (await self._db()).process.insert_one({"_id": process, "beat": 0})
            except DuplicateKeyError:
                return

    async def beat(self, process: str) -> bool:
        """False: this process was declared dead."""
        with self.answers():
            beaten = await (await self._db()).process.update_one({"_id": process}, {"$inc": {"beat": 1}})
        return beaten.matched_count == 1

    async def leave(self, process: str) -> None:
        with self.answers():
            await (await self._db()).process.delete_one({"_id": process})

    async def processes(self) -> dict[str, int]:
        """Name -> beats so far, of every process that has entered and not left."""
        with self.answers():
            return {row["_id"]: row["beat"] async for row in (await self._db()).process.find({})}

    async def take_lead(self, what: str, process: str, alive: frozenset[str]) -> int:
        """The fence of this process' lead; 0: a living process has it. The fence grows with every change of hands."""
        with self.answers():
            db = await self._db()
            try:
                await db.lead.insert_one({"_id": what, "holder": process, "fence": 1})
                return 1
            except DuplicateKeyError:
                pass
            found = await db.lead.find_one({"_id": what})
            if found is None or (found["holder"] != process and found["holder"] in alive):
                return 0
            if found["holder"] == process:
                return int(found["fence"])
            taken = await db.lead.find_one_and_update(
                {"_id": what, "fence": found["fence"]},
                {"$set": {"holder": process}, "$inc": {"fence": 1}},
                return_document=ReturnDocument.AFTER,
            )
        return int(taken["fence"]) if taken is not None else 0
