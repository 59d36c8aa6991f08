"""Server-sent events of the playground: one tick whenever something changed, however much it was.

Pages fetch what they show after a tick. Most changes announce themselves; the rest (a delivery report, an act over a control
endpoint, a step of the service that sent nothing) are noticed by one watch for all pages, which sleeps when no page is open.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable

from aiohttp import web

#: Ticks closer together than this are one, seconds.
COALESCE_S = 0.15
#: How often the watch looks at the pretend providers, seconds, and at every which look also at the service.
LOOK_EVERY_S = 0.4
SERVICE_EVERY = 3
#: A line into a silent stream, so that a closed page is noticed and no proxy gives up, seconds.
ALIVE_EVERY_S = 15.0
#: After which a page connects again, milliseconds.
RECONNECT_MS = 1500

Mark = Callable[[], Hashable]
AskMark = Callable[[], Awaitable[Hashable]]


class Ticker:
    """`near` marks the pretend providers' state, `far` the service's; another mark than before is a change."""

    def __init__(self, near: Mark, far: AskMark) -> None:
        self._near = near
        self._far = far
        self._streams: set[asyncio.Event] = set()
        self._watch: asyncio.Task[None] | None = None
        self._n = 0
        self._closed = False

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def changed(self) -> None:
        self._n += 1
        for wake in self._streams:
            wake.set()

    def close(self) -> None:
        """Ends every stream and the watch."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        self.changed()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The event stream of one page; the first tick comes at once."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        wake = asyncio.Event()
        wake.set()
        self._streams.add(wake)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        try:
            await response.write(f"retry: {RECONNECT_MS}\n\n".encode())
            while not self._closed:
                await self._write_next(response, wake)
        except ConnectionError:
            pass  # the page is gone
        finally:
            self._streams.discard(wake)
        return response

    async def _write_next(self, response: web.StreamResponse, wake: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(wake.wait(), ALIVE_EVERY_S)
        except TimeoutError:
            await response.write(b": alive\n\n")
            return
        wake.clear()
        await response.write(f"data: {self._n}\n\n".encode())
        await asyncio.sleep(COALESCE_S)

    async def _look(self) -> None:
        near, far, looks = self._near(), None, 0
        while self._streams and not self._closed:
            await asyncio.sleep(LOOK_EVERY_S)
            seen = self._near()
            looks += 1
            asked = far
            if looks % SERVICE_EVERY == 0:
                with contextlib.suppress(Exception):  # a service that is starting again is no news for the page
                    asked = await self._far()
            if (seen, asked) != (near, far):
                near, far = seen, asked
                self.changed()
