"""Sends SMS through the gateway that the settings describe. Nobody can ask it what became of a message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from adapters.exchange import Exchange, again_after, decoded, refusal
from adapters.gateway import GatewaySettings, tracked, value_at
from adapters.receiving import FORM, JSON, media_type
from adapters.replied import Answer
from engine.ports import Found, Lookup, Message
from flows.effects import Accepted, Outcome, Refused, TryAgain, Unknown

_PLACEHOLDER = re.compile(r"\{(to|text|from|id)\}")
Escape = Callable[[str], str]


class GatewayChannel:
    """Implements engine.ports.Channel for "sms". Raises ValueError for a URL whose host depends on the message."""

    provider = "gateway"

    def __init__(self, settings: GatewaySettings) -> None:
        parts = urlsplit(settings.send.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or _PLACEHOLDER.search(parts.netloc):
            raise ValueError("sms_gateway.send.url needs http or https and a fixed host")
        self._settings = settings
        self._exchange = Exchange(settings.timeout_s)

    async def send(self, message: Message) -> Outcome:
        """One request. A 4xx is a refusal, code "http_<status>" or what `refusals` makes of its words."""
        send = self._settings.send
        values = {
            "to": message.to,
            "text": message.text,
            "from": message.sender,
            "id": tracked(message.conversation, message.effect_id),
        }
        content_type = media_type(next((v for k, v in send.headers.items() if k.lower() == "content-type"), JSON))
        body = None if send.body is None else encoded(send.body, content_type, values)
        headers = {"Content-Type": content_type, **send.headers} if body is not None else dict(send.headers)
        url = filled(send.url, values, lambda text: quote(text, safe=""))
        answer = await self._exchange.ask(send.method, url, headers=headers, body=body)
        return self._outcome(answer) if isinstance(answer, Answer) else answer

    async def find(self, lookup: Lookup) -> Found | None:
        """None: there is nobody to ask."""
        return None

    async def close(self) -> None:
        await self._exchange.close()

    def _outcome(self, answer: Answer) -> Outcome:
        send = self._settings.send
        if 200 <= answer.status < 300:
            said = decoded(answer.body, Any)
            if send.ok_field and value_at(said, send.ok_field) not in send.ok_values:
                return Refused(self._code(answer, "not_taken")) if said is not None else Unknown("no JSON")
            provider_id = value_at(said, send.id_field)
            return Accepted(provider_id) if provider_id or not send.id_field else Unknown("no id")
        if not 400 <= answer.status < 500:
            return Unknown(f"http {answer.status}")
        if answer.status == 429:
            return TryAgain(again_after(answer.retry_after_s), "http_429")
        return refusal("gateway", self._code(answer, f"http_{answer.status}"), "", answer.retry_after_s)

    def _code(self, answer: Answer, otherwise: str) -> str:
        words = answer.body.decode("utf-8", "replace").casefold()
        known = self._settings.send.refusals.items()
        return next((code for said, code in known if said.casefold() in words), otherwise)


def filled(template: str, values: Mapping[str, str], escape: Escape) -> str:
    """The template with its placeholders filled in one pass: braces in a customer's name stay what they are."""
    return _PLACEHOLDER.sub(lambda match: escape(values[match[1]]), template)


def encoded(body: Any, content_type: str, values: Mapping[str, str]) -> bytes:
    """The body on the wire. A value can never become structure: it is escaped as the content type demands."""
    if isinstance(body, str):
        return filled(body, values, _escape_for(content_type)).encode()
    content = _deep(body, values)
    return urlencode(content).encode() if content_type == FORM else msgspec.json.encode(content)


def _escape_for(content_type: str) -> Escape:
    if content_type == FORM:
        return lambda text: quote(text, safe="")
    if content_type == JSON or content_type.endswith("+json"):
        return lambda text: msgspec.json.encode(text).decode()[1:-1]
    return lambda text: text


def _deep(body: Any, values: Mapping[str, str]) -> Any:
    if isinstance(body, str):
        return filled(body, values, str)
    if isinstance(body, Mapping):
        return {name: _deep(value, values) for name, value in body.items()}
    return [_deep(value, values) for value in body] if isinstance(body, list | tuple) else body
