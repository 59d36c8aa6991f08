"""The playground: one page with a customer's phone, the staff group and a clock, on routes beside the service's own.

The page only shows what the pretend providers hold and asks the service over HTTP like anybody else. docs/sandbox.md is the
reference of the routes. They are for loopback: no password, but only JSON bodies, which another site's form cannot send.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox import phonebook, scenes
from sandbox.control import as_json
from sandbox.meta import PretendMeta
from sandbox.play_acts import Acts, Missing, Staff
from sandbox.play_events import Ticker
from sandbox.play_skip import Inspection, Skipped, Skipper, Unanswered
from sandbox.play_state import Customers, Json, Picture, Stage
from sandbox.samples import COUNTRIES, GALLERY, SHOP_COUNTRY
from sandbox.shops import PretendShop, ShopAccess
from sandbox.smtp import PretendSmtp
from sandbox.telegram import PretendTelegram
from sandbox.telegram_params import Refused
from sandbox.twilio import PretendTwilio
from sandbox.world import Received, World

__all__ = ["Playground", "ShopAccess", "Staff"]

PAGE = Path(__file__).with_name("page")
#: Everything comes from here; inline script and foreign addresses are refused even if a text got into the markup.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
#: The longest skip: two weeks, beyond which nothing of an order waits.
MOST_HOURS = 14 * 24
#: The largest body of the page's requests.
MOST_BYTES = 64 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: The steps to real use, as `check` sees them now: each with title, done, how, missing.
Ready = Callable[[], Sequence[Mapping[str, Any]]]


class Playground:
    """Mount `routes()` on the service's application, and `await close()` when it shuts down.

    service_url: where the service answers (its webhooks, `/orders` and `/_inspect/…`). people: the staff, an owner among
    them; whoever the pretend Telegram does not know yet is made known, and so is the group. `ready`: what `check` sees.
    `afresh`: ends this playground and begins another one.
    """

    def __init__(
        self,
        world: World,
        twilio: PretendTwilio,
        telegram: PretendTelegram,
        smtp: PretendSmtp,
        meta: PretendMeta | None = None,
        *,
        service_url: str,
        shop: ShopAccess,
        group_chat: int,
        people: Sequence[Staff],
        ready: Ready | None = None,
        afresh: Callable[[], object] | None = None,
    ) -> None:
        owner = next((p for p in people if p.role == "owner"), None)
        if owner is None:
            raise ValueError("one of the people has to be the owner")
        self._world = world
        self._twilio = twilio
        self._telegram = telegram
        self._meta = meta
        self._people = tuple(people)
        self._owner, self._group, self._ready, self._afresh = owner.telegram, group_chat, ready, afresh
        #: tells a page that another playground answers now: all that it shows is gone
        self.life = secrets.token_hex(4)
        _set_stage(telegram, group_chat, people)
        self.shop = PretendShop(world, service_url, shop)
        staff = tuple(person.telegram for person in people)
        stage = Stage(world, twilio, telegram, meta, group_chat, owner.telegram, self.shop, staff)
        self.service = Inspection(service_url)
        self.skipper = Skipper(world, telegram, self.service)
        self.customers = Customers()
        self.ticker = Ticker(self._near_mark, self._far_mark)
        self._picture = Picture(stage)
        self._providers = [p.name for p in (twilio, meta, smtp, telegram) if p is not None]
        self._acts = Acts(stage, self.shop, self.customers, self._providers)
        world.on_received(lambda _: self.ticker.changed())

    def routes(self) -> list[web.RouteDef]:
        acts: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "order": self._acts.order,
            "event": self._acts.event,
            "courier": self._acts.courier,
            "reply": self._acts.reply,
            "press": self._acts.press,
            "staff/press": self._acts.staff_press,
            "staff/say": self._acts.staff_say,
            "fault": self._acts.fault,
            "skip": self.skip,
            "afresh": self.afresh,
        }
        return [
            web.get("/", self._page),
            web.get("/sandbox/static/{name}", self._static),
            web.get("/sandbox/gallery", self._gallery),
            web.get("/sandbox/state", self._state),
            web.get("/sandbox/story", self._story),
            web.get("/sandbox/ready", self._checklist),
            web.get("/sandbox/events", self.ticker.stream, allow_head=False),
            *(web.post(f"/sandbox/{name}", self._guarded(act)) for name, act in acts.items()),
        ]

    async def close(self) -> None:
        """Ends the pages' streams (call it on the application's shutdown: they never end by themselves)."""
        self.ticker.close()
        await self.shop.close()
        await self.service.close()

    async def skip(self, asked: Json) -> Json:
        """`{"hours": 4}`, `{"to": "next"}` or `{"until": "email", "for": address}`: from one due moment to the next, and what
        happened on the way."""
        if self.skipper.under_way:
            raise ValueError("a skip is under way")
        if "until" in asked:
            return self._told(await self.skipper.until(self._arrival(asked)))
        if asked.get("to") == "next":
            skipped = await self.skipper.to_next()
        else:
            hours = asked.get("hours")
            if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= MOST_HOURS:
                raise ValueError(f"hours: more than 0, at most {MOST_HOURS}; or to: next")
            skipped = await self.skipper.by(timedelta(hours=hours))
        return self._told(skipped)

    async def afresh(self, _: Json) -> Json:
        """Everything that happened here goes: whoever serves the playground ends it and serves a new one."""
        if self._afresh is None:
            raise LookupError("this playground is one of a test: start another one")
        self._afresh()
        return {"life": self.life}

    def _arrival(self, asked: Json) -> Callable[[Received], bool]:
        """Whether a line of the ledger is what is waited for: on a channel at `for` (anybody, when left out), or in a chat."""
        chats, name, address = {"group": self._group, "owner": self._owner}, asked["until"], str(asked.get("for") or "")
        if name in chats:
            return lambda got: got.channel == "telegram" and got.to == str(chats[name])
        if name not in ("sms", "whatsapp", "email"):
            raise ValueError("until: sms, whatsapp, email, group or owner")
        return lambda got: got.channel == name and address in ("", got.to)

    def _told(self, skipped: Skipped) -> Json:
        return {
            "from": skipped.start.isoformat(),
            "now": skipped.now.isoformat(),
            "target": skipped.target.isoformat(),
            "reached": skipped.reached,
            "why": skipped.why,
            "moments": [moment.isoformat() for moment in skipped.moments],
            "arrived": [as_json(got) for got in self._world.ledger[skipped.first_line :]],
        }

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers=HEADERS)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in {path.name for path in PAGE.iterdir()}:
            raise web.HTTPNotFound
        return web.FileResponse(PAGE / name, headers=HEADERS)

    async def _gallery(self, _: web.Request) -> web.StreamResponse:
        """What does not change: scenarios, countries of one's own order, people, what can be broken."""
        told = {
            "samples": [
                {"name": sample.name, "title": sample.title, "about": sample.about, "platform": sample.platform}
                for sample in GALLERY
            ],
            "countries": {code: {"name": c.name, "currency": c.currency, "zone": c.zone} for code, c in COUNTRIES.items()},
            "people": [dataclasses.asdict(person) for person in self._people],
            "providers": self._providers,
            "facts": sorted(phonebook.FACTS),
            "zone": COUNTRIES[SHOP_COUNTRY].zone,
            "life": self.life,
            **scenes.shown(),
        }  # fmt: skip
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _state(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"life": self.life} | self._picture.shows(self.customers), headers={"Cache-Control": "no-store"}
        )

    async def _story(self, _: web.Request) -> web.StreamResponse:
        """The service's own account: its conversations, and its clock with the next due moment; 502 when it gives none."""
        try:
            conversations, clock = await self.service.conversations(), await self.service.clock()
        except Unanswered as error:
            return web.json_response({"error": str(error)}, status=502)
        following = clock.next.isoformat() if clock.next else None
        told = {
            "conversations": conversations,
            "clock": {"now": clock.now.isoformat(), "next": following, "busy": clock.busy},
        }
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _checklist(self, _: web.Request) -> web.StreamResponse:
        """The steps to real use, looked at anew: they change as the settings and the environment do."""
        return web.json_response(
            {"steps": list(await asyncio.to_thread(self._ready)) if self._ready else []},
            headers={"Cache-Control": "no-store"},
        )

    def _guarded(self, act: Callable[[Json], Awaitable[Json]]) -> Handler:
        """One act from a JSON body: 400 for a body that makes no sense, 404 for what is not there, 415 for another type."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if request.content_type != "application/json":
                raise web.HTTPUnsupportedMediaType
            if (request.content_length or 0) > MOST_BYTES:
                raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
            try:
                told = await act(await _object(request))
            except LookupError as error:
                return _wrong(404, error)
            except Missing as error:
                return _wrong(400, f"the body needs {error}")
            except (TypeError, ValueError, Refused) as error:
                return _wrong(400, error)
            except Unanswered as error:
                return _wrong(502, error)
            self.ticker.changed()
            return web.json_response(told)

        return handle

    def _near_mark(self) -> Hashable:
        hooks = [p.hooks for p in (self._twilio, self._meta, self.shop) if p is not None]
        rooms = self._telegram.state.rooms.values()
        return (
            len(self._world.ledger),
            len(self._twilio.messages),
            tuple(id(h.tries[-1]) if h.tries else 0 for h in hooks),
            tuple((room.last_id, len(room.posts)) for room in rooms),
            self.shop.heard_count(),
            sum(fault.times for faults in self._world.faults.values() for fault in faults),
        )

    async def _far_mark(self) -> Hashable:
        clock = await self.service.clock()
        return clock.next, clock.busy


def _set_stage(telegram: PretendTelegram, group_chat: int, people: Sequence[Staff]) -> None:
    """Everybody has written to the bot before; the owner owns the group."""
    known = [telegram.user(p.telegram, p.name, started=True) for p in sorted(people, key=lambda p: p.role != "owner")]
    if group_chat not in telegram.state.rooms:
        telegram.group("Orders", *known, chat_id=group_chat)


async def _object(request: web.Request) -> Json:
    asked: Any = await request.json()
    if not isinstance(asked, dict):
        raise TypeError("the body is no JSON object")
    return asked


def _wrong(status: int, why: object) -> web.StreamResponse:
    text = str(why.args[0]) if isinstance(why, LookupError) and why.args else str(why)
    return web.json_response({"error": text}, status=status)
