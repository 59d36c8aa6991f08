"""The 200 whose bytes are made beforehand, as another HTTP implementation and a bare socket read it."""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web

from adapters.http import make_app, make_runner
from adapters.ready import Ready
from tests.adapters.stand_in import StandInFront

BODY = b"<Response/>"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    ready = Ready(BODY, "text/xml")

    async def take(request: web.Request) -> web.StreamResponse:
        await request.read()
        return ready(request)

    runner = make_runner(make_app(StandInFront(), [web.post("/take", take)]))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Socket(io.BytesIO):
    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return self


def _asked(port: int, asked: bytes) -> bytes:
    """Everything that comes until the other side hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(asked)
        said = b""
        while more := line.recv(65536):
            said += more
    return said


def _read(said: bytes) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(_Socket(said))  # type: ignore[arg-type]
    answer.begin()
    return answer


async def test_it_reads_as_the_ordinary_answer_does(port: int) -> None:
    """Whoever keeps the connection gets status, headers and body of the answer that the others get, but for Connection."""
    head = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
    kept, closing = head + b"\r\nabc", head + b"Connection: close\r\n\r\nabc"
    both = await asyncio.to_thread(_asked, port, kept + closing)  # one after the other on one line
    first, second = both[: both.index(BODY) + len(BODY)], both[both.index(BODY) + len(BODY) :]
    ready, ordinary = _read(first), _read(second)
    assert (ready.status, ready.read()) == (ordinary.status, ordinary.read()) == (200, BODY)
    ready_has, ordinary_has = dict(ready.getheaders()), dict(ordinary.getheaders())
    assert ordinary_has.pop("Connection") == "close"
    assert abs(parsedate_to_datetime(ready_has.pop("Date")).timestamp() - time.time()) < 60
    ordinary_has.pop("Date")
    assert ready_has == ordinary_has


async def test_one_that_knows_no_kept_connections_is_hung_up(port: int) -> None:
    """An HTTP/1.0 request gets the same body, and the end of the connection."""
    said = await asyncio.to_thread(_asked, port, b"POST /take HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
    assert said.startswith(b"HTTP/1.0 200")
    assert _read(said).read() == BODY


async def test_many_on_one_line_are_answered_in_their_order(port: int) -> None:
    """Fifty requests written at once get fifty answers, none of them cut or mixed."""
    one = b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    last = one.replace(b"Host: x", b"Host: x\r\nConnection: close")
    said = await asyncio.to_thread(_asked, port, one * 49 + last)
    assert said.count(b"HTTP/1.1 200 OK\r\n") == said.count(BODY) == 50


async def test_who_hung_up_meanwhile_costs_nothing(port: int) -> None:
    """A client that goes before its answer leaves the server able to answer the next one."""

    def gone() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            line.sendall(b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")

    await asyncio.to_thread(gone)
    said = await asyncio.to_thread(
        _asked, port, b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert said.endswith(BODY)
