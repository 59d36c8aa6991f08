"""Personal data at rest: AES-GCM with a key per document, that key wrapped by the installation's key, and keyed look-up hashes.

Overwriting a document's wrapped key makes everything sealed under it unreadable. The installation's key never touches data itself.

A new encryption_key wraps every document's key anew; until all are, the old one opens what it has wrapped. Look-up hashes keep the key
they were first made with, wrapped by the new one: of people who were erased nothing but hashes is left, and their stop has to hold.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.ports import OurFault

_NONCE = 12
#: Unwrapped keys held in memory, some 1 kB each: of twice as many conversations as the SQLite store holds decoded.
KEYS_KEPT = 8192


class WrongKey(OurFault):
    """The data was sealed with another encryption_key."""


class Sealer:
    """Seals and opens for one installation. `old_keys`: what may still have wrapped something. Raises ValueError for a key
    that is not 32 bytes."""

    def __init__(self, key: bytes, old_keys: Sequence[bytes] = ()) -> None:
        if any(len(each) != 32 for each in (key, *old_keys)):
            raise ValueError("storage.encryption_key must be 32 bytes, base64")
        self._wraps = tuple(AESGCM(hmac.digest(each, b"doorstep wrap v1", hashlib.sha256)) for each in (key, *old_keys))
        self._indexes = tuple(hmac.digest(each, b"doorstep index v1", hashlib.sha256) for each in (key, *old_keys))
        self._look_up_by(self._indexes[0])
        self._keys: OrderedDict[bytes, AESGCM] = OrderedDict()

    def _look_up_by(self, index: bytes) -> None:
        self._index = index
        # it is copied for each name: every event needs one, and a digest from the key costs three times as much
        self._named = keyed.HMAC(index, hashes.SHA256())

    def adopt(self, shown: bytes, index: bytes | None) -> tuple[bytes, bytes] | None:
        """Become the sealer of an installation: `shown`, which only its key opens, and the wrapped key of its look-up hashes, where
        one is kept. Gives what it has to keep from now on when that was an older key; None: as it stands. Raises WrongKey."""
        raw, at = self._unwrapped(shown)
        del raw
        self._look_up_by(self._unwrapped(index)[0] if index else self._indexes[at])
        return None if at == 0 else (self.new_key(), self.wrapped_index())

    def wrapped_index(self) -> bytes:
        """The key of the look-up hashes, as an installation keeps it."""
        return self._wrapped(self._index)

    def rewrapped(self, wrapped: bytes) -> bytes | None:
        """The same key under the present encryption_key; None where it is already. Raises WrongKey."""
        raw, at = self._unwrapped(wrapped)
        return self._wrapped(raw) if at else None

    def _wrapped(self, raw: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._wraps[0].encrypt(nonce, raw, None)

    def _unwrapped(self, wrapped: bytes) -> tuple[bytes, int]:
        """The key, and which of our keys had wrapped it: 0 is the present one."""
        for at, wrap in enumerate(self._wraps):
            try:
                return wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], None), at
            except InvalidTag:
                continue
        raise WrongKey("the data cannot be read with this storage.encryption_key: use the key it was written with")

    def index(self, *parts: str) -> bytes:
        """The look-up hash of a name: equal names, equal hashes; nothing to be read from it without the key."""
        name = self._named.copy()
        name.update("\0".join(parts).encode())
        return name.finalize()[:16]

    def new_key(self) -> bytes:
        """A fresh document key, wrapped: what the row keeps."""
        raw = os.urandom(32)
        wrapped = self._wrapped(raw)
        self._remember(wrapped, AESGCM(raw))
        return wrapped

    def _remember(self, wrapped: bytes, key: AESGCM) -> None:
        self._keys[wrapped] = key
        if len(self._keys) > KEYS_KEPT:
            self._keys.popitem(last=False)

    def _key(self, wrapped: bytes) -> AESGCM:
        key = self._keys.get(wrapped)
        if key is None:
            key = AESGCM(self._unwrapped(wrapped)[0])
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
