"""Twilio: its settings and its two webhook routes. Parsing is in twilio_inbound, sending in twilio_send.

/hooks/twilio/message takes what customers write, by SMS and by WhatsApp; /hooks/twilio/status takes what became of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from adapters import twilio_inbound
from adapters.ready import Ready
from adapters.receiving import FORM, FORM_LIMIT_BYTES, Parse, Received, receive
from adapters.twilio_settings import TwilioSettings
from adapters.twilio_signature import TwilioVerifier
from engine.ports import BadSignature, Front
from flows.events import AnyEvent

MESSAGE_ROUTE = "twilio/message"
STATUS_ROUTE = "twilio/status"
MESSAGE_PATH = "/hooks/twilio/message"
STATUS_PATH = "/hooks/twilio/status"

#: An empty TwiML: no answer by the webhook itself, ours go the one road. Source: twilio.com/docs/messaging/twiml, read 2026-11.
EMPTY_TWIML = Ready(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")


class Accounts:
    """Several Twilio accounts behind one pair of routes. A request belongs to the account it names; that account's token,
    and no other, has to have signed it."""

    def __init__(self, accounts: Sequence[TwilioSettings]) -> None:
        self._accounts = {account.account_sid: account for account in accounts}
        self._verifiers = {a.account_sid: TwilioVerifier(a.public_url, a.auth_tokens) for a in accounts}

    def _sid(self, received: Received) -> str:
        if len(self._accounts) == 1:
            return next(iter(self._accounts))
        return next((value for name, value in received.form if name == "AccountSid"), "")

    def verify(self, received: Received) -> None:
        """Raises BadSignature; ValueError where the form is no UTF-8."""
        verifier = self._verifiers.get(self._sid(received))
        if verifier is None:
            raise BadSignature("AccountSid")
        verifier(received)

    def message(self, received: Received) -> tuple[AnyEvent, ...]:
        """What a customer wrote. Raises BadPayload."""
        account = self._accounts[self._sid(received)]
        return twilio_inbound.parse_message(account.account_sid, account.senders, received)

    def status(self, received: Received) -> tuple[AnyEvent, ...]:
        """What became of a message of ours. Raises BadPayload."""
        return twilio_inbound.parse_status(self._sid(received), received)


def parsers(*accounts: TwilioSettings) -> dict[str, Parse]:
    """Route name -> what reads its bodies, kept ones too."""
    known = Accounts(accounts)
    return {MESSAGE_ROUTE: known.message, STATUS_ROUTE: known.status}


def routes(front: Front, *accounts: TwilioSettings) -> list[web.RouteDef]:
    """POST only; a form only, because a URL-only signature would be good for any other body."""
    known = Accounts(accounts)

    async def message(request: web.Request) -> web.StreamResponse:
        return await receive(
            request, front, MESSAGE_ROUTE, known.verify, known.message, FORM_LIMIT_BYTES, (FORM,), EMPTY_TWIML
        )

    async def status(request: web.Request) -> web.StreamResponse:
        return await receive(
            request, front, STATUS_ROUTE, known.verify, known.status, FORM_LIMIT_BYTES, (FORM,), EMPTY_TWIML
        )

    return [web.post(MESSAGE_PATH, message), web.post(STATUS_PATH, status)]
