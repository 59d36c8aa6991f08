"""Page tokens: 128 bits that nobody can guess, made (not stored) from what they are bound to: conversation, order, version, channel.

A token is one block of AES: within it the conversation's id and the beginning of a keyed hash of all four. So it tells whoever has
the key which conversation to look at, and anybody else nothing: without the key each of the 2^128 blocks is as likely as any other, and
but a handful of them for each conversation are tokens.

Links that were sent before were a keyed hash alone, found by a stored pointer; they are recognised for as long as customers hold them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from flows.conversation import Conversation
from flows.orders import Order

#: A version this much older than the order's still finds its page (which then says that it is outdated).
OLD_VERSIONS = 6
CHANNELS = ("sms", "whatsapp", "email")
_BYTES = 16
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
#: Bytes of a conversation's id: of those since ids stand in the order of time, and of those before.
_ID_BYTES = (12, 8)
#: A token is made when its text is wished for, and again when the text leaves: so many are not made twice.
TOKENS_KEPT = 4096


class _Key:
    """What is made from one key, prepared once: a digest from the key itself costs three times as much."""

    def __init__(self, key: bytes) -> None:
        self._older = keyed.HMAC(hmac.digest(key, b"doorstep page token v1", hashlib.sha256), hashes.SHA256())
        self._bound = keyed.HMAC(hmac.digest(key, b"doorstep page token v2", hashlib.sha256), hashes.SHA256())
        # one block alone, so there is nothing to chain: as a permutation of blocks, which is what ECB is elsewhere blamed for
        block = Cipher(algorithms.AES(hmac.digest(key, b"doorstep page block v2", hashlib.sha256)), modes.ECB())  # noqa: S305
        self._encrypt = block.encryptor().update
        self._decrypt = block.decryptor().update

    def make(self, place: bytes, bound: bytes) -> bytes:
        return self._encrypt(place + self._hash(self._bound, bound)[: _BYTES - len(place)])

    def older(self, bound: bytes) -> bytes:
        return self._hash(self._older, bound)[:_BYTES]

    def opened(self, raw: bytes) -> bytes:
        return self._decrypt(raw)

    @staticmethod
    def _hash(prepared: keyed.HMAC, bound: bytes) -> bytes:
        copy = prepared.copy()
        copy.update(bound)
        return copy.finalize()


class Tokens:
    """Makes and recognises page tokens; those of `old_keys` are recognised, too: customers hold them. Raises ValueError for a key
    shorter than 32 bytes."""

    def __init__(self, key: bytes, old_keys: Sequence[bytes] = ()) -> None:
        if any(len(each) < 32 for each in (key, *old_keys)):
            raise ValueError("the key of the page tokens has fewer than 32 bytes")
        self._keys = tuple(_Key(each) for each in (key, *old_keys))

    def make(self, conversation: str, order_id: str, version: int, channel: str) -> str:
        """22 characters, safe in an address. Raises ValueError for a conversation whose id is none of ours."""
        return _make(self._keys[0], conversation, order_id, version, channel)

    def conversations(self, token: str) -> Iterator[str]:
        """The ids that the token may name, the likely one first; whether it is a token at all, `find` says."""
        raw = _raw(token)
        if raw is not None:
            for key in self._keys:
                opened = key.opened(raw)
                yield from (opened[:size].hex() for size in _ID_BYTES)

    def find(self, token: str, conversation: Conversation) -> tuple[Order, int, str] | None:
        """(order, version, channel) the token was made for; None when it is none of this conversation's."""
        raw, place = _raw(token), _place(conversation.id)
        if raw is None:
            return None
        for order in conversation.orders:
            for version in range(order.version, max(order.version - OLD_VERSIONS, 0), -1):
                for key, channel in itertools.product(self._keys, CHANNELS):
                    bound = _bound(conversation.id, order.id, version, channel)
                    if hmac.compare_digest(key.make(place, bound), raw) or hmac.compare_digest(key.older(bound), raw):
                        return order, version, channel
        return None


@lru_cache(maxsize=TOKENS_KEPT)
def _make(key: _Key, conversation: str, order_id: str, version: int, channel: str) -> str:
    return _written(key.make(_place(conversation), _bound(conversation, order_id, version, channel)))


def _bound(conversation: str, order_id: str, version: int, channel: str) -> bytes:
    return "\0".join((conversation, order_id, str(version), channel)).encode()


def _place(conversation: str) -> bytes:
    place = bytes.fromhex(conversation) if _HEX.fullmatch(conversation) else b""
    if len(place) not in _ID_BYTES:
        raise ValueError(f"{conversation!r} is no conversation's id")
    return place


def _raw(token: str) -> bytes | None:
    """None for what is no token by its form."""
    try:
        raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return raw if len(raw) == _BYTES and _written(raw) == token else None


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


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
    return _written(raw) if len(raw) == _BYTES else ""
