"""Another process on the same SQLite file: holds its lock, or writes units of its own. Run as a module by test_sqlite.py."""

from __future__ import annotations

import asyncio
import sys
import time

import apsw


def hold(path: str, seconds: float) -> None:
    """Take the write lock, say so, keep it."""
    db = apsw.Connection(path)
    db.execute("BEGIN IMMEDIATE")
    print("held", flush=True)  # noqa: T201
    time.sleep(seconds)
    db.execute("COMMIT")
    db.close()


async def write(path: str, units: int) -> None:
    """Commit so many units to Ana's conversation."""
    from storage.opening import open_store
    from tests.contracts.tiny import KEY, NOW, heard, wrote

    store = open_store(path, KEY, lambda why: None)
    print("open", flush=True)  # noqa: T201
    for start in range(0, units, 4):
        await asyncio.gather(*(store.transact(wrote(f"other{n}"), heard, NOW) for n in range(start, start + 4)))
    await store.close()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(sys.argv[2], float(sys.argv[3]))
    else:
        asyncio.run(write(sys.argv[2], int(sys.argv[3])))
