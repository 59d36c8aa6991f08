"""The customer's side of the pretend Meta: what a person can do with a WhatsApp chat, and the verify handshake."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from sandbox import phonebook
from sandbox.hooks import Hook, Hooks
from sandbox.meta_wire import new_wamid
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.meta import MetaAccount, MetaRules, Sent

PROFILE_NAME = "Customer"


class MetaCustomer:
    """Mixed into PretendMeta. Every act returns the HTTP status of the service, 0 when it did not answer.

    `message` is the id of a message of ours, by default the last one to that phone.
    """

    world: World
    account: MetaAccount
    rules: MetaRules
    hooks: Hooks
    webhook_url: str
    sent: dict[str, Sent]
    sent_to: dict[str, list[Sent]]
    opened: dict[str, datetime]
    media: dict[str, tuple[str, bytes]]
    posted: dict[str, Hook]

    def hook(self, value: Mapping[str, Any]) -> Hook:
        raise NotImplementedError

    def status_value(self, sent: Sent, failure: tuple[int, str] | None = None) -> dict[str, Any]:
        raise NotImplementedError

    def timestamp(self) -> str:
        raise NotImplementedError

    async def reply(self, from_: str, text: str, quoted: str | None = None, *, profile: str = PROFILE_NAME) -> int:
        """The customer writes `text`, as an answer to our message `quoted` where given."""
        context = {} if quoted is None else self._context(self._mine(from_, quoted))
        return await self._write(from_, "text", {"body": text}, context, profile)

    async def press(
        self,
        from_: str,
        button: int | str = 0,
        message: str | None = None,
        *,
        profile: str = PROFILE_NAME,
    ) -> int:
        """Presses a button (index, id or title), by default of the last message with any. Raises LookupError."""
        with_buttons = (s for s in self._all(from_) if s.shown.buttons and message in (None, s.wamid))
        sent = next(with_buttons, None)
        if sent is None:
            raise LookupError(f"no message with buttons to {from_}")
        for n, (button_id, title) in enumerate(sent.shown.buttons):
            if button in (n, button_id, title):
                break
        else:
            raise LookupError(f"no button {button!r} among {sent.shown.buttons}")
        if sent.shown.template:
            pressed = {"payload": button_id, "text": title}
            return await self._write(from_, "button", pressed, self._context(sent), profile)
        chosen = {"type": "button_reply", "button_reply": {"id": button_id, "title": title}}
        return await self._write(from_, "interactive", chosen, self._context(sent), profile)

    async def react(self, from_: str, emoji: str, message: str | None = None) -> int:
        """Reacts to a message of ours; an empty emoji takes the reaction away."""
        return await self._write(from_, "reaction", {"message_id": self._mine(from_, message).wamid, "emoji": emoji})

    async def locate(self, from_: str, latitude: float, longitude: float, **place: str) -> int:
        """Sends a location; `place` may hold name and address."""
        return await self._write(from_, "location", {"latitude": latitude, "longitude": longitude, **place})

    async def attach(
        self, from_: str, kind: str = "image", mime_type: str = "image/jpeg", content: str | bytes = "", **more: Any
    ) -> int:
        """Sends an image, audio, video or document (`kind`); the bytes of `content` can then be fetched by id."""
        media_id = str(10**14 + secrets.randbelow(10**14))
        held = content.encode() if isinstance(content, str) else content
        self.media[media_id] = (mime_type, held)
        sha256 = base64.b64encode(hashlib.sha256(held).digest()).decode()
        return await self._write(from_, kind, {"mime_type": mime_type, "sha256": sha256, "id": media_id, **more})

    async def edit(self, from_: str, message: str, text: str) -> int:
        """Changes the text of the customer's own earlier `message`."""
        changed = {"context": {"id": message}, "type": "text", "text": {"body": text}}
        return await self._write(from_, "edit", {"original_message_id": message, "message": changed})

    async def delete(self, from_: str, message: str) -> int:
        """Deletes the customer's own earlier `message` for everyone."""
        return await self._write(from_, "revoke", {"original_message_id": message})

    async def read(self, from_: str, message: str | None = None) -> int:
        """Reads a message of ours."""
        sent = self._mine(from_, message)
        sent.status = "read"
        return await self.hooks.post(self.hook(self.status_value(sent)))

    async def again(self, message: str) -> int:
        """The webhook of this inbound message once more, byte for byte. Raises LookupError."""
        if message not in self.posted:
            raise LookupError(f"no inbound message {message}")
        return await self.hooks.post(self.posted[message])

    async def verify(self, token: str | None = None) -> int:
        """Meta's handshake when the webhook is set up: the status; 417 where a 2xx did not echo the challenge."""
        challenge = str(secrets.randbelow(10**9))
        query = {"hub.mode": "subscribe", "hub.challenge": challenge}
        query["hub.verify_token"] = self.account.verify_token if token is None else token
        try:
            async with aiohttp.ClientSession() as session, session.get(self.webhook_url, params=query) as answer:
                echoed = await answer.text() == challenge
                return answer.status if echoed or answer.status >= 300 else 417
        except aiohttp.ClientError:
            return 0

    async def _write(
        self,
        from_: str,
        kind: str,
        part: Mapping[str, Any],
        context: Mapping[str, Any] | None = None,
        profile: str = PROFILE_NAME,
    ) -> int:
        phone = phonebook.bare(from_)
        hidden, user_id = phone in self.rules.hidden, self.rules.user_ids.get(phone)
        if hidden and user_id is None:
            raise ValueError(f"{from_} hides the number and has no user id")
        contact: dict[str, Any] = {"profile": {"name": profile}}
        message: dict[str, Any] = {"id": new_wamid(phone.lstrip("+")), "timestamp": self.timestamp(), "type": kind}
        if not hidden:
            contact["wa_id"] = message["from"] = phone.lstrip("+")
        if user_id is not None:
            contact["user_id"] = message["from_user_id"] = user_id
        if context:
            message["context"] = context
        message[kind] = part
        self.opened[phone] = self.world.now()
        hook = self.posted[message["id"]] = self.hook({"contacts": [contact], "messages": [message]})
        return await self.hooks.post(hook)

    def _all(self, phone: str) -> list[Sent]:
        return self.sent_to.get(phonebook.bare(phone), [])[::-1]

    def _mine(self, phone: str, wamid: str | None) -> Sent:
        found = next((s for s in self._all(phone) if wamid in (None, s.wamid)), None)
        if found is None:
            raise LookupError(f"no such message to {phone}")
        return found

    def _context(self, sent: Sent) -> dict[str, str]:
        return {"from": self.account.display_phone_number, "id": sent.wamid}
