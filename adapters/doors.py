"""What guards the doors before anybody is known: a deadline for a request's head, and patience with failures that ends.

A good signature or token is never limited: only what failed is counted, after it failed.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from typing import cast

from aiohttp import web

from adapters.sockets import reads_little

#: A request's head arrives in milliseconds; who drips it for longer holds a connection on purpose. (Later requests of a
#: connection that began well have aiohttp's keep-alive time.)
HEAD_TIMEOUT_S = 10.0
#: So many wrong tokens a minute from one address, then 429: a shop with a mistyped token stays below it for a while.
MOST_REFUSED, WINDOW_S = 60, 60.0
#: Who is remembered at once; beyond it the one longest silent is forgotten.
_MOST_REMEMBERED = 10_000


class Patience:
    """Counts what went wrong by who did it: `most` in `window_s` seconds are borne. `now_s` is monotonic seconds."""

    def __init__(self, most: int, window_s: float) -> None:
        self._most, self._window_s = most, window_s
        self._seen: dict[str, deque[float]] = {}

    def ended(self, who: str, now_s: float) -> bool:
        """Count one more; whether it is over the limit."""
        times = self._seen.pop(who, None) or deque(maxlen=self._most + 1)
        while times and now_s - times[0] >= self._window_s:
            times.popleft()
        times.append(now_s)
        self._seen[who] = times  # last: the longest silent is first
        if len(self._seen) > _MOST_REMEMBERED:
            self._seen.pop(next(iter(self._seen)))
        return len(times) > self._most


def client_address(request: web.BaseRequest) -> str:
    """Who asks. Only our own proxy (a loopback peer) is believed about others, and only its own, last entry."""
    peer = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if _is_loopback(peer) and _is_address(forwarded) else peer


class PunctualRunner(web.AppRunner):
    """A runner whose connections have `head_s` seconds for the head of their first request."""

    head_s = HEAD_TIMEOUT_S

    async def cleanup(self) -> None:
        """Stop listening, let what was just accepted begin, then end as aiohttp does: a connection whose task had not begun when it
        was closed would hold the stop up for the whole `shutdown_s`."""
        for site in list(self.sites):
            await site.stop()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, no time
        await super().cleanup()

    @property
    def server(self) -> web.Server | None:
        """What makes a connection's protocol: aiohttp's own behind a deadline."""
        made = super().server
        return None if made is None else cast(web.Server, lambda: _Punctual(made(), self.head_s))


class _Punctual(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol; hangs up when no head was complete in time."""

    __slots__ = ("_end", "_head_s", "_inner", "_timer")

    def __init__(self, inner: asyncio.Protocol, head_s: float) -> None:
        self._inner = inner
        self._head_s = head_s
        self._timer: asyncio.TimerHandle | None = None
        self._end = b""  # the last bytes of what came: the mark may be cut in two

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._head_s, cast(asyncio.Transport, transport).abort)
        reads_little(transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            if b"\r\n\r\n" in self._end + data:
                self._timer.cancel()
                self._timer = None
            else:
                self._end = (self._end + data)[-3:]
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._inner.connection_lost(exc)


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ipaddress.ip_address(text).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
