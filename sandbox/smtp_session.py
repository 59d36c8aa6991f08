"""One SMTP connection of the pretend mail server: the commands, AUTH, and the world's faults."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from typing import TYPE_CHECKING

from sandbox.faulty import GARBAGE
from sandbox.world import Fault

if TYPE_CHECKING:
    from sandbox.smtp import PretendSmtp

MAX_BYTES = 10_000_000
_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)


class Cut(ConnectionError):
    """The connection is to be closed now, without another word."""


class Session:
    """Talks until QUIT or the connection ends. Raises ConnectionError or asyncio.IncompleteReadError at a cut."""

    def __init__(self, server: PretendSmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._authenticated = server.username is None
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        if not await self._struck("connect"):
            await self._say(220, "sandbox ESMTP")
        while True:
            line = (await self._reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    await self._ehlo()
                case "HELO" | "NOOP":
                    await self._say(250, "2.0.0 OK")
                case "RSET":
                    self._sender, self._recipients = None, []
                    await self._say(250, "2.0.0 OK")
                case "AUTH":
                    await self._auth(rest)
                case "MAIL":
                    await self._mail(rest)
                case "RCPT":
                    await self._rcpt(rest)
                case "DATA":
                    await self._data()
                case "QUIT":
                    await self._say(221, "2.0.0 Bye")
                    return
                case _:
                    await self._say(502, "5.5.1 Command not implemented")

    async def _say(self, code: int, text: str) -> None:
        self._writer.write(f"{code} {text}\r\n".encode())
        await self._writer.drain()

    async def _ehlo(self) -> None:
        offers = ["sandbox", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", f"SIZE {MAX_BYTES}"]
        if self._server.username is not None:
            offers.append("AUTH PLAIN LOGIN")
        lines = [f"250-{offer}\r\n" for offer in offers[:-1]] + [f"250 {offers[-1]}\r\n"]
        self._writer.write("".join(lines).encode())
        await self._writer.drain()

    async def _auth(self, rest: str) -> None:
        method, _, given = rest.partition(" ")
        try:
            if method.upper() == "PLAIN":
                plain = _decoded(given or await self._ask(""))
                user, password = plain.split("\0")[-2:]
            elif method.upper() == "LOGIN":
                user = _decoded(given or await self._ask("VXNlcm5hbWU6"))
                password = _decoded(await self._ask("UGFzc3dvcmQ6"))
            else:
                await self._say(504, "5.5.4 Unrecognized authentication type")
                return
        except (ValueError, binascii.Error):
            await self._say(501, "5.5.2 Cannot decode")
            return
        self._authenticated = (user, password) == (self._server.username, self._server.password)
        if self._authenticated:
            await self._say(235, "2.7.0 Authentication successful")
        else:
            await self._say(535, "5.7.8 Authentication credentials invalid")

    async def _ask(self, prompt: str) -> str:
        await self._say(334, prompt)
        return (await self._reader.readuntil(b"\n")).decode("ascii", "replace").strip()

    async def _mail(self, rest: str) -> None:
        path = _PATH.match(rest)
        if await self._struck("mail"):
            return
        if not self._authenticated:
            await self._say(530, "5.7.0 Authentication required")
        elif path is None:
            await self._say(501, "5.5.4 Syntax: MAIL FROM:<address>")
        else:
            self._sender, self._recipients = path[1], []
            await self._say(250, "2.1.0 OK")

    async def _rcpt(self, rest: str) -> None:
        path = _PATH.match(rest)
        if await self._struck("rcpt"):
            return
        if self._sender is None:
            await self._say(503, "5.5.1 MAIL first")
        elif path is None or "@" not in path[1]:
            await self._say(501, "5.1.3 Bad recipient address syntax")
        elif refusal := self._server.refusal_of(self._sender, path[1]):
            await self._say(*refusal)
        else:
            self._recipients.append(path[1])
            await self._say(250, "2.1.5 OK")

    async def _data(self) -> None:
        if await self._struck("data"):
            return
        if self._sender is None or not self._recipients:
            await self._say(503, "5.5.1 RCPT first")
            return
        await self._say(354, "End data with <CR><LF>.<CR><LF>")
        raw = await self._text()
        sender, recipients = self._sender, self._recipients
        self._sender, self._recipients = None, []
        if len(raw) > MAX_BYTES:
            await self._say(552, "5.3.4 Message too big")
            return
        fault = self._server.world.fault_for(self._server.name, "DATA", *recipients)
        if fault is None or fault.kind in ("delay", "drip") or fault.kind.startswith("accept_"):
            self._server.accept(sender, recipients, raw)
        if fault is None:
            await self._say(250, "2.0.0 Taken")
        else:
            await self._break(fault)

    async def _text(self) -> bytes:
        """The mail as sent, dots unstuffed."""
        lines: list[bytes] = []
        while (line := await self._reader.readuntil(b"\n")) not in (b".\r\n", b".\n"):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def _struck(self, stage: str) -> bool:
        """Whether a fault for this stage was carried out instead of an answer."""
        fault = self._server.world.fault_for(self._server.name, f"stage:{stage}", named_only=True)
        if fault is None:
            return False
        if fault.kind == "delay":
            await asyncio.sleep(fault.delay_s)
            return False
        await self._break(fault)
        return True

    async def _break(self, fault: Fault) -> None:
        """Carries out the fault's answer. Raises Cut."""
        match fault.kind.removeprefix("accept_"):
            case "status":
                await self._say(fault.status, fault.body or "Fault of the sandbox")
            case "timeout":
                while await self._reader.read(MAX_BYTES):  # until the client gives up
                    pass
                raise Cut
            case "cut":
                self._writer.transport.abort()
                raise Cut
            case "garbage":
                self._writer.write(GARBAGE + b"\r\n")
                await self._writer.drain()
            case "empty":
                self._writer.write(b"\r\n")
                await self._writer.drain()
            case "delay" | "drip":
                await asyncio.sleep(fault.delay_s)
                await self._say(250, "2.0.0 Taken")
            case _:
                raise ValueError(f"no such kind of fault: {fault.kind}")


def _decoded(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()
