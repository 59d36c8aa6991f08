"""The store for more than one machine: MongoDB, one document per conversation, no transaction over several documents.

How it works: a unit finds the conversation by its pointers, decides, and writes back with a compare-and-set on the version, again
from the start where somebody else was first. Units of one conversation queue inside a process, so only processes race. Every
write waits for the majority's journals. A new conversation first reserves its name (a pointer, created if absent), then its
document: of two first orders at once one finds the other's. What belongs into other documents follows the commit (mongo_follow.py).

A write without an answer is looked up: each commit leaves a random token in the document, the last few are kept, and the unit
goes on looking until the server answers. So "done or not" is always known before anybody hears of it. Should the document have moved
on too far meanwhile, this process ends: what it had on the wire is then recovered like that of any dead one.

Weak spots: three round trips a unit; a name that is reserved and never used stays (a few bytes, harmless).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.errors import (
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from engine.ports import Decide, Handled, StoreUnavailable
from flows.decision import Decision, Document
from flows.events import AnyEvent
from flows.pointers import Pointer
from storage import codec, mongo_follow, mongo_schema
from storage.moments import ms_by, ms_from
from storage.mongo_connection import AWAY_AFTER_MS, Json
from storage.mongo_follow import Todo, carry_out
from storage.mongo_forgetting import MongoForgetting
from storage.mongo_moving import MongoMove
from storage.mongo_processes import MongoProcesses
from storage.mongo_reading import MongoReading
from storage.mongo_turns import Turns
from storage.new_id import new_id

#: Between two looks for what became of a write, and after a lost race.
LOOK_AGAIN_S = 0.25
RACE_AGAIN_S = 0.002
#: Tokens of so many commits are kept in a document.
WRITES_KEPT = 16
#: Conversations of which it is remembered that what followed their last commit was carried out.
FOLLOWED_KEPT = 65_536
#: Stands for a process without a name.
NOBODY = "?"


class _Row(msgspec.Struct, gc=False):
    """A conversation as read."""

    id: str
    key: bytes
    version: int
    document: Document
    writes: list[bytes]
    todo: bytes


#: (the conversation, or None; the id that the last pointer has reserved already, if any)
_Found = tuple[_Row | None, str]


class _Try(msgspec.Struct):
    """A write that was begun in this unit: should its token be found in the document, it was done."""

    decision: Decision
    version: int
    todo: Todo


class MongoStore(MongoReading, MongoForgetting, MongoProcesses):
    """See engine.ports.Store. Connects at the first use. `on_fatal`: this process must end (see above)."""

    def __init__(
        self,
        url: str,
        key: bytes,
        on_fatal: Callable[[str], None] | None = None,
        listeners: Sequence[Any] = (),
        old_keys: Sequence[bytes] = (),
    ) -> None:
        super().__init__(url, key, listeners, old_keys)
        self._on_fatal = on_fatal or (lambda why: None)
        self._followed: OrderedDict[str, int] = OrderedDict()
        self._queues: dict[str, tuple[asyncio.Lock, int]] = {}
        self._units: set[asyncio.Task[Handled]] = set()
        self._shop_keys: dict[str, bytes] = {}
        self._usual: dict[tuple[str, str], tuple[int, int]] = {}
        self._turns = Turns(AWAY_AFTER_MS / 1000)
        self.slots: frozenset[int] | None = None
        self.commits = 0
        self.units = 0
        self.races = 0

    # -- life

    async def close(self) -> None:
        """Finish what is under way, then close."""
        self._closing = True
        while self._units:
            await asyncio.wait(set(self._units))
        await self._disconnect()

    def moving(self, index: bytes | None = None) -> MongoMove:
        """This store as the target of a move. `index`: the source's wrapped key of the look-up hashes."""
        return MongoMove(self._db, self._sealer, self.answers, index)

    # -- the one road

    def transact(self, event: AnyEvent, decide: Decide, now: datetime) -> asyncio.Future[Handled]:
        """A caller that stops waiting does not stop the unit: a write that was begun is always followed to its end."""
        unit = asyncio.ensure_future(self._unit(event, decide, now))
        self._units.add(unit)
        unit.add_done_callback(self._units.discard)
        return asyncio.shield(unit)

    async def _unit(self, event: AnyEvent, decide: Decide, now: datetime) -> Handled:
        found: _Found | None
        async with self._turns.take():
            with self.answers():
                found = await self._find(event.to)
        row, reserved = found
        tries: dict[bytes, _Try] = {}
        async with self._queue(row.id if row else reserved or self._hash(event.to[-1])) as waited:
            found = None if waited else found
            while True:
                first, found = found, None
                try:
                    async with self._turns.take():
                        with self.answers():
                            walked = first or await self._find(event.to)
                            handled = await self._attempt(walked, event, decide, now, tries)
                except StoreUnavailable:
                    if not tries or self._closing:
                        raise
                    await asyncio.sleep(LOOK_AGAIN_S)  # noqa: TID251 -- a server that is away, not business time
                    continue
                if handled is not None:
                    return handled
                self.races += 1
                await asyncio.sleep(RACE_AGAIN_S)  # noqa: TID251 -- another process was first

    @contextlib.asynccontextmanager
    async def _queue(self, name: str) -> AsyncIterator[bool]:
        """One after another for the same conversation, in the order they came. Gives whether others were first."""
        lock, waiting = self._queues.get(name, (asyncio.Lock(), 0))
        self._queues[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield waiting > 0
        finally:
            lock, waiting = self._queues[name]
            if waiting == 1:
                del self._queues[name]
            else:
                self._queues[name] = (lock, waiting - 1)

    async def _attempt(
        self, found: _Found, event: AnyEvent, decide: Decide, now: datetime, tries: dict[bytes, _Try]
    ) -> Handled | None:
        """One walk of the road; None: somebody else was first, or it is not known whether the write was done. Walk again."""
        row, reserved = found
        if row is None and not event.opens:
            return Handled(decision=None)
        if row is not None and tries:
            done = next((t for token in row.writes if (t := tries.get(token)) is not None), None)
            if done is not None:
                return await self._done(row.id, done)
            if row.version > max(t.version for t in tries.values()) + WRITES_KEPT - 1:
                self._lost(row.id)
        if row is not None:
            await self._follow(row.id, row.version, mongo_follow.read(row.todo))
            if event.event_id in row.document.seen:
                return Handled(decision=None, duplicate=True)
        name = "" if row is not None else reserved or new_id(now)
        decision = decide(row.document if row else None, name, event, now)
        if not decision.changed:
            return Handled(decision=decision)
        token = secrets.token_bytes(8)
        written = await self._write(row, reserved, event, decision, now, token, tries)
        return await self._done(decision.document.id, tries[token]) if written else None

    async def _done(self, conversation: str, done: _Try) -> Handled:
        self.commits += 1
        self.units += 1
        await self._follow(conversation, done.version, done.todo)
        return Handled(decision=done.decision)

    def _lost(self, conversation: str) -> None:
        why = f"a commit of {conversation} is of unknown fate: what this process had on the wire has to be recovered"
        self._on_fatal(why)
        raise RuntimeError(why)

    async def _follow(self, conversation: str, version: int, todo: Todo) -> None:
        if self._followed.get(conversation, 0) >= version:
            return
        if todo:
            await carry_out(await self._db(), conversation, version, todo)
        self._followed[conversation] = version
        self._followed.move_to_end(conversation)
        if len(self._followed) > FOLLOWED_KEPT:
            self._followed.popitem(last=False)

    # -- finding and writing

    async def _find(self, pointers: tuple[Pointer, ...]) -> _Found:
        reserved = ""
        for pointer in pointers:
            reserved = await self._lead(pointer)
            if reserved:
                row = await self._row(reserved)
                if row is not None:
                    return row, ""
        return None, reserved if pointers[-1].kind != "conversation" else ""

    async def _row(self, conversation: str) -> _Row | None:
        found = await (await self._db()).conversation.find_one({"_id": conversation})
        if found is None:
            return None
        document = codec.read(self._sealer.open(found["key"], found["doc"]))
        return _Row(found["_id"], found["key"], found["version"], document, found["writes"], found.get("todo", b""))

    def _todo(self, decision: Decision, key: bytes, now: datetime) -> Todo:
        spilled = decision.spilled
        return Todo(
            at=ms_by(now),
            shop=decision.document.shop,
            stays=tuple(dict.fromkeys(self._hash(p) for p in decision.claims if not mongo_follow.moves(p))),
            moves=tuple(dict.fromkeys(self._hash(p) for p in decision.claims if mongo_follow.moves(p))),
            orders=tuple(dict(decision.orders).items()),
            first=spilled[0].n if spilled else 0,
            lines=self._sealer.seal(key, codec.dump_notes(spilled)) if spilled else b"",
        )

    async def _write(
        self,
        row: _Row | None,
        reserved: str,
        event: AnyEvent,
        decision: Decision,
        now: datetime,
        token: bytes,
        tries: dict[bytes, _Try],
    ) -> bool:
        """True: committed. False: not, or nobody knows; `tries` remembers it."""
        document = decision.document
        key = row.key if row is not None else self._sealer.new_key()
        version = row.version + 1 if row is not None else 1
        todo = self._todo(decision, key, now)
        fields: Json = {
            "doc": self._sealer.seal(key, codec.dump(document)),
            "version": version,
            "writes": [*(row.writes if row is not None else ()), token][-WRITES_KEPT:],
            "next_due": ms_from(document.next_due()),
            "next_send": ms_from(document.next_send()),
            "flying": sorted({o.by or NOBODY for o in document.open if o.status == "sending"}),
            "todo": mongo_follow.dump(todo),
        }
        if row is None and not reserved and not await self._reserve(event.to[-1], document.id, now):
            return False
        tries[token] = _Try(decision, version, todo)
        collection = (await self._db()).conversation
        try:
            if row is None:
                slot = mongo_schema.slot(document.id)
                await collection.insert_one({"_id": document.id, "key": key, "slot": slot, **fields})
                return True
            swapped = await collection.update_one({"_id": row.id, "version": row.version}, {"$set": fields})
            if not swapped.matched_count:
                del tries[token]  # somebody else was first
                return False
        except DuplicateKeyError:
            del tries[token]
            return False
        except ServerSelectionTimeoutError:
            del tries[token]  # nothing left this machine
            raise
        except WriteConcernError:
            return False  # written here, perhaps not yet by the majority
        except OperationFailure:
            del tries[token]  # the server refused it
            raise
        except PyMongoError:
            return False  # it may have been done: look
        return True

    async def _reserve(self, pointer: Pointer, conversation: str, now: datetime) -> bool:
        """Whether the name now leads to this conversation-to-be; False: somebody else has it."""
        if pointer.kind == "conversation":
            return True
        try:
            await (await self._db()).pointer.insert_one(
                {"_id": self._hash(pointer), "c": conversation, "at": ms_by(now), "v": 0}
            )
        except DuplicateKeyError:
            return False
        return True
