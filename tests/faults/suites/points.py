"""The real service, killed at each of its failpoints in turn: before and after every commit, everything on the wire, and answers.

One life after another on the same file, each armed to die at a failpoint, while orders come in; then time runs fast and the ledgers
judge. tests/faults/test_failpoints.py enumerates commits and sends in the code, and fails when one has no failpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.crash import Storm
from tests.faults.lives import nursery
from tests.faults.suites.kit import Figure, Suite, chunks, folder_of, patched
from tests.faults.verdict import Verdict

#: Failpoint -> a life passes it at least so often, about: the death comes at one of these times.
PASSED = {
    "commit.before": 8, "commit.after": 8, "wire.before": 4, "wire.after": 4, "answer.after": 5, "mail.before": 2, "mail.after": 2,
}  # fmt: skip
#: Deaths on one file, and orders that come meanwhile.
IN_ONE_STORM, ORDERS_A_DEATH = 14, 5
#: Machine seconds in which a life that is to die has come to its end; else it is killed where it is.
DIES_WITHIN_S = 6.0
#: Machine seconds between two orders, about.
APART_S = 0.1
#: A bug of every life.
EVERY_LIFE = ""


class Chain(Storm):
    """A storm whose lives die at given failpoints. `reached` counts those that did."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.reached: Counter[str] = Counter()

    def _order(self, n: int) -> dict[str, Any]:
        """Every third customer has a mailbox alone: so that mail leaves at once, too."""
        order = super()._order(n)
        return order if n % 3 else order | {"phone": None}

    async def die_at(self, deaths: list[tuple[str, int]]) -> Verdict:
        start = time.monotonic()
        async with self._town():
            self._spawn(self._postman())
            shop = asyncio.create_task(self._shop(0, APART_S * self.verdict.orders))
            for point, nth in deaths:
                self._bug = "+".join(filter(None, (f"die:{point}:{nth}", EVERY_LIFE)))
                await self._birth()
                up = asyncio.ensure_future(self._serving())
                if await self._died():
                    self.reached[point] += 1
                up.cancel()
                await self._kill()
            self.verdict.kills = len(deaths)
            self._bug = EVERY_LIFE
            await self._birth()
            await self._serving()
            await shop
            await self._drain()
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
    """So many deaths, the failpoints in turn."""
    figure, reached, orders = Figure(), Counter[str](), 0
    async with nursery() as lives:
        for part in chunks(size, IN_ONE_STORM):
            deaths = [
                (point, dice.randint(1, PASSED[point])) for point in (list(PASSED)[n % len(PASSED)] for n in part)
            ]
            dice.shuffle(deaths)
            chain = Chain(lives, folder_of(folder, part.start), ORDERS_A_DEATH * len(part), dice.randrange(10**6), "")
            verdict = await chain.die_at(deaths)
            reached += chain.reached
            orders += verdict.orders
            figure.failures += verdict.found()
    figure.check(bool(reached), "no life came to its failpoint")
    died = ", ".join(f"{n} x {point}" for point, n in sorted(reached.items()))
    figure.said = (
        f"{reached.total()} kills at {len(reached)} of {len(PASSED)} failpoints ({died}) and {size - reached.total()} elsewhere, over "
        f"{orders} orders: 0 lost, 0 twice, 0 unheard, 0 adrift"
    )
    return figure


@contextlib.contextmanager
def _blind() -> Iterator[None]:
    with (
        patched("tests.faults.suites.points.EVERY_LIFE", "blind_resend")(),
        patched("tests.faults.suites.points.PASSED", {"wire.after": 3})(),
    ):
        yield


SUITES = (
    Suite(
        "kill at every failpoint", ("F1",), ("P1", "P2", "P4"), "kills", 7, 700, points,
        {"what was on the wire is sent again": _blind}, bug_at=5,
    ),
)  # fmt: skip
