"""Page tokens: 128 bits that nobody can guess, made (not stored) from what they are bound to: conversation, order, version, channel."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Sequence
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed

from flows.conversation import Conversation
from flows.orders import Order

#: A version this much older than the order's still finds its page (which then says that it is outdated).
OLD_VERSIONS = 6
CHANNELS = ("sms", "whatsapp", "email")
_BITS = 128
#: A token is made when its text is wished for, and again when the text leaves: so many are not made twice.
TOKENS_KEPT = 4096


class Tokens:
    """Makes and recognises page tokens; those of `old_keys` are recognised, too: customers hold them. Raises ValueError for a key
    shorter than 32 bytes."""

    def __init__(self, key: bytes, old_keys: Sequence[bytes] = ()) -> None:
        if any(len(each) < 32 for each in (key, *old_keys)):
            raise ValueError("the key of the page tokens has fewer than 32 bytes")
        made = (hmac.digest(each, b"doorstep page token v1", hashlib.sha256) for each in (key, *old_keys))
        # each is copied for a token: a digest from the key costs three times as much
        self._keyed = tuple(keyed.HMAC(each, hashes.SHA256()) for each in made)

    def make(self, conversation: str, order_id: str, version: int, channel: str) -> str:
        """22 characters, safe in an address."""
        return self._make(self._keyed[0], conversation, order_id, version, channel)

    @staticmethod
    @lru_cache(maxsize=TOKENS_KEPT)
    def _make(key: keyed.HMAC, conversation: str, order_id: str, version: int, channel: str) -> str:
        token = key.copy()
        token.update("\0".join((conversation, order_id, str(version), channel)).encode())
        raw = token.finalize()[: _BITS // 8]
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def find(self, token: str, conversation: Conversation) -> tuple[Order, int, str] | None:
        """(order, version, channel) the token was made for; None when it is none of this conversation's."""
        for order in conversation.orders:
            for version in range(order.version, max(order.version - OLD_VERSIONS, 0), -1):
                for key, channel in itertools.product(self._keyed, CHANNELS):
                    made = self._make(key, conversation.id, order.id, version, channel)
                    if hmac.compare_digest(made.encode(), token.encode("utf-8", "replace")):
                        return order, version, channel
        return None


def mailable(token: str) -> str:
    """The token for the part of a mail address that some servers write small: 26 letters and digits."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return base64.b32encode(raw).rstrip(b"=").decode().lower()


def from_mail(text: str) -> str:
    """The page token again; "" for what is none."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return ""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() if len(raw) == _BITS // 8 else ""
