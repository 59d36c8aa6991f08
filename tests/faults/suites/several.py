"""Several processes on one MongoDB-protocol store: killed in turn while Redis forgets, or frozen for longer than their lease.

Needs the servers of `make services`; without them these two are skipped by name.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from engine.leases import GONE_AFTER_S
from sandbox.world import Received
from tests.faults.crowd import Crowd
from tests.faults.lives import nursery
from tests.faults.suites.kit import Bug, Figure, Suite, chunks, folder_of, patched
from tests.faults.verdict import Verdict

PROCESSES, EVERY_S = 4, 0.6
#: Kills or pauses of one crowd, and the orders that come meanwhile.
KILLS_EACH, ORDERS_A_KILL = 100, 5
PAUSES_EACH, ORDERS_A_PAUSE = 4, 12
#: A process that is frozen for so long is gone for the others, and its work was taken over.
FROZEN_S = GONE_AFTER_S + 3.0
#: Machine seconds between two orders while a process is frozen, about.
APART_S = 0.6
#: Machine seconds in which a message is on the wire.
ON_THE_WIRE_S = 20.0
#: Machine seconds in which the other one surely has come up and taken over, however busy the machine.
TAKES_OVER_S = 60.0
#: A bug of every life.
EVERY_LIFE = ""


async def killed(size: int, folder: Path, dice: random.Random) -> Figure:
    """Four processes, killed in turn; Redis loses everything three times a second, and is killed and started again amid it."""
    figure, kills, orders, asked, messages = Figure(), 0, 0, 0, 0
    async with nursery() as lives:
        for part in chunks(size, KILLS_EACH):
            count = ORDERS_A_KILL * len(part)
            place, seed = folder_of(folder, part.start), dice.randrange(10**6)
            crowd = (Broken if EVERY_LIFE else Crowd)(lives, place, count, seed, PROCESSES, redis=True, bug=EVERY_LIFE)
            verdict = await crowd.run(len(part), EVERY_S)
            kills, orders, messages = kills + verdict.kills, orders + count, messages + verdict.messages
            asked += verdict.asked
            _told(verdict, figure)
    figure.said = (
        f"{kills} kills of {PROCESSES} processes on one MongoDB-protocol store, Redis flushed and restarted all the while, over {orders} "
        f"orders, up to {KILLS_EACH} kills in one go: {asked} asked, none left pending ({messages} messages), 0 lost, 0 twice, "
        "0 unheard, 0 adrift"
    )
    return figure


class Broken(Crowd):
    """A crowd of lives with a bug: Twilio's reports, which would tell of a message before anybody could send it again, do not come,
    and it is only looked at until the dead one's work was taken over."""

    async def _postman(self) -> None:
        await asyncio.Event().wait()

    async def _drain(self) -> None:
        await asyncio.sleep(2 * FROZEN_S)


def _told(verdict: Verdict, figure: Figure) -> None:
    figure.failures += verdict.found(*(("twice",) if EVERY_LIFE else ()))


class Frozen(Crowd):
    """Two processes, of which one is stopped in the moment in which a message of its own arrives, and goes on after its lease."""

    thawed = 0  # that went on
    ended = 0  # of those, that noticed and ended themselves

    async def pauses(self, many: int) -> Verdict:
        start = time.monotonic()
        async with self._town():
            await self._birth()
            self._spawn(self._postman())
            await self._serving()
            shop = asyncio.create_task(self._shop(0, APART_S * self.verdict.orders))
            for n in range(many):
                await self._freeze(self._ports[n % len(self._ports)])
                await self._birth()
            await shop
            self.verdict.kills = many
            await self._drain()
            await self._judge()
        self.verdict.took_s = round(time.monotonic() - start, 1)
        return self.verdict

    async def _freeze(self, port: int) -> None:
        pid, arrived = self._pids[port], asyncio.Event()

        def stop(got: Received) -> None:
            """Before Twilio's answer leaves: whoever sent it cannot know yet."""
            if not arrived.is_set() and self._stops_at(got):
                os.kill(pid, signal.SIGSTOP)
                arrived.set()

        self._world.on_received(stop)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), ON_THE_WIRE_S)
        if not arrived.is_set():
            return
        await self._birth()
        await self._hold()
        os.kill(pid, signal.SIGCONT)
        self.thawed += 1
        await asyncio.sleep(2.0)  # two beats: it finds that it was declared gone
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return
        self.ended += 1
        self._pids.pop(port, None)

    def _stops_at(self, _got: Received) -> bool:
        return True

    async def _hold(self) -> None:
        await asyncio.sleep(FROZEN_S)


class BrokenPair(Broken, Frozen):
    """Lives with a bug: one serves alone, so that it is the sender, and the other is born when it is frozen. It needs its time to come
    up and to see that the first one is gone, so it is waited for: until it has sent something again. What is on the wire is an
    acknowledgement: a question that the customer answers at once would not be due any more, whoever sends."""

    def _stops_at(self, got: Received) -> bool:
        return "is confirmed" in got.text

    async def _hold(self) -> None:
        for _ in range(round(TAKES_OVER_S / 0.5)):
            await asyncio.sleep(0.5)
            texts = [(got.to, got.text) for got in self._world.ledger]
            if len(set(texts)) < len(texts):
                return

    async def _freeze(self, port: int) -> None:
        for other in [one for one in self._pids if one != port]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pids.pop(other), signal.SIGKILL)
        await super()._freeze(port)


async def frozen(size: int, folder: Path, dice: random.Random) -> Figure:
    """Each pause is longer than the lease; the other process goes on with its work meanwhile."""
    figure, thawed, ended, orders = Figure(), 0, 0, 0
    async with nursery() as lives:
        for part in chunks(size, PAUSES_EACH):
            count = ORDERS_A_PAUSE * len(part)
            place, seed = folder_of(folder, part.start), dice.randrange(10**6)
            pair = (BrokenPair if EVERY_LIFE else Frozen)(lives, place, count, seed, 2, redis=True, bug=EVERY_LIFE)
            verdict = await pair.pauses(len(part))
            thawed, ended, orders = thawed + pair.thawed, ended + pair.ended, orders + count
            _told(verdict, figure)
    figure.check(thawed > 0, "no process was frozen")
    figure.said = (
        f"{thawed} times one of two processes was stopped (SIGSTOP) with a message on the wire for {FROZEN_S:.0f} s, its lease being "
        f"{GONE_AFTER_S:.0f} s: after SIGCONT {ended} found it and ended; {orders} orders, 0 lost, 0 twice, 0 unheard, 0 adrift"
    )
    return figure


def _with(bug: str) -> Bug:
    return patched("tests.faults.suites.several.EVERY_LIFE", bug)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Of one process every death in the moment in which a message arrives is its sender's."""
    with _with("blind_resend")(), patched("tests.faults.suites.several.PROCESSES", 1)():
        yield


SUITES = (
    Suite(
        "processes killed in turn", ("F16", "F2"), ("P1", "P4", "P13"), "kills", 4, 100, killed,
        {"what was on the wire is sent again": _alone}, bug_at=3,
    ),
    Suite(
        "a process that pauses", ("F17",), ("P4", "P13"), "pauses", 1, 12, frozen,
        {"what was on the wire is sent again": _with("blind_resend")}, bug_at=2,
    ),
)  # fmt: skip
