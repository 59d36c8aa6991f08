"""Who lives and who is gone, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.counting import Key
from engine.lanes import Lane, Lanes
from engine.leases import GONE_AFTER_S, HOLD_S, Fenced, Leases, Processes, share_lanes
from engine.outbox import Outbox
from engine.ports import Found, Handled, Lookup, Message, StoreUnavailable
from flows.effects import Accepted, Open, Outcome, SpreadStop, TryAgain
from flows.events import Claimed, Recovered
from storage.mongo_schema import SLOTS, slot
from tests.servers import until

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Table:
    """The store's side of it, in memory."""

    def __init__(self) -> None:
        self.slots: frozenset[int] | None = None
        self.beats: dict[str, int] = {}
        self.flying: dict[str, tuple[str, ...]] = {}
        self.lead: tuple[str, int] = ("", 0)
        self.away = False

    def _there(self) -> None:
        if self.away:
            raise StoreUnavailable("away")

    async def enter(self, process: str) -> None:
        self._there()
        self.beats.setdefault(process, 0)

    async def beat(self, process: str) -> bool:
        self._there()
        if process in self.beats:
            self.beats[process] += 1
        return process in self.beats

    async def leave(self, process: str) -> None:
        self.beats.pop(process, None)

    async def processes(self) -> dict[str, int]:
        self._there()
        return dict(self.beats)

    async def take_lead(self, what: str, process: str, alive: frozenset[str]) -> int:
        holder, fence = self.lead
        if holder not in alive:
            self.lead = (process, fence + 1)
        return self.lead[1] if self.lead[0] == process else 0

    async def flights(self) -> list[tuple[str, tuple[str, ...]]]:
        return sorted(self.flying.items())

    async def sendable(self, now: datetime, limit: int, after: Any = None) -> list[Any]:
        return []


class House:
    """Stands for the engine of one process."""

    def __init__(self, store: Table) -> None:
        self.store = store
        self.events: list[Recovered] = []

    def now(self) -> datetime:
        return NOW

    async def handle(self, event: Recovered) -> None:
        self.events.append(event)
        self.store.flying.pop(event.to[0].key, None)


class Watch:
    """One process' leases, walked by hand."""

    def __init__(self, table: Table, name: str, time: Callable[[], float]) -> None:
        self.house = House(table)
        self.ended: list[str] = []
        self.leases = Leases(self.house, table, name, self.ended.append, SLOTS, slot, time)  # type: ignore[arg-type]

    async def step(self, *, beats: bool = True) -> None:
        if beats:
            await self.leases._beating()
        await self.leases._watching()


class Time:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def time() -> Time:
    return Time()


async def both(table: Table, time: Time) -> tuple[Watch, Watch]:
    watches = Watch(table, "a", time), Watch(table, "b", time)
    for watch in watches:
        await table.enter(watch.leases._process)
    for watch in watches:
        await watch.step()
    return watches


async def test_a_process_that_stops_beating_is_gone_and_its_flights_are_recovered(time: Time) -> None:
    """Silent for longer than GONE_AFTER_S: recovered once, by the leader, and its slots go to who is left."""
    table = Table()
    table.flying = {"c1": ("b",), "c2": ("a",), "c3": ("never entered",)}
    a, b = await both(table, time)
    assert a.leases.leads
    assert not b.leases.leads
    assert [e.gone for e in a.house.events] == [("never entered",)]
    while time.s <= GONE_AFTER_S + 1:
        time.s += 1
        await a.step()
    assert [e.gone for e in a.house.events][1:] == [("b",)]
    assert a.leases.alive == {"a"}
    assert table.slots is None
    assert set(table.beats) == {"a"}
    assert table.flying == {"c2": ("a",)}
    await b.leases._beating()
    assert len(b.ended) == 1, "who was declared gone has to end"


async def test_a_beat_keeps_a_process_alive_however_long(time: Time) -> None:
    """Nobody who beats is ever taken for gone."""
    a, b = await both(Table(), time)
    for _ in range(50):
        time.s += 1
        await a.step()
        await b.step()
    assert a.leases.alive == b.leases.alive == {"a", "b"}
    assert not a.house.events + b.house.events


async def test_a_store_that_was_away_kills_nobody(time: Time) -> None:
    """Beats stand still for all while the store is away: afterwards silence is counted anew."""
    table = Table()
    a, b = await both(table, time)
    table.away = True
    for _ in range(20):
        time.s += 1
        with pytest.raises(StoreUnavailable):
            await a.step()
        a.leases._still.clear()  # what the loop does with a failed look
    table.away = False
    await a.step()
    await b.step()
    assert a.leases.alive == {"a", "b"}
    assert b.ended == []


async def test_the_lead_goes_on_with_a_higher_fence(time: Time) -> None:
    """When the leader is gone another takes the lead; the fence tells the two leads apart."""
    table = Table()
    _, b = await both(table, time)
    led: list[int] = []
    b.leases.on_lead = lambda: led.append(table.lead[1])
    while time.s <= GONE_AFTER_S + 1:
        time.s += 1
        await b.step()
    assert b.leases.leads
    assert table.lead == ("b", 2)
    assert led == [2]


class Wire:
    provider = "twilio"

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, message: Message) -> Outcome:
        self.sent += 1
        return Accepted(provider_id="SM1")

    async def find(self, lookup: Lookup) -> Found | None:
        return None

    async def close(self) -> None: ...


async def test_nothing_leaves_a_process_that_may_have_been_declared_gone(time: Time) -> None:
    """A process that was frozen sends nothing when it thaws: its last beat is too old, and the message waits, definitely unsent."""
    assert HOLD_S < GONE_AFTER_S
    a, _ = await both(Table(), time)
    wire = Wire()
    fenced = Fenced(wire, a.leases)
    message = Message(
        effect_id="e", conversation="c", shop="demo", channel="sms", to="x", sender="y", text="t", lang="en"
    )
    assert isinstance(await fenced.send(message), Accepted)
    time.s += HOLD_S + 0.1
    assert isinstance(await fenced.send(message), TryAgain)
    assert wire.sent == 1
    await a.leases._beating()
    assert isinstance(await fenced.send(message), Accepted)


async def test_without_redis_each_process_takes_its_part_of_the_pace(time: Time) -> None:
    """Two living processes without shared pacing send at half the sender's rate each; with it, each at the whole."""
    a, _ = await both(Table(), time)
    shared = False
    lanes = Lanes({"sms:x": (1.0, 1)})
    share_lanes(lanes, a.leases, lambda: shared)
    lane: Lane = lanes.get("sms:x")
    lane.charge(1.0, NOW)
    assert (lane.next_permit(NOW) - NOW).total_seconds() == 2.0
    shared = True
    lane.charge(1.0, NOW)
    assert (lane.next_permit(NOW) - NOW).total_seconds() == 3.0


class Hurried(Outbox):
    """Its pauses are turns of the loop, which are counted."""

    pauses = 0

    async def _pause(self, long: timedelta) -> None:
        self.pauses += 1
        await asyncio.sleep(0)


class Claims:
    """Stands for the engine behind an outbox: counts what would be committed."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.clock = lanes, FakeClock(NOW)
        self.claimed: list[str] = []
        self.counters: dict[Key, float] = {}
        self.now = self.clock.now

    async def handle(self, event: Claimed) -> Handled:
        self.claimed.append(event.effect_id)
        return Handled(decision=None)


@pytest.mark.source_only  # its outbox inherits from the real one
async def test_a_process_that_may_be_gone_claims_nothing(time: Time) -> None:
    """While its last beat is too old nothing is granted and nothing claimed, so that a slow store is not asked twice a second for every
    message that waits; with the next beat each is claimed, once."""
    a, _ = await both(Table(), time)
    lanes = Lanes({"sms:x": (1000.0, 10)})
    share_lanes(lanes, a.leases, lambda: True)
    engine = Claims(lanes)
    outbox, lane = Hurried(engine, None, "a"), lanes.get("sms:x")  # type: ignore[arg-type]
    time.s += HOLD_S + 0.1
    stop = SpreadStop(channel="sms", address="x")
    waiting = [Open(f"e{n}", stop, "planned", at=NOW, not_before=NOW, urgency=0, lane="sms:x") for n in range(5)]
    assert not lane.grant_now(waiting[0], NOW)
    for open_ in waiting:
        lane.offer("c", open_)
    outbox._pump(lane)
    await until(lambda: outbox.pauses > 20)
    assert engine.claimed == []
    await a.leases._beating()
    await until(lambda: len(engine.claimed) == 5)
    assert sorted(engine.claimed) == [open_.id for open_ in waiting]
    await outbox_ends(outbox)


async def outbox_ends(outbox: Outbox) -> None:
    outbox._stopping = True
    for task in outbox._pumps.values():
        task.cancel()
    await asyncio.gather(*outbox._pumps.values(), return_exceptions=True)


def test_the_table_is_what_the_port_asks_for() -> None:
    """The stand-in above has every method of the port."""
    assert isinstance(Table(), Processes)
