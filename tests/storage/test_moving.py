"""A shop moves from SQLite to MongoDB: everything, once, however often the move is broken off. Needs the server of tests/servers.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from engine.history_record import closed
from engine.migrating import KINDS, Moved, NotEmpty, Row, move
from engine.ports import ImportMark, Kept, OurFault
from flows import pointers
from flows.conversation import Conversation, Note
from flows.money import Money
from flows.orders import OrderFields
from flows.risk.backtest import Replayed
from flows.risk.history import PastOrder
from flows.risk.identity import Identity, identity
from storage.mongo import MongoStore
from storage.opening import open_store
from storage.sqlite import SqliteStore
from storage.sqlite_moving import LEFT, PAGE, SqliteSource
from tests import servers
from tests.contracts.test_store import a_say, decider, heard_with, told
from tests.contracts.tiny import ANA, KEY, NOW, heard, wrote

ORDERS = 40
#: Somebody with a journal that has left the document in part.
LONG = "+34699000001"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.mongodb() as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    with servers.database(server) as made:
        yield made


def past(n: int) -> tuple[Identity, Any]:
    fields = OrderFields(
        id=f"old{n}", total=Money(1000 + n, "EUR"), placed_at=NOW, name="Ana", phone=f"+3461000{n:04}", phone_raw=""
    )
    outcome = PastOrder(
        order_id=f"old{n}", placed_at=NOW, closed_at=NOW, ended="paid", amount_minor=1000 + n, currency="EUR"
    )
    return identity(fields), closed(Replayed(fields, outcome), "import")


async def fill(store: SqliteStore) -> None:
    """A shop with everything in it: orders, timers, effects planned and on the wire, a long journal, history, kept bodies."""
    decide = decider()
    for n in range(ORDERS):
        await store.transact(told(n, f"+3460000{n:04}"), decide, NOW)
    flight = replace(a_say(1, NOW, "sending"), by="process-1")
    note = Note(n=1, at=NOW, what="asked")
    await store.transact(wrote("j", LONG), heard_with(lambda c: replace(c, open=(flight,)), spilled=(note,)), NOW)
    await store.append_history("demo", [past(n)[1] for n in range(ORDERS)], ImportMark(b"file", b"half"))
    await store.erase_history("demo", past(3)[0])
    await store.keep(Kept(id="hook:1", route="twilio", at=NOW, why="", body=b"x", headers={}))


@pytest.fixture
async def path(tmp_path: Path) -> str:
    made = str(tmp_path / "shop.db")
    store = open_store(made, KEY, lambda why: None)
    assert isinstance(store, SqliteStore)
    await fill(store)
    await store.close()
    return made


@pytest.fixture
async def target(url: str) -> AsyncIterator[MongoStore]:
    made = MongoStore(url, KEY)
    yield made
    await made.close()


def quiet(kind: str, many: int) -> None:
    """Nobody watches."""


async def run(path: str, target: MongoStore, *, last: bool = True) -> dict[str, Moved]:
    source = SqliteSource(path, KEY)
    try:
        return {m.kind: m for m in await move(source, target.moving(), last=last, progress=quiet)}
    finally:
        source.close()


async def test_everything_is_there_after_the_move(path: str, target: MongoStore) -> None:
    """What a reader sees of the shop is the same on both sides, and the shop goes on where it was."""
    report = await run(path, target)
    assert all(moved.same for moved in report.values())
    assert report["shop_order"].count == report["history"].count == ORDERS
    source = open_store(path, KEY, lambda why: None)
    later = NOW + timedelta(days=3)
    for look in (
        lambda s: s.orders("demo", None, None, 1000),
        lambda s: s.due(later, 1000),
        lambda s: s.sendable(later, 1000),
        lambda s: s.in_flight(),
        lambda s: s.kept(),
        lambda s: s.history_counts("demo"),
        lambda s: s.usual_amount("demo", "EUR"),
        lambda s: s.import_mark("demo", b"file"),
        lambda s: s.history("demo", past(5)[0]),
        lambda s: s.history("demo", past(3)[0]),
        lambda s: s.load(pointers.order("demo", "1007")),
    ):
        ours, theirs = await look(source), await look(target)
        if isinstance(ours, list):
            ours, theirs = sorted(ours, key=repr), sorted(theirs, key=repr)
        assert theirs == ours
    assert {names for _, names in await target.flights()} == {("process-1",)}
    conversation = await source.load(pointers.phone("demo", LONG))
    assert conversation is not None
    assert await target.journal(conversation.id) == await source.journal(conversation.id)
    assert (await target.transact(told(7, "+34600000007"), decider(), NOW)).duplicate
    await target.transact(wrote("new", "+34600000007"), decider(), NOW)
    assert (await target.append_history("demo", [past(n)[1] for n in range(ORDERS)])).erased == 1
    await source.close()


class BrokenOff(Exception):
    """Somebody pressed Ctrl-C."""


async def test_a_move_broken_off_anywhere_goes_on_where_it_was(path: str, target: MongoStore) -> None:
    """Broken off after each kind in turn, then run to its end: everything is there once, and nothing is copied twice."""
    copied: dict[str, int] = {}
    for kind in KINDS[:4]:
        source = SqliteSource(path, KEY)

        def stop(at: str, many: int, kind: str = kind) -> None:
            if at == kind:
                raise BrokenOff

        with pytest.raises(BrokenOff):
            await move(source, target.moving(), last=True, progress=stop)
        source.close()
        with pytest.raises(OurFault, match="not ended"):
            await target.enter("too-early")
    report = await run(path, target)
    copied = {kind: report[kind].copied for kind in KINDS}
    assert all(moved.same for moved in report.values())
    assert [copied[kind] for kind in KINDS[:4]] == [0, 0, 0, 0]
    await target.enter("now")


async def test_what_changes_while_the_shop_is_served_comes_with_the_next_run(path: str, target: MongoStore) -> None:
    """A first run beside a serving shop, changes, then a last one: it copies what changed, and drops what is gone."""
    await run(path, target, last=False)
    source = open_store(path, KEY, lambda why: None)
    await source.transact(wrote("later", "+34600000001"), heard, NOW)
    await source.transact(wrote("new", "+34699999999"), heard, NOW)
    await source.drop_kept(["hook:1"])
    await source.close()
    report = await run(path, target)
    assert all(moved.same for moved in report.values())
    assert report["conversation"].copied == 2
    assert report["pointer"].copied == 1
    assert await target.kept() == []


async def test_a_difference_is_seen(path: str, target: MongoStore) -> None:
    """A row that was changed or lost at the target after copying makes the check fail."""
    await run(path, target, last=False)

    class Damaged(SqliteSource):
        async def pages(self, kind: str) -> AsyncIterator[list[Row]]:
            async for page in super().pages(kind):
                yield [replace(row, data=b"") if kind == "pointer" and n == 0 else row for n, row in enumerate(page)]

    move_ = target.moving()
    held = move_.held

    async def blind(kind: str, ids: Any) -> dict[str, bytes]:
        return {**await held(kind, ids), **({ids[0]: b""} if kind == "pointer" else {})}

    move_.held = blind  # type: ignore[method-assign]
    source = Damaged(path, KEY)
    report = {m.kind: m.same for m in await move(source, move_, last=True, progress=quiet)}
    source.close()
    assert report == {kind: kind != "pointer" for kind in KINDS}
    with pytest.raises(OurFault, match="not ended"):
        await target.enter("damaged")


async def test_another_shops_data_is_never_overwritten(path: str, target: MongoStore) -> None:
    """A database that holds anything else is refused; so is one to which the move was ended and which serves since."""
    await run(path, target)
    with pytest.raises(NotEmpty):
        await run(path, target)


def test_every_table_is_carried_or_named_as_left(tmp_path: Path) -> None:
    """A table that somebody adds to the SQLite store cannot be forgotten by the move."""
    store = open_store(str(tmp_path / "empty.db"), KEY, lambda why: None)
    with apsw.Connection(str(tmp_path / "empty.db")) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    asyncio.run(store.close())
    assert tables - LEFT == set(KINDS)


async def test_pages_meet_every_row_once(tmp_path: Path) -> None:
    """More rows than a page holds: each comes once."""
    store = open_store(str(tmp_path / "many.db"), KEY, lambda why: None)
    many = PAGE + 20
    decide = heard_with(lambda c: c, orders=(("1", "pending"),), spilled=(Note(n=1, at=NOW, what="x"),))
    numbered = [heard_with(lambda c: c, orders=((str(n), "pending"),)) for n in range(many)]
    await asyncio.gather(*(store.transact(wrote(n, f"+3460{n:07}"), decide, NOW) for n in range(many)))
    await asyncio.gather(*(store.transact(wrote(f"o{n}", f"+3460{n:07}"), numbered[n], NOW) for n in range(many)))
    await store.close()
    source = SqliteSource(str(tmp_path / "many.db"), KEY)
    for kind in ("conversation", "pointer", "shop_order", "journal"):
        ids = [row.id async for page in source.pages(kind) for row in page]
        assert len(ids) == len(set(ids)) == (2 * many if kind == "pointer" else many)  # a phone and an order
    source.close()


def test_the_command_says_what_it_moved(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run.py migrate` prints each kind with its counts and ends with what to do next."""
    import base64

    import run as front_door

    made = tmp_path / "shop.db"
    store = open_store(str(made), KEY, lambda why: None)
    asyncio.run(_one(store))
    monkeypatch.setenv("KEY", base64.b64encode(KEY).decode())
    monkeypatch.setenv("TOKEN", "t")
    settings = tmp_path / "config.yaml"
    settings.write_text(
        f"""
public_url: https://orders.example.com
storage: {{url: "sqlite:///{made}", encryption_key: "${{KEY}}"}}
shops: [{{id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, api_token: "${{TOKEN}}"}}]
"""
    )
    result = CliRunner().invoke(front_door.main, ["--config", str(settings), "migrate", "--to", url])
    assert result.exit_code == 0, result.output
    assert "conversation" in result.output
    assert "DIFFERS" not in result.output
    assert "start serve" in result.output
    again = CliRunner().invoke(front_door.main, ["--config", str(settings), "migrate", "--to", url])
    assert again.exit_code == 1
    assert "other data" in again.output


async def _one(store: Any) -> None:
    await store.transact(wrote(1), heard, NOW)
    assert isinstance(await store.load(pointers.phone("demo", ANA)), Conversation)
    await store.close()
