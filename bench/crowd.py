"""A SQLite file with many open conversations, made in the process: one real conversation, copied under other names and keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bench.served import phone, seed
from flows import pointers
from flows.conversation import Conversation
from storage import codec
from storage import sqlite_schema as sql

#: Rows of one transaction.
PAGE = 2000
#: The timers of the others are spread over so long.
SPREAD = timedelta(days=27)


async def fill(service: Any, start: int, end: int, storm: int, due: datetime) -> None:
    """Customers `start` to `end`, each with one pending order whose question was accepted. The first `storm` of all are woken
    at `due`, the others three days later and on."""
    if start == 0:
        await seed(service, 1)
        start = 1
    model = await service.store.load(pointers.phone("demo", phone(0)))
    assert isinstance(model, Conversation)
    for page in range(start, end, PAGE):
        numbers = range(page, min(page + PAGE, end))
        moments = [due if n < storm else due + timedelta(days=3) + SPREAD * (n % 9973 / 9973) for n in numbers]
        _insert(service.store, [_copy(model, n, at) for n, at in zip(numbers, moments, strict=True)], numbers)


def _copy(model: Conversation, n: int, due: datetime) -> Conversation:
    order = model.orders[0]
    asked = replace(order.asked[0], address=phone(n), effect_id=f"seed:{n}/0", provider_id=f"SM{n}")
    return replace(
        model,
        id=f"{n:016x}",
        contacts=tuple(replace(contact, address=phone(n)) for contact in model.contacts),
        orders=(replace(order, fields=replace(order.fields, id=str(n), phone=phone(n)), asked=(asked,)),),
        timers={f"rung:{n}": due},
        seen={f"seed:{n}": 0},
    )


def _insert(store: Any, documents: list[Conversation], numbers: range) -> None:
    rows, names, orders = [], [], []
    for place, (document, n) in enumerate(zip(documents, numbers, strict=True), start=_rows(store) + 1):
        key = store._sealer.new_key()
        due = round(document.timers[f"rung:{n}"].timestamp() * 1000)
        rows.append((document.id, key, store._sealer.seal(key, codec.dump(document)), due, None, 0))
        names += [
            (store._hash(p), place, 0) for p in (pointers.phone("demo", phone(n)), pointers.order("demo", str(n)))
        ]
        orders.append(("demo", str(n), place, "pending", 0))
    with store._db:
        store._db.executemany(sql.INSERT, rows)
        store._db.executemany(sql.POINT_NEW, names)
        store._db.executemany(sql.ORDER, orders)


def _rows(store: Any) -> int:
    ((most,),) = store._db.execute("SELECT coalesce(max(n), 0) FROM conversation")
    return int(most)
