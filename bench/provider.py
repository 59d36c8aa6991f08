"""A loopback Twilio that only accepts, for the bench: `python -m bench.provider PORT`. GET /count tells how many.

As lean as the bench's client: on two cores every microsecond of it is taken from the service that is measured.
"""

from __future__ import annotations

import asyncio
import sys

from adapters.sockets import reads_little


class _Line(asyncio.Protocol):
    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        reads_little(transport)
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._came = b""

    def data_received(self, data: bytes) -> None:
        self._came += data
        head = self._came.find(b"\r\n\r\n")
        if head < 0:
            return
        mark = self._came.lower().find(b"content-length:", 0, head)
        length = int(self._came[mark + 15 : self._came.find(b"\r", mark)]) if mark >= 0 else 0
        end = head + 4 + length
        if len(self._came) < end:
            return
        post, closes = self._came.startswith(b"POST "), b"connection: close" in self._came[:head].lower()
        self._came = self._came[end:]
        if post:
            _Line.taken += 1
            self._say(b"201 Created", b'{"sid": "SM%032d", "status": "queued"}' % _Line.taken)
        else:
            self._say(b"200 OK", b"%d" % _Line.taken)
        if closes:
            self._transport.close()

    def _say(self, status: bytes, body: bytes) -> None:
        self._transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


async def main() -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(_Line, "127.0.0.1", int(sys.argv[1]), backlog=512)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
