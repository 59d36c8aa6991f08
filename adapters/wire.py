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

from aiohttp import ClientPayloadError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpResponseParser, RawResponseMessage
from aiohttp.streams import StreamReader
from msgspec import Struct
from yarl import URL

from adapters.sockets import reads_little

#: Connections to one provider at once.
LINES_MOST = 100
#: To the next address of a name that has several, while the last has not answered. Source: RFC 8305, 5, read 2026-11.
NEXT_ADDRESS_AFTER_S = 0.25


class NotConnected(Exception):
    """No connection could be made: no byte of ours left. Its words are the name of the reason."""


class Broken(Exception):
    """The line broke, or what came is no answer: the other side may have acted. Its words are the name of the reason."""


class Reply(Struct, frozen=True):
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]  # any case
    body: bytes


class Wire:
    """The connections of one provider. Belongs to one event loop. Times in seconds: `timeout_s` for a request as a whole, of which
    `connect_s` at most until there is a connection. `most_bytes` of an answer's body."""

    def __init__(self, timeout_s: float, connect_s: float, keep_s: float, most_bytes: int) -> None:
        self._timeout_s = timeout_s
        self._connect_s = connect_s
        self._keep_s = keep_s
        self._most_bytes = most_bytes
        self._idle: dict[tuple[str, str, int], list[_Line]] = {}
        self._places = asyncio.Semaphore(LINES_MOST)

    async def ask(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """One request on one connection, never made twice. Raises NotConnected, Broken; ValueError for a header with a line break."""
        request = _written(method, url, headers, body)
        place = url.scheme, url.raw_host or "", url.port or 443
        loop = asyncio.get_running_loop()
        until = loop.time() + self._timeout_s
        line = await self._line(place)
        try:
            return await line.ask(request, until)
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

    async def _line(self, place: tuple[str, str, int]) -> _Line:
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

    def _standing(self, place: tuple[str, str, int]) -> _Line | None:
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

    async def _connected(self, place: tuple[str, str, int]) -> _Line:
        scheme, host, port = place
        loop = asyncio.get_running_loop()
        secure = _trusted() if scheme == "https" else None
        _, line = await loop.create_connection(
            lambda: _Line(loop, self._most_bytes), host, port, ssl=secure, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S
        )
        return line


class _Line(BaseProtocol):
    """One connection: a request, its answer, the next request."""

    __slots__ = ("_answer", "_message", "_most_bytes", "idle_since")

    def __init__(self, loop: asyncio.AbstractEventLoop, most_bytes: int) -> None:
        super().__init__(loop)
        self._most_bytes = most_bytes
        self._answer: asyncio.Future[Reply] | None = None  # waited for
        self._message: tuple[RawResponseMessage, StreamReader] | None = None
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        reads_little(transport)
        super().connection_made(transport)

    @property
    def free(self) -> bool:
        """Whether it stands, and owes no answer."""
        return self._answer is None and self.transport is not None and not self.transport.is_closing()

    async def ask(self, request: bytes, until: float) -> Reply:
        """`until`: by the loop's clock. A timer of the line's own costs a third of asyncio.timeout, which every message would need."""
        if not self.free or self.transport is None:
            raise Broken("Disconnected")
        self._parser = HttpResponseParser(
            self, self._loop, self._most_bytes, payload_exception=ClientPayloadError, read_until_eof=True
        )
        self._message = None
        answer: asyncio.Future[Reply] = self._loop.create_future()
        self._answer = answer
        self.transport.write(request)
        overdue = self._loop.call_at(until, self._fail, TimeoutError.__name__)
        try:
            return await answer
        finally:
            overdue.cancel()

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._parser is None:
            if data:  # nobody asked for these bytes: whatever follows here answers nothing of ours
                self.hang_up()
            return
        try:
            messages, _, rest = self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001 -- whatever the parser finds wrong, it is no answer
            self._fail(type(error).__name__)
            return
        final = [
            each for each in messages if each[0].code >= 200 or each[0].code == 101
        ]  # before it there may be interim ones
        more = bool(rest) or len(final) > (self._message is None)
        self._message = self._message or next(iter(final), None)
        if self._message is not None and self._message[1].is_eof():
            self._done(close=more or self._message[0].should_close)
        elif self._message is not None and self._message[1].total_bytes > self._most_bytes:
            self._fail("TooLong")

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._answer is None or self._parser is None:
            return
        try:
            self._parser.feed_eof()  # a body without a length ends here
        except Exception as error:  # noqa: BLE001 -- cut short
            self._fail(type(error).__name__)
            return
        if self._message is not None and self._message[1].is_eof():
            self._done(close=True)
        else:
            self._fail("Disconnected" if exc is None else type(exc).__name__)

    def _done(self, *, close: bool) -> None:
        assert self._message is not None
        message, payload = self._message
        wrong = payload.exception()
        if wrong is not None or payload.total_bytes > self._most_bytes:
            self._fail("TooLong" if wrong is None else type(wrong).__name__)
            return
        answer, self._answer = self._answer, None
        if close:
            self.hang_up()
        if answer is not None and not answer.done():
            answer.set_result(Reply(message.code, message.headers, payload.read_nowait()))

    def _fail(self, why: str) -> None:
        answer, self._answer = self._answer, None
        self.hang_up()
        if answer is not None and not answer.done():
            answer.set_exception(Broken(why))


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


def _written(method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The whole request as bytes."""
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
    if body is not None:
        said.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(said)
    if head.count("\n") != len(said) - 1 or head.count("\r") != len(said) - 1:
        raise ValueError("a line break in a header")
    return head.encode() + b"\r\n\r\n" + (body or b"")
