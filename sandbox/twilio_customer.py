"""The customer's side of the pretend Twilio: writing, pressing a button, reading, and a webhook posted twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox import phonebook
from sandbox.hooks import Hooks
from sandbox.segments import segments
from sandbox.twilio_wire import API_VERSION, Message, new_sid
from sandbox.twilio_words import OptOuts
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.twilio import TwilioRules
    from sandbox.twilio_hooks import TwilioHooks

#: Source: https://www.twilio.com/docs/messaging/guides/webhook-request, read 2026: the name a WhatsApp user shows
PROFILE_NAME = "Customer"


class TwilioCustomer:
    """Mixed into PretendTwilio. Every act returns the HTTP status of the service, 0 when it did not answer."""

    world: World
    account_sid: str
    rules: TwilioRules
    hooks: Hooks
    messages: dict[str, Message]
    sent_to: dict[str, list[Message]]
    opt_outs: OptOuts
    opened: dict[tuple[str, str], datetime]
    webhooks: TwilioHooks
    media: dict[str, tuple[str, bytes]]  # media sid -> (content type, bytes)
    name: str

    async def reply(
        self,
        from_: str,
        text: str = "",
        to: str | None = None,
        channel: str = "sms",
        *,
        media: Sequence[tuple[str, str]] = (),
        location: tuple[float, float] | None = None,
        quoted: str | None = None,
        profile: str = PROFILE_NAME,
    ) -> int:
        """The customer `from_` writes `text` to our sender `to`, by default the one that wrote to them last.

        `media`: (URL, content type) of each attachment; `location`: latitude, longitude; `quoted`: the sid of a message
        of ours that the customer replied to. An opt-out word is heard, and answered, before the webhook goes.
        Raises LookupError when nobody wrote to them, ValueError when the sender cannot receive.
        """
        further: dict[str, str] = {}
        for n, (url, kind) in enumerate(media):
            further |= {f"MediaUrl{n}": url, f"MediaContentType{n}": kind}
        if location is not None:
            further |= {"Latitude": str(location[0]), "Longitude": str(location[1])}
        kind = "location" if location is not None else media[0][1].partition("/")[0] if media else "text"
        if quoted is not None:
            further |= self._quoting(quoted)
        return await self._write(from_, text, to, channel, further, kind=kind, media=len(media), profile=profile)

    async def attach(
        self,
        from_: str,
        content: str | bytes,
        kind: str = "image/jpeg",
        text: str = "",
        channel: str = "whatsapp",
        to: str | None = None,
    ) -> int:
        """The customer sends a file with `text` beside it; its bytes can then be fetched from the message's Media resource."""
        sid, media_sid = new_sid("MM"), new_sid("ME")
        self.media[media_sid] = (kind, content.encode() if isinstance(content, str) else content)
        # the address as Twilio writes it, whatever this server is reached by
        url = f"https://api.twilio.com/{API_VERSION}/Accounts/{self.account_sid}/Messages/{sid}/Media/{media_sid}"
        further = {"MediaUrl0": url, "MediaContentType0": kind}
        return await self._write(
            from_, text, to, channel, further, kind=kind.partition("/")[0], media=1, profile=PROFILE_NAME, sid=sid
        )

    async def press(
        self,
        from_: str,
        button: int | str = 0,
        message: str | None = None,
        *,
        profile: str = PROFILE_NAME,
    ) -> int:
        """The customer presses a button (its index, id or title) of a WhatsApp message, by default of the last with any.

        Raises LookupError for no such message or button.
        """
        pressed = self._with_buttons(from_, message)
        for n, (button_id, title) in enumerate(pressed.buttons):
            if button in (n, button_id, title):
                break
        else:
            raise LookupError(f"no button {button!r} among {pressed.buttons}")
        further = {**self._quoting(pressed.sid), "ButtonPayload": button_id, "ButtonText": title}
        kind = "interactive" if pressed.in_window else "button"
        return await self._write(from_, title, pressed.sender, "whatsapp", further, kind=kind, profile=profile)

    async def read(self, from_: str, message: str | None = None) -> int:
        """The customer reads a WhatsApp message, by default the last one. Returns 0 where no report was asked for."""
        mine = self._sent_to(from_, "whatsapp")
        read = next((m for m in mine if message in (None, m.sid)), None)
        if read is None:
            raise LookupError(f"no WhatsApp message to {from_}")
        read.status, read.updated = "read", self.world.now()
        return await self.hooks.post(self.webhooks.status(read)) if read.status_callback else 0

    async def again(self, message: str) -> int:
        """The webhook of this inbound message once more, byte for byte, as after a lost answer."""
        return await self.webhooks.again(message)

    async def _write(
        self,
        from_: str,
        text: str,
        to: str | None,
        channel: str,
        further: dict[str, str],
        *,
        kind: str,
        profile: str,
        media: int = 0,
        sid: str = "",
    ) -> int:
        prefix = {"sms": "", "whatsapp": "whatsapp:"}[channel]  # a KeyError is a LookupError: no such channel
        customer = prefix + phonebook.bare(from_)
        ours = self._written_to(from_, channel) if to is None else prefix + to.removeprefix("whatsapp:")
        if not phonebook.bare(ours).lstrip("+").isdigit():
            raise ValueError(f"an alphanumeric sender cannot be answered: {ours}")
        if channel == "whatsapp":
            self.opened[ours, customer] = self.world.now()
            further |= self._whatsapp_fields(customer, kind, profile)
        now = self.world.now()
        message = Message(
            sid or new_sid("MM" if media else "SM"), self.account_sid, ours, customer, text, "inbound", now, "received",
            segments(text), num_media=media,
        )  # fmt: skip
        self.messages[message.sid] = message
        if channel == "sms" or self.rules.advanced_opt_out:
            self._hear(ours, customer, text, channel, further)
        service = self.service_of(ours)
        if service:
            message.service = further["MessagingServiceSid"] = service
        return await self.webhooks.inbound(message, further)

    def _hear(self, ours: str, customer: str, text: str, channel: str, further: dict[str, str]) -> None:
        """Opt-out words: what Twilio keeps of them, and what it answers by itself."""
        heard, answer = self.opt_outs.hear(self.service_of(ours) or ours, customer, text)
        if heard and self.rules.advanced_opt_out:
            further["OptOutType"] = heard
        if answer:
            sender, phone = phonebook.bare(ours), phonebook.bare(customer)
            self.world.receive(self.name, channel, sender, phone, answer, new_sid("SM"), auto_reply=True)

    def _whatsapp_fields(self, customer: str, kind: str, profile: str) -> dict[str, str]:
        phone = phonebook.bare(customer)
        fields = {"WaId": phone.lstrip("+"), "ProfileName": profile, "MessageType": kind, "ReferralNumMedia": "0"}
        if user_id := self.rules.user_ids.get(phone):
            fields["ExternalUserId"] = f"whatsapp:{user_id}"
        return fields

    def _quoting(self, sid: str) -> dict[str, str]:
        if sid not in self.messages:
            raise LookupError(f"no message {sid}")
        return {"OriginalRepliedMessageSid": sid, "OriginalRepliedMessageSender": self.messages[sid].sender}

    def service_of(self, sender: str) -> str | None:
        """The Messaging Service that this sender of ours is in: an opt-out from one covers all its senders."""
        return next((sid for sid, pool in self.rules.services.items() if sender in pool), None)

    def _sent_to(self, phone: str, channel: str) -> list[Message]:
        """Our messages to this phone, newest first."""
        address = ("whatsapp:" if channel == "whatsapp" else "") + phonebook.bare(phone)
        return self.sent_to.get(address, [])[::-1]

    def _written_to(self, phone: str, channel: str) -> str:
        mine = self._sent_to(phone, channel)
        if not mine:
            raise LookupError(f"nobody wrote to {phone} by {channel}: say to whom the reply goes")
        return mine[0].sender

    def _with_buttons(self, phone: str, sid: str | None) -> Message:
        for message in self._sent_to(phone, "whatsapp"):
            if message.buttons and sid in (None, message.sid):
                return message
        raise LookupError(f"no WhatsApp message with buttons to {phone}")
