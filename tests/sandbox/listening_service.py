"""A service that only listens: what the pretend providers post is kept, and answered as the test says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.serving import serve


@dataclasses.dataclass
class Heard:
    """One request, its body as raw bytes."""

    path_qs: str
    body: bytes
    headers: dict[str, str]

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Listener:
    """`heard` in order; `answers` are used up one by one, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        self.verify_token = "verify-me"

    def at(self, path: str) -> list[Heard]:
        return [h for h in self.heard if h.path_qs.partition("?")[0] == path]

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append(Heard(request.path_qs, await request.read(), dict(request.headers)))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def shake(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/{tail:.*}", listener.take)
    app.router.add_get("/{tail:.*}", listener.shake)
    async with serve(app) as url:
        listener.url = url
        yield listener
