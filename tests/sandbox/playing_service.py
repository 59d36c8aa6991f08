"""A tiny service for the playground's tests: it takes orders and hooks, keeps timers on a clock of its own, tells of itself."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.play import Playground, ShopAccess, Staff
from sandbox.serving import serve
from sandbox.smtp import PretendSmtp
from sandbox.telegram import PretendTelegram
from sandbox.twilio import PretendTwilio
from sandbox.world import World

GROUP, OLGA, ANA = -1001000000001, 111, 222
SMS_FROM, WHATSAPP_FROM = "+14155550100", "whatsapp:+14155550100"
ACCESS = ShopAccess("api-token", "shopify-secret", "woo-secret", "demo")
PEOPLE = (Staff(OLGA, "Olga", "owner"), Staff(ANA, "Ana", "staff"))


@dataclasses.dataclass
class Heard:
    """One request: path, headers, raw body."""

    path: str
    headers: dict[str, str]
    body: bytes


class PlayingService:
    """`timers` are (due, what to do) on the service's own clock; one that is due is carried out by the pump."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Heard] = []
        self.answers: list[int] = []  # used up one by one, then 200
        self.timers: list[tuple[datetime, Callable[[], None]]] = []
        self.fired: list[tuple[datetime, datetime]] = []  # when due, when carried out
        self.skips: list[datetime] = []
        self.busy = 0
        self.conversations: list[dict[str, Any]] = []
        self._ahead = timedelta()
        self._wake = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def at(self, due: datetime, do: Callable[[], None] = lambda: None) -> None:
        self.timers.append((due, do))
        self._wake.set()

    def next(self) -> datetime | None:
        return min((due for due, _ in self.timers), default=None)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/_inspect/conversations", self._conversations)
        app.router.add_get("/_inspect/clock", self._clock)
        app.router.add_post("/_inspect/clock", self._skip)
        app.router.add_post("/{tail:.*}", self._take)
        return app

    async def pump(self) -> None:
        while True:
            for timer in sorted((t for t in self.timers if t[0] <= self.now()), key=lambda t: t[0]):
                self.timers.remove(timer)
                self.fired.append((timer[0], self.now()))
                timer[1]()
            self._wake.clear()
            due = self.next()
            wait = max((due - self.now()).total_seconds(), 0) if due else 60
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue

    async def _take(self, request: web.Request) -> web.Response:
        self.heard.append(Heard(request.path, dict(request.headers), await request.read()))
        return web.json_response({"state": "pending"}, status=self.answers.pop(0) if self.answers else 200)

    async def _conversations(self, _: web.Request) -> web.Response:
        return web.json_response(self.conversations)

    async def _clock(self, _: web.Request) -> web.Response:
        due = self.next()
        told = {"now": self.now().isoformat(), "next": due.isoformat() if due else None, "busy": self.busy}
        return web.json_response(told)

    async def _skip(self, request: web.Request) -> web.Response:
        moment = datetime.fromisoformat((await request.json())["skip_to"])
        if moment < self.now():
            return web.json_response({"error": "back"}, status=400)
        self._ahead += moment - self.now()
        self.skips.append(moment)
        self._wake.set()
        return await self._clock(request)


@dataclasses.dataclass
class Play:
    """The playground with all around it; `url` is the page's."""

    service: PlayingService
    world: World
    twilio: PretendTwilio
    telegram: PretendTelegram
    ground: Playground
    url: str


@asynccontextmanager
async def playing(world: World | None = None) -> AsyncIterator[Play]:
    """A running playground: the tiny service on one port, the page on another, the providers in process."""
    service, world = PlayingService(), world or World()
    async with serve(service.app()) as service_url:
        service.url = service_url
        twilio = PretendTwilio(world, "AC" + "0" * 32, "token", f"{service_url}/hooks/twilio/message")
        telegram = PretendTelegram(world, "4242:token")
        smtp = PretendSmtp(world)
        pump = asyncio.create_task(service.pump())
        ground = Playground(
            world, twilio, telegram, smtp, service_url=service_url, shop=ACCESS, group_chat=GROUP, people=PEOPLE
        )
        app = web.Application()
        app.add_routes(ground.routes())

        async def close(_: web.Application) -> None:
            await ground.close()

        app.on_shutdown.append(close)
        try:
            async with serve(app) as url:
                yield Play(service, world, twilio, telegram, ground, url)
        finally:
            pump.cancel()
            await twilio.hooks.close()
            await telegram.webhook.close()


def texts(play: Play, to: str, text: str, channel: str = "sms", buttons: bool = False) -> str:
    """The service's text on a phone; its sid."""
    form = {"To": to, "From": SMS_FROM, "Body": text}
    if channel == "whatsapp":
        form = {"To": f"whatsapp:{to}", "From": WHATSAPP_FROM, "Body": text}
    if buttons:
        play.twilio.register_content("HX" + "1" * 32, text, [("yes:1", "Yes, it is right"), ("no:1", "No")])
        form |= {"ContentSid": "HX" + "1" * 32}
    return play.twilio.create(form).sid
