"""Is what customers write to our Twilio numbers still sent here? A number whose webhook address was changed falls silent.

Only told, never set: a number may lead through an application or a service of the shop's own. Numbers that answer for themselves in
another way (a Messaging Service, an application, short codes, names) are left alone.
Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, read 2026-11.
"""

from __future__ import annotations

import msgspec

from adapters.customers import is_e164
from adapters.exchange import Exchange, decoded
from adapters.replied import Answer
from adapters.twilio import MESSAGE_PATH
from adapters.twilio_send import account_url, authorization
from adapters.twilio_settings import TwilioSettings
from engine.ports import Trouble, Unanswered


class _Number(msgspec.Struct):
    phone_number: str = ""
    sms_url: str | None = None
    sms_application_sid: str | None = None


class _Numbers(msgspec.Struct):
    incoming_phone_numbers: list[_Number]


class TwilioWatch:
    """Implements engine.ports.Watch."""

    def __init__(self, settings: TwilioSettings, exchange: Exchange) -> None:
        self._settings = settings
        self._exchange = exchange
        self.name = f"twilio-{settings.account_sid[-6:]}"
        self.shops = tuple(dict.fromkeys(shops[0] for shops in settings.senders.values() if shops))

    async def look(self) -> tuple[Trouble, ...]:
        if self._settings.messaging_service_sid:
            return ()
        found = []
        for sender, shops in self._settings.senders.items():
            if is_e164(sender) and shops and await self._leads_elsewhere(sender):
                values: dict[str, str | int] = {"provider": "Twilio", "number": sender, "address": self._ours()}
                found.append(Trouble(kind="hook_address", shop=shops[0], about=sender, values=values))
        return tuple(found)

    def _ours(self) -> str:
        return self._settings.public_url.rstrip("/") + MESSAGE_PATH

    async def _leads_elsewhere(self, number: str) -> bool:
        """Raises Unanswered."""
        answer = await self._exchange.ask(
            "GET",
            f"{account_url(self._settings)}/IncomingPhoneNumbers.json",
            headers=authorization(self._settings),
            params={"PhoneNumber": number},
        )
        page = decoded(answer.body, _Numbers) if isinstance(answer, Answer) and answer.status == 200 else None
        if page is None:
            raise Unanswered("Twilio's numbers")
        mine = next((n for n in page.incoming_phone_numbers if n.phone_number == number), None)
        if mine is None or mine.sms_application_sid:
            return False
        return (mine.sms_url or "").partition("#")[0] != self._ours()
