"""What the MongoDB store promises beyond the contract: writes of unknown fate, restarts, half-done follow-ups, indexes.

Run against MONGODB_URL, else against FerretDB (see tests/servers.py).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener

from engine.history_record import closed
from engine.leases import Leases
from engine.ports import Kept, NewerDocument, StoreUnavailable
from flows import pointers
from flows.conversation import Conversation
from flows.events import Recovered
from flows.money import Money
from flows.orders import OrderFields
from flows.pointers import Pointer
from flows.risk.backtest import Replayed
from flows.risk.history import PastOrder
from flows.risk.identity import identity
from storage import mongo_schema
from storage.mongo import MongoStore
from storage.mongo_follow import Todo, carry_out
from storage.sealing import WrongKey
from tests import servers
from tests.contracts.test_store import a_say, heard_with
from tests.contracts.tiny import ANA, KEY, NOW, heard, wrote
from tests.storage.wire_fault import wire


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.mongodb() as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    with servers.database(server) as made:
        yield made


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoStore]:
    made = MongoStore(url, KEY)
    yield made
    await made.close()


async def ever(store: MongoStore, phone: str = ANA) -> int:
    found = await store.load(pointers.phone("demo", phone))
    return found.orders_ever if isinstance(found, Conversation) else 0


# -- writes of unknown fate


@pytest.mark.parametrize("fate", ["before", "after"])
@pytest.mark.parametrize("command", [b"update", b"insert"])
async def test_a_write_without_an_answer_is_done_exactly_once(fate: str, command: bytes) -> None:
    """The wire breaks before or after the server took a commit: the unit finds out which, and counts once."""
    broken = []

    def breaks(request: bytes) -> str:
        hit = request[26 : 26 + len(command)] == command and b"conversation" in request[:80] and not broken
        broken.extend([1] * hit)
        return fate if hit else ""

    port = servers.free_port()
    with servers.ferretdb() as server:
        async with wire(server.port, port, breaks):
            store = MongoStore(f"mongodb://127.0.0.1:{port}/fate", KEY)
            if command == b"update":
                await store.transact(wrote("first"), heard, NOW)
            handled = await store.transact(wrote(1), heard, NOW)
            assert broken
            assert handled.decision is not None
            assert not handled.duplicate
            assert await ever(store) == (2 if command == b"update" else 1)
            assert (await store.transact(wrote(1), heard, NOW)).duplicate
            await store.close()


async def test_a_server_killed_in_the_middle_loses_and_doubles_nothing() -> None:
    """SIGKILL and a restart while 60 units run: each is either done or refused with nothing written, and done once when it comes again."""
    with servers.ferretdb() as server:
        store = MongoStore(f"mongodb://127.0.0.1:{server.port}/restart", KEY)
        await store.transact(wrote("first"), heard, NOW)
        phones = [f"+3461000{n:04}" for n in range(6)]

        async def until_done(n: int) -> int:
            again = 0
            while True:
                try:
                    handled = await store.transact(wrote(n, phones[n % 6]), heard, NOW)
                except StoreUnavailable:
                    again += 1
                    await asyncio.sleep(0.05)
                    continue
                assert not handled.duplicate, "a unit that was refused had been written"
                return again

        async def killing() -> None:
            for _ in range(2):
                await asyncio.sleep(0.15)
                server.kill()
                await asyncio.sleep(0.1)
                await asyncio.to_thread(server.start)

        await asyncio.gather(killing(), *(until_done(n) for n in range(60)))
        assert [await ever(store, phone) for phone in phones] == [10] * 6
        await store.close()


async def test_a_server_that_is_away_is_said_so() -> None:
    """Without a server, a unit is refused as StoreUnavailable: the provider comes again."""
    store = MongoStore(f"mongodb://127.0.0.1:{servers.free_port()}/nobody", KEY)
    with pytest.raises(StoreUnavailable):
        await store.transact(wrote(1), heard, NOW)
    await store.close()


async def test_two_processes_on_one_conversation_both_count(url: str, store: MongoStore) -> None:
    """Units of two stores for one conversation, at once: none is lost to the other."""
    other = MongoStore(url, KEY)
    both = [(other if n % 2 else store).transact(wrote(n), heard, NOW) for n in range(30)]
    await asyncio.gather(*both)
    assert await ever(store) == 30
    await other.close()


# -- what follows a commit


async def test_a_death_between_commit_and_follow_up_is_made_good_at_the_next_touch(url: str, store: MongoStore) -> None:
    """Pointers, order rows and journal lines that a dead process left undone are there after the next event."""
    order = pointers.order("demo", "1001")
    decide = heard_with(lambda c: c, claims=(order, Pointer("page", "t")), orders=(("1001", "pending"),))
    await store.transact(wrote(1), decide, NOW)
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        await db.shop_order.delete_many({})
        await db.pointer.delete_many({"_id": {"$ne": store._hash(pointers.phone("demo", ANA))}})
    again = MongoStore(url, KEY)
    assert await again.load(order) is None
    await again.transact(wrote(2), heard, NOW)
    assert isinstance(await again.load(order), Conversation)
    assert isinstance(await again.load(Pointer("page", "t")), Conversation)
    assert [row.order_id for row in await again.orders("demo", None, None, 10)] == ["1001"]
    await again.close()


async def test_a_late_follow_up_never_overwrites_a_newer_one(store: MongoStore) -> None:
    """The order row says what the newest commit said, however late an older commit's follow-up comes."""
    for n, state in enumerate(("pending", "confirmed")):
        await store.transact(wrote(n), heard_with(lambda c: c, orders=(("1001", state),)), NOW)
    (row,) = await store.orders("demo", None, None, 10)
    late = Todo(at=1, shop="demo", orders=(("1001", "pending"),))
    await carry_out(await store._db(), row.conversation, 1, late)
    assert [r.state for r in await store.orders("demo", None, None, 10)] == ["confirmed"]


async def test_a_name_that_was_reserved_by_a_dead_process_is_used(url: str, store: MongoStore) -> None:
    """A process that died between the pointer and the document leaves a name; the next event makes that document, once."""
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        hashed = store._hash(pointers.phone("demo", ANA))
        await client.get_default_database().pointer.insert_one(
            {"_id": hashed, "c": "00ff00ff00ff00ff", "at": 1, "v": 0}
        )
    assert (await store.transact(wrote(0, opens=False), heard, NOW)).decision is None
    await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(5)))
    found = await store.load(pointers.phone("demo", ANA))
    assert isinstance(found, Conversation)
    assert (found.id, found.orders_ever) == ("00ff00ff00ff00ff", 5)


# -- several processes


async def test_timers_are_shared_by_slots_and_late_ones_are_anybodys(store: MongoStore) -> None:
    """Two halves of the slots see each timer once between them; one that is late is seen by both."""
    for n in range(20):
        change = heard_with(lambda c: replace(c, timers={"rung:1": NOW}))
        await store.transact(wrote(n, f"+3460000{n:04}"), change, NOW)
    halves = [frozenset(range(0, 64, 2)), frozenset(range(1, 64, 2))]
    seen = []
    for half in halves:
        store.slots = half
        seen += [d.conversation for d in await store.due(NOW + timedelta(seconds=1), 100)]
        assert await store.next_due() is not None
        assert len(await store.due(NOW + timedelta(seconds=10), 100)) == 20
    assert len(seen) == len(set(seen)) == 20


class Caught:
    """Stands for the engine: keeps the events it was given."""

    def __init__(self, store: MongoStore) -> None:
        self.store = store
        self.events: list[Recovered] = []

    def now(self) -> Any:
        return NOW

    async def handle(self, event: Recovered) -> None:
        await self.store.transact(event, heard_with(lambda c: replace(c, open=())), NOW)
        self.events.append(event)


@pytest.mark.long
async def test_what_a_dead_process_had_on_the_wire_is_recovered_within_ten_seconds(store: MongoStore, url: str) -> None:
    """A process that stops beating is gone within 10 s: its flights are recovered by one, its name is taken off, and it learns of it."""
    flight = replace(a_say(1, NOW, "sending"), by="dead")
    await store.enter("dead")
    assert await store.take_lead("sweeps", "dead", frozenset({"dead"})) == 1
    await store.transact(wrote(1), heard_with(lambda c: replace(c, open=(flight,))), NOW)
    second = MongoStore(url, KEY)
    engines = [Caught(store), Caught(second)]
    ended: list[str] = []
    leases = [
        Leases(engine, engine.store, name, ended.append, mongo_schema.SLOTS, mongo_schema.slot)  # type: ignore[arg-type]
        for engine, name in zip(engines, ("one", "two"), strict=True)
    ]
    for lease in leases:
        await lease.start()
    await servers.until(lambda: any(engine.events for engine in engines), 10)
    events = [event for engine in engines for event in engine.events]
    assert [event.gone for event in events] == [("dead",)]
    assert await store.in_flight() == []

    async def taken_off() -> bool:
        return "dead" not in await store.processes()

    await servers.until(taken_off, 3)
    await servers.until(lambda: all(lease.alive == {"one", "two"} for lease in leases), 3)
    assert store.slots is not None
    assert second.slots is not None
    assert store.slots | second.slots == frozenset(range(mongo_schema.SLOTS))
    assert not store.slots & second.slots
    assert [lease.leads for lease in leases].count(True) == 1
    assert not await store.beat("dead"), "a process that was only frozen has to learn that it was declared gone"
    assert await store.take_lead("sweeps", "dead", frozenset({"one", "two"})) == 0
    assert ended == []
    for lease in leases:
        await lease.stop()
    assert await store.processes() == {}
    await second.close()


# -- indexes


class Asked(CommandListener):
    """Remembers every question: (collection, filter, order)."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def started(self, event: Any) -> None:
        command = event.command
        match event.command_name:
            case "find":
                self.questions.append((command["find"], dict(command["filter"]), dict(command.get("sort", {}))))
            case "findAndModify":
                self.questions.append((command["findAndModify"], dict(command["query"]), {}))
            case "update":
                self.questions += [(command["update"], dict(u["q"]), {}) for u in command["updates"]]
            case "delete":
                self.questions += [(command["delete"], dict(d["q"]), {}) for d in command["deletes"]]
            case "aggregate":
                first = command["pipeline"][0]
                asked = (command["aggregate"], dict(first.get("$match", {})), dict(first.get("$sort", {})))
                self.questions.append(asked)

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


#: Collections so small (a document for each process or shop) that they are read whole.
SMALL = {"process", "lead", "installation"}


def served(collection: str, asked: dict[str, Any], order: dict[str, Any]) -> bool:
    """Whether a declared index leads to the answer: equal fields first, then the order, or a range."""
    equal = {name for name, value in asked.items() if not isinstance(value, dict) and not name.startswith("$")}
    ranged = {name for name, value in asked.items() if isinstance(value, dict)}
    for index in ((("_id", 1),), *mongo_schema.INDEXES[collection]):
        names = [name for name, _ in index]
        while names and names[0] in equal:
            names.pop(0)
        used = len(index) - len(names)
        if order and list(order) == names[: len(order)]:
            return True
        if not order and (used or (names and names[0] in ranged)):
            return True
        if order and used and not set(order) - equal:
            return True
    return collection in SMALL


async def everything_asked(store: MongoStore) -> None:
    """Every method of the store, once or more."""
    for n in range(3):
        say = a_say(n, NOW, "sending" if n else "planned")
        change = heard_with(
            lambda c, o=(say,): replace(c, open=o, timers={"rung:1": NOW}),  # type: ignore[misc]
            claims=(pointers.order("demo", str(n)), Pointer("page", str(n))),
            orders=((str(n), "pending"),),
        )
        await store.transact(wrote(n, f"+3460000000{n}"), change, NOW)
    found = await store.load(pointers.order("demo", "1"))
    assert found is not None
    await store.due(NOW, 10)
    await store.next_due()
    store.slots = frozenset({1, 2})
    await store.due(NOW, 10)
    await store.next_due()
    store.slots = None
    page = await store.sendable(NOW + timedelta(seconds=1), 1)
    await store.sendable(NOW + timedelta(seconds=1), 10, (page[0].at, page[0].conversation))
    await store.in_flight()
    for state in (None, "pending"):
        await store.orders("demo", state, NOW, 10)
    await store.journal(found.id)
    await store.counts()
    await store.keep(Kept(id="k", route="r", at=NOW, why="", body=b"", headers={}))
    await store.kept()
    await store.drop_kept(["k"])
    fields = OrderFields(id="1", total=Money(100, "EUR"), placed_at=NOW, name="Ana", phone=ANA, phone_raw=ANA)
    past = PastOrder(order_id="1", placed_at=NOW, closed_at=NOW, ended="paid", amount_minor=100, currency="EUR")
    who = identity(fields)
    order = closed(Replayed(fields, past), "import")
    await store.append_history("demo", [order])
    await store.append_history("demo", [order])
    await store.history("demo", who)
    await store.usual_amount("demo", "EUR")
    await store.history_counts("demo")
    await store.clear_history("demo", ["1"])
    await store.export_history("demo", who)
    await store.import_mark("demo", b"x")
    await store.erase_history("demo", who)
    await store.enter("p")
    await store.beat("p")
    await store.processes()
    await store.take_lead("sweeps", "p", frozenset({"p"}))
    await store.take_lead("sweeps", "q", frozenset({"q"}))
    await store.leave("p")


async def test_every_question_has_an_index(url: str) -> None:
    """No filter and no order that the store uses goes without a declared index; on MongoDB, explain shows no collection scan."""
    asked = Asked()
    store = MongoStore(url, KEY, listeners=[asked])
    await everything_asked(store)
    shapes = {repr((c, sorted(f), sorted(o))): (c, f, o) for c, f, o in asked.questions}
    assert len(shapes) > 20
    assert [shape for shape in shapes.values() if not served(*shape)] == []
    if os.environ.get("MONGODB_URL"):
        db = await store._db()
        for collection, filter_, order in shapes.values():
            if collection not in SMALL:
                plan = await db[collection].find(filter_).sort(list(order.items()) or [("_id", 1)]).explain()
                assert "COLLSCAN" not in repr(plan["queryPlanner"]["winningPlan"]), (collection, filter_, order)
    await store.close()


def test_the_index_check_bites() -> None:
    """A question without an index is seen as one."""
    assert not served("conversation", {"doc": b"x"}, {})
    assert not served("shop_order", {"state": "pending"}, {"at": -1})
    assert served("shop_order", {"shop": "demo", "at": {"$gte": 0}}, {"at": -1})


async def test_data_of_an_older_schema_are_taken_over_and_closed_to_older_programs(url: str) -> None:
    """From the first opening on an older program would refuse them; a newer one's are refused here, and not changed."""
    first = MongoStore(url, KEY)
    await first.transact(wrote(1), heard, NOW)
    await first.close()
    await _schema(url, 1)
    stranger = MongoStore(url, bytes(32))
    with pytest.raises(WrongKey):
        await stranger.load(pointers.phone("demo", ANA))
    await stranger.close()
    assert await _schema(url) == 1, "who has another key closes nothing"
    for before, after in ((1, mongo_schema.SCHEMA_VERSION), (99, 99)):
        await _schema(url, before)
        again = MongoStore(url, KEY)
        if before == 99:
            with pytest.raises(NewerDocument):
                await again.load(pointers.phone("demo", ANA))
        else:
            assert await again.load(pointers.phone("demo", ANA)) is not None
        await again.close()
        assert await _schema(url) == after


async def _schema(url: str, put: int | None = None) -> int:
    async with AsyncMongoClient(url) as client:
        installation = client.get_default_database("doorstep").installation
        if put is not None:
            await installation.update_one({}, {"$set": {"schema": put}})
        found = await installation.find_one({})
        assert found is not None
        return int(found["schema"])
