"""SIGTERM to the real program (`run.py serve`) while orders pour in: whatever was answered 2xx is there when it is started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.faults.crash import ENV, Storm
from tests.faults.fast_clock import FastWorld, Pace
from tests.faults.lives import ROOT, Nursery
from tests.faults.suites.kit import Figure, Suite, patched

#: Orders that pour in about each end.
ORDERS_EACH = 30
#: Machine seconds in which a program that was asked to end has ended.
ENDS_WITHIN_S = 30.0
#: How it is ended: SIGKILL's end is no graceful one.
SIGNAL = signal.SIGTERM
TOKEN = {"Authorization": f"Bearer {ENV['API']}"}


class Ended(Storm):
    """A storm in which the program itself is started, and asked to end."""

    def __init__(self, folder: Path, orders: int, seed: int) -> None:
        super().__init__(Nursery(), folder, orders, seed, "")
        self._pace = Pace.start(1.0)
        self._world = FastWorld(self._pace)
        self._program: asyncio.subprocess.Process | None = None
        self.slowest_s = 0.0

    async def ends(self, rounds: int) -> list[str]:
        wrong: list[str] = []
        async with self._town():
            for round_ in range(rounds):
                await self._start()
                first = round_ * ORDERS_EACH
                pouring = asyncio.gather(*(self._post(self._order(first + n)) for n in range(ORDERS_EACH)))
                enough = len(self.acknowledged) + self.dice.randint(1, ORDERS_EACH // 2)
                while len(self.acknowledged) < enough:  # noqa: ASYNC110 - the postings' own set
                    await asyncio.sleep(0.001)
                wrong += await self._end()
                await self._start()  # who was not answered posts again
                await pouring
                for order_id in sorted(self.acknowledged):
                    async with self._http.get(f"{self._url}/orders/{order_id}", headers=TOKEN) as answer:
                        if answer.status != 200:
                            wrong.append(f"{order_id} was acknowledged and is not known")
                wrong += await self._end()
        return wrong

    async def _start(self) -> None:
        settings = self._folder / "config.yaml"
        settings.write_text(self._settings, "utf-8")
        self._program = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "run.py"), "--config", str(settings), "serve", cwd=ROOT, env=os.environ | ENV,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await self._serving()

    async def _end(self) -> list[str]:
        """What is wrong with how it ended: too slowly, or not with 0."""
        assert self._program is not None
        start = time.monotonic()
        self._program.send_signal(SIGNAL)
        try:
            code = await asyncio.wait_for(self._program.wait(), ENDS_WITHIN_S)
        except TimeoutError:
            self._program.kill()
            return [f"not ended within {ENDS_WITHIN_S:.0f} s"]
        self.slowest_s = max(self.slowest_s, time.monotonic() - start)
        return [f"ended with {code}"] if code else []

    async def _kill(self) -> None:
        if self._program is not None:
            with contextlib.suppress(ProcessLookupError):
                self._program.kill()


async def terminated(size: int, folder: Path, dice: random.Random) -> Figure:
    """Asked to end so many times amid orders, and as often without any."""
    figure = Figure()
    storm = Ended(folder, size * ORDERS_EACH, dice.randrange(10**6))
    figure.failures += await storm.ends(size)
    figure.check(len(storm.acknowledged) == size * ORDERS_EACH, "not every order was taken in the end")
    figure.said = (
        f"{2 * size} times SIGTERM to `run.py serve`, {size} of them amid {ORDERS_EACH} orders: ended with 0 each time, after at most "
        f"{storm.slowest_s:.1f} s; {len(storm.acknowledged)} orders acknowledged, all there"
    )
    return figure


SUITES = (
    Suite(
        "SIGTERM", ("F22",), ("P1",), "stops under load", 1, 30, terminated,
        {"it is killed instead of stopped": patched("tests.faults.suites.signals.SIGNAL", signal.SIGKILL)},
    ),
)  # fmt: skip
