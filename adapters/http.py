"""The HTTP face: one application out of the rooms' routes, and the one table of errors.

Nothing of it is a middleware: a middleware costs every request, and the inbound answer of a customer is the hot path. Each
handler is wrapped once, when the application is made; an unknown path or method is answered by a last route that matches
everything else.

    BadPayload 400 with every fault · BadSignature 403 · StoreUnavailable 503, come again · any other error 500, logged
    404, 405 with Allow, 408, 413, 415: what the handlers raise as aiohttp's own, answered in JSON

What a client drips has deadlines of our own: heads in adapters/doors.py, bodies in receiving.RECEIVE_TIMEOUT_S. Who guesses
tokens hears 429 after so many wrong ones from one address; a good token is never limited. A wrong signature is 403 however often:
telling apart costs as much as refusing, and a provider with a new secret must not be locked out.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from aiohttp import web

from adapters.doors import MOST_REFUSED, WINDOW_S, Patience, PunctualRunner, client_address
from adapters.listening import Listening
from engine.ports import BadPayload, BadSignature, Front, StoreUnavailable

log = logging.getLogger("doorstep.http")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: On every answer that is not a page: it holds data of a customer, so nobody keeps or reinterprets it.
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "doorstep"}


def make_app(front: Front, routes: Iterable[web.RouteDef]) -> web.Application:
    """The application with every route guarded. GET routes answer HEAD too."""
    app = web.Application()
    refused = Patience(MOST_REFUSED, WINDOW_S)
    app.add_routes([web.RouteDef(r.method, r.path, guarded(front, r.handler, refused), r.kwargs) for r in routes])
    app.router.add_route("*", "/{nowhere:.*}", guarded(front, _nowhere, refused))
    return app


def make_runner(app: web.Application, listening: Listening | None = None) -> web.AppRunner:
    """The runner with our limits. No access log: the engine writes one line for each event, and a path may hold a token."""
    limits = listening or Listening()
    return PunctualRunner(
        app,
        access_log=None,
        keepalive_timeout=limits.keepalive_s,
        shutdown_timeout=limits.shutdown_s,
        max_line_size=limits.most_line_bytes,
        max_field_size=limits.most_header_bytes,
        auto_decompress=False,  # packed bodies are refused, so they are never unpacked either
    )


def guarded(front: Front, handler: Any, refused: Patience) -> Handler:
    """The handler behind the table of errors. `refused` counts who was turned away for want of a good token."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await _answered(handler, request)
            if response.status in _UNPROVED and response.content_type != "text/html":  # the page has bounds of its own
                response = _turned_away(front, request, response, refused)
            response.headers.setdefault("Server", "doorstep")  # aiohttp would tell its version and Python's
            return response
        except Exception as error:  # noqa: BLE001  the outer loop of a request: logged, answered, and the service goes on
            # without the exception's words: they may quote what a customer wrote
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("http.failed", extra={"error": type(error).__name__, "frames": frames})
            front.count("http_failed")
            return problem(500, "something went wrong here; nothing was changed, please come again")

    return answer


def _turned_away(
    front: Front, request: web.Request, response: web.StreamResponse, refused: Patience
) -> web.StreamResponse:
    """The refusal itself, or 429 where this address has guessed too often. Whoever proves themselves never comes here."""
    if not refused.ended(client_address(request), time.monotonic()):
        return response
    front.count("hook_limited")
    answer = problem(429, "too many refused requests from this address; come again in a minute")
    answer.headers["Retry-After"] = "60"
    answer.force_close()
    return answer


async def _answered(handler: Handler, request: web.Request) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        answer = problem(refusal.status, *_SAID.get(refusal.status, (refusal.reason.lower(),)))
        answer.headers.update({name: refusal.headers[name] for name in _TOLD if name in refusal.headers})
        return answer
    except BadPayload as bad:
        return problem(400, *bad.faults)
    except BadSignature:
        return problem(403, "the signature is not good")
    except StoreUnavailable:
        answer = problem(503, "the storage does not answer; nothing was changed, please come again")
        answer.headers["Retry-After"] = "1"
        return answer


#: What a refusal of aiohttp means here, in plain words.
_SAID = {
    404: ("there is nothing here",),
    405: ("this method is not for this address",),
    408: ("the body took too long to arrive",),
    413: ("the body is too big",),
    415: ("the content type is not the one of this address",),
}
#: Nobody was proved.
_UNPROVED = frozenset({401})
_TOLD = ("Allow", "WWW-Authenticate")


def answer(status: int, body: object) -> web.Response:
    """A JSON answer."""
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=SAFE, charset="utf-8"
    )


def problem(status: int, *faults: str) -> web.Response:
    """A refusal that names every fault."""
    return answer(status, {"errors": list(faults)})


async def _nowhere(request: web.Request) -> web.Response:
    """404, or 405 with what the address does take."""
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        match, methods = await resource.resolve(request)
        if match is None:
            allowed |= methods
    if allowed:
        raise web.HTTPMethodNotAllowed(request.method, sorted(allowed))
    raise web.HTTPNotFound
