"""A pretend local SMS gateway over HTTP: sends by whatever fields it is told, replies and reports to the service.

There is no one gateway protocol; field names, as dotted paths into JSON, come from `GatewayShape`.
"""

from __future__ import annotations

import dataclasses
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox import phonebook
from sandbox.control import Act, add_control
from sandbox.faulty import fault_middleware
from sandbox.hooks import Hook, Hooks, Retry
from sandbox.segments import segments
from sandbox.world import World

#: a phone app at a shop tries a few times and gives up
RETRY = Retry((0.2, 0.5, 1.0), frozenset({"connect", "read", "5xx"}))
_REFUSED_AT_ONCE = {"invalid": "invalid number", "landline": "not a mobile", "unroutable": "no route"}
_FAILED_LATER = frozenset({"unknown", "unreachable", "landline_late", "filtered"})


@dataclasses.dataclass(frozen=True, slots=True)
class GatewayShape:
    """The words of this gateway: where its fields are (dotted paths), and what it calls things."""

    path: str = "/send"
    to: str = "to"
    text: str = "text"
    sender: str = "from"
    answer_id: str = "id"  # where its id is in the answer to a send
    authorization: str | None = None  # the Authorization header that a send must carry
    own_number: str = "+34600000099"  # the sender where a send names none
    secret_header: str = "X-Gateway-Secret"  # noqa: S105 (the header's name)
    form: bool = False  # its webhooks are form-encoded (flat names) instead of JSON
    reply_fields: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: {"id": "id", "from": "from", "to": "to", "text": "text"}
    )
    report_fields: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"id": "id", "status": "status"})
    reply_extra: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"event": "message"})
    report_extra: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"event": "delivery"})
    statuses: Mapping[str, str] = dataclasses.field(
        default_factory=lambda: {"sent": "sent", "delivered": "delivered", "failed": "failed"}
    )
    retry: Retry = RETRY


@dataclasses.dataclass(frozen=True, slots=True)
class GatewayMessage:
    """A message that the gateway took."""

    id: str
    to: str
    sender: str
    text: str


class PretendGateway:
    """One gateway. `hook_url` takes replies and reports, with `secret` in the header that the shape names."""

    name = "gateway"

    def __init__(self, world: World, hook_url: str, secret: str, shape: GatewayShape | None = None) -> None:
        self.world = world
        self.hook_url = hook_url
        self.secret = secret
        self.shape = shape or GatewayShape()
        self.hooks = Hooks(world)
        self.taken: list[GatewayMessage] = []
        self._posted: dict[str, Hook] = {}

    def app(self) -> web.Application:
        """The send route (POST of JSON or a form, or GET with a query) and the control routes."""
        faults = fault_middleware(self.world, self.name, self._recipient, lambda _: "")
        app = web.Application(middlewares=[faults])
        app.router.add_route("POST", self.shape.path, self._send)
        app.router.add_get(self.shape.path, self._send)
        add_control(app, self)

        async def close(_: web.Application) -> None:
            await self.hooks.close()

        app.on_cleanup.append(close)
        return app

    def acts(self) -> Mapping[str, Act]:
        return {"reply": self.reply, "again": self.again}

    async def reply(self, from_: str, text: str, to: str | None = None) -> int:
        """The customer answers, by default the number that wrote last. Returns the service's HTTP status."""
        phone = phonebook.bare(from_)
        last = next((m.sender for m in reversed(self.taken) if m.to == phone), None)
        ours = to or last
        if ours is None:
            raise LookupError(f"nobody wrote to {from_}: say to whom the reply goes")
        message_id = secrets.token_hex(8)
        values = {"id": message_id, "from": phone, "to": ours, "text": text}
        hook = self._posted[message_id] = self._hook(self.shape.reply_fields, values, self.shape.reply_extra)
        return await self.hooks.post(hook)

    async def again(self, message: str) -> int:
        """The webhook of this reply once more. Raises LookupError for an id that is not a reply's."""
        if message not in self._posted:
            raise LookupError(f"no reply {message}")
        return await self.hooks.post(self._posted[message])

    async def _send(self, request: web.Request) -> web.Response:
        wanted = self.shape.authorization
        if wanted and not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted.encode()):
            return web.json_response({"error": "unauthorized"}, status=401)
        asked = await _asked(request)
        to, text = phonebook.bare(_text(asked, self.shape.to)), _text(asked, self.shape.text)
        if not phonebook.is_e164(to) or not text:
            return web.json_response({"error": "a number and a text are needed"}, status=400)
        known = phonebook.facts(self.world, to)
        for fact, why in _REFUSED_AT_ONCE.items():
            if fact in known:
                return web.json_response({"error": why}, status=400)
        sender = _text(asked, self.shape.sender) or self.shape.own_number
        message = GatewayMessage(secrets.token_hex(8), to, sender, text)
        self.taken.append(message)
        failed = bool(known & _FAILED_LATER)
        if not failed:
            self.world.receive(self.name, "sms", sender, to, text, message.id, segments=segments(text))
        self.world.spawn(self._report(message, failed, "no_receipt" in known))
        answer: dict[str, Any] = {"status": "queued"}
        _put(answer, self.shape.answer_id, message.id)
        return web.json_response(answer, status=202)

    async def _report(self, message: GatewayMessage, failed: bool, silent: bool) -> None:
        steps = ("sent",) if silent else ("sent", "failed" if failed else "delivered")
        for step in steps:
            values = {"id": message.id, "status": self.shape.statuses[step], "to": message.to}
            await self.hooks.report(self._hook(self.shape.report_fields, values, self.shape.report_extra))

    def _hook(self, names: Mapping[str, str], values: Mapping[str, str], extra: Mapping[str, str]) -> Hook:
        headers = {self.shape.secret_header: self.secret}
        if self.shape.form:
            body = urlencode({**extra, **{names[key]: values[key] for key in names}}).encode()
            kind = "application/x-www-form-urlencoded"
        else:
            content: dict[str, Any] = dict(extra)
            for key, path in names.items():
                _put(content, path, values[key])
            body, kind = json.dumps(content, ensure_ascii=False).encode(), "application/json"
        return Hook(self.hook_url, body, {**headers, "Content-Type": kind}, self.shape.retry)

    async def _recipient(self, request: web.Request) -> str:
        return _text(await _asked(request), self.shape.to)


async def _asked(request: web.Request) -> dict[str, Any]:
    """The fields of a send, from JSON, form or query; nothing where they cannot be read."""
    if request.method == "GET":
        return dict(request.query)
    if "json" in request.content_type:
        try:
            asked = await request.json()
        except ValueError:
            return {}
        return asked if isinstance(asked, dict) else {}
    return dict(await request.post())


def _text(asked: Mapping[str, Any], path: str) -> str:
    """What stands at a dotted path, the first of a list; an empty text where nothing does."""
    here: Any = asked
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    if isinstance(here, list):
        here = here[0] if here else None
    return "" if here is None else str(here)


def _put(content: dict[str, Any], path: str, value: str) -> None:
    *parents, last = path.split(".")
    for name in parents:
        content = content.setdefault(name, {})
    content[last] = value
