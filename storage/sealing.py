"""Personal data at rest: AES-GCM with a key per document, that key wrapped by the installation's key, and keyed look-up hashes.

Overwriting a document's wrapped key makes everything sealed under it unreadable. The installation's key never touches data itself.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.ports import OurFault

_NONCE = 12
#: Unwrapped keys held in memory.
KEYS_KEPT = 65_536


class WrongKey(OurFault):
    """The data was sealed with another encryption_key."""


class Sealer:
    """Seals and opens for one installation. Raises ValueError for a key that is not 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("storage.encryption_key must be 32 bytes, base64")
        self._wrap = AESGCM(hmac.digest(key, b"doorstep wrap v1", hashlib.sha256))
        self._index = hmac.digest(key, b"doorstep index v1", hashlib.sha256)
        self._keys: OrderedDict[bytes, AESGCM] = OrderedDict()

    def index(self, *parts: str) -> bytes:
        """The look-up hash of a name: equal names, equal hashes; nothing to be read from it without the key."""
        return hmac.digest(self._index, "\0".join(parts).encode(), hashlib.sha256)[:16]

    def new_key(self) -> bytes:
        """A fresh document key, wrapped: what the row keeps."""
        raw = os.urandom(32)
        nonce = os.urandom(_NONCE)
        wrapped = nonce + self._wrap.encrypt(nonce, raw, None)
        self._remember(wrapped, AESGCM(raw))
        return wrapped

    def _remember(self, wrapped: bytes, key: AESGCM) -> None:
        self._keys[wrapped] = key
        if len(self._keys) > KEYS_KEPT:
            self._keys.popitem(last=False)

    def _key(self, wrapped: bytes) -> AESGCM:
        key = self._keys.get(wrapped)
        if key is None:
            try:
                key = AESGCM(self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], None))
            except InvalidTag as error:
                raise WrongKey(
                    "the data cannot be read with this storage.encryption_key: use the key it was written with"
                ) from error
            self._remember(wrapped, key)
        return key

    def check(self, wrapped: bytes) -> None:
        """Raises WrongKey unless this installation's key made it."""
        self._key(wrapped)

    def seal(self, wrapped: bytes, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._key(wrapped).encrypt(nonce, plain, None)

    def open(self, wrapped: bytes, sealed: bytes) -> bytes:
        """Raises WrongKey when the key does not fit or the bytes were touched."""
        try:
            return self._key(wrapped).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag as error:
            raise WrongKey("a stored document was changed from outside, or its key was erased") from error
