"""What follows a commit on MongoDB: pointers, order rows and journal lines, which live in other documents than the conversation.

They are written down in the conversation's own document by the very commit (`todo`), carried out before the commit is told of, and
carried out again by whoever next touches the conversation and does not know that they were: doing them twice, late, or beside
a later commit's changes nothing. An order's row and pointer carry the version that wrote them, so an older writer never wins.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError

from flows.pointers import Pointer
from storage.mongo_connection import DUPLICATE, Json


class Todo(msgspec.Struct, frozen=True, array_like=True):
    """Everything that one commit leaves to be done, as stored in the conversation."""

    at: int  # epoch milliseconds
    shop: str
    stays: tuple[str, ...] = ()  # hashes of names that stay with whom they were known first
    moves: tuple[str, ...] = ()  # hashes of names that go with their order
    orders: tuple[tuple[str, str], ...] = ()  # (order id, state)
    first: int = 0  # number of the first journal line in `lines`
    lines: bytes = b""  # sealed

    def __bool__(self) -> bool:
        return bool(self.stays or self.moves or self.orders or self.lines)


_read = msgspec.msgpack.Decoder(Todo)


def dump(todo: Todo) -> bytes:
    return msgspec.msgpack.encode(todo) if todo else b""


def read(raw: bytes) -> Todo:
    return _read.decode(raw) if raw else Todo(0, "")


def moves(pointer: Pointer) -> bool:
    """Whether this name follows its order to another conversation."""
    return pointer.kind == "order"


async def carry_out(db: AsyncDatabase[Json], conversation: str, version: int, todo: Todo) -> None:
    """Raises PyMongoError: the rest is done at the next touch."""
    work = [_order(db, conversation, version, todo, order_id, state) for order_id, state in todo.orders]
    work += [_newest(db, "pointer", _pointer(hashed, conversation, version, todo)) for hashed in todo.moves]
    if todo.stays:
        work.append(_stay(db, conversation, version, todo))
    if todo.lines:
        work.append(_spill(db, conversation, todo))
    for failed in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(failed, BaseException):
            raise failed


def _pointer(hashed: str, conversation: str, version: int, todo: Todo) -> Json:
    return {"_id": hashed, "c": conversation, "at": todo.at, "v": version}


async def _stay(db: AsyncDatabase[Json], conversation: str, version: int, todo: Todo) -> None:
    try:
        await db.pointer.insert_many([_pointer(h, conversation, version, todo) for h in todo.stays], ordered=False)
    except BulkWriteError as error:
        faults = error.details.get("writeErrors", [])
        if not faults or any(fault.get("code") != DUPLICATE for fault in faults):
            raise


async def _order(
    db: AsyncDatabase[Json], conversation: str, version: int, todo: Todo, order_id: str, state: str
) -> None:
    row = {"shop": todo.shop, "order_id": order_id, "state": state, "c": conversation, "at": todo.at, "v": version}
    await _newest(db, "shop_order", {"_id": f"{todo.shop}/{order_id}", **row})


async def _newest(db: AsyncDatabase[Json], collection: str, row: Json) -> None:
    """Write the row unless a newer one stands: newer by version in the same conversation, by time where it moved."""
    older = [
        {"c": row["c"], "v": {"$lt": row["v"]}},
        {"c": {"$ne": row["c"]}, "at": {"$lte": row["at"]}},
    ]
    change = {"$set": {name: value for name, value in row.items() if name != "_id"}}
    for _ in range(2):  # the second look is for a row that came between the first and the insert
        if (await db[collection].update_one({"_id": row["_id"], "$or": older}, change)).matched_count:
            return
        try:
            await db[collection].insert_one(dict(row))
            return
        except DuplicateKeyError:
            continue


async def _spill(db: AsyncDatabase[Json], conversation: str, todo: Todo) -> None:
    row = {"_id": f"{conversation}/{todo.first:09}", "c": conversation, "first": todo.first, "lines": todo.lines}
    with contextlib.suppress(DuplicateKeyError):
        await db.journal.insert_one(row)
