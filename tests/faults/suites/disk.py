"""The disk: power that fails, a disk that is full or read-only, a lock that stays, an upgrade over live rows, a stop under load."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

from engine.ports import Handled, NewerDocument, StoreUnavailable
from storage import sqlite, sqlite_file, sqlite_schema
from storage.sqlite import SqliteStore
from tests.contracts.tiny import KEY, NOW, heard, wrote
from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    chunks,
    folder_of,
    number,
    patched,
)
from tests.faults.suites.power import Tape, recorded
from tests.town import town

#: Facts that are written between two switched-off moments' films.
FACTS = 240


async def power(size: int, folder: Path, dice: random.Random) -> Figure:
    """Films every write and every sync of the store, cuts the film anywhere, and opens what a disk would then hold."""
    figure, acked_seen = Figure(), 0
    with recorded() as tape, mock.patch.object(sqlite_file, "CHECKPOINT_PAGES", 16):
        acked = await _filmed(folder, tape)
    for cut in sorted(dice.randrange(1, len(tape.ops) + 1) for _ in range(size)):
        copy = folder_of(folder, f"cut{cut}-{dice.randrange(10**6)}")
        tape.replay(cut, copy, dice)
        due = [address for address, at in acked.items() if at <= cut]
        acked_seen += len(due)
        figure.failures += await _missing(copy / "store.db", due, cut)
        shutil.rmtree(copy)
    figure.check(len(acked) == FACTS, "the film is not whole")
    figure.said = f"{size} cuts in a film of {len(tape.ops)} writes and syncs: {acked_seen} looks for an acknowledged fact, none missing"
    return figure


async def _filmed(folder: Path, tape: Tape) -> dict[str, int]:
    """Address of each acknowledged fact -> how long the film was when it was acknowledged."""
    store = SqliteStore(str(folder_of(folder, "film") / "store.db"), KEY)
    store.open()
    acked: dict[str, int] = {}

    async def tell(n: int) -> None:
        event = wrote(n, number(n))
        await store.transact(event, heard, NOW)
        acked[number(n)] = len(tape.ops)

    for part in chunks(FACTS, 12):
        await asyncio.gather(*(tell(n) for n in part))
    await store.close()
    return acked


async def _missing(path: Path, due: list[str], cut: int) -> list[str]:
    if not path.exists():
        return [f"cut {cut}: no file, and {len(due)} facts were acknowledged"] if due else []
    try:
        with contextlib.closing(apsw.Connection(str(path))) as db:
            said = next(iter(db.execute("PRAGMA integrity_check")))[0]
            if said != "ok":
                return [f"cut {cut}: {said}"]
        store = SqliteStore(str(path), KEY)
        store.open()
    except (apsw.Error, NewerDocument) as error:
        return [f"cut {cut}: {type(error).__name__}"] if due else []
    try:
        known = [await store.load(wrote(0, address).to[0]) for address in due]
        return [f"cut {cut}: {a} is lost" for a, found in zip(due, known, strict=True) if found is None]
    finally:
        await store.close()


def _asked_for(mode: str) -> Any:
    """A build that asks SQLite for less care."""
    real = SqliteStore._sql

    def careless(self: SqliteStore, statement: str, values: tuple[object, ...] = ()) -> apsw.Cursor:
        return real(self, statement.replace("synchronous = FULL", f"synchronous = {mode}"), values)

    return mock.patch.object(SqliteStore, "_sql", careless)


async def full(size: int, folder: Path, dice: random.Random) -> Figure:
    """In turn: no room, read-only, locked by another process. Orders are 503 then, never 2xx, and taken afterwards."""
    figure, refused, posts = Figure(), 0, 0
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        store = t.house.store
        assert isinstance(store, SqliteStore)
        with mock.patch.object(sqlite, "WAIT_MOST_S", 0.2):
            for n in range(size):
                body = an_order(t, n, name=f"Ana {n} " + "x" * 90)
                with _trouble(store, ("full", "read-only", "locked")[n % 3]):
                    for _ in range(2):
                        status, _ = await t.api("POST", "/orders", body)
                        posts += 1
                        refused += status == 503
                        figure.check(status == 503, f"answered {status} while nothing could be written")
                status, _ = await t.api("POST", "/orders", body)
                figure.check(status in (200, 202), f"answered {status} when all was well again")
                figure.check(await _known(t, body["id"]), f"{body['id']} was acknowledged and is not known")
        with contextlib.closing(apsw.Connection(store.path)) as db:
            figure.check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged")
        await t.skip(minutes=2)
        figure.check(len(t.got("sms", to=None)) == size, f"{len(t.got('sms', to=None))} texts for {size} orders")
    figure.said = f"{size} times no room, read-only or locked: {refused} of {posts} posts refused with 503, all {size} taken afterwards"
    return figure


async def _known(t: Any, order_id: str) -> bool:
    return await t.house.engine.order("demo", order_id) is not None


@contextlib.contextmanager
def _trouble(store: SqliteStore, kind: str) -> Iterator[None]:
    db = store._db
    match kind:
        case "full":
            with mock.patch.object(SqliteStore, "_run", _no_room):
                yield
        case "read-only":
            db.execute("PRAGMA query_only = 1")
            yield
            db.execute("PRAGMA query_only = 0")
        case _:
            with contextlib.closing(apsw.Connection(store.path)) as other:
                other.set_busy_timeout(2000)
                other.execute("BEGIN IMMEDIATE")
                yield
                other.execute("COMMIT")


def _no_room(self: SqliteStore, batch: list[Any]) -> None:
    """The first page that is needed is one too many, wherever free pages happen to be."""
    raise apsw.FullError("database or disk is full")


def _kindly(self: SqliteStore, batch: list[Any], error: Exception) -> None:
    for unit in batch:
        if not unit.future.done():
            unit.future.set_result(Handled(decision=None))


#: Machine seconds in which some of the orders that pour in have been answered.
STOP_MOST_S = 10.0


async def stop(size: int, folder: Path, dice: random.Random) -> Figure:
    """Orders pour in while the service is stopped: whatever was answered 2xx is there at the next start."""
    figure, acked, unanswered = Figure(), 0, 0
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        for round_ in range(size):
            good: list[str] = []
            begun, enough = asyncio.Event(), dice.randint(1, 20)

            async def pour(n: int, good: list[str] = good, begun: asyncio.Event = begun, enough: int = enough) -> None:
                nonlocal unanswered
                body = an_order(t, n)
                await asyncio.sleep(dice.random() * 0.05)
                try:
                    status, _ = await t.api("POST", "/orders", body)
                except OSError:
                    unanswered += 1
                    return
                except Exception as error:  # noqa: BLE001 - aiohttp's own: no answer came
                    unanswered += 1
                    figure.check("Client" in type(error).__name__ or "Server" in type(error).__name__, repr(error))
                    return
                if status < 300:
                    good.append(body["id"])
                    if len(good) >= enough:
                        begun.set()
                else:
                    figure.check(status == 503, f"answered {status} at the stop")

            pouring = [asyncio.ensure_future(pour(round_ * 40 + n)) for n in range(40)]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(begun.wait(), STOP_MOST_S)
            await t.close_house()
            # a connection that came in the very moment of the end is hung up by the process' death, and this process lives on
            _, hanging = await asyncio.wait(pouring, timeout=STOP_MOST_S)
            for each in hanging:
                each.cancel()
            unanswered += len(hanging)
            await t.open_house()
            acked += len(good)
            for order_id in good:
                figure.check(await _known(t, order_id), f"{order_id} was answered 2xx and is gone")
    figure.check(acked > 0, "nothing was answered before the stop")
    figure.said = (
        f"{size} stops amid {40 * size} orders: {acked} answered 2xx, all there; {unanswered} without an answer"
    )
    return figure


@contextlib.contextmanager
def _hasty() -> Iterator[None]:
    """Answers before the disk has it, and does not wait for the disk when it ends."""
    commit = SqliteStore._commit

    async def early(self: Any, batch: Any) -> None:
        for unit in batch:
            if not unit.future.done() and unit.result is not None:
                unit.future.set_result(unit.result)
        await asyncio.sleep(0.3)
        if getattr(self, "hasty", False):
            self._rollback()
            raise StoreUnavailable("ended")
        await commit(self, batch)

    close = SqliteStore.close

    async def at_once(self: Any) -> None:
        self.hasty = True
        await close(self)

    with (
        mock.patch.object(SqliteStore, "_commit", early),
        mock.patch.object(SqliteStore, "close", at_once),
        mock.patch("commands.house.House._fatal", return_value=None),
    ):
        yield


async def upgrade(size: int, folder: Path, dice: random.Random) -> Figure:
    """A file of an older schema number with live orders: they live on. (Fields that have their default are never written, so the
    documents are those of a program that did not know such fields.)"""
    figure, seen = Figure(), 0
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        bodies = {n: an_order(t, n) for n in range(size)}
        for body in bodies.values():
            await t.api("POST", "/orders", body)
        await t.skip(minutes=2)
        for n, body in bodies.items():
            if n % 3 == 1:
                await t.sms("1", number(n))
            elif n % 3 == 2:
                await t.report(body["id"], "shipped")
        before = {body["id"]: await t.state(body["id"]) for body in bodies.values()}
        await t.close_house()
        with contextlib.closing(apsw.Connection(t.settings.storage.path or "")) as db:
            db.execute("PRAGMA user_version = 1")
        try:
            await t.open_house()
        except Exception as error:  # noqa: BLE001 - whatever it is, the upgrade failed
            figure.check(False, f"the new program does not start: {type(error).__name__}: {error}")
            return figure
        for order_id, state in before.items():
            found = await t.house.engine.order("demo", order_id)
            order = found.order(order_id) if found is not None else None
            seen += order is not None
            figure.check(
                order is not None and order.state == state, f"{order_id} was {state}, is {order and order.state}"
            )
        if not figure.failures:
            for n in bodies:
                await t.sms("1", number(n))
            for n, body in bodies.items():
                wanted = "shipped" if n % 3 == 2 else "confirmed"
                figure.check(await t.state(body["id"]) == wanted, f"{body['id']} does not live on")
    figure.said = f"{size} live orders from an older schema: {seen} there in their state, and all live on"
    return figure


SUITES = (
    Suite(
        "power cuts", ("F3",), ("P1", "P13"), "cuts", 30, 1000, power,
        {
            "synchronous = OFF": lambda: _asked_for("OFF"),
            "synchronous = NORMAL": lambda: _asked_for("NORMAL"),
        },
    ),
    Suite(
        "no room, read-only, locked", ("F12", "F13"), ("P1", "P13"), "times", 6, 100, full,
        {"what cannot be written is acknowledged": patched("storage.sqlite.SqliteStore._fail", _kindly)},
    ),
    Suite(
        "stop under load", ("F22",), ("P1",), "stops", 2, 40, stop,
        {"answers run ahead of the disk": _hasty}, bug_at=4,
    ),
    Suite(
        "upgrade", ("F23",), ("P13",), "live orders", 9, 300, upgrade,
        {"the upgrade makes the tables anew": patched(
            "storage.sqlite_schema.SCHEMA", sqlite_schema.SCHEMA + "DELETE FROM conversation;")},
    ),
)  # fmt: skip
