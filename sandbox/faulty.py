"""How a pretend provider over HTTP carries out a `Fault`, as a middleware in front of its routes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.world import Fault, World

#: What is answered where JSON is expected and something is broken in between.
GARBAGE = b"\xff\xfe<html>Bad Gate"
#: Seconds between two looks at whether a client that gets no answer has given up.
HANG_STEP_S = 0.02

RecipientOf = Callable[[web.Request], Awaitable[str]]
BodyFor = Callable[[int], str]


def fault_middleware(world: World, provider: str, recipient_of: RecipientOf, body_for: BodyFor) -> Middleware:
    """Applies the world's faults of `provider` to every request that is not a control request.

    A fault is looked up by path and by `recipient_of` the request. `body_for(status)` is what the provider says
    itself with that HTTP status: sent where the fault names no body.
    """

    @web.middleware
    async def obey(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_control"):
            return await handler(request)
        fault = world.fault_for(provider, request.path, await recipient_of(request))
        if fault is None:
            return await handler(request)
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_s)
            return await handler(request)
        if fault.kind == "drip":
            return await _dripping(request, await handler(request), fault.delay_s)
        if fault.kind.startswith("accept_"):
            await handler(request)
        return await _broken_answer(request, fault, body_for)

    return obey


async def _dripping(request: web.Request, answer: web.StreamResponse, whole_s: float) -> web.StreamResponse:
    """The good answer, so slowly; ends where the other side has given up."""
    body = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
    slow = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    await slow.prepare(request)
    with contextlib.suppress(ConnectionError):
        for byte in body:
            await slow.write(bytes((byte,)))
            await asyncio.sleep(whole_s / len(body))
        await slow.write_eof()
    return slow


async def _broken_answer(request: web.Request, fault: Fault, body_for: BodyFor) -> web.StreamResponse:
    match fault.kind.removeprefix("accept_"):
        case "status":
            body = fault.body or body_for(fault.status)
            kind = "application/json" if body.startswith("{") else "text/plain"
            return web.Response(status=fault.status, text=body, content_type=kind, headers=fault.headers)
        case "timeout":
            await hang(request.transport)
            return web.Response(status=499)
        case "cut":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        case "garbage":
            return web.Response(body=GARBAGE, content_type="application/json")
        case "empty":
            return web.Response(body=b"")
        case _:
            raise ValueError(f"no such kind of fault: {fault.kind}")


async def hang(transport: asyncio.BaseTransport | None) -> None:
    """Returns when the other side has gone."""
    while transport is not None and not transport.is_closing():  # noqa: ASYNC110 (a transport has no event for it)
        await asyncio.sleep(HANG_STEP_S)
