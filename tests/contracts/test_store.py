"""The storage contract: one suite over every backend, long because each promise of engine.ports.Store stands here once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from engine.clock import RunningClock
from engine.decide import Decider, UnknownShop
from engine.engine import Engine
from engine.lanes import Lanes
from engine.ports import Handled, Kept, NewerDocument, Store
from engine.rates import rates
from engine.searching import search
from engine.tokens import Tokens
from flows import pointers
from flows.conversation import VERSION, Conversation, Note
from flows.decision import Decision, Document
from flows.effects import Open, Say
from flows.events import AnyEvent, OrderTold, TimerDue
from flows.money import Money
from flows.orders import OrderFields
from flows.pointers import Pointer
from flows.policy import Policy, Sender
from flows.postal import PostalAddress
from storage.opening import open_store
from tests import servers
from tests.contracts.mongo_backend import MongoBackend
from tests.contracts.tiny import ANA, BEN, KEY, NOW, as_json, heard, notes_as_json, wrote

CROWD = 64


class SqliteBackend:
    """How the suite reaches behind the contract for one backend: a second opening, and every stored byte."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "store.db")

    def open(self) -> Store:
        return open_store(self.path, KEY, lambda why: None)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, as stored."""
        with apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READONLY) as db:
            tables = [
                name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            return {name: list(db.execute(f"SELECT * FROM {name}")) for name in tables}

    def make_older(self) -> int:
        """Have every document lie there as the program before MessagePack wrote it. How many were not so."""
        with apsw.Connection(self.path) as db:
            rows = [(as_json(key, doc), n) for n, key, doc in db.execute("SELECT n, key, doc FROM conversation")]
            db.executemany("UPDATE conversation SET doc = ? WHERE n = ?", [(doc, n) for doc, n in rows if doc])
            lines = db.execute("""SELECT c.key, j.lines, j.conversation, j.first FROM journal j
                JOIN conversation c ON c.n = j.conversation""").fetchall()
            for key, sealed, n, first in lines:
                older = (notes_as_json(key, sealed), n, first)
                db.execute("UPDATE journal SET lines = ? WHERE conversation = ? AND first = ?", older)
            db.execute("PRAGMA user_version = 3")
        return sum(bool(doc) for doc, _ in rows)


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[str]:
    with servers.mongodb() as url:
        yield url


@pytest.fixture(params=["sqlite", "mongo"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteBackend | MongoBackend]:
    if request.param == "sqlite":
        yield SqliteBackend(tmp_path)
        return
    with servers.database(request.getfixturevalue("mongo_server")) as url:
        yield MongoBackend(url)


@pytest.fixture
async def store(backend: SqliteBackend) -> AsyncIterator[Store]:
    opened = backend.open()
    yield opened
    await opened.close()


# -- decides so small that only the store is under test


def heard_with(change: Callable[[Conversation], Conversation], **decided: object) -> Callable[..., Decision]:
    """`heard`, and a change of the document beside it."""

    def decide(document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
        decision = heard(document, new_id, event, now)
        assert isinstance(decision.document, Conversation)
        return replace(decision, document=change(decision.document), **decided)  # type: ignore[arg-type]

    return decide


def a_say(n: int, not_before: datetime, status: str = "planned") -> Open:
    say = Say(channel="sms", to=ANA, sender="+34911000001", template="thanks_reply")
    return Open(
        id=f"e{n}",
        effect=say,
        status=status,
        at=NOW,
        not_before=not_before,
        urgency=0,
        lane="sms",  # type: ignore[arg-type]
    )


def ids(*handled: Handled) -> set[str]:
    return {h.decision.document.id for h in handled if h.decision is not None}


async def known(store: Store, pointer: Pointer) -> Conversation:
    found = await store.load(pointer)
    assert isinstance(found, Conversation)
    return found


# -- finding and opening


async def test_first_units_for_one_new_phone_make_one_conversation(store: Store) -> None:
    """64 units at once that each find nobody make one conversation, in which every one of them counts."""
    handled = await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(CROWD)))
    assert len(ids(*handled)) == 1
    assert (await known(store, pointers.phone("demo", ANA))).orders_ever == CROWD


async def test_many_messages_for_one_conversation_at_once_all_succeed(store: Store) -> None:
    """64 messages for one known conversation at once: none is lost, none is refused, each is remembered."""
    await store.transact(wrote("first"), heard, NOW)
    await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(CROWD)))
    found = await known(store, pointers.phone("demo", ANA))
    assert found.orders_ever == CROWD + 1
    assert len(found.seen) == CROWD + 1


async def test_an_event_that_may_not_open_is_nobodys(store: Store, backend: SqliteBackend) -> None:
    """An event for nobody known, which does not open, is decided by nobody and writes nothing."""
    before = backend.everything()
    handled = await store.transact(wrote(1, opens=False), heard, NOW)
    assert handled == Handled(decision=None)
    assert backend.everything() == before


async def test_the_first_pointer_that_leads_somewhere_wins(store: Store) -> None:
    """`to` is tried in its order; only when none is known the last one is created."""
    await store.transact(wrote(1, ANA), heard, NOW)
    event = replace(wrote(2, BEN), to=(pointers.phone("demo", BEN), pointers.phone("demo", ANA)))
    await store.transact(event, heard, NOW)
    assert (await known(store, pointers.phone("demo", ANA))).orders_ever == 2
    assert await store.load(pointers.phone("demo", BEN)) is None


async def test_no_shop_finds_what_is_anothers(store: Store) -> None:
    """The same phone at two shops is two conversations, and lists of one shop never show the other's orders."""
    decide = heard_with(lambda c: c, orders=(("1001", "pending"),), claims=())
    one = await store.transact(wrote(1, shop="demo"), decide, NOW)
    two = await store.transact(wrote(1, shop="other"), decide, NOW)
    assert len(ids(one, two)) == 2
    assert [r.shop for r in await store.orders("demo", None, None, 10)] == ["demo"]
    assert await store.load(pointers.phone("third", ANA)) is None
    assert await store.orders("third", None, None, 10) == []


# -- the same fact twice


async def test_the_same_event_again_changes_nothing(store: Store, backend: SqliteBackend) -> None:
    """An event that was seen is a duplicate: `decide` is not asked and no byte changes, ten times, at once too."""
    await store.transact(wrote(1), heard, NOW)
    before = backend.everything()
    again = await asyncio.gather(*(store.transact(wrote(1), heard, NOW) for _ in range(10)))
    assert again == [Handled(decision=None, duplicate=True)] * 10
    assert backend.everything() == before


async def test_twins_in_one_batch_count_once(store: Store) -> None:
    """Ten copies of a new event at once: one is decided, nine are duplicates."""
    handled = await asyncio.gather(*(store.transact(wrote(1), heard, NOW) for _ in range(10)))
    assert sum(h.duplicate for h in handled) == 9
    assert (await known(store, pointers.phone("demo", ANA))).orders_ever == 1


async def test_what_was_seen_survives_a_restart(backend: SqliteBackend) -> None:
    """A second life knows the events of the first."""
    first = backend.open()
    await first.transact(wrote(1), heard, NOW)
    await first.close()
    second = backend.open()
    assert (await second.transact(wrote(1), heard, NOW)).duplicate
    await second.close()


# -- refused and poisoned units


def poisoned(document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
    raise ZeroDivisionError("poison")


def unwritable(document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
    """Decides something that no store can write."""
    decision = heard(document, new_id, event, now)
    assert isinstance(decision.document, Conversation)
    return replace(decision, document=replace(decision.document, name=object()))  # type: ignore[arg-type]


@pytest.mark.parametrize("poison", [poisoned, unwritable])
async def test_a_poisoned_unit_touches_nobody_else(store: Store, poison: Callable[..., Decision]) -> None:
    """What one unit raises comes to its caller alone; the others of its batch, before and after it, are committed."""
    units = [store.transact(wrote(n, f"+3460000{n:04}"), poison if n % 7 == 3 else heard, NOW) for n in range(CROWD)]
    results = await asyncio.wait_for(asyncio.gather(*units, return_exceptions=True), 10)
    bad = [n for n, r in enumerate(results) if isinstance(r, BaseException)]
    assert bad == [n for n in range(CROWD) if n % 7 == 3]
    for n in range(CROWD):
        found = await store.load(pointers.phone("demo", f"+3460000{n:04}"))
        assert (found is None) == (n in bad)


@pytest.mark.parametrize("poison", [poisoned, unwritable])
async def test_a_refused_unit_leaves_no_trace(
    store: Store, backend: SqliteBackend, poison: Callable[..., Decision]
) -> None:
    """After a unit that raised, every table is byte for byte what it was, and the store goes on."""
    await store.transact(wrote(1), heard, NOW)
    before = backend.everything()
    with pytest.raises((ZeroDivisionError, TypeError)):
        await asyncio.wait_for(store.transact(wrote(2), poison, NOW), 10)
    assert backend.everything() == before
    await asyncio.wait_for(store.transact(wrote(2), heard, NOW), 10)
    assert (await known(store, pointers.phone("demo", ANA))).orders_ever == 2


async def test_a_decision_that_changes_nothing_writes_nothing(store: Store, backend: SqliteBackend) -> None:
    """`changed=False` costs no row."""
    await store.transact(wrote(1), heard, NOW)
    before = backend.everything()
    await store.transact(wrote(2), lambda d, i, e, n: Decision(document=d, changed=False), NOW)  # type: ignore[arg-type]
    assert backend.everything() == before


async def test_the_real_decider_refuses_an_unknown_shop_without_a_trace(store: Store, backend: SqliteBackend) -> None:
    """The house's own decide, raising: nothing is stored."""
    before = backend.everything()
    with pytest.raises(UnknownShop):
        await store.transact(wrote(1, shop="nowhere"), decider(), NOW)
    assert backend.everything() == before


# -- pointers


async def test_a_phone_stays_with_whom_it_was_known_first(store: Store) -> None:
    """A claimed phone, mailbox or user id does not change hands."""
    ana = await store.transact(wrote(1, ANA), heard, NOW)
    for kind in ("phone", "email", "whatsapp_id"):
        pointer = Pointer(kind, "shared", "demo")  # type: ignore[arg-type]
        await store.transact(wrote(f"a{kind}", ANA), heard_with(lambda c: c, claims=(pointer,)), NOW)
        await store.transact(wrote(f"b{kind}", BEN), heard_with(lambda c: c, claims=(pointer,)), NOW)
        assert {(await known(store, pointer)).id} == ids(ana)


async def test_an_order_moves_to_who_claims_it_last(store: Store) -> None:
    """An order's pointer and its row in the list follow it to the new number's conversation."""
    pointer = pointers.order("demo", "1001")
    claims = {"claims": (pointer,), "orders": (("1001", "pending"),)}
    await store.transact(wrote(1, ANA), heard_with(lambda c: c, **claims), NOW)
    ben = await store.transact(wrote(2, BEN), heard_with(lambda c: c, **claims), NOW)
    assert {(await known(store, pointer)).id} == ids(ben)
    assert {r.conversation for r in await store.orders("demo", None, None, 10)} == ids(ben)


# -- due work


async def test_due_conversations_come_oldest_first_and_only_when_due(store: Store) -> None:
    """`due` gives what is due now, oldest first, at most `limit`; `next_due` the earliest of all."""
    for n, minutes in enumerate((30, 10, 20, 90)):
        wake = {"rung:1": NOW + timedelta(minutes=minutes)}
        await store.transact(wrote(n, f"+3460000000{n}"), heard_with(lambda c, w=wake: replace(c, timers=w)), NOW)  # type: ignore[misc]
    later = NOW + timedelta(hours=1)
    due = await store.due(later, 10)
    assert [d.at - NOW < timedelta(minutes=m, seconds=1) for d, m in zip(due, (10, 20, 30), strict=True)] == [True] * 3
    assert [d.conversation for d in await store.due(later, 2)] == [d.conversation for d in due[:2]]
    assert await store.due(NOW, 10) == []
    assert await store.next_due() == due[0].at


@pytest.mark.parametrize("micro", [0, 1, 499, 500, 501, 999])
async def test_a_due_moment_is_never_before_the_timer(store: Store, micro: int) -> None:
    """What `due` says of a timer is not earlier than the timer itself: else it fires into a conversation that denies it."""
    timer = NOW.replace(microsecond=7000 + micro)
    await store.transact(wrote(1), heard_with(lambda c: replace(c, timers={"rung:1": timer})), NOW)
    (due,) = await store.due(timer + timedelta(seconds=1), 1)
    assert timer <= due.at < timer + timedelta(milliseconds=2)
    assert await store.due(timer - timedelta(microseconds=1), 1) == []


async def test_a_timer_taken_back_is_not_due(store: Store) -> None:
    """A conversation without timers asks for nothing."""
    await store.transact(wrote(1), heard_with(lambda c: replace(c, timers={"rung:1": NOW})), NOW)
    await store.transact(wrote(2), heard_with(lambda c: replace(c, timers={})), NOW)
    assert await store.due(NOW + timedelta(days=1), 10) == []
    assert await store.next_due() is None


async def test_sendable_pages_without_gap_or_repeat(store: Store) -> None:
    """Planned effects come oldest first; paging on from the last one passes over none, equal moments too."""
    for n in range(10):
        open_ = (a_say(n, NOW + timedelta(seconds=n // 4)),)
        await store.transact(wrote(n, f"+3460000000{n}"), heard_with(lambda c, o=open_: replace(c, open=o)), NOW)  # type: ignore[misc]
    found, after = [], None
    while page := await store.sendable(NOW + timedelta(hours=1), 3, after):
        found += page
        after = (page[-1].at, page[-1].conversation)
    assert len({d.conversation for d in found}) == len(found) == 10
    assert [d.at for d in found] == sorted(d.at for d in found)
    assert await store.sendable(NOW - timedelta(seconds=1), 10) == []


async def test_in_flight_names_exactly_what_is_on_the_wire(store: Store) -> None:
    """Only `sending` is in flight: not what is planned, unknown or settled."""
    for n, status in enumerate(("planned", "sending", "unknown")):
        open_ = (a_say(n, NOW, status),)
        await store.transact(wrote(n, f"+3460000000{n}"), heard_with(lambda c, o=open_: replace(c, open=o)), NOW)  # type: ignore[misc]
    sending = (await known(store, pointers.phone("demo", "+34600000001"))).id
    assert await store.in_flight() == [sending]
    await store.transact(wrote("done", "+34600000001"), heard_with(lambda c: replace(c, open=())), NOW)
    assert await store.in_flight() == []


# -- reading


async def test_orders_are_listed_by_shop_state_and_time(store: Store) -> None:
    """Newest change first, and only what was asked for."""
    for n, state in enumerate(("pending", "confirmed", "pending")):
        at = NOW + timedelta(minutes=n)
        await store.transact(wrote(n), heard_with(lambda c: c, orders=((f"100{n}", state),)), at)
    assert [r.order_id for r in await store.orders("demo", None, None, 10)] == ["1002", "1001", "1000"]
    assert [r.order_id for r in await store.orders("demo", "pending", None, 10)] == ["1002", "1000"]
    assert [r.order_id for r in await store.orders("demo", None, NOW + timedelta(minutes=1), 10)] == ["1002", "1001"]
    assert [r.order_id for r in await store.orders("demo", None, None, 1)] == ["1002"]
    assert (await store.counts())["orders.pending"] == 2


async def test_the_journal_is_whole_and_in_order(store: Store) -> None:
    """Lines that left the document and lines still in it make one story, oldest first, each once."""
    n, kept = 0, ()
    for unit in range(5):
        lines = tuple(Note(n=n + i + 1, at=NOW, what="asked") for i in range(4))
        n, leaving, kept = n + 4, (*kept, *lines[:2]), lines[2:]
        change = heard_with(lambda c, k=kept: replace(c, notes=k), spilled=leaving)  # type: ignore[misc]
        await store.transact(wrote(unit), change, NOW)
    conversation = (await known(store, pointers.phone("demo", ANA))).id
    assert [note.n for note in await store.journal(conversation)] == list(range(1, n + 1))
    assert await store.journal("nobody") == []


async def test_nothing_uncommitted_is_ever_shown(store: Store) -> None:
    """Whoever reads while units are under way sees a count only after its unit's caller could have been told of it."""
    done = 0
    shown: list[tuple[int, int]] = []

    async def unit(n: int) -> None:
        nonlocal done
        await store.transact(wrote(n), heard, NOW)
        done += 1

    async def look() -> None:
        while done < CROWD:
            was_done = done
            found = await store.load(pointers.phone("demo", ANA))
            shown.append((found.orders_ever if isinstance(found, Conversation) else 0, was_done))
            await asyncio.sleep(0)

    await asyncio.gather(look(), *(unit(n) for n in range(CROWD)))
    assert len(shown) > 1
    assert all(0 <= seen <= CROWD for seen, _ in shown)
    assert all(was_done <= seen for seen, was_done in shown), "an acknowledged unit was not to be seen"
    assert [s for s, _ in shown] == sorted(s for s, _ in shown), "a count went back"


async def test_a_reader_never_sees_a_unit_that_was_refused(store: Store) -> None:
    """While a batch with poisoned units runs, no reader meets what they would have written."""
    names = [f"+3460000{n:04}" for n in range(CROWD)]
    work = asyncio.gather(
        *(store.transact(wrote(n, p), poisoned if n % 2 else heard, NOW) for n, p in enumerate(names)),
        return_exceptions=True,
    )
    while not work.done():
        for phone in names[1::2]:
            assert await store.load(pointers.phone("demo", phone)) is None
        await asyncio.sleep(0)
    await work


# -- documents of another program


async def test_a_newer_document_is_refused_untouched(store: Store, backend: SqliteBackend) -> None:
    """A document of a newer version is not read, not changed, and stops nobody else."""
    await store.transact(wrote(1, ANA), heard_with(lambda c: replace(c, v=VERSION + 1)), NOW)
    await store.close()
    again = backend.open()
    before = backend.everything()
    results = await asyncio.wait_for(
        asyncio.gather(
            again.transact(wrote(2, ANA), heard, NOW), again.transact(wrote(3, BEN), heard, NOW), return_exceptions=True
        ),
        10,
    )
    assert isinstance(results[0], NewerDocument)
    assert isinstance(results[1], Handled)
    after = backend.everything()
    assert all(row in after["conversation"] for row in before["conversation"])
    with pytest.raises(NewerDocument):
        await again.load(pointers.phone("demo", ANA))
    await again.close()


async def test_what_an_older_program_wrote_lives_on(store: Store, backend: SqliteBackend) -> None:
    """Documents and their journals were JSON once: they are read, and written anew as they change."""
    for n in range(3):
        spilled = (Note(n=n + 1, at=NOW, what="asked"),)
        await store.transact(wrote(n, ANA), heard_with(lambda c: c, spilled=spilled), NOW)
    then = await known(store, pointers.phone("demo", ANA))
    await store.close()
    assert backend.make_older() == 1
    again = backend.open()
    assert await known(again, pointers.phone("demo", ANA)) == then
    spilled = (Note(n=4, at=NOW, what="asked"),)
    await again.transact(wrote(9, ANA), heard_with(lambda c: c, spilled=spilled), NOW)
    assert [note.n for note in await again.journal(then.id)] == [1, 2, 3, 4], "two forms make one story"
    now = await known(again, pointers.phone("demo", ANA))
    assert (then.orders_ever, now.orders_ever) == (3, 4)
    assert now.seen.keys() > then.seen.keys()
    await again.close()
    assert backend.make_older() == 1, "it was written anew"


# -- kept bodies


async def test_a_kept_body_comes_back_whole_and_once(store: Store) -> None:
    """A body is kept once under its id, comes back byte for byte, oldest first, and can be dropped."""
    bodies = [
        Kept(
            id=f"hook:{n}",
            route="twilio",
            at=NOW + timedelta(seconds=n),
            why="unreadable",
            body=b"\x00\xff%d" % n,
            headers={"a": "b"},
        )
        for n in range(3)
    ]
    assert [await store.keep(b) for b in reversed(bodies)] == [True] * 3
    assert not await store.keep(bodies[0])
    assert await store.kept() == bodies
    await store.drop_kept(["hook:0", "hook:2"])
    assert await store.kept() == [bodies[1]]


async def test_keeping_and_deciding_do_not_hinder_each_other(store: Store) -> None:
    """Kept bodies written amid a crowd of units: all of both are there afterwards."""
    bodies = [Kept(id=f"hook:{n}", route="twilio", at=NOW, why="", body=b"x", headers={}) for n in range(CROWD // 4)]
    keeping = (store.keep(body) for body in bodies)
    units = (store.transact(wrote(n), heard, NOW) for n in range(CROWD))
    await asyncio.wait_for(asyncio.gather(*keeping, *units), 20)
    assert len(await store.kept()) == CROWD // 4
    assert (await known(store, pointers.phone("demo", ANA))).orders_ever == CROWD


# -- the house's own decisions


def decider() -> Decider:
    sender = Sender("sms", "twilio", "+34911000001", rate_per_s=1000.0, can_be_asked=True, two_way=True)
    policies = {"demo": Policy(shop="demo", name="Demo", country="ES", zone="Europe/Madrid", sms=sender)}
    return Decider(policies, Lanes(rates(policies)), "process-1")


def told(n: int, phone: str = ANA) -> OrderTold:
    fields = OrderFields(
        id=str(1000 + n), total=Money(4990, "EUR"), placed_at=NOW, name="Ana", phone=phone, phone_raw=phone,
        address=PostalAddress(country="ES"),
    )  # fmt: skip
    return OrderTold(
        event_id=f"api:demo:{n}", to=(pointers.order("demo", fields.id), pointers.phone("demo", phone)), at=NOW,
        opens=True, fields=fields, mode="new", source="api",
    )  # fmt: skip


async def test_real_first_orders_at_once_share_one_conversation(store: Store) -> None:
    """64 first orders of one new customer at once: one conversation, every order known under its own number."""
    decide = decider()
    await asyncio.gather(*(store.transact(told(n), decide, NOW) for n in range(CROWD)))
    found = await known(store, pointers.phone("demo", ANA))
    assert {o.id for o in found.orders} == {str(1000 + n) for n in range(CROWD)}
    for n in range(CROWD):
        assert (await known(store, pointers.order("demo", str(1000 + n)))).id == found.id
    assert len(await store.orders("demo", None, None, 100)) == CROWD


async def test_orders_are_found_by_any_part_in_every_store(store: Store) -> None:
    """A whole number or phone, the end of a phone, a piece of the name or of the number; another shop's people find nothing."""
    decide = decider()
    for n, phone in ((1, ANA), (2, BEN)):
        await store.transact(told(n, phone), decide, NOW + timedelta(minutes=n))
    here = decide.policies["demo"]

    async def found(text: str, policy: Policy = here) -> list[str]:
        return [row.order_id for row in await search(store, policy, text, 10)]

    assert await found("#1001") == ["1001"]
    assert await found(ANA) == await found(ANA[-5:]) == ["1001"]
    assert await found("100") == await found("aNa") == ["1002", "1001"]
    assert await found("nobody") == []
    assert await found("1001", replace(here, shop="other")) == []


async def test_real_messages_at_once_all_succeed(store: Store) -> None:
    """64 texts into one conversation with an order, and its order told ten times more: all handled, one order."""
    decide = decider()
    await store.transact(told(1), decide, NOW)
    handled = await asyncio.gather(
        *(store.transact(wrote(n), decide, NOW) for n in range(CROWD)),
        *(store.transact(told(1), decide, NOW) for _ in range(10)),
    )
    assert sum(h.duplicate for h in handled) == 10
    assert len((await known(store, pointers.phone("demo", ANA))).orders) == 1


async def test_a_real_timer_moment_is_honoured_the_first_time(store: Store) -> None:
    """A woken conversation acts on its timer: `due` never names a moment that the flows then call too early."""
    decide = decider()
    for n in range(20):
        at = NOW + timedelta(microseconds=137 * n)
        await store.transact(told(n, f"+346000000{n:02}"), decide, at)
    later = NOW + timedelta(days=2)
    for due in await store.due(later, 100):
        to = (pointers.conversation(due.conversation),)
        event = TimerDue(event_id=f"timer:{due.conversation}:{due.at}", to=to, at=later, due=due.at)
        handled = await store.transact(event, decide, later)
        assert handled.decision is not None
        assert handled.decision.changed


async def test_tales_give_every_conversation_of_a_shop_once_page_by_page(store: Store) -> None:
    """Whole journals, moved lines among them, of one shop only; a page ends with where the next one begins."""
    for n in range(5):
        line = Note(n=1, at=NOW, what="asked"), Note(n=2, at=NOW, what="answered")
        change = heard_with(lambda c, k=line: replace(c, notes=k[1:]), spilled=line[:1])  # type: ignore[misc]
        await store.transact(wrote(n, phone=f"+3460000010{n}"), change, NOW)
    found, after, pages = [], "", 0
    while True:
        page, after = await store.tales("demo", after, 2)
        if not after:
            break
        pages += 1
        found += page
    assert pages == 3
    assert len({tale.conversation.id for tale in found}) == len(found) == 5
    assert all([note.n for note in tale.notes] == [1, 2] for tale in found)
    assert (await store.tales("other", "", 10))[0] == []


async def test_tales_of_a_period_leave_out_what_ended_before_it(store: Store) -> None:
    """Whose last line is older than `since` is passed over, whole journals of the others are given, and the pages go on as ever."""
    for n, days in enumerate((9, 0, 5, 1)):
        line = (
            Note(n=1, at=NOW - timedelta(days=20), what="asked"),
            Note(n=2, at=NOW - timedelta(days=days), what="answered"),
        )
        change = heard_with(lambda c, k=line: replace(c, notes=k[1:]), spilled=line[:1])  # type: ignore[misc]
        await store.transact(wrote(n, phone=f"+3460000020{n}"), change, NOW)
    found, after, looked = [], "", 0
    while page := await store.tales("demo", after, 1, NOW - timedelta(days=5)):
        after = page[1]
        if not after:
            break
        found += page[0]
        looked += 1
    assert looked == 4
    assert sorted((NOW - tale.notes[-1].at).days for tale in found) == [0, 1, 5]
    assert all([note.n for note in tale.notes] == [1, 2] for tale in found)


async def test_a_link_leads_to_its_order_and_so_does_one_sent_before(store: Store) -> None:
    """A link tells its conversation by itself; one that was sent when links were a hash is found by the name kept for it. Nobody
    else's does, nor one made with another key."""
    handled = await store.transact(told(1), decider(), NOW)
    assert isinstance(handled.decision, Decision)
    bound = (handled.decision.document.id, "1001", 1, "sms")
    older_key = hmac.digest(KEY, b"doorstep page token v1", hashlib.sha256)
    raw = hmac.digest(older_key, "\0".join(map(str, bound)).encode(), hashlib.sha256)[:16]
    older = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    engine = Engine(store, decider(), RunningClock(), Tokens(KEY))
    assert await engine.page(older) is None
    await store.transact(wrote("named"), heard_with(lambda c: c, claims=(Pointer("page", older),)), NOW)
    for token in (older, Tokens(KEY).make(*bound)):
        view = await engine.page(token)
        assert view is not None
        assert (view.conversation.id, view.order_id, view.channel, view.current) == (bound[0], "1001", "sms", True)
    for stranger in (Tokens(bytes(32)).make(*bound), Tokens(KEY).make("0" * 24, *bound[1:]), "x" * 22, "", "é" * 22):
        assert await engine.page(stranger) is None
