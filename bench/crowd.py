"""A SQLite file with many open conversations: `python -m bench.crowd DIRECTORY START END STORM DUE PAST`, in a process of its
own, so that whoever measures has a memory of its own, too.

Each is a real conversation, copied under another name and key. Beside them stand PAST that are over: a shop with a thousand
open orders has had others before.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bench.served import SENDER, house, phone, seed
from flows import pointers
from flows.conversation import Conversation
from flows.events import CustomerWrote
from storage import codec
from storage import sqlite_schema as sql
from storage.sqlite_rows import spare

#: The customers whom the others are copies of, and the first of those of the past.
OPEN, OVER, BEFORE = 99_999_999, 99_999_998, 80_000_000
#: Rows of one transaction.
PAGE = 2000
#: The timers of the others are spread over so long.
SPREAD = timedelta(days=27)


async def fill(service: Any, start: int, end: int, storm: int, due: datetime, past: int) -> None:
    """Customers `start` to `end`, each with one pending order whose question was accepted. The first `storm` of all are woken
    at `due`, the others three days later and on. A file that begins gets `past` that are over, too."""
    if start == 0:
        await seed(service, OPEN + 1, first=OVER)
        await _cancelled(service, OVER)
        over = await _model(service, OVER)
        _insert(service.store, range(BEFORE, BEFORE + past), lambda n: replace(_copy(over, n), timers={}, open=()))
    model = await _model(service, OPEN)

    def waiting(n: int) -> Conversation:
        moment = due if n < storm else due + timedelta(days=3) + SPREAD * (n % 9973 / 9973)
        return replace(_copy(model, n), timers={f"rung:{n}": moment})

    _insert(service.store, range(start, end), waiting)


async def _cancelled(service: Any, n: int) -> None:
    to = (pointers.phone("demo", phone(n)),)
    said = CustomerWrote(
        event_id=f"over:{n}", to=to, at=service.clock.now(), opens=True, channel="sms", address=phone(n), sender=SENDER,
        text="cancel", provider_id=f"SM{n}",
    )  # fmt: skip
    await service.store.transact(said, service.engine._decider, service.clock.now())
    assert (await _model(service, n)).orders[0].state == "cancelled"


async def _model(service: Any, n: int) -> Conversation:
    found = await service.store.load(pointers.phone("demo", phone(n)))
    assert isinstance(found, Conversation)
    return found


def _copy(model: Conversation, n: int) -> Conversation:
    order = model.orders[0]
    asked = replace(order.asked[0], address=phone(n), effect_id=f"seed:{n}/0", provider_id=f"SM{n}")
    return replace(
        model,
        id=f"{n:024x}",
        contacts=tuple(replace(contact, address=phone(n)) for contact in model.contacts),
        orders=(replace(order, fields=replace(order.fields, id=str(n), phone=phone(n)), asked=(asked,)),),
        seen={f"seed:{n}": 0},
    )


def _insert(store: Any, numbers: range, made: Callable[[int], Conversation]) -> None:
    for first in range(numbers.start, numbers.stop, PAGE):
        page = range(first, min(first + PAGE, numbers.stop))
        rows, names, orders = [], [], []
        for place, n in enumerate(page, start=_rows(store) + 1):
            document, key = made(n), store._sealer.new_key()
            doc = store._sealer.seal(key, codec.dump(document))
            due = next((round(at.timestamp() * 1000) for at in document.timers.values()), None)
            rows.append((document.id, key, doc, spare(doc), due, None, 0))
            names.append((store._hash(pointers.phone("demo", phone(n))), place, 0))
            orders.append(("demo", str(n), place, document.orders[0].state, 0))
        with store._db:
            store._db.executemany(sql.INSERT, rows)
            store._db.executemany(sql.POINT_NEW, names)
            store._db.executemany(sql.ORDER, orders)


def _rows(store: Any) -> int:
    ((most,),) = store._db.execute("SELECT coalesce(max(n), 0) FROM conversation")
    return int(most)


async def main() -> None:
    directory, (start, end, storm, due, past) = sys.argv[1], map(int, sys.argv[2:])
    service = house(18890, directory, "http://127.0.0.1:9", 0.001)
    await fill(service, start, end, storm, datetime.fromtimestamp(due, UTC), past)
    await service.store.close()


if __name__ == "__main__":
    asyncio.run(main())
