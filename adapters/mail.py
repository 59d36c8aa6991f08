"""One message as a mail: headers that nobody can inject into, a plain part, and the same words as HTML.

The Message-ID comes from the effect alone, so a mail that was tried twice shows as one wherever both arrived.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from html import escape

from msgspec import Struct

from engine.ports import Message

#: Written from right to left.
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_LINK = re.compile(r"https?://[^\s<>\"']+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
#: A longer subject is a fault of the text; mail programs show about seventy characters.
MAX_SUBJECT = 200


class UnusableAddress(ValueError):
    """No mail can be addressed like that; says which address, not what it is."""


class Mail(Struct, frozen=True):
    """Ready for the wire. `utf8`: an address needs the server's SMTPUTF8."""

    sender: str
    to: str
    message_id: str
    content: bytes
    utf8: bool


def compose(message: Message, sender: str, reply_to: str, now: datetime) -> Mail:
    """`reply_to` may have a place for the message's {token}: answers and bounces then name the order they are about.

    Raises UnusableAddress for a recipient, sender or reply address that is no address."""
    name, bare = parseaddr(sender)
    answer = reply_to.replace("{token}", message.reply_token) if message.reply_token or "{" not in reply_to else ""
    own, to = _address(name, bare, "sender"), _address("", message.to, "recipient")
    utf8 = not (own.addr_spec.isascii() and to.addr_spec.isascii())
    mail = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    mail["From"] = own
    mail["To"] = to
    envelope = own.addr_spec
    if answer:
        back = _address(*parseaddr(answer), "reply_to")
        mail["Reply-To"] = back
        envelope = back.addr_spec if "{token}" in reply_to else envelope  # a bounce comes back with the token
    mail["Subject"] = _one_line(message.subject)[:MAX_SUBJECT]
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id = message_id_of(message.effect_id, own.domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notices do not answer it
    html = as_html(message.text, message.lang)
    mail.set_content(message.text, charset="utf-8", cte="quoted-printable")  # 7 bit on the wire, lines of any length
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    if message.lang:
        mail["Content-Language"] = _one_line(message.lang)  # last: the content takes such headers along
    return Mail(envelope, to.addr_spec, message_id, mail.as_bytes(), utf8)


def message_id_of(effect_id: str, domain: str) -> str:
    """The same for every try of one effect."""
    return f"<{hashlib.sha256(effect_id.encode()).hexdigest()[:32]}@{domain}>"


def as_html(text: str, lang: str) -> str:
    """The text, paragraph by paragraph, its links as links. Everything else of it stays text."""
    direction = "rtl" if lang.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    blocks = "".join(f"<p>{_linked(block)}</p>" for block in re.split(r"\n{2,}", text.strip()))
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html><html lang="{escape(lang)}" dir="{direction}"><head>{head}</head><body>{blocks}</body></html>'
    )


def _linked(block: str) -> str:
    parts, end = [], 0
    for match in _LINK.finditer(block):
        url = match[0].rstrip(".,;:!?)")
        parts.append(escape(block[end : match.start()]))
        parts.append(f'<a href="{escape(url)}">{escape(url)}</a>')
        end = match.start() + len(url)
    parts.append(escape(block[end:]))
    return "".join(parts).replace("\n", "<br>")


def _address(name: str, bare: str, which: str) -> Address:
    """The domain in its ASCII form. Raises UnusableAddress."""
    local, at, domain = bare.rpartition("@")
    if not at or not local or not domain or "@" in local or _CONTROL.search(bare) or re.search(r"[\s<>,;\"]", bare):
        raise UnusableAddress(which)
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        return Address(display_name=_one_line(name), username=local, domain=ascii_domain)
    except (ValueError, IndexError) as error:  # what the email package makes of nonsense
        raise UnusableAddress(which) from error


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
