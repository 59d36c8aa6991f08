"""What Meta's WhatsApp Cloud API says and how it signs: error bodies, JSON as Meta writes it, the signature.

Own code, written from Meta's documents; nothing is shared with the service under test.
Sources: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes,
https://developers.facebook.com/docs/graph-api/webhooks/getting-started, read 2026.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

#: code -> (HTTP status, title, type)
ERRORS: dict[int, tuple[int, str, str]] = {
    4: (400, "Application request limit reached", "OAuthException"),
    100: (400, "Invalid parameter", "OAuthException"),
    190: (401, "Invalid OAuth access token - Cannot parse access token", "OAuthException"),
    130429: (400, "Rate limit hit", "OAuthException"),
    131000: (500, "Something went wrong", "OAuthException"),
    131008: (400, "Required parameter is missing", "OAuthException"),
    131009: (400, "Parameter value is not valid", "OAuthException"),
    131016: (503, "Service unavailable", "OAuthException"),
    131026: (400, "Message undeliverable", "OAuthException"),
    131047: (400, "Re-engagement message", "OAuthException"),
    131048: (400, "Spam rate limit hit", "OAuthException"),
    131051: (400, "Unsupported message type", "OAuthException"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit", "OAuthException"),
    132000: (400, "Number of parameters does not match the expected number of params", "OAuthException"),
    132015: (400, "Template is Paused", "OAuthException"),
    132016: (400, "Template is Disabled", "OAuthException"),
    132001: (404, "Template name does not exist in the translation", "OAuthException"),
}

_CODE_OF_STATUS = {401: 190, 429: 130429, 500: 131000, 503: 131016}
#: Meta escapes these in webhook bodies beside everything outside ASCII, so only the raw bytes match the signature
_ESCAPED = {"/": "\\/", "<": "\\u003C", "%": "\\u0025", "@": "\\u0040"}


class MetaRefused(Exception):
    """The request was refused; nothing was sent."""

    def __init__(self, code: int, details: str = "", subcode: int | None = None) -> None:
        super().__init__(code, details)
        self.code = code
        self.status = ERRORS[code][0]
        self._details = details
        self._subcode = subcode

    def body(self) -> dict[str, Any]:
        _, title, kind = ERRORS[self.code]
        error: dict[str, Any] = {"message": f"(#{self.code}) {title}", "type": kind, "code": self.code}
        if self._details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self._details}
        if self._subcode is not None:
            error["error_subcode"] = self._subcode
        return {"error": {**error, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def late_error(code: int, details: str) -> dict[str, Any]:
    """The error in a `failed` status."""
    title = ERRORS[code][1]
    href = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}, "href": href}


def body_for_status(status: int) -> str:
    """What Meta says with this HTTP status; nothing where it says nothing of its own."""
    code = _CODE_OF_STATUS.get(status)
    return "" if code is None else json.dumps(MetaRefused(code).body())


def new_wamid(phone: str) -> str:
    """An id as Meta makes them: base64 with the other side's number in it."""
    raw = b"\x1d\x04" + phone.encode() + b"\x15\x02\x00\x11\x18" + secrets.token_hex(10).upper().encode() + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def as_meta_writes(body: dict[str, Any]) -> bytes:
    """JSON bytes with Meta's escapes."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    return "".join(_ESCAPED.get(c, c) for c in text).encode()


def signature(app_secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256` over the raw bytes."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
