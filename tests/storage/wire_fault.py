"""A wire that breaks where a test says: between a store and its MongoDB, one whole message at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

#: Says of a request whether to break: "before" it reaches the server, or "after", when the answer is on its way.
Break = Callable[[bytes], str]


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(int.from_bytes(head, "little") - 4)


@contextlib.asynccontextmanager
async def wire(server_port: int, port: int, breaks: Break) -> AsyncIterator[None]:
    """Listens on loopback `port`."""
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", server_port)
        writers.extend((writer, far_writer))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await _message(reader)
                fate = breaks(request)
                if fate == "before":
                    break
                far_writer.write(request)
                answer = await _message(far_reader)
                if fate == "after":
                    break
                writer.write(answer)
        writer.close()
        far_writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        listening.close()
        for writer in writers:
            writer.close()
