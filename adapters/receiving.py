"""What every provider's webhook has in common: read a bounded body, verify it, translate it, carry each event down the road.

    413 too big · 415 wrong type or compressed · 408 slow · 403 bad signature, counted, not kept
    200 after the commit of every event, and for what is kept: a signed body that nobody can read, or a step that failed
    503 the store wrote nothing: the provider comes again

A route gives `receive` two pure functions. `verify(received)` returns nothing or raises: whatever it raises is a bad
signature, never a crash with the work done. `parse(received)` returns events or raises BadPayload; it may raise
PartlyUnreadable with the events of a batch that could be read. A kept body is read again by the same `parse` after a fix
(`from_kept`), so `parse` looks at nothing but body, target, headers and time.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote_to_bytes

from aiohttp import web

from adapters.ready import Ready
from engine.ports import BadPayload, BadSignature, Front, Kept, StoreUnavailable
from flows.events import AnyEvent
from flows.pointers import Pointer

log = logging.getLogger("doorstep.receiving")

#: Bodies of Twilio and of SMS gateways: a form of some thirty short fields; Twilio's longest Body is 1600 characters.
FORM_LIMIT_BYTES = 64 * 1024
#: Meta sends up to 1000 updates in one body. Source: developers.facebook.com/docs/graph-api/webhooks, read 2026-11.
BATCH_LIMIT_BYTES = 4 * 1024 * 1024
#: A provider's body arrives in milliseconds; who drips it for longer holds a connection on purpose.
RECEIVE_TIMEOUT_S = 10.0

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

#: The raw request target is kept among the headers under this name (no header can be called so).
TARGET = ":target"
#: Never kept: they prove who asked, and say nothing about what was told.
_NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})


class PartlyUnreadable(BadPayload):
    """Part of a batch cannot be read. The whole body is kept; `events`, what could be read, are carried out."""

    def __init__(self, events: tuple[AnyEvent, ...], *faults: str) -> None:
        super().__init__(*faults)
        self.events = events


class Received:
    """One request, read. `target` is the path with its query exactly as asked; header names are in lower case."""

    def __init__(self, body: bytes, target: str, headers: Mapping[str, str], at: datetime) -> None:
        self.body = body
        self.target = target
        self.headers = headers
        self.at = at  # business time, aware UTC
        self._form: list[tuple[str, str]] | None = None
        self._query: list[tuple[str, str]] | None = None

    @property
    def content_type(self) -> str:
        return media_type(self.headers.get("content-type", ""))

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body's fields in their order, blank ones too. Raises ValueError where they are no UTF-8."""
        if self._form is None:
            self._form = form_pairs(self.body.decode("utf-8"))
        return self._form

    @property
    def query(self) -> list[tuple[str, str]]:
        """The target's query in its order. Raises ValueError where it is no UTF-8."""
        if self._query is None:
            self._query = form_pairs(self.target.partition("?")[2])
        return self._query

    @classmethod
    def from_kept(cls, kept: Kept, at: datetime) -> Received:
        """A kept body, to be parsed once more."""
        headers = dict(kept.headers)
        return cls(kept.body, headers.pop(TARGET, ""), headers, at)

    def to_keep(self) -> dict[str, str]:
        return {TARGET: self.target} | {k: v for k, v in self.headers.items() if k not in _NOT_KEPT}


Verify = Callable[[Received], None]
Parse = Callable[[Received], tuple[AnyEvent, ...]]
OK = Ready(b"ok", "text/plain")


async def receive(
    request: web.Request,
    front: Front,
    route: str,
    verify: Verify,
    parse: Parse,
    limit: int,
    content_types: tuple[str, ...],
    answer: Ready = OK,
) -> web.StreamResponse:
    """The whole way of one webhook; the answer to give. `route` names it in counters and among kept bodies.

    `limit` in bytes. An empty tuple of `content_types` admits any. `answer` makes the 200.
    """
    received = await read(request, front.now(), limit, content_types)
    try:
        verify(received)
    except Exception as error:  # noqa: BLE001 - whatever is wrong while verifying, nobody has been proved: never processed
        if not isinstance(error, BadSignature | ValueError | LookupError):
            _log_failure("hook.verify_failed", route, error)
        front.count("hook_rejected", route=route)
        return web.Response(status=403)
    try:
        await _carry(received, front, route, parse)
    except StoreUnavailable:
        front.count("hook_unavailable", route=route)
        return web.Response(status=503, headers={"Retry-After": "1"})
    return answer(request)


async def read(request: web.Request, now: datetime, limit: int, content_types: tuple[str, ...]) -> Received:
    """The bounded body with its headers. Raises the HTTP error to answer: 408, 413, 415."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if content_types and media_type(headers.get("content-type", "")) not in content_types:
        raise web.HTTPUnsupportedMediaType
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType  # no provider of ours compresses, and small bodies can unpack into bombs
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    if request.content.is_eof():  # it came with the headers, as nearly all do: there is nothing to wait for
        body = request.content.read_nowait()
        if len(body) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, len(body))
    else:
        try:
            async with asyncio.timeout(RECEIVE_TIMEOUT_S):
                body = await _bounded(request, limit)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
    return Received(body, request.raw_path, headers, now)


def media_type(content_type: str) -> str:
    """`application/json` of `application/JSON; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()


def form_pairs(text: str) -> list[tuple[str, str]]:
    """The fields of a form-encoded text in their order, blank values kept. Raises ValueError where they are no UTF-8.

    Does what urllib's parse_qsl does with blank values kept and strict UTF-8, in a third of its time: on the hot path.
    """
    pairs = []
    for part in text.replace("+", " ").split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in part:
                name, value = (unquote_to_bytes(name).decode("utf-8"), unquote_to_bytes(value).decode("utf-8"))
            pairs.append((name, value))
    return pairs


async def _bounded(request: web.Request, limit: int) -> bytes:
    chunks, size = [], 0
    while chunk := await request.content.readany():
        size += len(chunk)
        if size > limit:
            raise web.HTTPRequestEntityTooLarge(limit, size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _carry(received: Received, front: Front, route: str, parse: Parse) -> None:
    """Every event committed, or the body kept. Raises StoreUnavailable."""
    faults: list[str] = []
    events: tuple[AnyEvent, ...] = ()
    try:
        events = parse(received)
    except PartlyUnreadable as partly:
        events, faults = partly.events, list(partly.faults)
    except BadPayload as bad:
        faults = list(bad.faults)
    except Exception as error:  # noqa: BLE001 - a shape that the parser was not made for: kept, and read again after a fix
        _log_failure("hook.parse_failed", route, error)
        faults = [type(error).__name__]
    faults += await _handle_all(events, front, route)
    if faults:
        why = "; ".join(dict.fromkeys(faults))
        await front.keep(route, received.body, received.to_keep(), why)
        front.count("hook_kept", route=route)


async def _handle_all(events: tuple[AnyEvent, ...], front: Front, route: str) -> list[str]:
    """Why steps failed. One person's events go in their order; different people's share the store's batches."""
    if len(events) == 1:
        return await _handle_in_order(events, front, route)
    lines: dict[Pointer, list[AnyEvent]] = {}
    for event in events:
        lines.setdefault(event.to[0], []).append(event)
    done = await asyncio.gather(
        *(_handle_in_order(line, front, route) for line in lines.values()), return_exceptions=True
    )
    faults: list[str] = []
    for result in done:
        if isinstance(result, BaseException):
            raise result
        faults += result
    return faults


async def _handle_in_order(events: Sequence[AnyEvent], front: Front, route: str) -> list[str]:
    faults = []
    for event in events:
        try:
            await front.handle(event)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - this event's step is at fault, not the provider: kept for a replay
            _log_failure("hook.step_failed", route, error)
            faults.append(f"step failed: {type(error).__name__}")
    return faults


def _log_failure(message: str, route: str, error: Exception) -> None:
    """Where it happened, without the exception's own words: they may quote what a customer wrote."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error(message, extra={"route": route, "error": type(error).__name__, "frames": frames})
