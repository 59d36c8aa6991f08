"""Whether Twilio signed a request: base64(HMAC-SHA1(auth token, URL + every field's name and value, sorted)).

The URL is the one that was given to Twilio: the configured public address and the raw request target, never Host or
X-Forwarded-*, and byte for byte, because frameworks that decode and encode a query break it. Twilio itself is not
consistent about the port, so a URL counts with and without it. HMAC-SHA1 is the provider's choice; there is no other.

Weak spots, and who minds them: nothing in the signature is fresh (a MessageSid is handled once), and a name and a value
join without a mark between them (`Body=1` + `From=2` signs like `Body=1From2`): the parser insists on its names, once each.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security, read 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed

from adapters.receiving import FORM, Received
from engine.ports import BadSignature

SIGNATURE_HEADER = "x-twilio-signature"
#: Beside a body that is no form the query carries the body's hash under this name.
BODY_HASH = "bodySHA256"
_USUAL_PORT = {"https": 443, "http": 80}


def url_forms(url: str) -> tuple[str, ...]:
    """The writings of a URL under which Twilio may have signed it: as it is, and with the other choice of port.

    A URL with user and password, or with an IPv6 literal, has one writing only: Twilio's own library mangles those.
    """
    scheme, mark, rest = url.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    host, tail = rest[:end], rest[end:]
    if not mark or "@" in host or "[" in host:
        return (url,)
    name, colon, port = host.partition(":")
    if colon and port:
        return (url, f"{scheme}://{name}{tail}")
    usual = _USUAL_PORT.get(scheme)
    return (url, f"{scheme}://{name}:{usual}{tail}") if usual else (url,)


def verify(
    urls: Iterable[str], params: Sequence[tuple[str, str]], signature: str | bytes, tokens: Sequence[bytes]
) -> bool:
    """Whether one of the tokens signed these fields for one of the URLs. Two tokens are valid while one replaces the other.

    A field given twice counts once per different value, in the order of the values. Every comparison takes the same time.
    """
    given = signature.encode("utf-8", "surrogateescape") if isinstance(signature, str) else signature
    fields = "".join([name + value for name, value in sorted(set(params))])
    for url in urls:
        signed = (url + fields).encode()
        for token in tokens:
            if hmac.compare_digest(base64.b64encode(_digest(token, signed)), given):
                return True
    return False


def _digest(token: bytes, signed: bytes) -> bytes:
    made = _prepared(token).copy()
    made.update(signed)
    return made.finalize()


@lru_cache(64)
def _prepared(token: bytes) -> keyed.HMAC:
    """Copied for each request: every webhook needs one, and a digest from the token costs twice as much."""
    return keyed.HMAC(token, hashes.SHA1())  # noqa: S303


def verify_body(
    urls: Iterable[str], body: bytes, body_hash: str, signature: str | bytes, tokens: Sequence[bytes]
) -> bool:
    """The same for a body that is no form: its hex SHA-256 stands in the query, and only the URL is signed."""
    same_body = hmac.compare_digest(
        hashlib.sha256(body).hexdigest().encode(), body_hash.encode("utf-8", "surrogateescape")
    )
    return verify(urls, (), signature, tokens) and same_body


class TwilioVerifier:
    """Checks requests to a service that is known to Twilio as `public_url`.

    A path in `public_url` belongs to the address whether or not the proxy in front takes it off again.
    """

    def __init__(self, public_url: str, tokens: Sequence[str]) -> None:
        if not tokens or not all(tokens):
            raise ValueError("Twilio's webhooks cannot be checked without an auth token")
        parts = urlsplit(public_url)
        self._tokens = tuple(token.encode() for token in tokens)
        self._path = parts.path.rstrip("/")
        self._origins = url_forms(f"{parts.scheme}://{parts.netloc}")

    def __call__(self, received: Received) -> None:
        """Raises BadSignature, or ValueError where the form is no UTF-8."""
        signature = received.headers.get(SIGNATURE_HEADER, "")
        target = received.target
        if self._path and not target.startswith(self._path + "/"):
            target = self._path + target
        urls = [origin + target for origin in self._origins]
        if received.content_type == FORM:
            good = verify(urls, received.form, signature, self._tokens)
        else:
            body_hash = dict(received.query).get(BODY_HASH, "")
            good = verify_body(urls, received.body, body_hash, signature, self._tokens)
        if not good:
            raise BadSignature("x-twilio-signature")
