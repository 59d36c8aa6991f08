"""POST /hooks/telegram: the secret is compared, the update is committed, then Telegram hears 200.

The secret is a bearer token in a header, no signature: compared as bytes in constant time, and without one there is no route.
Telegram keeps the order of a chat itself: it sends the next update of a chat when the one before was answered 2xx.
Source: https://core.telegram.org/bots/api#setwebhook, read 2026-11.
"""

from __future__ import annotations

import asyncio
import hmac

from aiohttp import web

from bot.desk import TelegramDesk
from bot.intake import ROUTE, Intake
from engine.ports import OurFault, StoreUnavailable

PATH = "/hooks/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
#: An update is a few kB, a message with many entities about 100.
LIMIT_BYTES = 2 * 1024 * 1024
#: A body arrives in milliseconds; who drips it for longer holds a connection on purpose.
RECEIVE_TIMEOUT_S = 10.0


def routes(desk: TelegramDesk, intake: Intake, secret: str) -> list[web.RouteDef]:
    """The route. Raises OurFault without a secret: anybody could then press staff's buttons."""
    if not secret:
        raise OurFault("the Telegram webhook needs telegram.webhook_secret")
    wanted = secret.encode()

    async def hook(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, wanted):
            desk.front.count("hook_rejected", route=ROUTE)
            return web.Response(status=403)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        body = await _body(request)
        try:
            await intake.take(body)
        except StoreUnavailable:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(text="ok")

    return [web.post(PATH, hook)]


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
