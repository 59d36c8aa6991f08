"""One HTTP request to a provider, and what can be known of it afterwards. It is never made twice.

no connection was made (refused, no such host, TLS failed, connect timeout)    TryAgain: no byte of ours left
reset, timeout or nonsense after that                                          Unknown: the provider may have acted
an answer with a status                                                        Answer: the adapter reads it
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote_plus

import msgspec

from adapters.line import Broken, NotConnected
from adapters.replied import Answer
from adapters.wire import Head, Wire, address
from flows import refusals
from flows.effects import Outcome, Refused, TryAgain, Unknown

#: Until a provider that could not be reached is tried again.
NO_CONNECTION_AGAIN_S = 10.0
#: Until the next try where a provider throttles without saying for how long.
THROTTLED_AGAIN_S = 30.0
#: A Retry-After beyond this is cut: the rung's own deadline comes first.
MAX_AGAIN_S = 3600.0
#: To make a connection, TLS included.
CONNECT_TIMEOUT_S = 5.0
#: Shorter than any provider keeps an idle connection, so that a request does not meet a connection that is just closing.
KEEP_ALIVE_S = 10.0
#: Answers are a few kB; a page of a hundred messages about 100 kB.
MAX_ANSWER_BYTES = 2 * 1024 * 1024


#: Octet -> how it stands in a form.
_ESCAPED = [quote_plus(bytes([octet])) for octet in range(256)]

T = TypeVar("T")


class Exchange:
    """The connections to one provider. Belongs to one event loop; made on first use. `timeout_s` is for a whole request."""

    def __init__(self, timeout_s: float) -> None:
        self._wire = Wire(timeout_s, min(CONNECT_TIMEOUT_S, timeout_s / 2), KEEP_ALIVE_S, MAX_ANSWER_BYTES)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer | TryAgain | Unknown:
        """At most one request on the wire. Redirects are not followed. The reasons name an error's class, never its words."""
        where = address(url).update_query(params) if params else address(url)
        return await self.send(Head(method, where, headers), body)

    async def send(self, head: Head, body: bytes | None) -> Answer | TryAgain | Unknown:
        """The same, with all but the body written beforehand (`head_of`): what every message begins with."""
        try:
            reply = await self._wire.ask(head, body)
        except NotConnected as error:
            return TryAgain(NO_CONNECTION_AGAIN_S, str(error))
        except Broken as error:
            return Unknown(str(error))
        except OSError as error:
            return Unknown(type(error).__name__)
        return Answer(reply.status, reply.body, _retry_after(reply.headers))

    async def close(self) -> None:
        self._wire.close()


def head_of(method: str, url: str, headers: Mapping[str, str]) -> Head:
    """For `Exchange.send`. Raises ValueError for an address without a host."""
    return Head(method, address(url), headers)


def form_encoded(fields: Mapping[str, str]) -> bytes:
    """The body of a form, as urllib's urlencode writes it, in a tenth of its time: every message that leaves is one."""
    return "&".join([f"{_escaped(name)}={_escaped(value)}" for name, value in fields.items()]).encode()


def _escaped(text: str) -> str:
    octets = text if text.isascii() else text.encode().decode("latin-1")
    return octets.translate(_ESCAPED)


def refusal(provider: str, code: str, reason: str, retry_after_s: float | None) -> Outcome:
    """The outcome of a definite "no": by what its code means it may be tried again, or nobody can say."""
    match refusals.classify(provider, code):
        case "later":
            return TryAgain(again_after(retry_after_s), code)
        case "unknown":
            return Unknown(code)
        case _:
            return Refused(code, reason)


def again_after(retry_after_s: float | None) -> float:
    """Seconds to wait, from what a provider asked for."""
    return min(max(THROTTLED_AGAIN_S if retry_after_s is None else retry_after_s, 1.0), MAX_AGAIN_S)


def decoded(body: bytes, kind: type[T]) -> T | None:
    """The JSON of a body in that shape; None for anything else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return None


def without_digits(text: str) -> str:
    """A provider's sentence without the phone number in it: reasons are logged and shown to staff."""
    return "".join("•" if c.isdigit() else c for c in text)[:200]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or from a date, which counts from the answer's own Date."""
    told = headers.get("Retry-After", "").strip()
    if not told:
        return None
    if told.isascii() and told.isdigit():
        return float(told[:9])
    then, now = _http_date(told), _http_date(headers.get("Date", ""))
    return max((then - now).total_seconds(), 0.0) if then and now else None


def _http_date(text: str) -> datetime | None:
    """Only a date in GMT, as HTTP has it: two dates can then be subtracted."""
    try:
        return parsedate_to_datetime(text) if text.endswith("GMT") else None
    except ValueError:
        return None
