"""A server that is slow, or that is asked by many: how much of one process it gets before it at once. See storage/mongo_turns.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.monitoring import CommandListener

from engine.ports import StoreUnavailable
from flows import pointers
from flows.conversation import Conversation
from storage.mongo import MongoStore
from storage.mongo_turns import AT_ONCE, Turns
from tests import servers
from tests.contracts.tiny import KEY, NOW, heard, wrote

#: Connections that the driver opens at most.
CONNECTIONS = 100
UNITS = 150


async def test_so_many_at_once_and_the_others_in_the_order_they_came() -> None:
    """Never more inside than there are turns; who waits comes in as one leaves, first come, first served."""
    turns, inside, most, came = Turns(patience_s=60, at_once=3), 0, 0, []
    leave = asyncio.Semaphore(0)

    async def unit(n: int) -> None:
        nonlocal inside, most
        async with turns.take():
            came.append(n)
            inside += 1
            most = max(most, inside)
            await leave.acquire()
            inside -= 1

    units = [asyncio.ensure_future(unit(n)) for n in range(10)]
    for done in range(10):
        await servers.until(lambda done=done: len(came) == min(3 + done, 10))
        leave.release()
    await asyncio.gather(*units)
    assert most == 3
    assert came == list(range(10))


async def test_who_gets_no_turn_in_time_is_told_to_come_again() -> None:
    """A server that does not keep up is as good as away: the unit was not begun, and its turn goes to nobody else."""
    turns, begun = Turns(patience_s=0.01, at_once=1), False
    async with turns.take():
        with pytest.raises(StoreUnavailable):
            async with turns.take():
                begun = True
    assert not begun
    async with turns.take():
        pass


class UnderWay(CommandListener):
    """Counts the questions that the server has not answered yet."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def started(self, event: Any) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def succeeded(self, event: Any) -> None:
        self.now -= 1

    def failed(self, event: Any) -> None:
        self.now -= 1


async def test_a_flood_of_units_leaves_connections_free_and_all_are_done() -> None:
    """More units at once than turns: the server never has so much before it that a beat waits for a connection, and each unit is done."""
    under_way = UnderWay()
    with servers.mongodb() as server, servers.database(server) as url:
        store = MongoStore(url, KEY, listeners=[under_way])
        phones = [f"+346000{n:05}" for n in range(UNITS)]

        async def done(n: int) -> None:
            while True:
                try:
                    await store.transact(wrote(n, phones[n]), heard, NOW)
                except StoreUnavailable:
                    continue
                return

        await asyncio.gather(*(done(n) for n in range(UNITS)))
        assert AT_ONCE <= under_way.most <= 4 * AT_ONCE < CONNECTIONS
        for phone in phones:
            found = await store.load(pointers.phone("demo", phone))
            assert isinstance(found, Conversation)
            assert found.orders_ever == 1
        await store.close()
