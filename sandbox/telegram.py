"""A pretend Telegram Bot API over HTTP: one bot, its chats and the people in them.

Judge a bot by `world.ledger` (every message and edit that reached a chat) and by `shows(chat)` (what people see now).
docs/sandbox-telegram.md lists methods, refusals, control endpoints and what is left out.
Source: https://core.telegram.org/bots/api (10.1, in its machine-readable form), read November 2026.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.control import Act, add_control
from sandbox.faulty import fault_middleware
from sandbox.telegram_chats import Person
from sandbox.telegram_control import add_telegram_control
from sandbox.telegram_limits import Limits
from sandbox.telegram_messages import METHODS as MESSAGE_METHODS
from sandbox.telegram_params import Json, Params, Refused, bad_request, read_params
from sandbox.telegram_people import TelegramPeople
from sandbox.telegram_rooms import METHODS as ROOM_METHODS
from sandbox.telegram_rooms import file_content
from sandbox.telegram_state import TelegramState
from sandbox.telegram_webhook import Webhook
from sandbox.world import World

METHODS = MESSAGE_METHODS | ROOM_METHODS
_BY_LOWER_NAME = {name.lower(): (name, method) for name, method in METHODS.items()}
_PARAMS = web.RequestKey("telegram_params", Params)
#: The largest upload of a bot. Source: https://core.telegram.org/bots/api#sending-files
MAX_UPLOAD_BYTES = 50 * 1024 * 1024


class PretendTelegram(TelegramPeople):
    """Serves `/bot{token}/{method}` and `/file/bot{token}/{path}`; people act through the methods of TelegramPeople.

    strict: Telegram's published limits are enforced (1 message a second in a chat, 20 a minute in a group, 30 a second overall);
    otherwise none. `limits` sets each by itself.
    """

    name = "telegram"

    def __init__(
        self,
        world: World,
        token: str,
        *,
        strict: bool = False,
        limits: Limits | None = None,
        username: str = "doorstep_bot",
        bot_name: str = "Doorstep",
    ) -> None:
        bot_id = int(token.partition(":")[0])
        super().__init__(TelegramState(world, Person(bot_id, bot_name, username, is_bot=True), limits or Limits()))
        if strict:
            self.limits = Limits.strict()
        self.world = world
        self.token = token
        self.webhook = Webhook(world, self.state.updates, self.carry_out)

    @property
    def me(self) -> Person:
        return self.state.me

    @property
    def limits(self) -> Limits:
        return self.state.pacing.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.state.pacing.limits = limits

    @property
    def calls(self) -> deque[tuple[str, Json, Json]]:
        """The latest calls that were understood: method, parameters, answer."""
        return self.state.calls

    def pending_updates(self) -> list[Json]:
        """What the bot has not fetched or taken yet, oldest first."""
        return [update.shown() for update in self.state.updates.pending()]

    def next_retry_at(self) -> datetime | None:
        """When on the world's clock a refused webhook delivery is repeated; None when none waits."""
        return self.webhook.next_retry_at()

    def acts(self) -> Mapping[str, Act]:
        """None beside those of docs/sandbox-telegram.md, which have routes of their own."""
        return {}

    def app(self) -> web.Application:
        """The aiohttp application; make one per server."""
        obey = fault_middleware(self.world, self.name, _chat_of, _own_words)
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES, middlewares=[obey])
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        add_telegram_control(app, self, self.webhook)
        add_control(app, self)

        async def hang_up(_: web.Application) -> None:
            self.state.updates.close()

        async def close(_: web.Application) -> None:
            await self.webhook.close()

        app.on_shutdown.append(hang_up)
        app.on_cleanup.append(close)
        return app

    def carry_out(self, method: str, params: Params) -> Json:
        """The answer of one call that is neither about updates nor about webhooks: `ok` and `result`, or the refusal."""
        name, carry_out = _BY_LOWER_NAME.get(method.lower(), (method, None))
        try:
            if carry_out is None:
                raise Refused(404, "Not Found: method not found")
            answer: Json = {"ok": True, "result": carry_out(self.state, params)}
        except Refused as refusal:
            answer = refusal.body()
        uploads = [u for u in params.uploads if f"attach://{u}" not in params.values.values()]
        self.calls.append((name, params.values | dict.fromkeys(uploads, "attach"), answer))
        return answer

    async def _method(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return _answer(Refused(401, "Unauthorized").body())
        name = request.match_info["method"]
        try:
            params = await _params_of(request)
            answer = await self._about_updates(name.lower(), params)
        except Refused as refusal:
            answer = refusal.body()
        if answer is None:
            return _answer(self.carry_out(name, params))
        return _answer(answer)

    async def _about_updates(self, method: str, params: Params) -> Json | None:
        """The answer of a method about updates; None for every other method. Raises Refused."""
        match method:
            case "getupdates":
                result: Any = await self._get_updates(params)
            case "setwebhook":
                result = self._set_webhook(params)
            case "deletewebhook":
                result = self._delete_webhook(params)
            case "getwebhookinfo":
                result = self.webhook.info()
            case _:
                return None
        spelled = {"getupdates": "getUpdates", "setwebhook": "setWebhook", "deletewebhook": "deleteWebhook"}
        answer: Json = {"ok": True, "result": result}
        self.calls.append((spelled.get(method, "getWebhookInfo"), params.values, answer))
        return answer

    async def _get_updates(self, params: Params) -> list[Json]:
        if self.webhook.url:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        timeout_s = params.number("timeout") or 0.0
        limit = params.integer("limit")
        allowed = params.strings("allowed_updates")
        return await self.state.updates.take(
            params.integer("offset") or 0, 100 if limit is None else limit, timeout_s, allowed
        )

    def _set_webhook(self, params: Params) -> bool:
        url = params.text("url") or ""
        if not url:
            return self._delete_webhook(params)
        allowed = params.strings("allowed_updates")
        if params.flag("drop_pending_updates"):
            self.state.updates.clear()
        connections = params.integer("max_connections")
        certificate = "certificate" in params.uploads
        self.webhook.set_up(
            url, params.text("secret_token") or "", 40 if connections is None else connections, certificate=certificate
        )
        if allowed is not None:
            self.state.updates.allowed = allowed
        return True

    def _delete_webhook(self, params: Params) -> bool:
        if params.flag("drop_pending_updates"):
            self.state.updates.clear()
        self.webhook.take_down()
        return True

    async def _file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return _answer(Refused(401, "Unauthorized").body())
        try:
            return web.Response(body=file_content(self.state, request.match_info["path"]))
        except Refused as refusal:
            return _answer(refusal.body())


async def _params_of(request: web.Request) -> Params:
    """Parsed once for the fault's look and for the method. Raises Refused 400."""
    if _PARAMS not in request:
        try:
            request[_PARAMS] = await read_params(request)
        except UnicodeDecodeError as error:
            raise bad_request("strings must be encoded in UTF-8") from error
    return request[_PARAMS]


async def _chat_of(request: web.Request) -> str:
    try:
        return str((await _params_of(request)).values.get("chat_id", ""))
    except Refused:
        return ""


def _own_words(status: int) -> str:
    """What Telegram says itself with this HTTP status."""
    if status == 429:
        return json.dumps(Refused(429, "Too Many Requests: retry after 1", retry_after=1).body())
    words = {
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        409: "Conflict",
        502: "Bad Gateway",
    }
    return json.dumps(Refused(status, words.get(status, "Internal Server Error")).body())


def _answer(body: Json) -> web.Response:
    status = 200 if body["ok"] else int(body["error_code"])
    wait_s = body.get("parameters", {}).get("retry_after")
    return web.json_response(body, status=status, headers={"Retry-After": str(wait_s)} if wait_s else None)
