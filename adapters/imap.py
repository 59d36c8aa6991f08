"""Reads the mailbox to which customers' e-mail answers go, where the settings name one (`imap`).

Unread mails are fetched, read (adapters/mail_in.py), carried down the one road, and only then marked as read: what a crash
leaves unread is fetched again and known by its event id. The mailbox is Doorstep's alone: a mail that a person opens first
counts as read. Source: RFC 3501 (IMAP4rev1), read 2026-11.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import imaplib
import logging
import socket
import traceback
from typing import Literal

from msgspec import Struct

from adapters import mail_in
from engine.ports import Front, StoreUnavailable
from engine.settings import Settings
from engine.tokens import from_mail

log = logging.getLogger("doorstep.imap")

#: Between two looks. E-mail is slow by nature; servers limit how often one may ask.
EVERY_S = 20.0
#: After a failure, doubled up to the second.
AGAIN_S, AGAIN_MOST_S = 20.0, 600.0
#: For one answer of the server.
TIMEOUT_S = 30.0
#: So much of a mail is fetched: an answer stands at its beginning, a report's facts in its first parts.
FETCH_BYTES = 200_000
#: So many mails at one look; the rest at the next, at once.
BATCH = 50
#: The name under which mails are counted.
ROUTE = "imap"


class Mailbox(Struct, frozen=True):
    """One mailbox. `reply_to`: the addresses that lead there, each with {token}: shops may share a mailbox."""

    host: str
    port: int
    user: str
    password: str
    security: Literal["tls", "starttls", "plain"]
    reply_to: tuple[str, ...]


class ImapReader:
    """Looks into one mailbox again and again. The library blocks, so each call runs in a thread."""

    def __init__(self, mailbox: Mailbox, front: Front) -> None:
        self._mailbox = mailbox
        self._front = front
        #: The name under which mails of this box are kept: its reply addresses say what they are about.
        self.route = f"{ROUTE}:{hashlib.sha256(f'{mailbox.user}@{mailbox.host}'.encode()).hexdigest()[:8]}"
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._server: imaplib.IMAP4 | None = None
        self._turn = asyncio.Lock()  # the connection carries one command at a time

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Ends after the mail under way."""
        self._stop.set()
        if self._task is not None:
            await self._task
        await self._drop()

    async def _run(self) -> None:
        pause_s = AGAIN_S
        while not self._stop.is_set():
            try:
                more = await self.look() >= BATCH
                wait_s, pause_s = (0.0 if more else EVERY_S), AGAIN_S
            except (imaplib.IMAP4.error, OSError, StoreUnavailable) as error:
                log.warning("imap.failed", extra={"error": type(error).__name__})
                wait_s, pause_s = pause_s, min(pause_s * 2, AGAIN_MOST_S)
            except Exception:  # the outer loop of the mailbox: logged, and it goes on
                log.exception("imap.bug")
                await self._drop()
                wait_s = AGAIN_MOST_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)

    async def look(self) -> int:
        """Carry out what is unread, oldest first; gives how many mails that were.

        Raises OSError and imaplib's errors for the server's faults, StoreUnavailable: the mail stays unread.
        """
        async with self._turn:
            try:
                return await self._look()
            except (imaplib.IMAP4.error, OSError):
                await self._drop()  # the next look begins with a fresh connection
                raise

    async def _look(self) -> int:
        numbers = await asyncio.to_thread(self._unread)
        for number in numbers:
            raw = await asyncio.to_thread(self._fetch, number)
            if raw:
                await self.take(raw)
            await asyncio.to_thread(self._mark, number)
            if self._stop.is_set():
                break
        return len(numbers)

    async def take(self, raw: bytes) -> None:
        """Returns when the mail is committed, or kept for a repair: one that cannot be used must not hold up those behind it.
        Raises StoreUnavailable: nothing was written. A kept mail is replayed by giving it to this method again."""
        try:
            await self._carry(raw)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outer loop of a mail: logged, kept, and the next one is taken
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("imap.mail_failed", extra={"error": type(error).__name__, "frames": frames})
            await self._front.keep(self.route, raw, {}, type(error).__name__)
            self._front.count("hook_kept", route=ROUTE)

    async def _carry(self, raw: bytes) -> None:
        readings = (mail_in.read(raw, reply_to) for reply_to in self._mailbox.reply_to)
        mail = next((each for each in readings if each.token), None) or mail_in.read(raw, self._mailbox.reply_to[0])
        token = from_mail(mail.token) if mail.token else ""
        view = await self._front.page(token) if token else None
        if view is None or view.channel != "email":
            self._front.count("mail_in", kind="stranger" if mail.kind == "answer" else mail.kind)
            return
        policy = self._front.policies.get(view.conversation.shop)
        sender = policy.email.address if policy is not None and policy.email is not None else ""
        self._front.count("mail_in", kind=mail.kind)
        for event in mail_in.events(mail, view, sender, self._front.now()):
            await self._front.handle(event)

    # -- in a thread

    def _unread(self) -> list[bytes]:
        server = self._connected()
        server.noop()
        answer, data = server.uid("SEARCH", "UNSEEN")
        if answer != "OK":
            raise imaplib.IMAP4.error("SEARCH")
        return data[0].split()[:BATCH] if data and data[0] else []

    def _fetch(self, number: bytes) -> bytes:
        answer, data = self._connected().uid("FETCH", number.decode(), f"(BODY.PEEK[]<0.{FETCH_BYTES}>)")
        if answer != "OK":
            raise imaplib.IMAP4.error("FETCH")
        parts = [part[1] for part in data if isinstance(part, tuple) and len(part) > 1]
        return bytes(parts[0]) if parts else b""

    def _mark(self, number: bytes) -> None:
        answer, _ = self._connected().uid("STORE", number.decode(), "+FLAGS.SILENT", r"(\Seen)")
        if answer != "OK":
            raise imaplib.IMAP4.error("STORE")

    def _connected(self) -> imaplib.IMAP4:
        if self._server is None:
            box = self._mailbox
            if box.security == "tls":
                server: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, timeout=TIMEOUT_S)
            else:
                server = imaplib.IMAP4(box.host, box.port, timeout=TIMEOUT_S)
                if box.security == "starttls":
                    server.starttls()
            server.login(box.user, box.password)
            answer, _ = server.select("INBOX")
            if answer != "OK":
                raise imaplib.IMAP4.error("SELECT")
            self._server = server
        return self._server

    async def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(_goodbye, server)


def _goodbye(server: imaplib.IMAP4) -> None:
    with contextlib.suppress(imaplib.IMAP4.error, OSError, socket.timeout):
        server.logout()


def readers(settings: Settings, front: Front) -> list[ImapReader]:
    """One for each mailbox that the settings name."""
    found: dict[tuple[str, int, str], Mailbox] = {}
    for shop in settings.shops:
        block = settings.blocks(shop).imap
        if block is None:
            continue
        server = block.server()
        where = (server.host, server.port, server.user)
        known = found[where].reply_to if where in found else ()
        reply_to = tuple(dict.fromkeys((*known, block.reply_to)))
        found[where] = Mailbox(*where, server.password, server.security, reply_to)
    return [ImapReader(box, front) for box in found.values()]
