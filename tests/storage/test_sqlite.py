"""What only the SQLite store promises: locks between processes, a full disk, group commit, and secrecy at rest."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec.structs import replace

import storage.sqlite
import storage.sqlite_file
from engine.ports import Handled, Kept, NewerDocument, StoreUnavailable
from flows import pointers
from flows.conversation import Conversation, Note
from flows.decision import Decision
from flows.effects import Accepted
from flows.events import EffectSettled, TimerDue
from storage import sqlite_schema
from storage.new_id import new_id
from storage.sealing import WrongKey
from storage.serving_lock import ServingLock
from storage.sqlite import SqliteStore
from storage.sqlite_keys import rotate_file
from storage.sqlite_moving import SqliteSource
from storage.sqlite_rows import ROOMS
from tests.contracts.test_store import CROWD, decider, heard_with, told
from tests.contracts.tiny import ANA, BEN, KEY, NOW, heard, wrote

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fatal() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@pytest.fixture
async def store(path: str, fatal: list[str]) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path, KEY, fatal.append)
    opened.open()
    yield opened
    await opened.close()


def another(*args: object) -> subprocess.Popen[str]:
    """A second process on the file, once it says that it is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.second_writer", *map(str, args)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


async def ended(process: subprocess.Popen[str]) -> None:
    out, _ = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 0, out


async def count(store: SqliteStore, phone: str = ANA) -> int:
    found = await store.load(pointers.phone("demo", phone))
    return found.orders_ever if isinstance(found, Conversation) else 0


def number(db: apsw.Connection, query: str) -> int:
    ((found,),) = db.execute(query)
    return int(found)


# -- other processes on the same file


async def test_units_wait_for_another_processes_lock(store: SqliteStore, path: str) -> None:
    """Another process holds the write lock for a second: units and kept bodies wait, and all succeed."""
    holder = await asyncio.to_thread(another, "hold", path, 1)
    start = time.monotonic()
    kept = Kept(id="hook:1", route="twilio", at=NOW, why="", body=b"x", headers={})
    await asyncio.gather(store.keep(kept), *(store.transact(wrote(n), heard, NOW) for n in range(CROWD)))
    assert time.monotonic() - start > 0.3, "the lock was not felt: the test proves nothing"
    assert await count(store) == CROWD
    assert await store.kept() == [kept]
    await ended(holder)


async def test_a_body_is_kept_while_messages_keep_coming(store: SqliteStore) -> None:
    """A provider's body has its turn among the messages: it does not wait for a moment in which nobody writes."""
    before = [store.transact(wrote(n), heard, NOW) for n in range(storage.sqlite.BATCH)]
    keeping = asyncio.ensure_future(
        store.keep(Kept(id="hook:1", route="twilio", at=NOW, why="", body=b"x", headers={}))
    )
    await asyncio.sleep(0)  # it has its place now
    after = [store.transact(wrote(n), heard, NOW) for n in range(CROWD, CROWD + 20 * storage.sqlite.BATCH)]
    assert await keeping
    assert not all(unit.done() for unit in after)
    await asyncio.gather(*before, *after)


async def test_a_lock_that_stays_is_refused_and_nothing_is_acknowledged(
    store: SqliteStore, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past the longest wait every unit hears StoreUnavailable, none is written; once the lock is gone, all go through."""
    monkeypatch.setattr(storage.sqlite, "WAIT_MOST_S", 0.3)
    holder = await asyncio.to_thread(another, "hold", path, 1.5)
    results = await asyncio.gather(
        *(store.transact(wrote(n), heard, NOW) for n in range(CROWD)), return_exceptions=True
    )
    assert {type(r) for r in results} == {StoreUnavailable}
    with pytest.raises(StoreUnavailable):
        await store.keep(Kept(id="hook:1", route="twilio", at=NOW, why="", body=b"x", headers={}))
    assert await count(store) == 0
    await ended(holder)
    await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(CROWD)))
    assert await count(store) == CROWD


async def test_two_processes_write_one_conversation_without_losing_a_unit(store: SqliteStore, path: str) -> None:
    """Units of two processes for the same conversation, interleaved: every one counts, whatever either has cached."""
    await store.transact(wrote("first"), heard, NOW)
    other = await asyncio.to_thread(another, "write", path, 100)
    ours = 0
    while other.poll() is None or ours < 100:
        await asyncio.gather(*(store.transact(wrote(f"ours{ours + n}"), heard, NOW) for n in range(4)))
        ours += 4
        await asyncio.sleep(0.002)
    await ended(other)
    assert await count(store) == 1 + 100 + ours


async def test_a_file_can_be_opened_while_another_process_writes(path: str, store: SqliteStore) -> None:
    """Opening waits for a lock instead of failing."""
    holder = await asyncio.to_thread(another, "hold", path, 0.5)
    second = SqliteStore(path, KEY)
    await asyncio.to_thread(second.open)
    await ended(holder)
    await second.close()


# -- a disk that is full or broken


async def test_a_full_disk_is_503_and_passes(store: SqliteStore, path: str) -> None:
    """While the file cannot grow every new unit is refused whole; with room again the same units go through."""
    await store.transact(wrote("first"), heard, NOW)
    pages = number(store._db, "PRAGMA page_count")
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    big = heard_with(lambda c: replace(c, notes=(Note(n=1, at=NOW, what="x" * 20_000),)))
    units = [wrote(n, f"+3461000{n:04}") for n in range(CROWD)]
    results = await asyncio.gather(*(store.transact(u, big, NOW) for u in units), return_exceptions=True)
    assert {type(r) for r in results} == {StoreUnavailable}
    assert await count(store) == 1
    assert await store.load(units[0].to[0]) is None
    store._db.execute("PRAGMA max_page_count = 1000000")
    await asyncio.gather(*(store.transact(u, big, NOW) for u in units))
    assert all([await count(store, u.address) == 1 for u in units])
    with apsw.Connection(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_small_units_go_on_beside_one_that_does_not_fit(store: SqliteStore) -> None:
    """A unit for which the disk has no room takes no other unit of its batch down."""
    for n in range(40):
        await store.transact(wrote(f"known{n}", f"+3460000{n:04}"), heard, NOW)
    pages = number(store._db, "PRAGMA page_count") + 8  # room for the small ones, not for the big one
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    big = heard_with(lambda c: replace(c, notes=(Note(n=1, at=NOW, what="x" * 50_000),)))
    results = await asyncio.gather(
        *(store.transact(wrote(n, f"+3460000{n:04}"), big if n == 5 else heard, NOW) for n in range(20)),
        return_exceptions=True,
    )
    assert [n for n, r in enumerate(results) if isinstance(r, BaseException)] == [5]
    assert [await count(store, f"+3460000{n:04}") for n in range(20)] == [1 if n == 5 else 2 for n in range(20)]


@pytest.mark.source_only  # it replaces a method of the store
async def test_a_commit_that_fails_is_run_again_unit_by_unit(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused COMMIT loses nothing and counts nothing twice: the batch runs again, each unit alone."""
    real = store._sql
    failed: list[str] = []

    def once(statement: str, values: tuple[object, ...] = ()) -> apsw.Cursor:
        if statement == "COMMIT" and not failed:
            failed.append(statement)
            raise apsw.FullError("planted")
        return real(statement, values)

    monkeypatch.setattr(store, "_sql", once)
    await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(20)))
    assert failed
    assert await count(store) == 20


@pytest.mark.source_only  # it replaces a method of the store
async def test_an_io_error_on_commit_ends_the_process(
    store: SqliteStore, fatal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk holds is unknown then: nothing is acknowledged, nothing more is taken, and the owner of the process is told."""
    real = store._sql

    def broken(statement: str, values: tuple[object, ...] = ()) -> apsw.Cursor:
        if statement == "COMMIT":
            raise apsw.IOError("planted")
        return real(statement, values)

    monkeypatch.setattr(store, "_sql", broken)
    results = await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(5)), return_exceptions=True)
    assert {type(r) for r in results} == {StoreUnavailable}
    assert len(fatal) == 1
    with pytest.raises(StoreUnavailable):
        await store.transact(wrote("later"), heard, NOW)


@pytest.mark.source_only  # it replaces a method of the store
async def test_a_bug_inside_the_store_hangs_nobody(
    store: SqliteStore, fatal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that no rule foresees fails every waiting unit and ends the process, with nothing written."""
    await store.transact(wrote("first"), heard, NOW)

    def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(store, "_write", broken)
    work = asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(CROWD)), return_exceptions=True)
    results = await asyncio.wait_for(work, 10)
    assert {type(r) for r in results} == {StoreUnavailable}
    assert len(fatal) == 1
    assert await count(store) == 1


async def test_more_than_the_disk_takes_is_refused_early(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the oldest waiting message is older than the longest wait, a new one is refused at once; those that wait are served."""
    monkeypatch.setattr(storage.sqlite, "WAIT_MOST_S", 0.05)
    waiting = [store.transact(wrote(n), heard, NOW) for n in range(5)]
    held = list(store._people)
    for unit in held:
        unit.born -= 1
    with pytest.raises(StoreUnavailable):
        await store.transact(wrote("late"), heard, NOW)
    await asyncio.gather(*waiting)
    assert held
    assert await count(store) == 5


# -- group commit


async def test_units_at_once_share_commits(store: SqliteStore) -> None:
    """256 units at once cost a tenth as many transactions, not 256."""
    await asyncio.gather(*(store.transact(wrote(n), heard, NOW) for n in range(256)))
    assert store.units == 256
    assert store.commits <= 256 // 8


async def test_what_comes_a_turn_of_the_loop_later_shares_the_commit(store: SqliteStore) -> None:
    """Units that are queued turn after turn of the loop, as requests are read, cost one transaction and not one each."""

    async def after(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await store.transact(wrote(turns), heard, NOW)

    await asyncio.gather(*(after(turns) for turns in range(storage.sqlite.ENOUGH)))
    assert (store.units, store.commits) == (storage.sqlite.ENOUGH, 1)


async def test_statements_of_full_batches_are_read_once(store: SqliteStore) -> None:
    """However much a batch of people writes, SQLite has read each statement's text before and finds it again."""

    def answers(document: Any, new_id: str, event: Any, now: Any) -> Decision:
        return replace(heard(document, new_id, event, now), orders=((event.address, "confirmed"),))

    people = [f"+3460000{n:04}" for n in range(4 * storage.sqlite.BATCH)]
    await asyncio.gather(*(store.transact(wrote(p, p), heard, NOW) for p in people))
    for again in range(3):
        store._rows.forget()
        missed = store._db.cache_stats()["misses"]
        await asyncio.gather(*(store.transact(wrote(f"{again}/{p}", p), answers, NOW) for p in people))
    assert store._db.cache_stats()["misses"] == missed


async def test_who_comes_after_a_claim_is_found_under_it(store: SqliteStore) -> None:
    """Within one batch a unit is found under the name that the unit before it has claimed."""
    await store.transact(wrote("first"), heard, NOW)
    order = pointers.order("demo", "1001")

    def claims(document: Any, new_id: str, event: Any, now: Any) -> Decision:
        return replace(heard(document, new_id, event, now), claims=(order,), orders=(("1001", "pending"),))

    results = await asyncio.gather(
        store.transact(wrote("ben", BEN), heard, NOW),
        store.transact(wrote("claims"), claims, NOW),
        store.transact(replace(wrote("by order"), to=(order,), opens=False), heard, NOW),
    )
    found = [r.decision.document.id for r in results if r.decision is not None]
    assert found[0] != found[1] == found[2]
    assert await count(store) == 3


async def test_names_lead_where_the_file_says(store: SqliteStore) -> None:
    """A name just written is known without another look at the file; one that was somebody else's stays theirs, a moved order's
    leads to where it went, and what a rolled back transaction had named leads nowhere."""
    order, phone = pointers.order("demo", "1001"), pointers.phone("demo", ANA)

    def claims(*names: pointers.Pointer) -> Any:
        def decide(document: Any, new_id: str, event: Any, now: Any) -> Decision:
            orders = tuple((name.key, "pending") for name in names if name.kind == "order")
            return replace(heard(document, new_id, event, now), claims=names, orders=orders)

        return decide

    await store.transact(wrote("ana"), claims(order), NOW)
    await store.transact(wrote("ben", BEN), claims(order, phone), NOW)
    by_name = {}
    for _ in range(2):
        for name in (order, phone, pointers.phone("demo", BEN)):
            row = store._rows.find((name,))
            assert row is not None
            assert by_name.setdefault(name, row.n) == row.n
        store._rows.forget()  # the second time from the file
    assert by_name[order] == by_name[pointers.phone("demo", BEN)] != by_name[phone]
    stranger = pointers.phone("demo", "+34600999999")
    store._sql("BEGIN IMMEDIATE")
    store._rows._point_new(stranger, by_name[phone], 0)
    store._rollback()
    assert store._rows.find((stranger,)) is None


async def test_an_order_that_moves_is_found_where_it_went_at_once(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the batch that moves it and after, however few names are remembered: the file does not know yet, the batch does."""
    order = pointers.order("demo", "1001")

    def claims(document: Any, new_id: str, event: Any, now: Any) -> Decision:
        return replace(heard(document, new_id, event, now), claims=(order,), orders=(("1001", "pending"),))

    for n, phone in enumerate((ANA, BEN)):
        await store.transact(wrote(n, phone), claims if phone == ANA else heard, NOW)
    monkeypatch.setattr("storage.sqlite_rows.NAMES", 2)
    results = await asyncio.gather(
        store.transact(wrote("moves", BEN), claims, NOW),
        *(store.transact(wrote(f"between {n}", f"+34600000{n:03}"), heard, NOW) for n in range(4)),
        store.transact(replace(wrote("by order"), to=(order,), opens=False), heard, NOW),
    )
    later = await store.transact(replace(wrote("later"), to=(order,), opens=False), heard, NOW)
    found = [r.decision.document.id for r in (results[0], results[-1], later) if r.decision is not None]
    assert len(found) == 3
    assert len(set(found)) == 1


async def test_an_order_of_nobody_told_twice_at_once_is_one(store: SqliteStore) -> None:
    """Without phone and mailbox an order is all there is to find its conversation by."""
    unknown = replace(told(1), to=(ORDERS_TOLD[1], ORDERS_TOLD[1]))
    unknown = replace(unknown, fields=replace(unknown.fields, phone="", phone_raw=""))
    again = replace(unknown, event_id="again")
    first, second = await asyncio.gather(*(store.transact(event, decider(), NOW) for event in (unknown, again)))
    assert first.decision is not None
    assert second.decision is not None
    assert first.decision.document.id == second.decision.document.id
    assert [row.order_id for row in await store.orders("demo", None, None, 9)] == ["1001"]


async def test_people_go_before_timers(store: SqliteStore) -> None:
    """A person's message that arrives behind 500 due timers is committed before most of them, and they are not starved."""
    await store.transact(wrote("first"), heard, NOW)
    done: list[str] = []

    async def unit(name: str, event: Any) -> None:
        await store.transact(event, heard, NOW)
        done.append(name)

    timers = [
        unit("timer", TimerDue(event_id=f"timer:{n}", to=(pointers.phone("demo", ANA),), at=NOW, due=NOW))
        for n in range(500)
    ]
    people = [unit("person", wrote(n, BEN)) for n in range(100)]
    await asyncio.gather(*timers, *people)
    last_person = max(n for n, name in enumerate(done) if name == "person")
    before = done[:last_person].count("timer")
    assert 0 < before < 100


async def test_what_became_of_a_message_goes_before_timers(store: SqliteStore) -> None:
    """With thousands of timers due, a message's next step does not wait for them: its unit is in the very next batch."""
    to = (pointers.phone("demo", ANA),)
    await store.transact(wrote("first"), heard, NOW)
    settled = EffectSettled(
        event_id="settled:1", to=to, at=NOW, effect_id="e/0", provider="twilio", outcome=Accepted("SM1")
    )
    order: list[str] = []

    def noted(*given: Any) -> Decision:
        order.append(given[2].event_id)
        return heard(*given)

    timers = [TimerDue(event_id=f"timer:{n}", to=to, at=NOW, due=NOW) for n in range(300)]
    before = store.commits
    units = [store.transact(event, noted, NOW) for event in [*timers[:299], settled, timers[299]]]
    await units[299]
    assert store.commits == before + 1
    await asyncio.gather(*units)
    assert order[0] == "settled:1"
    assert order[1:] == [timer.event_id for timer in timers]


async def test_a_caller_who_gives_up_stops_nobody(store: SqliteStore) -> None:
    """A cancelled caller's unit is done or not, as a whole; the others are done."""
    units = [asyncio.ensure_future(store.transact(wrote(n, f"+3460000{n:04}"), heard, NOW)) for n in range(40)]
    await asyncio.sleep(0)
    units[3].cancel()
    results = await asyncio.gather(*units, return_exceptions=True)
    assert sum(isinstance(r, Handled) for r in results) == 39
    assert await count(store, "+34600000003") in (0, 1)


async def test_the_log_does_not_grow_without_end(
    store: SqliteStore, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checkpoints in their own thread keep the write-ahead log small while units keep coming."""
    monkeypatch.setattr(storage.sqlite_file, "CHECKPOINT_PAGES", 50)
    for n in range(400):  # each dirties at least two pages
        await store.transact(wrote(n, f"+3460000{n:04}"), heard, NOW)
    most = storage.sqlite_file.CHECKPOINT_BEHIND * 50 * 4096
    assert (await asyncio.to_thread(Path(path + "-wal").stat)).st_size < 2 * most < 400 * 2 * 4096


def test_durability_is_switched_on(path: str) -> None:
    """Write-ahead log, an fsync per commit, and a SQLite that has the WAL-reset fault mended."""
    store = SqliteStore(path, KEY)
    store.open()
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert tuple(map(int, apsw.sqlite_lib_version().split("."))) >= storage.sqlite_file.SQLITE_LEAST
    asyncio.run(store.close())


# -- secrecy at rest


async def test_no_personal_data_is_readable_in_any_file(store: SqliteStore, path: str) -> None:
    """Phone, name, e-mail, street, words and kept bodies: none stands in the file, its log or its index."""
    decide = decider()
    event = told(1)
    fields = replace(event.fields, name="Ana Ruiz", email="ana@example.com", note="ring twice please")
    await store.transact(replace(event, fields=fields), decide, NOW)
    await store.transact(replace(wrote(1), text="my words are secret"), decide, NOW)
    spilled = (Note(n=1, at=NOW, what="said", data={"text": "an older secret"}),)
    await store.transact(wrote(2), heard_with(lambda c: c, spilled=spilled), NOW)
    await store.keep(
        Kept(id="hook:1", route="twilio", at=NOW, why="", body=b"body of a secret", headers={"x": "secret header"})
    )
    files = {p: p.read_bytes() for p in Path(path).parent.iterdir()}
    assert any(p.name.endswith("-wal") and raw for p, raw in files.items())
    for word in ("600000001", "Ana", "Ruiz", "example.com", "ring twice", "secret"):
        for raw in files.values():
            assert word.encode() not in raw, word
    assert {p.stat().st_mode & 0o077 for p in files} == {0}


async def test_another_key_is_a_plain_error_and_changes_nothing(path: str) -> None:
    """The wrong encryption_key is noticed at the start, in words, before anything is written."""
    store = SqliteStore(path, KEY)
    store.open()
    await store.transact(wrote(1), heard, NOW)
    await store.close()
    before = await asyncio.to_thread(Path(path).read_bytes)
    with pytest.raises(WrongKey, match="encryption_key"):
        SqliteStore(path, bytes(32)).open()
    assert await asyncio.to_thread(Path(path).read_bytes) == before


async def test_rows_keep_their_pages_while_their_documents_grow(store: SqliteStore) -> None:
    """What a conversation hears changes its own page of the file alone: no row outgrows its page, and two share one."""

    def told_more(document: Any, new_id: str, event: Any, now: Any) -> Decision:
        said = heard(document, new_id, event, now)
        return replace(said, document=replace(said.document, name="x" * 100 * len(said.document.seen)))

    def pages() -> tuple[int, int, int]:
        found = store._db.execute(
            "SELECT count(*), min(length(doc) + length(spare)), max(length(doc) + length(spare)) FROM conversation"
        ).fetchone()
        ((leaves,),) = store._db.execute(
            "SELECT count(*) FROM dbstat WHERE name = 'conversation' AND pagetype = 'leaf'"
        )
        assert found is not None
        assert found[1:] == (ROOMS[0], ROOMS[0])
        return int(found[0]), int(leaves), len(document(store))

    def document(store: SqliteStore) -> bytes:
        ((doc,),) = store._db.execute("SELECT doc FROM conversation WHERE n = 1")
        return bytes(doc)

    people = [f"+3460000{n:04}" for n in range(100)]
    sizes = []
    for again in range(8):
        await asyncio.gather(*(store.transact(wrote(f"{again}/{p}", p), told_more, NOW) for p in people))
        many, leaves, size = pages()
        assert (many, leaves) == (100, 50)
        sizes.append(size)
    assert sizes[-1] > sizes[0] + 600
    assert sizes == sorted(sizes)


def test_new_ids_are_in_the_order_of_time_and_each_once() -> None:
    """Sorted as text they are sorted by when they began; of one millisecond none comes twice."""
    moments = [NOW + timedelta(milliseconds=n) for n in (0, 1, 1000, 10**10)]
    ids = [new_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert len({new_id(NOW) for _ in range(10_000)}) == 10_000
    assert {len(each) for each in ids} == {24}


async def test_an_erased_key_covers_document_and_journal(store: SqliteStore, path: str) -> None:
    """With its wrapped key overwritten a conversation cannot be read, journal included; nobody else is touched."""
    spilled = (Note(n=1, at=NOW, what="said"),)
    handled = await store.transact(wrote(1, ANA), heard_with(lambda c: c, spilled=spilled), NOW)
    await store.transact(wrote(2, BEN), heard, NOW)
    assert handled.decision is not None
    erased = handled.decision.document.id
    with apsw.Connection(path) as db:
        db.execute("UPDATE conversation SET key = zeroblob(60), version = version + 1 WHERE id = ?", (erased,))
    for read in (
        store.load(pointers.conversation(erased)),
        store.journal(erased),
        store.transact(wrote(3), heard, NOW),
    ):
        with pytest.raises(WrongKey):
            await read
    assert await count(store, BEN) == 1
    await store.transact(wrote(4, BEN), heard, NOW)
    assert await count(store, BEN) == 2


async def test_a_document_changed_from_outside_is_not_believed(store: SqliteStore, path: str) -> None:
    """One flipped byte in a sealed document is an error, never another document."""
    await store.transact(wrote(1), heard, NOW)
    with apsw.Connection(path) as db:
        ((doc,),) = db.execute("SELECT doc FROM conversation")
        sealed = bytearray(doc)
        sealed[-1] ^= 1
        db.execute("UPDATE conversation SET doc = ?, version = version + 1", (bytes(sealed),))
    with pytest.raises(WrongKey):
        await store.load(pointers.phone("demo", ANA))


async def test_a_newer_programs_file_is_refused(path: str, store: SqliteStore) -> None:
    """A file with a newer schema is not opened, and not changed."""
    with apsw.Connection(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDocument):
        SqliteStore(path, KEY).open()
    with apsw.Connection(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)
        db.execute("PRAGMA user_version = 1")


def older(path: str, store: SqliteStore) -> int:
    """Turn the closed file into one of schema 4, as the program before wrote it: orders have pointers, rows no spare room. The row of
    order 1001 leads elsewhere than its pointer. How many names it has."""
    with apsw.Connection(path) as db:
        db.execute("ALTER TABLE conversation DROP COLUMN spare")
        rows = dict(db.execute("SELECT order_id, conversation FROM shop_order"))
        for order_id, n in rows.items():
            db.execute(sqlite_schema.POINT_NEW, (store._hash(pointers.order("demo", order_id)), n, 0))
        db.execute("UPDATE shop_order SET conversation = ? WHERE order_id = '1001'", (rows["1000"],))
        db.execute("PRAGMA user_version = 4")
        ((names,),) = db.execute("SELECT count(*) FROM pointer")
    return int(names)


ORDERS_TOLD = [pointers.order("demo", order_id) for order_id in ("1000", "1001")]


async def test_a_file_whose_orders_had_pointers_finds_them_by_their_rows(path: str, store: SqliteStore) -> None:
    """A file of schema 4: its orders lead where their pointers led, which are gone; its rows have no spare room until they change. Moved
    elsewhere before or after, each name comes once."""

    async def names() -> list[str]:
        source = SqliteSource(path, KEY)
        found = [row.id async for page in source.pages("pointer") for row in page]
        source.close()
        assert len(found) == len(set(found))
        return sorted(found)

    for n, phone in enumerate((ANA, BEN)):
        await store.transact(told(n, phone), decider(), NOW)
    before = [await store.load(order) for order in ORDERS_TOLD]
    await store.close()
    many, moved = older(path, store), await names()
    assert many == len(moved) == 4
    again = SqliteStore(path, KEY)
    again.open()
    assert [await again.load(order) for order in ORDERS_TOLD] == before
    assert next(iter(again._reader.execute("SELECT count(*) FROM pointer"))) == (many - 2,)
    await again.transact(wrote("after", ANA), heard, NOW)
    assert [size is None for (size,) in again._reader.execute("SELECT length(spare) FROM conversation")] == [
        False,
        True,
    ]
    await again.close()
    assert await names() == moved


async def test_a_file_that_an_older_program_serves_is_left_to_it(path: str, store: SqliteStore) -> None:
    """While another process serves the file of an older schema it is refused, in words, and as it was; so it is after an upgrade that broke
    off, which the next one makes anew."""
    for n, phone in enumerate((ANA, BEN)):
        await store.transact(told(n, phone), decider(), NOW)
    before = [await store.load(order) for order in ORDERS_TOLD]
    await store.close()
    many = older(path, store)
    served = ServingLock(path)
    served.take()
    with pytest.raises(StoreUnavailable, match="stop it first"):
        SqliteStore(path, KEY).open()
    served.release()
    with apsw.Connection(path) as db:  # the first pointer goes, the second does not
        db.execute(f"""CREATE TRIGGER lamp BEFORE DELETE ON pointer WHEN (SELECT count(*) FROM pointer) < {many}
            BEGIN SELECT raise(ABORT, 'the lamp went out'); END""")
    with pytest.raises(apsw.ConstraintError, match="the lamp went out"):
        SqliteStore(path, KEY).open()
    with apsw.Connection(path) as db:
        db.execute("DROP TRIGGER lamp")
    with apsw.Connection(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (4,)
        assert db.execute("SELECT count(*) FROM pointer").fetchone() == (many,)
    again = SqliteStore(path, KEY)
    again.open()
    assert [await again.load(order) for order in ORDERS_TOLD] == before
    await again.close()


async def test_an_older_programs_file_is_taken_over_by_who_has_its_key(path: str, store: SqliteStore) -> None:
    """From the first opening on an older program would refuse it; who has another key changes nothing."""
    await store.transact(wrote(1), heard, NOW)
    await store.close()
    with apsw.Connection(path) as db:
        db.execute("PRAGMA user_version = 3")
    with pytest.raises(WrongKey):
        SqliteStore(path, bytes(32)).open()
    with apsw.Connection(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
    store.open()
    with apsw.Connection(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (sqlite_schema.SCHEMA_VERSION,)


async def test_no_command_reads_a_newer_programs_file(path: str, store: SqliteStore) -> None:
    """Neither a move nor a change of the key: they would take what they cannot read for what they know."""
    with apsw.Connection(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerDocument):
        SqliteSource(path, KEY)
    with pytest.raises(NewerDocument):
        rotate_file(path, (KEY,), lambda kind, many: None)
    with apsw.Connection(path) as db:
        db.execute("PRAGMA user_version = 1")


async def test_statements_keep_their_plans(store: SqliteStore) -> None:
    """Both connections are told so: else the look-up of a conversation is planned anew at each execution (bench.road shows the price)."""
    for db in (store._db, store._reader):
        assert db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1
