"""What an order costs among many: `python -m bench.cost DIRECTORY OPEN`, on a file that bench.crowd has filled, in a process of its own.
Prints CPU microseconds, a line for each of ROUNDS: of an order taken in, of its answer, of an answer by anyone of those who are open.

A round's log is checkpointed before it ends, so that all it has written is in its figure.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Sequence
from random import Random
from typing import Any, TypeVar

from bench import served
from flows import pointers
from flows.events import CustomerWrote

Given = TypeVar("Given")

#: Orders that are taken in and answered before: more than the store keeps in memory of conversations, names and keys, so that
#: from then on each drives out another.
WARM = 9000
ROUNDS = 5
#: Orders, and answers, of a round.
MEASURED = 1000
#: Answers that come in at once, as from the 32 connections of bench.road.
AT_ONCE = 32


class Costs:
    """A house on the file, warm, and what it used."""

    def __init__(self, directory: str, size: int) -> None:
        self._service: Any = served.house(18890, directory, "http://127.0.0.1:9", 0.001)
        self._next = 90_000_000 + size * 3
        self._said = 0

    async def orders(self, many: int) -> range:
        """So many new customers, each with an order."""
        start, self._next = self._next, self._next + many
        await served.seed(self._service, self._next, asked=False, first=start)
        return range(start, self._next)

    async def answers(self, customers: Sequence[int]) -> None:
        """A YES of each."""
        self._said += 1
        now = self._service.clock.now()
        events = [
            CustomerWrote(
                event_id=f"cost:{self._said}:{n}", to=(pointers.phone("demo", served.phone(n)),), at=now, opens=True,
                channel="sms", address=served.phone(n), sender=served.SENDER, text="1", provider_id=f"SM{n}",
            )
            for n in customers
        ]  # fmt: skip
        for at in range(0, len(events), AT_ONCE):
            await asyncio.gather(*(self._service.engine.handle(event) for event in events[at : at + AT_ONCE]))

    async def asked(self, customers: Sequence[int]) -> None:
        """The provider took their questions."""
        for at in range(0, len(customers), AT_ONCE):
            await asyncio.gather(*(served.accepted(self._service, n) for n in customers[at : at + AT_ONCE]))
        self._checkpoint()

    def _checkpoint(self) -> None:
        self._service.store._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    async def of(self, work: Awaitable[Given], many: int) -> tuple[float, Given]:
        """CPU microseconds of one of them, whatever thread has used them, and what the work gives."""
        cpu = time.process_time()
        given = await work
        self._checkpoint()
        return (time.process_time() - cpu) / many * 1e6, given


async def measure(directory: str, waiting: int) -> list[tuple[float, float, float]]:
    costs, dice, taken = Costs(directory, waiting), Random(waiting), []
    gc.freeze()
    await costs.answers(await costs.orders(WARM))
    anyone = dice.sample(range(waiting), min(ROUNDS * MEASURED, waiting))
    share = len(anyone) // ROUNDS
    for at in range(ROUNDS):
        cpu, new = await costs.of(costs.orders(MEASURED), MEASURED)
        await costs.asked(new)
        recent, _ = await costs.of(costs.answers(dice.sample(new, MEASURED)), MEASURED)
        others, _ = await costs.of(costs.answers(anyone[at * share : (at + 1) * share]), share)
        taken.append((cpu, recent, others))
    return taken


async def main() -> None:
    for costs in await measure(sys.argv[1], int(sys.argv[2])):
        print(*(f"{us:.1f}" for us in costs))


if __name__ == "__main__":
    asyncio.run(main())
