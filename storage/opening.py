"""Opens the store that the settings name. The MongoDB driver is loaded only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from storage.mongo import MongoStore


def open_store(
    where: str, key: bytes, on_fatal: Callable[[str], None], old_keys: Sequence[bytes] = ()
) -> SqliteStore | MongoStore:
    """The SQLite store at a path (or sqlite:/// and a path), opened; or the MongoDB store at mongodb://, which connects at its first use.

    Raises what SqliteStore.open raises.
    """
    if where.startswith(("mongodb://", "mongodb+srv://")):
        from storage.mongo import MongoStore

        return MongoStore(where, key, on_fatal, old_keys=old_keys)
    store = SqliteStore(where.removeprefix("sqlite:///"), key, on_fatal, old_keys)
    store.open()
    return store
