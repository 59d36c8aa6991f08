"""A lean HTTP client for the bench: N keep-alive connections, each sends its next prepared request when the last was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from urllib.parse import urlsplit


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes], done: asyncio.Future[None], took: list[float], bad: list[bytes]) -> None:
        self._requests = requests
        self._done = done
        self._took = took
        self._bad = bad
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._start = time.perf_counter()
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        mark = self._buffer.lower().find(b"content-length:", 0, head)
        length = int(self._buffer[mark + 15 : self._buffer.find(b"\r", mark)]) if mark >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        if not self._buffer.startswith(b"HTTP/1.1 2"):
            self._bad.append(self._buffer[:200])
        self._buffer = self._buffer[head + 4 + length :]
        self._took.append(time.perf_counter() - self._start)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server hung up"))


async def drive(url: str, requests: Sequence[bytes], connections: int = 32) -> tuple[float, list[float]]:
    """(seconds in all, seconds of each request). Raises AssertionError for an answer that is not 2xx."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    todo, took, bad = list(reversed(requests)), [], []
    ends = []
    begin = time.perf_counter()
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        ends.append(done)
        await loop.create_connection(lambda d=done: _Connection(todo, d, took, bad), parts.hostname, parts.port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    spent = time.perf_counter() - begin
    assert not bad, bad[:3]
    return spent, took


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: bench",
        f"Content-Length: {len(body)}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fetch(host: str, port: int, path: str) -> str:
    """The body of one GET."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
    said = await reader.read()
    writer.close()
    return said.partition(b"\r\n\r\n")[2].decode()
