"""How the storage contract reaches behind MongoDB: a second opening, and every stored byte. Loads the driver only when asked."""

from __future__ import annotations

from typing import Any

from engine.ports import Store
from storage.opening import open_store
from tests.contracts.tiny import KEY, as_json, notes_as_json


class MongoBackend:
    """One database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> Store:
        return open_store(self.url, KEY, lambda why: None)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Every document of every collection that has any, as stored; what the first opening makes is left out."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](self.url) as client:
            db = client.get_default_database()
            found = {
                name: sorted((tuple(sorted(row.items())) for row in db[name].find({})), key=repr)
                for name in db.list_collection_names()
                if name != "installation"
            }
        return {name: rows for name, rows in found.items() if rows}

    def make_older(self) -> int:
        """Have every document lie there as the program before MessagePack wrote it. How many were not so."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](self.url) as client:
            db = client.get_default_database()
            rows = [(row["_id"], as_json(row["key"], row["doc"])) for row in db.conversation.find({})]
            for id_, doc in rows:
                if doc:
                    db.conversation.update_one({"_id": id_}, {"$set": {"doc": doc}})
            keys = {row["_id"]: row["key"] for row in db.conversation.find({})}
            for block in list(db.journal.find({})):
                older = notes_as_json(keys[block["c"]], block["lines"])
                db.journal.update_one({"_id": block["_id"]}, {"$set": {"lines": older}})
            db.installation.update_one({}, {"$set": {"schema": 1}})
        return sum(bool(doc) for _, doc in rows)
