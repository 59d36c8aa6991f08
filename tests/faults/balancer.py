"""A balancer as plain as can be: each connection goes to the next process that takes it, and ends when that one dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def balancer(port: int, behind: list[int]) -> AsyncIterator[None]:
    """Listens on loopback `port`; `behind` may change meanwhile."""
    turns = itertools.count()
    open_: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turns)
        for n in range(len(behind)):
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", behind[(first + n) % len(behind)])
                open_.update((writer, far_writer))
                await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
                open_.difference_update((writer, far_writer))
                return
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in open_:
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
