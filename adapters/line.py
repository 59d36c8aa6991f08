"""One connection to a provider: a request is written, aiohttp's own parser reads its answer. Which line is asked is adapters/wire.py's."""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpResponseParser, RawResponseMessage
from aiohttp.streams import StreamReader

from adapters.replied import Reply
from adapters.sockets import reads_little


class NotConnected(Exception):
    """No connection could be made: no byte of ours left. Its words are the name of the reason."""


class Broken(Exception):
    """The line broke, or what came is no answer: the other side may have acted. Its words are the name of the reason."""


class Line(BaseProtocol):
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
