"""Sends e-mail over SMTP on one connection, one mail at a time.

What became of a mail is known by where it stopped: before DATA nothing was sent; a reply to DATA is the server's word;
a line that breaks, or a reply that does not come, after DATA was begun leaves it unknown. A kept connection that the
server has closed meanwhile is replaced by a fresh client once, while nothing has been sent yet.
Source: https://www.rfc-editor.org/rfc/rfc5321, https://www.rfc-editor.org/rfc/rfc1047, read 2026-11.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from adapters.mail import Mail, UnusableAddress, compose
from engine.ports import Found, Lookup, Message
from flows.effects import Accepted, Outcome, Refused, TryAgain, Unknown

#: Until a server that could not be reached, or broke off before DATA, is tried again.
AGAIN_S = 60.0
#: Greylisting servers take the second try after some minutes. Source: https://www.rfc-editor.org/rfc/rfc6647, read 2026-11.
PUT_OFF_AGAIN_S = 300.0
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class SmtpSettings(Struct, frozen=True, kw_only=True):
    """One mail account. `sender` may carry a name: "Demo Shop <orders@example.com>"."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    security: Literal["tls", "starttls", "none"] = "starttls"
    reply_to: str = ""
    timeout_s: float = 30.0  # for each command
    data_timeout_s: float = 120.0  # for the mail itself: some servers scan it before they say yes


def smtp_settings(url: str, sender: str, reply_to: str = "") -> SmtpSettings:
    """From smtp://user:pass@host:587 (STARTTLS is demanded, but on loopback) or smtps://. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("smtp.url has to look like smtp://user:password@host:587")
    secure = parts.scheme == "smtps"
    return SmtpSettings(
        host=parts.hostname,
        port=parts.port or (465 if secure else 587),
        sender=sender,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security="tls" if secure else ("none" if _is_loopback(parts.hostname) else "starttls"),
        reply_to=reply_to,
    )


class SmtpChannel:
    """Implements engine.ports.Channel for "email". `now` gives business time, for the Date header."""

    provider = "smtp"

    def __init__(self, settings: SmtpSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._client: aiosmtplib.SMTP | None = None
        self._turn = asyncio.Lock()

    async def send(self, message: Message) -> Outcome:
        """Accepted.provider_id is the Message-ID, the same for every try of one effect."""
        try:
            mail = compose(message, self._settings.sender, self._settings.reply_to, self._now())
        except UnusableAddress as error:
            return Refused("bad_address", str(error))
        async with self._turn:
            return await self._deliver(mail)

    async def find(self, lookup: Lookup) -> Found | None:
        """None: a mail server cannot be asked."""
        return None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                await client.quit(timeout=2)
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    async def _deliver(self, mail: Mail) -> Outcome:
        kept = self._client is not None and self._client.is_connected
        outcome = await self._envelope(mail)
        if kept and isinstance(outcome, TryAgain) and self._client is None:
            outcome = await self._envelope(mail)  # the kept connection was gone; nothing had been sent
        if outcome is not None:
            return outcome
        assert self._client is not None
        try:
            reply = await self._client.data(mail.content, timeout=self._settings.data_timeout_s)
        except aiosmtplib.SMTPDataError as error:
            return await self._refused(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            self._drop()
            return Unknown(f"after DATA: {type(error).__name__}")
        except BaseException:
            self._drop()  # cancelled in the middle of a mail: the line is of no more use
            raise
        return Accepted(mail.message_id) if reply.code == 250 else Unknown(f"reply {reply.code}")

    async def _envelope(self, mail: Mail) -> Outcome | None:
        """None: the server waits for DATA. Otherwise nothing was sent, and this is why."""
        try:
            client = await self._connected()
            options = ["SMTPUTF8"] if mail.utf8 else []
            if mail.utf8 and not client.supports_extension("smtputf8"):
                return Refused("no_smtputf8", "the mail server takes no address in this script")
            encoding = "utf-8" if mail.utf8 else "ascii"
            await client.mail(mail.sender, options=options, encoding=encoding)
            await client.rcpt(mail.to, encoding=encoding)
        except aiosmtplib.SMTPConnectError as error:
            return TryAgain(AGAIN_S, type(error).__name__)
        except aiosmtplib.SMTPResponseException as error:
            return await self._refused(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            self._drop()
            return TryAgain(AGAIN_S, type(error).__name__)
        except ValueError as error:  # what the library takes for an injection
            self._drop()
            return Refused("bad_address", type(error).__name__)
        except BaseException:
            self._drop()
            raise
        return None

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is None or not self._client.is_connected:
            self._client = None
            settings = self._settings
            fresh = aiosmtplib.SMTP(
                hostname=settings.host,
                port=settings.port,
                timeout=settings.timeout_s,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                local_hostname="localhost",  # else the library asks the DNS for our name
            )
            try:
                await fresh.connect()
                if fresh.is_ehlo_or_helo_needed:
                    await fresh.ehlo()
                if settings.user:
                    await fresh.login(settings.user, settings.password)
            except BaseException:
                fresh.close()
                raise
            self._client = fresh
        return self._client

    async def _refused(self, code: int, text: str) -> Outcome:
        """The server's own no. The connection is made ready for the next mail, or given up."""
        try:
            if self._client is not None:
                await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._drop()
        enhanced = _ENHANCED.match(text)
        word = enhanced[1] if enhanced else str(code)
        if 400 <= code < 500:
            return TryAgain(PUT_OFF_AGAIN_S, word)
        if 500 <= code < 600:
            return Refused(word, str(code))
        return TryAgain(AGAIN_S, f"reply {code}")

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
