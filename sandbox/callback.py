"""A pretend program of the shop that receives decisions: it checks each as Standard Webhooks say, and keeps its own ledger.

It refuses what a careful receiver refuses: a bad or missing signature, a timestamp that is more than five minutes off. What it has
seen already (webhook-id) it answers well and does not take again. Faults of the world ("callback") hit it as any provider.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.faulty import fault_middleware
from sandbox.world import World

#: Seconds that a timestamp may be off. Source: the reference libraries.
TOLERANCE_S = 300
#: Bytes of a body that is taken at all. Source: the specification's "less than 20 kB".
MOST_BYTES = 20_000


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One decision that the shop's program has taken."""

    id: str
    type: str
    data: dict[str, Any]
    at: datetime


class PretendCallback:
    """`heard`: what was taken, once each. `tries`: webhook-ids of every request with a good signature, repeats included."""

    def __init__(self, world: World, secret: str) -> None:
        self.world = world
        self.heard: list[Heard] = []
        self.tries: list[str] = []
        self.refused: list[str] = []  # why
        self.bodies: dict[str, bytes] = {}
        self._key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()

    def types(self, order: str | None = None) -> list[str]:
        """What it heard, in order, about one order or all."""
        return [h.type for h in self.heard if order is None or h.data.get("order") == order]

    def app(self) -> web.Application:
        async def whose(request: web.Request) -> str:
            return request.headers.get("webhook-id", "")

        faults = fault_middleware(self.world, "callback", whose, lambda status: f'{{"error":{status}}}')
        app = web.Application(middlewares=[faults])
        app.add_routes([web.post("/doorstep", self._take), web.get("/_control/callback", self._show)])
        return app

    async def _show(self, _request: web.Request) -> web.Response:
        shown = [{"id": h.id, "type": h.type, "data": h.data, "at": h.at.isoformat()} for h in self.heard]
        return web.json_response({"heard": shown, "tries": self.tries, "refused": self.refused})

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        why = self._fault(request, body)
        if why:
            self.refused.append(why)
            return web.json_response({"error": why}, status=400 if why == "too big" else 401)
        message_id = request.headers["webhook-id"]
        self.tries.append(message_id)
        if message_id in self.bodies:
            if self.bodies[message_id] != body:
                self.refused.append("another body under the same webhook-id")
            return web.Response(status=204)
        self.bodies[message_id] = body
        told = json.loads(body)
        self.heard.append(Heard(message_id, told["type"], told["data"], self.world.now()))
        return web.Response(status=204)

    def _fault(self, request: web.Request, body: bytes) -> str:
        message_id, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not message_id or not stamp.isdigit() or request.content_type != "application/json":
            return "headers are missing"
        if abs(int(stamp) - self.world.now().timestamp()) > TOLERANCE_S:
            return "the timestamp is too far off"
        good = base64.b64encode(hmac.new(self._key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest())
        given = [s.partition(",") for s in request.headers.get("webhook-signature", "").split()]
        if not any(version == "v1" and hmac.compare_digest(s.encode(), good) for version, _, s in given):
            return "no signature fits"
        return "too big" if len(body) >= MOST_BYTES else ""
