"""Opens the store that the settings name."""

from __future__ import annotations

from collections.abc import Callable

from storage.sqlite import SqliteStore


def open_store(path: str, key: bytes, on_fatal: Callable[[str], None]) -> SqliteStore:
    """The SQLite store at `path`, opened. Raises what SqliteStore.open raises."""
    store = SqliteStore(path, key, on_fatal)
    store.open()
    return store
