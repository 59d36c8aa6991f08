"""The real service, killed at each of its failpoints in turn: before and after every commit, everything on the wire, and answers.

tests/faults/test_failpoints.py enumerates commits and sends in the code, and fails when one has no failpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults.crash import Storm
from tests.faults.lives import Nursery, nursery
from tests.faults.suites.kit import Figure, Suite, folder_of, patched
from tests.faults.verdict import Verdict

#: Failpoint -> so often it is passed in a small life, about: the death comes at one of them.
PASSED = {
    "commit.before": 24, "commit.after": 24, "wire.before": 5, "wire.after": 5, "answer.after": 12, "mail.before": 1, "mail.after": 1,
}  # fmt: skip
ORDERS = 6
#: Machine seconds in which a life that is to die has come to its end.
DIES_WITHIN_S = 10.0
#: A bug of the life after the death.
REBORN = ""


class Point(Storm):
    """A small storm with one death, at one failpoint."""

    async def at(self, point: str, nth: int) -> Verdict:
        """`kills` is 0 where the life never came to the failpoint."""
        start = time.monotonic()
        self._bug = f"die:{point}:{nth}"
        async with self._town():
            await self._birth()
            self._spawn(self._postman())
            self._spawn(self._serving())
            shop = asyncio.create_task(self._shop(0, 1.0))
            if await self._died():
                self.verdict.kills, self._life = 1, 0
                self._bug = REBORN
                await self._birth()
            else:
                self._bug = REBORN
            await self._serving()
            await shop
            deaths = self.verdict.kills
            await self._drain()
            self.verdict.kills = deaths
            await self._judge()
        self.verdict.took_s = round(time.monotonic() - start, 1)
        return self.verdict

    async def _died(self) -> bool:
        end = time.monotonic() + DIES_WITHIN_S
        while time.monotonic() < end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._life, 0)
                await asyncio.sleep(0.02)
                continue
            self._up.clear()
            return True
        return False


async def points(size: int, folder: Path, dice: random.Random) -> Figure:
    """One death in each small storm, the failpoints in turn."""
    figure, deaths, reached, orders = Figure(), 0, set(), 0
    async with nursery() as lives:
        for n in range(size):
            point = list(PASSED)[n % len(PASSED)]
            verdict = await _one(lives, folder_of(folder, n), point, dice)
            deaths += verdict.kills
            orders += verdict.orders
            if verdict.kills:
                reached.add(point)
            for kind in ("lost", "twice", "unheard", "adrift"):
                figure.failures += [f"{point}: {kind}: {what}" for what in getattr(verdict, kind)]
    figure.check(deaths > 0, "no life came to its failpoint")
    figure.said = f"{deaths} kills at {len(reached)} of {len(PASSED)} failpoints over {orders} orders: 0 lost, 0 twice, 0 unheard, 0 adrift"
    return figure


async def _one(lives: Nursery, folder: Path, point: str, dice: random.Random) -> Verdict:
    return await Point(lives, folder, ORDERS, dice.randrange(10**6), "").at(point, dice.randint(1, PASSED[point]))


@contextlib.contextmanager
def _blind() -> Iterator[None]:
    with (
        patched("tests.faults.suites.points.REBORN", "blind_resend")(),
        patched("tests.faults.suites.points.PASSED", {"wire.after": 4})(),
    ):
        yield


SUITES = (
    Suite(
        "kill at every failpoint", ("F1",), ("P1", "P2", "P4"), "kills", 3, 35, points,
        {"what was on the wire is sent again": _blind}, bug_at=3,
    ),
)  # fmt: skip
