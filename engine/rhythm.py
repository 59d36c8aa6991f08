"""What this process saw of its shops' rhythm, until the desks know it (flows/rhythm.py). A crash loses some minutes of counting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

from flows import pointers
from flows.desk_events import HoursCounted
from flows.events import AnyEvent
from flows.rhythm import hour_of

What = Literal["orders", "confirmed"]
_PLACE: dict[What, int] = {"orders": 0, "confirmed": 1}


class Rhythm:
    """One per process. Nothing is told twice: what was on its way when the store failed goes again under the same event id."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[int, list[int]]] = defaultdict(dict)
        self._on_its_way: dict[str, HoursCounted] = {}
        self._n = 0

    def add(self, shop: str, what: What, now: datetime) -> None:
        self._seen[shop].setdefault(hour_of(now), [0, 0])[_PLACE[what]] += 1

    async def tell(self, handle: Callable[[AnyEvent], Awaitable[object]], process: str, now: datetime) -> None:
        """Bring each desk what was seen since the last time. Raises StoreUnavailable: what was not told is told next time."""
        for shop in [*self._on_its_way, *self._seen]:
            event = self._on_its_way.get(shop) or self._counted(shop, process, now)
            if event is not None:
                self._on_its_way[shop] = event
                await handle(event)
                del self._on_its_way[shop]

    def _counted(self, shop: str, process: str, now: datetime) -> HoursCounted | None:
        hours = self._seen.pop(shop, None)
        if not hours:
            return None
        self._n += 1
        return HoursCounted(
            event_id=f"hours:{process}:{self._n}",
            to=(pointers.desk(shop),),
            at=now,
            opens=True,
            hours={hour: (orders, confirmed) for hour, (orders, confirmed) in hours.items()},
        )
