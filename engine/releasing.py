"""A person decided about a whole burst of held orders: each of them hears of it by an event of its own, oldest first.

The events are named by the wish and the order, so that a wish that is carried out again after a crash changes nothing twice.
"""

from __future__ import annotations

import asyncio

from engine.engine import Engine
from flows import pointers
from flows.effects import ReleaseHeld
from flows.events import LimitLifted

#: Orders told at once: they share commits.
AT_ONCE = 64
#: Orders looked at; more than these in one burst are left for a second press.
MOST = 500_000


async def release(engine: Engine, shop: str, effect_id: str, wish: ReleaseHeld) -> int:
    """How many orders of the burst were asked or cancelled. Raises StoreUnavailable."""
    rows = await engine.store.orders(shop, "held", wish.since, MOST)
    rows.reverse()
    done = 0
    for begin in range(0, len(rows), AT_ONCE):
        now = engine.now()
        events = [
            LimitLifted(
                event_id=f"lifted:{effect_id}:{row.order_id}",
                to=(pointers.conversation(row.conversation),),
                at=now,
                order_id=row.order_id,
                burst=wish.burst,
                what=wish.what,
                by=wish.by,
                role=wish.role,
            )
            for row in rows[begin : begin + AT_ONCE]
        ]
        for handled in await asyncio.gather(*map(engine.handle, events)):
            done += handled.decision is not None and handled.decision.notice == "done"
    return done
