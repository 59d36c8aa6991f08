"""One pretend provider (or any aiohttp application) served on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

#: How long a request that a fault keeps waiting may hold up the end, seconds.
SHUTDOWN_S = 0.1


@asynccontextmanager
async def serve(app: web.Application, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """The base URL (`http://127.0.0.1:PORT`, no slash at the end) while the block runs. Port 0: any free one.

    Raises OSError when the port is taken. A client that goes away ends its handler.
    """
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
