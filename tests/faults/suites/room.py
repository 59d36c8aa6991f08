"""A disk that is really full: the service's file lies on a small file system of its own (tmpfs in a user namespace, no extra rights).

Where a kernel gives no user namespaces, this suite is skipped by name; "no room, read-only, locked" plants the same errors in SQLite.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import apsw
import pytest

from tests.faults.crash import ENV, Storm
from tests.faults.lives import Nursery
from tests.faults.suites.kit import Figure, Suite, folder_of, patched

#: The small disk, and what is left on it when it is full.
DISK_MB = 6
#: Orders while there is room, while there is none, and afterwards.
ORDERS_EACH = 8
ROUNDS_EACH = 5
#: A shop posts an order so often until it gets a 2xx.
TRIES_MOST = 200
#: A bug of every life.
EVERY_LIFE = ""
TOKEN = {"Authorization": f"Bearer {ENV['API']}"}


def small_disk(folder: Path) -> list[str]:
    """The beginning of a command whose `folder` is a disk of DISK_MB. Skips where there are no user namespaces."""
    inside = f'mount -t tmpfs -o size={DISK_MB}m tmpfs {folder} && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk: this kernel gives no user namespaces")
    return command


class Cramped(Storm):
    """A storm without deaths on a disk that fills up."""

    def __init__(self, lives: Nursery, folder: Path, orders: int, seed: int, bug: str) -> None:
        super().__init__(lives, folder, orders, seed, bug)
        self.refused = 0
        self._place = Path(f"/proc/{lives.pid}/root{folder}")  # the disk as the service sees it

    def _stored_at(self) -> str:
        return str(self._place / "crash.db")

    async def fills(self, rounds: int) -> list[str]:
        wrong: list[str] = []
        async with self._town():
            await self._birth()
            await self._serving()
            for third in range(rounds * 3):
                full = third % 3 == 1
                (self._fill if full else self._empty)()
                part = range(third * ORDERS_EACH, (third + 1) * ORDERS_EACH)
                for found in await asyncio.gather(*(self._posted(n, full=full) for n in part)):
                    wrong += found
                await self._alive()
            self._empty()
            for order_id in sorted(self.acknowledged):
                async with self._http.get(f"{self._url}/orders/{order_id}", headers=TOKEN) as answer:
                    if answer.status != 200:
                        wrong.append(f"{order_id} was acknowledged and is not known")
            await self._kill()
            with contextlib.closing(apsw.Connection(self._stored_at())) as db:
                if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    wrong.append("the file is damaged")
        return wrong

    def _fill(self) -> None:
        with contextlib.suppress(OSError), open(self._place / "ballast", "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def _empty(self) -> None:
        (self._place / "ballast").unlink(missing_ok=True)

    async def _posted(self, n: int, *, full: bool) -> list[str]:
        """While it is full a post is refused (or finds a page that is free already, and is taken); else it is taken."""
        body: dict[str, Any] = self._order(n) | {"name": "Ana " + "x" * 90, "note": "y" * 900}
        for _ in range(1 if full else TRIES_MOST):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.post(f"{self._url}/orders", json=body, headers=TOKEN) as answer:
                    if answer.status < 300:
                        self.acknowledged.add(body["id"])
                        return []
                    if answer.status != 503:
                        return [f"answered {answer.status}"]
                    self.refused += 1
            if full:
                return []
            await asyncio.sleep(0.05)
        return [f"{body['id']} is not taken although there is room"]

    async def _alive(self) -> None:
        """An error of the disk at a commit ends the service by design; who watches over it starts it again."""
        try:
            os.kill(self._life, 0)
        except ProcessLookupError:
            self._empty()
            await self._birth()
            await self._serving()


async def full(size: int, folder: Path, dice: random.Random) -> Figure:
    """Filled to the last byte while orders come in, and emptied again, so many times."""
    figure, refused, acked = Figure(), 0, 0
    for start in range(0, size, ROUNDS_EACH):
        rounds = min(ROUNDS_EACH, size - start)
        place = folder_of(folder, start)
        lives = Nursery(within=small_disk(place))
        await lives.open()
        try:
            cramped = Cramped(lives, place, rounds * ORDERS_EACH * 3, dice.randrange(10**6), EVERY_LIFE)
            figure.failures += await cramped.fills(rounds)
        finally:
            await lives.close()
        refused, acked = refused + cramped.refused, acked + len(cramped.acknowledged)
    figure.check(refused > 0, "the disk was never full")
    figure.said = (
        f"{size} times a disk of {DISK_MB} MB filled to the last byte: {refused} posts refused with 503, {acked} orders acknowledged, "
        "all there, the file whole"
    )
    return figure


SUITES = (
    Suite(
        "disk full", ("F12",), ("P1", "P13"), "fillings", 2, 40, full,
        {"what cannot be written is acknowledged": patched("tests.faults.suites.room.EVERY_LIFE", "ack_before_commit")},
    ),
)  # fmt: skip
