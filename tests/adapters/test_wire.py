"""The connections to a provider, against a server of raw bytes: what is kept, what is hung up, what is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from yarl import URL

from adapters.line import Broken, NotConnected
from adapters.wire import Head, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#: Never kept: the next request finds it too old.
AT_ONCE = -1.0


class Server:
    """Answers each request with the next of `answers`; None hangs up. `lines`: connections that were made."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.lines = 0
        self.asked: list[bytes] = []
        self.serving: list[asyncio.Task[None] | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.serving.append(asyncio.current_task())
        while not reader.at_eof():
            try:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            answer = self.answers.pop(0)
            if answer is None:
                break
            writer.write(answer)
            if b"Content-Length" not in answer and b"chunked" not in answer:
                break
        writer.close()


@asynccontextmanager
async def asking(server: Server, keep_s: float = 60.0, timeout_s: float = 30.0) -> AsyncIterator[tuple[Wire, URL]]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    wire = Wire(timeout_s, 5.0, keep_s, 1000)
    try:
        yield wire, URL(f"http://127.0.0.1:{port}/a?b=c")
    finally:
        wire.close()
        listening.close()
        await listening.wait_closed()
        await asyncio.gather(*(task for task in server.serving if task is not None))


async def test_a_connection_carries_one_request_after_the_other() -> None:
    """What stands is used again, and a request says where it goes and how long it is."""
    server = Server(OK, OK)
    async with asking(server) as (wire, url):
        for _ in range(2):
            assert (await wire.ask(Head("POST", url, {"X-One": "1"}), b"body")).body == b"ok"
    assert server.lines == 1
    assert server.asked[0].startswith(b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-One: 1\r\n" in server.asked[0]
    assert b"Content-Length: 4\r\n" in server.asked[0]


async def test_an_old_connection_is_not_trusted() -> None:
    """What was idle for longer than providers keep a connection is hung up, and a new one made."""
    server = Server(OK, OK)
    async with asking(server, AT_ONCE) as (wire, url):
        for _ in range(2):
            await wire.ask(Head("GET", url, {}), None)
    assert server.lines == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
    ],
    ids=["after an interim one", "in chunks", "to the end of the line"],
)
async def test_every_form_of_an_answer_is_read(answer: bytes, body: bytes) -> None:
    """An answer ends where its own form says."""
    async with asking(Server(answer)) as (wire, url):
        assert (await wire.ask(Head("GET", url, {}), None)).body == body


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"no answer at all\r\n\r\nContent-Length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["hung up", "nonsense", "too long", "bad chunk"],
)
async def test_what_is_no_answer_is_broken_and_not_asked_again(answer: bytes | None) -> None:
    """The other side may have acted, so nothing is repeated; the next request has a connection of its own."""
    server = Server(answer, OK)
    async with asking(server) as (wire, url):
        with pytest.raises(Broken):
            await wire.ask(Head("POST", url, {}), b"")
        assert len(server.asked) == 1
        assert (await wire.ask(Head("POST", url, {}), b"")).body == b"ok"
    assert server.lines == 2


async def test_an_answer_that_does_not_end_in_time_is_broken() -> None:
    """A request has one deadline, however much of its answer has come; its connection is hung up, since the rest may still come."""
    server = Server(OK[:-1])
    async with asking(server, timeout_s=0.05) as (wire, url):
        with pytest.raises(Broken, match="TimeoutError"):
            await wire.ask(Head("POST", url, {}), b"")
        await asyncio.wait_for(asyncio.gather(*(task for task in server.serving if task is not None)), 30)
    assert len(server.asked) == 1


async def test_bytes_nobody_asked_for_answer_nothing() -> None:
    """A second answer to one request is not taken for the answer to the next one."""
    server = Server(OK + OK.replace(b"ok", b"no"), OK)
    async with asking(server) as (wire, url):
        for _ in range(2):
            assert (await wire.ask(Head("GET", url, {}), None)).body == b"ok"
    assert server.lines == 2


async def test_no_listener_is_not_connected() -> None:
    """Nobody listens: nothing has left."""
    server = Server()
    async with asking(server) as (wire, url):
        pass
    with pytest.raises(NotConnected):
        await wire.ask(Head("GET", url, {}), None)


@pytest.mark.parametrize("make", [lambda v: {"X": v}, lambda v: {v: "x"}], ids=["value", "name"])
async def test_a_header_cannot_hold_a_second_one(make: Callable[[str], dict[str, str]]) -> None:
    """A line break in a header never leaves."""
    server = Server()
    async with asking(server) as (wire, url):
        with pytest.raises(ValueError, match="line break"):
            await wire.ask(Head("GET", url, make("a\r\nb: c")), None)
    assert not server.asked
