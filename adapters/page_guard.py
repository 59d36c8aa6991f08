"""What keeps the customer's page honest: a nonce in every form, and the bounds of patience.

Link scanners open every link, and some press buttons; a POST counts only with a nonce from a page that was rendered for this
very token a short while ago, sent by that page itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from aiohttp import web

#: How long a rendered page can be pressed: an evening's hesitation, not a link that lies in a scanner's archive.
LIFETIME = timedelta(hours=12)
#: So many wrong tokens a minute from one address are answered 404, then 429. Source: PLATFORMS 3.4 of the design.
MOST_WRONG, WRONG_WINDOW_S = 10, 60.0
#: Presses of one link that are borne in ten minutes: more is no person who makes up their mind.
MOST_PRESSES, PRESSES_WINDOW_S = 30, 600.0

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_NONCE = re.compile(r"([0-9a-f]{1,12}-[0-9a-f]{16})-([0-9a-f]{32})")


def could_be_token(text: str) -> bool:
    """Whether looking it up makes sense."""
    return _TOKEN.fullmatch(text) is not None


class Nonces:
    """Makes and knows nonces, each good for one token and for LIFETIME. Nothing is stored: `key` signs them."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a nonce key has at least 16 bytes")
        self._key = key

    def new(self, token: str, now: datetime) -> str:
        said = f"{int(now.timestamp()):x}-{secrets.token_hex(8)}"
        return f"{said}-{self._seal(token, said)}"

    def good(self, nonce: str, token: str, now: datetime) -> bool:
        match = _NONCE.fullmatch(nonce)
        if match is None or not hmac.compare_digest(self._seal(token, match[1]), match[2]):
            return False
        age = now.timestamp() - int(match[1].partition("-")[0], 16)
        return -60 <= age <= LIFETIME.total_seconds()  # a minute back: two processes' clocks

    def _seal(self, token: str, said: str) -> str:
        return hmac.digest(self._key, f"page\0{token}\0{said}".encode(), hashlib.sha256).hex()[:32]


def from_the_page_itself(request: web.Request) -> bool:
    """Whether the browser says that our own page sent the form; browsers without the header rely on the nonce alone."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
