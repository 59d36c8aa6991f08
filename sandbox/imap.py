"""A pretend mailbox: real IMAP on loopback, as much of it as a program needs that reads its mail.

A customer answers a mail of the service (`answers`), a mail server reports that one did not arrive (`bounces`), a machine
answers by itself (`on_holiday`); each becomes an unread mail. Source: RFC 3501 (IMAP4rev1), RFC 3464 (reports), read 2026.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from sandbox.world import Received, World

_UID = re.compile(r"(?P<n>\d+) \(BODY\.PEEK\[\]<(?P<start>\d+)\.(?P<size>\d+)>\)", re.IGNORECASE)


@dataclasses.dataclass(slots=True)
class Mail:
    """One mail in the box."""

    uid: int
    raw: bytes
    seen: bool = False


class PretendImap:
    """One mailbox with one user. `async with` starts and stops it; then `port` is set."""

    name = "imap"

    def __init__(self, world: World, user: str, password: str, host: str = "127.0.0.1") -> None:
        self.world = world
        self.user = user
        self.password = password
        self.host = host
        self.port = 0
        self.mails: list[Mail] = []
        self.logins = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> PretendImap:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._open, return_exceptions=True)

    def cut(self) -> None:
        """Every open connection breaks."""
        for task in list(self._open):
            task.cancel()

    # -- what happens to the mailbox

    def deliver(self, raw: bytes) -> Mail:
        """A mail arrives."""
        mail = Mail(len(self.mails) + 1, raw)
        self.mails.append(mail)
        return mail

    def unread(self) -> int:
        return sum(not mail.seen for mail in self.mails)

    def answers(self, ours: Received, text: str, *, from_: str = "", to: str = "", html: bool = False) -> Mail:
        """The customer answers a mail of the service as mail programs do: to its Reply-To, our text quoted beneath."""
        mail = self._mail(from_ or ours.to, to or self._reply_to(ours), f"Re: {ours.extra.get('subject', '')}")
        mail["In-Reply-To"] = ours.provider_id
        quoted = "\n".join(f"> {line}" for line in ours.text.split("\n"))
        mail.set_content(f"{text}\n\nOn Mon, 23 Nov 2026 at 11:00, Shop <{ours.sender}> wrote:\n{quoted}\n")
        if html:
            mail.clear_content()
            mail.set_content(f"<p>{text}</p><blockquote>{ours.text}</blockquote>", subtype="html")
        return self.deliver(mail.as_bytes())

    def on_holiday(self, ours: Received) -> Mail:
        """A machine answers: yes, it will be read later."""
        mail = self._mail(ours.to, self._reply_to(ours), "Out of office")
        mail["Auto-Submitted"] = "auto-replied"
        mail.set_content("Yes. I am away until Monday.")
        return self.deliver(mail.as_bytes())

    def bounces(self, ours: Received, status: str = "5.1.1", action: str = "failed") -> Mail:
        """A server on the way reports to the sender on the envelope what became of the mail."""
        to = str(ours.extra.get("envelope_from") or self._reply_to(ours))
        lines = [
            f"From: Mail Delivery System <MAILER-DAEMON@{self.host}>",
            f"To: {to}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Message-ID: {make_msgid(domain='relay.example')}",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
            "",
            "--b1",
            "Content-Type: text/plain",
            "",
            "Your mail could not be delivered.",
            "--b1",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; relay.example",
            "",
            f"Final-Recipient: rfc822; {ours.to}",
            f"Action: {action}",
            f"Status: {status}",
            "",
            "--b1",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {ours.provider_id}",
            f"Subject: {ours.extra.get('subject', '')}",
            "",
            "--b1--",
            "",
        ]
        return self.deliver("\r\n".join(lines).encode())

    def _mail(self, from_: str, to: str, subject: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = from_, to, subject
        mail["Date"] = format_datetime(self.world.now())
        mail["Message-ID"] = make_msgid(domain="mail.example")
        return mail

    def _reply_to(self, ours: Received) -> str:
        headers = ours.extra.get("headers")
        found = headers.get("Reply-To", "") if isinstance(headers, dict) else ""
        return parseaddr(found)[1] or ours.sender

    # -- the protocol

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            writer.write(b"* OK pretend mailbox\r\n")
            while line := await reader.readline():
                tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
                writer.write(self._answer(tag, command))
                await writer.drain()
                if command.upper() == "LOGOUT":
                    break
        except ConnectionError:
            pass  # the client went away
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    def _answer(self, tag: str, command: str) -> bytes:
        """The whole answer to one command."""
        verb, _, rest = command.partition(" ")
        match verb.upper():
            case "CAPABILITY":
                return _lines(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done")
            case "LOGIN":
                good = rest.replace('"', "").split() == [self.user, self.password]
                self.logins += good
                return _lines(f"{tag} {'OK' if good else 'NO [AUTHENTICATIONFAILED]'} LOGIN")
            case "SELECT":
                return _lines(f"* {len(self.mails)} EXISTS\r\n* 0 RECENT\r\n{tag} OK [READ-WRITE] SELECT")
            case "NOOP":
                return _lines(f"{tag} OK NOOP")
            case "LOGOUT":
                return _lines(f"* BYE\r\n{tag} OK LOGOUT")
            case "UID":
                return self._uid(tag, rest)
        return _lines(f"{tag} BAD unknown command")

    def _uid(self, tag: str, rest: str) -> bytes:
        verb, _, what = rest.partition(" ")
        if verb.upper() == "SEARCH":
            found = " ".join(str(mail.uid) for mail in self.mails if not mail.seen)
            return _lines(f"* SEARCH {found}".rstrip() + f"\r\n{tag} OK SEARCH")
        if verb.upper() == "FETCH" and (asked := _UID.fullmatch(what)):
            mail = self.mails[int(asked["n"]) - 1]
            part = mail.raw[int(asked["start"]) : int(asked["start"]) + int(asked["size"])]
            head = f"* {mail.uid} FETCH (UID {mail.uid} BODY[]<{asked['start']}> {{{len(part)}}}\r\n".encode()
            return head + part + _lines(f")\r\n{tag} OK FETCH")
        if verb.upper() == "STORE":
            self.mails[int(what.partition(" ")[0]) - 1].seen = "\\Seen" in what
            return _lines(f"{tag} OK STORE")
        return _lines(f"{tag} BAD unknown command")


def _lines(text: str) -> bytes:
    return f"{text}\r\n".encode()
