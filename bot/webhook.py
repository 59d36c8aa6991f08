"""POST /hooks/telegram: the secret is compared, the update is committed, then Telegram hears 200.

The secret is a bearer token in a header, no signature: compared as bytes in constant time, and without one there is no route.
Telegram keeps the order of a chat itself: it sends the next update of a chat when the one before was answered 2xx.
Source: https://core.telegram.org/bots/api#setwebhook, read 2026-11.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence

from aiohttp import web
from msgspec import Struct

from bot.desk import TelegramDesk
from bot.intake import ROUTE, Intake
from engine.ports import OurFault, StoreUnavailable

PATH = "/hooks/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
#: An update is a few kB, a message with many entities about 100.
LIMIT_BYTES = 2 * 1024 * 1024
#: A body arrives in milliseconds; who drips it for longer holds a connection on purpose.
RECEIVE_TIMEOUT_S = 10.0


class Hook(Struct, frozen=True):
    """One bot's updates: the secret that proves they are Telegram's, and who takes them."""

    secret: bytes
    desk: TelegramDesk
    intake: Intake


def hook_of(desk: TelegramDesk, intake: Intake, secret: str) -> Hook:
    """Raises OurFault without a secret: anybody could then press staff's buttons."""
    if not secret:
        raise OurFault("the Telegram webhook needs telegram.webhook_secret")
    return Hook(secret.encode(), desk, intake)


def routes(hooks: Sequence[Hook]) -> list[web.RouteDef]:
    """The one route for all bots: the secret says whose update it is. Raises OurFault where two bots share a secret."""
    if len({hook.secret for hook in hooks}) != len(hooks):
        raise OurFault("two Telegram bots have the same webhook_secret: give each its own")

    async def take(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        # each is compared, found or not: how long it takes tells nobody which one it was
        mine = [hook for hook in hooks if hmac.compare_digest(given, hook.secret)]
        if not mine:
            hooks[0].desk.front.count("hook_rejected", route=ROUTE)
            return web.Response(status=403)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        body = await _body(request)
        try:
            await mine[0].intake.take(body)
        except StoreUnavailable:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(text="ok")

    return [web.post(PATH, take)] if hooks else []


async def _body(request: web.Request) -> bytes:
    """At most LIMIT_BYTES. Raises the HTTP error to answer: 408, 413."""
    if (request.content_length or 0) > LIMIT_BYTES:
        raise web.HTTPRequestEntityTooLarge(LIMIT_BYTES, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > LIMIT_BYTES:
                    raise web.HTTPRequestEntityTooLarge(LIMIT_BYTES, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)
