"""A value from the environment that must never be printed."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import final
from urllib.parse import quote

from engine.ports import OurFault

#: How a setting names a variable: ${TWILIO_TOKEN}.
ENV_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class UnsetSecret(OurFault):
    """The variable that holds the secret is not set; the message names it."""


@final
class Secret:
    """A secret, or a text that holds secrets ("smtp://me:${PASSWORD}@host:587"). Shown as *** wherever it is printed.

    An unset variable is no error until somebody needs the value: `missing` names what is unset.
    """

    __slots__ = ("_value", "missing", "written")

    def __init__(self, value: str | None, written: str = "***", missing: tuple[str, ...] = ()) -> None:
        self._value = value
        self.written = written  # as the settings spell it, with ${NAME} in place of the secret
        self.missing = missing

    @classmethod
    def of(cls, value: str) -> Secret:
        """A secret whose value is known, for tests and for peers that make up their own."""
        return cls(value)

    @classmethod
    def read(cls, written: str, env: Mapping[str, str], *, url: bool = False) -> Secret:
        """Every ${NAME} of `written` filled from `env`. A variable that is absent or empty stays open.

        `url`: a value that is only a part of the text is percent-encoded, so that a password may hold @ and /.
        """
        missing = tuple(dict.fromkeys(name for name in ENV_NAME.findall(written) if not env.get(name)))
        encode = url and not ENV_NAME.fullmatch(written)

        def filled(found: re.Match[str]) -> str:
            return quote(env[found[1]], safe="") if encode else env[found[1]]

        return cls(None if missing else ENV_NAME.sub(filled, written), written, missing)

    def reveal(self) -> str:
        """The value itself, at the one place that sends it. Raises UnsetSecret."""
        if self._value is None:
            raise UnsetSecret(f"the environment variable {', '.join(self.missing)} is not set")
        return self._value

    @property
    def known(self) -> bool:
        return self._value is not None

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._value is None or other._value is None:
            return self.written == other.written and self._value is other._value
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value if self._value is not None else self.written)


def webhook_key(secret: str) -> bytes:
    """The bytes that sign a Standard Webhook: base64 behind "whsec_", else the text itself. Raises ValueError for whsec_ and
    no base64, or a key of less than 24 or (decoded) more than 64 bytes. Source: standard-webhooks.md, read 2026-11."""
    if not secret.startswith("whsec_"):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error as error:
            raise ValueError("what follows whsec_ is no base64") from error
        if len(key) > 64:
            raise ValueError("the key has more than 64 bytes")
    if len(key) < 24:
        raise ValueError("the key has less than 24 bytes")
    return key
