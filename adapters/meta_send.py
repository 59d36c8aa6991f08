"""Sends WhatsApp messages through Meta's Cloud API: free text and buttons inside the 24 h window, templates outside.

Meta's API cannot be asked for a message: what is of unknown fate is settled by its statuses, which carry our mark back.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026-11.
"""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.customers import is_e164
from adapters.exchange import Exchange, again_after, decoded, refusal, without_digits
from adapters.meta import MetaSettings
from adapters.meta_inbound import tracked
from adapters.receiving import JSON
from adapters.replied import Answer
from engine.ports import Found, Lookup, Message
from flows.effects import Accepted, Outcome, Refused, TryAgain, Unknown

#: Limits of session buttons. Source: developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages,
#: read 2026-11. What does not fit goes as plain text with the titles as words to answer with.
MAX_BUTTONS = 3
MAX_TITLE = 20
MAX_BODY_WITH_BUTTONS = 1024


class _Id(msgspec.Struct):
    id: str


class _Taken(msgspec.Struct):
    messages: list[_Id]


class _Fault(msgspec.Struct):
    code: int
    message: str = ""


class _No(msgspec.Struct):
    error: _Fault


class MetaChannel:
    """Implements engine.ports.Channel for "whatsapp"."""

    provider = "meta"

    def __init__(self, settings: MetaSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.timeout_s)
        self._headers = {"Authorization": f"Bearer {settings.access_token}", "Content-Type": JSON}
        self._numbers = {sender.address: number_id for number_id, sender in settings.senders.items()}

    async def send(self, message: Message) -> Outcome:
        """One POST. Refused: "no_template" (none configured in that language), "33" (the sender is not ours)."""
        number_id = self._numbers.get(message.sender)
        if number_id is None:
            return Refused("33", "no phone_number_id for this sender")
        content = self._content(message)
        if content is None:
            return Refused("no_template", f"{message.template and message.template.name} in {message.lang}")
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_recipient(message.to),
            "biz_opaque_callback_data": tracked(message.conversation, message.effect_id),
            **content,
        }
        url = f"{self._settings.base_url.rstrip('/')}/{self._settings.api_version}/{number_id}/messages"
        answer = await self._exchange.ask("POST", url, headers=self._headers, body=msgspec.json.encode(body))
        return _outcome(answer) if isinstance(answer, Answer) else answer

    async def find(self, lookup: Lookup) -> Found | None:
        """None: Meta has no list of messages."""
        return None

    async def close(self) -> None:
        await self._exchange.close()

    def _content(self, message: Message) -> dict[str, Any] | None:
        if message.template is not None and not message.session:
            return self._template(message)
        if message.buttons and _buttons_fit(message):
            return {"type": "interactive", "interactive": _interactive(message)}
        titles = "\n".join(title for _, title in message.buttons)
        text = f"{message.text}\n\n{titles}" if titles else message.text
        return {"type": "text", "text": {"body": text, "preview_url": False}}

    def _template(self, message: Message) -> dict[str, Any] | None:
        """Our payloads ride on the template's quick replies, so a press names order and version."""
        assert message.template is not None
        known = self._settings.templates.get(message.template.name, {}).get(message.template.lang)
        if known is None:
            return None
        components: list[dict[str, Any]] = []
        if message.template.variables:
            texts = [{"type": "text", "text": value} for value in message.template.variables]
            components.append({"type": "body", "parameters": texts})
        for index, (payload, _) in enumerate(message.buttons):
            given = [{"type": "payload", "payload": payload}]
            components.append({"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": given})
        language = {"policy": "deterministic", "code": known.language}
        template: dict[str, Any] = {"name": known.name, "language": language}
        if components:
            template["components"] = components
        return {"type": "template", "template": template}


def _recipient(to: str) -> dict[str, str]:
    """By phone, or by business-scoped user id where the number is hidden.

    Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids, read 2026-11.
    """
    return {"to": to.removeprefix("+")} if is_e164(to) else {"recipient": to}


def _buttons_fit(message: Message) -> bool:
    titles = [title for _, title in message.buttons]
    return (
        len(titles) <= MAX_BUTTONS
        and len(set(titles)) == len(titles)
        and all(0 < len(title) <= MAX_TITLE for title in titles)
        and len(message.text) <= MAX_BODY_WITH_BUTTONS
    )


def _interactive(message: Message) -> dict[str, Any]:
    buttons = [{"type": "reply", "reply": {"id": payload, "title": title}} for payload, title in message.buttons]
    return {"type": "button", "body": {"text": message.text}, "action": {"buttons": buttons}}


def _outcome(answer: Answer) -> Outcome:
    """Only Meta's own error body makes a refusal definite, and never with a 5xx: that one may have been sent."""
    if 200 <= answer.status < 300:
        taken = decoded(answer.body, _Taken)
        ids = [m.id for m in taken.messages if m.id] if taken else []
        return Accepted(ids[0]) if ids else Unknown(f"http {answer.status}, no id")
    no = decoded(answer.body, _No) if 400 <= answer.status < 500 else None
    if no is None:
        return Unknown(f"http {answer.status}")
    if answer.status == 429:
        return TryAgain(again_after(answer.retry_after_s), str(no.error.code))
    return refusal("meta", str(no.error.code), without_digits(no.error.message), answer.retry_after_s)
