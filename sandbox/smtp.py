"""A pretend mail server: real SMTP on loopback; what it takes is parsed into the ledger, one line per recipient.

Source: RFC 5321 (SMTP), RFC 4954 (AUTH), RFC 2034 and 3463 (enhanced status codes), read 2026.
"""

from __future__ import annotations

import asyncio
import dataclasses
import email
import email.policy
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import parseaddr

from aiohttp import web

from sandbox import phonebook
from sandbox.control import Act, add_control
from sandbox.smtp_session import Session
from sandbox.world import World

_FACTS = {
    "no_mailbox": (550, "5.1.1 The email account that you tried to reach does not exist"),
    "mailbox_full": (452, "4.2.2 The recipient's mailbox is over its storage limit"),
}


@dataclasses.dataclass(slots=True)
class Counts:
    """What happened so far."""

    connections: int = 0
    mails: int = 0  # taken, however many recipients
    refused: int = 0  # recipients refused, for good or for now


class PretendSmtp:
    """One mail server. `async with` starts and stops it; then `port` is set. With a username it wants AUTH.

    `greylist`: the first try of each (sender, recipient) is put off with 451. Faults are looked up once per mail, when
    its text is in, by recipients; a fault whose match is `stage:connect`, `stage:mail`, `stage:rcpt` or `stage:data`
    strikes at that command instead.
    """

    name = "smtp"

    def __init__(
        self,
        world: World,
        *,
        username: str | None = None,
        password: str = "",
        greylist: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.world = world
        self.username = username
        self.password = password
        self.greylist = greylist
        self.host = host
        self.port = port
        self.counts = Counts()
        self._refusals: dict[str, tuple[int, str]] = {}
        self._seen: set[tuple[str, str]] = set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """For the service's settings: smtp://127.0.0.1:PORT, with user and password where there are any."""
        who = f"{self.username}:{self.password}@" if self.username else ""
        return f"smtp://{who}{self.host}:{self.port}"

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cuts what is open."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def __aenter__(self) -> PretendSmtp:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def app(self) -> web.Application:
        """The control routes alone, to be served over HTTP beside the mail server."""
        app = web.Application()
        add_control(app, self)
        return app

    def acts(self) -> Mapping[str, Act]:
        return {}

    def refuse(self, mailbox: str, code: int = 550, text: str = "5.1.1 No such user here") -> None:
        """From now on this mailbox is refused at RCPT."""
        self._refusals[mailbox.lower()] = code, text

    def refusal_of(self, sender: str, mailbox: str) -> tuple[int, str] | None:
        """Why this recipient is not taken, as code and text; None where it is."""
        refusal = self._refusals.get(mailbox.lower())
        known = phonebook.facts(self.world, mailbox)
        refusal = refusal or next((answer for fact, answer in _FACTS.items() if fact in known), None)
        if refusal is None and self.greylist and (sender, mailbox) not in self._seen:
            self._seen.add((sender, mailbox))
            refusal = 451, "4.7.1 Greylisted, please try again later"
        self.counts.refused += refusal is not None
        return refusal

    def accept(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Puts a mail into the ledger."""
        self.counts.mails += 1
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        text, html = _part(mail, "plain"), _part(mail, "html")
        for recipient in recipients:
            self.world.receive(
                self.name,
                "email",
                parseaddr(str(mail.get("From", sender)))[1],
                recipient,
                text,
                str(mail.get("Message-ID", "")),
                subject=str(mail.get("Subject", "")),
                html=html,
                headers={name: str(value) for name, value in mail.items()},
                envelope_from=sender,
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts.connections += 1
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            await Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or sent no SMTP
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()


def _part(mail: EmailMessage, kind: str) -> str:
    """The text of the first part of this kind, empty where there is none."""
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
