"""What the sandbox's page shows of the service's inside: conversations with their story, and the clock. Mounted only there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from aiohttp import web
from msgspec import to_builtins

from adapters.http import answer
from engine.ports import BadPayload, Store
from flows import pointers
from flows.conversation import Conversation

NEWEST = 40


class SkippingClock(Protocol):
    """A clock that can be set forward."""

    def now(self) -> datetime: ...

    def skip_to(self, moment: datetime) -> None:
        """Raises ValueError for a moment that is past."""


class Inspection:
    """`busy` counts what is on its way inside; `next_moment` is when the service next wants to act."""

    def __init__(
        self,
        store: Store,
        shops: tuple[str, ...],
        clock: SkippingClock,
        busy: Callable[[], int],
        next_moment: Callable[[], Awaitable[datetime | None]],
    ) -> None:
        self._store = store
        self._shops = shops
        self._clock = clock
        self._busy = busy
        self._next_moment = next_moment

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_inspect/conversations", self.conversations),
            web.get("/_inspect/clock", self.clock),
            web.post("/_inspect/clock", self.skip),
        ]

    async def conversations(self, _request: web.Request) -> web.Response:
        ids: list[str] = []
        for shop in self._shops:
            ids += [row.conversation for row in await self._store.orders(shop, None, None, NEWEST)]
        shown = []
        for conversation_id in dict.fromkeys(ids):
            found = await self._store.load(pointers.conversation(conversation_id))
            if isinstance(found, Conversation):
                shown.append(await self._shown(found))
        return answer(200, shown)

    async def _shown(self, found: Conversation) -> dict[str, Any]:
        orders = [
            {
                "id": o.id,
                "seq": o.seq,
                "state": o.state,
                "version": o.version,
                "rung": o.rung,
                "decided_by": o.decided_by,
                "via": o.via,
                "total": to_builtins(o.fields.total),
                "name": o.fields.name,
                "phone": o.fields.phone,
            }
            for o in found.orders
        ]
        notes = [to_builtins(note) for note in await self._store.journal(found.id)]
        opened = [
            {"id": o.id, "kind": type(o.effect).__name__, "status": o.status, "not_before": o.not_before.isoformat()}
            for o in found.open
        ]
        timers = {name: due.isoformat() for name, due in found.timers.items()}
        return {"id": found.id, "orders": orders, "notes": notes, "timers": timers, "open": opened}

    async def clock(self, _request: web.Request) -> web.Response:
        coming = await self._next_moment()
        now = self._clock.now().astimezone(UTC)
        shown = {"now": now.isoformat(), "next": coming.isoformat() if coming else None, "busy": self._busy()}
        return answer(200, shown)

    async def skip(self, request: web.Request) -> web.Response:
        """Set the clock forward to `skip_to`. 400 for a moment that is past or none."""
        body = await request.json()
        try:
            self._clock.skip_to(datetime.fromisoformat(str(body["skip_to"])))
        except (KeyError, TypeError, ValueError) as error:
            raise BadPayload(f"skip_to has to be a later moment, like 2026-11-21T14:00:00+00:00 ({error})") from error
        return await self.clock(request)
