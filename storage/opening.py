"""Opens the store that the settings name. The MongoDB driver is loaded only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flows.desk import Desk
from flows.pointers import desk
from storage.sealing import Sealer
from storage.sqlite import SqliteStore
from storage.sqlite_reading import SqliteReading

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


async def desks_in(path: str, key: bytes, old_keys: Sequence[bytes], shops: Sequence[str]) -> dict[str, Desk]:
    """Shop -> its desk, of a SQLite file that somebody else may be serving; nothing where there is none. Writes nothing.

    Raises what SqliteFile.look raises.
    """
    if not Path(path).exists():
        return {}
    store = SqliteReading(path, Sealer(key, old_keys))
    store.look()
    found = {shop: await store.load(desk(shop)) for shop in shops}
    store.leave()
    return {shop: document for shop, document in found.items() if isinstance(document, Desk)}
