"""A mail that came in, as events: a customer's answer, or a report that a mail of ours did not arrive.

Whose it is says the token in the address that it was sent to, and nothing else: From is only a line that anybody can write.
What machines write (holiday notices, lists) is nobody's answer. Source: RFC 3464 (delivery reports), RFC 3834 (automatic
answers), RFC 5322, read 2026-11.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Literal

from msgspec import Struct

from engine.ports import PageView
from flows import pointers, refusals
from flows.events import AnyEvent, CustomerWrote, DeliveryReported

#: A longer answer is cut here: nobody reads more, and a quotation follows it anyway.
TEXT_MOST = 20_000
#: Headers in which a server or a forwarder notes for whom the mail was.
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_MACHINES = re.compile(r"auto[-_]?repl|auto[-_]?respond|vacation|bulk|junk|list", re.IGNORECASE)
_QUOTED = re.compile(r"^\s*[>|]")
#: The line above a quotation: "On … wrote:", "El … escribió:", "… كتب:". It ends with a colon and what follows is quoted.
_HEADING = re.compile(r"[:：]\s*$")
#: Where a mail program puts our mail below the answer without marking each line.
_ORIGINAL = re.compile(
    r"^\s*(?:-{2,}\s*[^\d]{3,40}-{2,}|_{8,}|\*?(?:From|Von|De|Da|Van|Od|От|Від|Από|من|از|Kimden|Dari|Mula sa|Från|发件人)\s*:.*)\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^-- ?$")
_TAG = re.compile(r"<(?:br|/p|/div|/li|/tr)[^>]*>", re.IGNORECASE)
_QUOTE_BLOCK = re.compile(r"<blockquote.*", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(style|script|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")

Kind = Literal["answer", "bounce", "machine"]


class Incoming(Struct, frozen=True):
    """One mail, read. `token` is what stood in the address; "" where there is none of ours."""

    kind: Kind
    token: str
    message_id: str
    text: str = ""
    media: tuple[str, ...] = ()
    bounced_id: str = ""  # the Message-ID of ours that did not arrive
    code: str = ""


def read(raw: bytes, reply_to: str) -> Incoming:
    """What the mail is. `reply_to`: our address with {token}. Total: a broken mail is read as far as it goes."""
    mail = message_from_bytes(raw, policy=default)
    message_id = _header(mail, "Message-ID") or f"<{hashlib.sha256(raw).hexdigest()[:32]}>"
    token = _token(mail, reply_to)
    failed = _failure(mail)
    if failed is not None:
        return Incoming("bounce" if failed[0] else "machine", token, message_id, bounced_id=failed[1], code=failed[0])
    if _by_a_machine(mail):
        return Incoming("machine", token, message_id)
    text = answer_of(_plain(mail), _own_words(reply_to))[:TEXT_MOST]
    media = tuple(part.get_content_type() for part in mail.iter_attachments()) if mail.is_multipart() else ()
    return Incoming("answer", token, message_id, text, media)


def events(mail: Incoming, view: PageView, sender: str, at: datetime) -> tuple[AnyEvent, ...]:
    """What it means for the order that the token binds. `view`: what the token leads to; `sender`: our address."""
    conversation = view.conversation
    to = (pointers.conversation(conversation.id),)
    unique = hashlib.sha256(f"{mail.message_id}\0{mail.token}".encode()).hexdigest()[:32]
    order = conversation.order(view.order_id)
    if mail.kind == "bounce":
        report = DeliveryReported(
            event_id=f"imap:{unique}:failed",
            to=to,
            at=at,
            effect_id="",
            provider_id=mail.bounced_id,
            provider="smtp",
            status="failed",
            code=mail.code,
        )
        return (report,)
    address = order.fields.email if order is not None else None
    if mail.kind != "answer" or not address:
        return ()
    wrote = CustomerWrote(
        event_id=f"imap:{unique}:received",
        to=to,
        at=at,
        channel="email",
        address=address,  # where we wrote to, not what From says: an answer of ours goes nowhere else
        sender=sender,
        text=mail.text,
        provider_id=mail.message_id,
        media=mail.media if not mail.text else (),
        order_id=view.order_id,
    )
    return (wrote,)


def answer_of(text: str, own: str = "") -> str:
    """What the customer wrote themselves: without the quotation beneath it, and without a signature.

    `own`: words that only a mail of ours has (the reply address): the quotation begins above them at the latest.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for at, line in enumerate(lines):
        if _SIGNATURE.match(line) or _ORIGINAL.match(line) or (own and own in line):
            break
        if _QUOTED.match(line):
            continue
        rest = [after for after in lines[at + 1 :] if after.strip()]
        if _HEADING.search(line) and rest and _QUOTED.match(rest[0]):
            continue
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if line.strip() and _ends_heading(below) and len(rest) > 1 and _QUOTED.match(rest[1]):
            continue  # the heading runs over two lines, the second of which has our address
        kept.append(line)
    return "\n".join(kept).strip()


def _ends_heading(line: str) -> bool:
    return line.lstrip().startswith("<") and bool(_HEADING.search(line))


def _own_words(reply_to: str) -> str:
    return reply_to.partition("{token}")[0] if "{token}" in reply_to else ""


def _header(mail: EmailMessage, name: str) -> str:
    """A header's text; "" where it is missing or broken."""
    try:
        return str(mail.get(name, "")).strip()
    except (ValueError, IndexError, AttributeError, TypeError):  # what the email package makes of nonsense
        return ""


def _token(mail: EmailMessage, reply_to: str) -> str:
    """The token in the first recipient's address that is ours; two different ones are none."""
    before, _, after = reply_to.partition("{token}")
    ours = re.compile(rf"{re.escape(before)}([a-z2-7]{{20,40}}){re.escape(after)}", re.IGNORECASE)
    for name in _RECIPIENTS:
        found = {match.lower() for value in _all(mail, name) for match in ours.findall(value)}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def _all(mail: EmailMessage, name: str) -> Iterator[str]:
    try:
        yield from (str(value) for value in mail.get_all(name, []))
    except (ValueError, IndexError, AttributeError, TypeError):
        return


def _by_a_machine(mail: EmailMessage) -> bool:
    automatic = _header(mail, "Auto-Submitted").lower()
    if automatic and not automatic.startswith("no"):
        return True
    names = ("Precedence", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
    if _MACHINES.search(_header(mail, "Precedence")) or any(_header(mail, name) for name in names[1:3]):
        return True
    return bool(_header(mail, "List-Id")) or _header(mail, "Return-Path") == "<>"


def _failure(mail: EmailMessage) -> tuple[str, str] | None:
    """(code, Message-ID of ours) of a report; code "" for one that is not final (delayed, delivered). None: no report."""
    if mail.get_content_type() != "multipart/report":
        return None
    action, status, message_id = "", "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            fields = str(part)
            action = action or _field(fields, "Action")
            status = status or _field(fields, "Status")
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            message_id = message_id or _field(str(part), "Message-ID")
    if action.lower() != "failed":
        return "", message_id
    known = refusals.classify("smtp", status)
    return (status if known in ("dead", "text_fault", "setup_fault") else "bounced"), message_id


def _field(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(\S+)", text, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _plain(mail: EmailMessage) -> str:
    """The words: the plain part, else the HTML without its markup."""
    try:
        part = mail.get_body(("plain", "html"))
        if part is None:
            return ""
        content = str(part.get_content())
    except (LookupError, ValueError, KeyError, AssertionError, AttributeError):  # an unknown charset or encoding
        return ""
    if part.get_content_type() == "text/html":
        content = _HIDDEN.sub("", _QUOTE_BLOCK.sub("", content))
        content = unescape(_MARKUP.sub("", _TAG.sub("\n", content)))
    return content
