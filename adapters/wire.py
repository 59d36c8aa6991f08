"""Requests over connections that are kept: each is one write, and aiohttp's own parser reads its answer.

aiohttp's client costs four times as much CPU (measured with a loopback server): cookies, redirects, proxies, retries and tracing,
none of which a provider needs, and a retry of its own is what must never happen. A connection carries one request at a time. Who
asks tells apart what left and what did not: NotConnected, then nothing did; Broken, then the other side may have acted.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from functools import cache, lru_cache

from yarl import URL

from adapters.line import Line, NotConnected
from adapters.replied import Reply

#: Connections to one provider at once.
LINES_MOST = 100
#: To the next address of a name that has several, while the last has not answered. Source: RFC 8305, 5, read 2026-11.
NEXT_ADDRESS_AFTER_S = 0.25


class Wire:
    """The connections of one provider. Belongs to one event loop. Times in seconds: `timeout_s` for a request as a whole, of which
    `connect_s` at most until there is a connection. `most_bytes` of an answer's body."""

    def __init__(self, timeout_s: float, connect_s: float, keep_s: float, most_bytes: int) -> None:
        self._timeout_s = timeout_s
        self._connect_s = connect_s
        self._keep_s = keep_s
        self._most_bytes = most_bytes
        self._idle: dict[tuple[str, str, int], list[Line]] = {}
        self._places = asyncio.Semaphore(LINES_MOST)

    async def ask(self, head: Head, body: bytes | None) -> Reply:
        """One request on one connection, never made twice. Raises NotConnected, Broken."""
        place = head.place
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timeout_s
        line = await self._line(place)
        try:
            return await line.ask(head.with_body(body), until)
        finally:
            self._places.release()
            if line.free:
                line.idle_since = loop.time()
                self._idle.setdefault(place, []).append(line)
            else:
                line.hang_up()

    def close(self) -> None:
        for lines in self._idle.values():
            for line in lines:
                line.hang_up()
        self._idle.clear()

    async def _line(self, place: tuple[str, str, int]) -> Line:
        """A place among the connections, and one that stands or a new one."""
        if not self._places.locked():
            line = self._standing(place)
            if line is not None:  # nothing to wait for: a deadline would cost as much as the asking
                await self._places.acquire()
                return line
        try:
            async with asyncio.timeout(self._connect_s):
                await self._places.acquire()
                try:
                    return self._standing(place) or await self._connected(place)
                except BaseException:
                    self._places.release()
                    raise
        except (OSError, ssl.CertificateError) as error:  # a TimeoutError is one, too
            raise NotConnected(type(error).__name__) from error

    def _standing(self, place: tuple[str, str, int]) -> Line | None:
        """The one used last; what has been idle for too long is hung up, for its other end may be about to."""
        lines = self._idle.get(place, [])
        stale = asyncio.get_running_loop().time() - self._keep_s
        while lines and lines[0].idle_since < stale:
            lines.pop(0).hang_up()
        while lines:
            line = lines.pop()
            if line.free:
                return line
        return None

    async def _connected(self, place: tuple[str, str, int]) -> Line:
        scheme, host, port = place
        loop = asyncio.get_running_loop()
        secure = _trusted() if scheme == "https" else None
        _, line = await loop.create_connection(
            lambda: Line(loop, self._most_bytes), host, port, ssl=secure, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S
        )
        return line


@lru_cache(maxsize=1024)
def address(url: str) -> URL:
    """The address, read once. Raises ValueError for one without a host."""
    found = URL(url)
    if found.scheme not in ("http", "https") or not found.raw_host:
        raise ValueError("no address of the web")
    return found


@cache
def _trusted() -> ssl.SSLContext:
    """The machine's own list of whom to trust."""
    return ssl.create_default_context()


class Head:
    """A request but for its body; the same one may be sent again and again. Raises ValueError for a header with a line break."""

    def __init__(self, method: str, url: URL, headers: Mapping[str, str]) -> None:
        self.place = url.scheme, url.raw_host or "", url.port or 443
        host = url.raw_host or ""
        host = f"[{host}]" if ":" in host else host
        said = [
            f"{method} {url.raw_path_qs} HTTP/1.1",
            f"Host: {host}" if url.is_default_port() else f"Host: {host}:{url.port}",
            "User-Agent: doorstep",
            *[f"{name}: {value}" for name, value in headers.items()],
        ]
        if url.user is not None:
            known = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
            said.append(f"Authorization: Basic {known}")
        head = "\r\n".join(said)
        if head.count("\n") != len(said) - 1 or head.count("\r") != len(said) - 1:
            raise ValueError("a line break in a header")
        self._bytes = head.encode()

    def with_body(self, body: bytes | None) -> bytes:
        """The whole request."""
        if body is None:
            return self._bytes + b"\r\n\r\n"
        return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (self._bytes, len(body), body)
