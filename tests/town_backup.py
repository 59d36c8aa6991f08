"""A town whose disk dies: time in rounds, as the service looks around, and the backup that takes the file's place."""

from __future__ import annotations

from pathlib import Path

from storage.sqlite_backup import restore
from tests.town import Town

#: The town's encryption_key.
KEYS = (bytes(range(32)),)


async def rounds(t: Town, minutes: int, every: int = 2) -> None:
    """Business time goes on, and every few minutes the service looks around."""
    for _ in range(0, minutes, every):
        await t.skip(minutes=every)
        await t.house.look_around()
        await t.settle()


async def disk_dies(t: Town, folder: Path, copy: Path) -> None:
    """The file is away, five minutes later the backup takes its place, and the service starts."""
    await t.close_house()
    for file in folder.glob("town.db*"):
        file.unlink()
    t.leap(minutes=5)
    restore(str(copy), KEYS, str(folder / "town.db"), t.clock.now())
    await t.open_house()
