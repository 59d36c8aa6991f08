"""What Twilio says and how it signs: refusals with their codes, a message as JSON, the webhook signature.

Own code, written from Twilio's documents; nothing is shared with the service under test.
Sources: https://www.twilio.com/docs/api/errors, https://www.twilio.com/docs/usage/webhooks/webhooks-security,
https://www.twilio.com/docs/messaging/api/message-resource, read 2026.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

API_VERSION = "2010-04-01"

#: code -> (HTTP status, what it says); `{}` is the number it is about
REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Bad request: {}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21205: (400, "Url is not a valid URL: {}"),
    21210: (400, "The source phone number provided, {}, is not yet verified for your account."),
    21215: (400, "Account not authorized to call {}. Perhaps you need to enable some international permissions."),
    21211: (400, "The 'To' number {} is not a valid phone number."),
    21212: (400, "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' or 'MessagingServiceSid' parameter is required to send a message."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {} is not a valid, message-capable number for this destination."),
    21609: (400, "The StatusCallback URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21612: (400, "The 'To' phone number {} is not currently reachable via SMS"),
    21614: (400, "'To' number {} is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21655: (400, "The ContentSid {} is invalid."),
    21656: (400, "The ContentVariables parameter is invalid."),
    21701: (400, "The Messaging Service {} does not exist."),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel."),
    63007: (400, "Twilio could not find a Channel with the specified From address {}"),
    63024: (400, "Invalid message recipient {}"),
}

#: codes that come later, in a status: code -> (status, what it says)
LATE: dict[int, tuple[str, str]] = {
    30003: ("undelivered", "Unreachable destination handset"),
    30005: ("undelivered", "Unknown destination handset"),
    30006: ("undelivered", "Landline or unreachable carrier"),
    30007: ("undelivered", "Message filtered"),
    63003: ("failed", "Channel could not find To address"),
    63016: ("failed", "Failed to send freeform message because you are outside the allowed window."),
    63024: ("failed", "Invalid message recipient"),
    63040: ("failed", "Template rejected"),
    63041: ("failed", "Template paused"),
    63028: ("failed", "Number of parameters provided does not match the expected number of parameters"),
}

_CODE_OF_STATUS = {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}


class TwilioRefused(Exception):
    """The request was refused; nothing was sent."""

    def __init__(self, code: int, about: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status, text = REFUSALS[code]
        self.text = text.format(about)

    def body(self) -> dict[str, Any]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.text, "more_info": more, "status": self.status}


def body_for_status(status: int) -> str:
    """What Twilio says with this HTTP status; nothing where it says nothing of its own (a proxy's 502)."""
    code = _CODE_OF_STATUS.get(status)
    return "" if code is None else json.dumps(TwilioRefused(code).body())


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """`X-Twilio-Signature` of a form-encoded request to `url` (as configured, query included, fragment left out)."""
    signed = called_url(url) + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def called_url(url: str) -> str:
    """The URL as Twilio calls and signs it: no fragment, no user and password."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


@dataclasses.dataclass(slots=True)
class Message:
    """One message of the account, in or out."""

    sid: str
    account_sid: str
    to: str
    sender: str
    body: str
    direction: str
    created: datetime
    status: str
    num_segments: int
    service: str | None = None
    status_callback: str = ""
    error_code: int | None = None
    sent: datetime | None = None
    updated: datetime | None = None
    num_media: int = 0
    buttons: tuple[tuple[str, str], ...] = ()  # (id, title)
    in_window: bool = True  # WhatsApp: the customer wrote in the 24 hours before

    @property
    def channel(self) -> str:
        return "whatsapp" if self.to.startswith("whatsapp:") else "sms"

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"

    def as_json(self) -> dict[str, Any]:
        """The Message resource."""
        sent = self.sent or self.created
        priced = self.status in ("delivered", "read", "received")
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(sent),
            "date_updated": format_datetime(self.updated or sent),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": LATE[self.error_code][1] if self.error_code else None,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(self.num_media),
            "num_segments": str(self.num_segments),
            "price": f"-{0.0079 * self.num_segments:.5f}" if priced else None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri}/Media.json"},
            "to": self.to,
            "uri": f"{self.uri}.json",
        }
