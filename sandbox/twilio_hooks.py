"""Twilio's webhooks: the fields, the form encoding, the signature, and when a failed one is tried again.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request,
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides, read 2026.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.hooks import Hook, Hooks, Retry
from sandbox.twilio_wire import API_VERSION, Message, called_url, signature

#: value of `rp` -> failures that are tried again
_RETRY_ON = {
    "ct": {"connect"},
    "rt": {"read"},
    "4xx": {"4xx"},
    "5xx": {"5xx"},
    "all": {"connect", "read", "4xx", "5xx"},
}


def retry_of(url: str, persist: bool = False) -> Retry:
    """The policy that the URL's fragment asks for (`#rc=3&rp=all`): by default one more try when no connection came."""
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(url).fragment).items()}
    failures: set[str] = set()
    for policy in asked.get("rp", "ct").split(","):
        failures |= _RETRY_ON.get(policy, set())
    return Retry(
        waits_s=(0.0,) * min(int(asked.get("rc", "1")), 5),
        on=frozenset(failures),
        connect_s=int(asked.get("ct", "5000")) / 1000,
        read_s=int(asked.get("rt", "15000")) / 1000,
        total_s=int(asked.get("tt", "15000")) / 1000,
        persist=persist,
    )


class TwilioHooks:
    """Makes the webhooks of one account, and posts inbound messages."""

    def __init__(self, account_sid: str, auth_token: str, message_url: str, hooks: Hooks, persist: bool) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token
        self.message_url = message_url
        self._hooks = hooks
        self._persist = persist
        self._posted: dict[str, Hook] = {}

    def hook(self, url: str, fields: Mapping[str, str]) -> Hook:
        """These fields, form-encoded and signed for `url`."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(self._auth_token, url, fields),
            "I-Twilio-Idempotency-Token": secrets.token_hex(18),
            "User-Agent": "TwilioProxy/1.1",
        }
        return Hook(called_url(url), urlencode(fields).encode(), headers, retry_of(url, self._persist))

    def status(self, message: Message) -> Hook:
        """The report of the message's present status to its StatusCallback."""
        fields = {
            "AccountSid": self._account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender,
            "To": message.to,
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": message.status,
            "SmsStatus": message.status,
        }
        if message.service:
            fields["MessagingServiceSid"] = message.service
        if message.error_code:
            fields["ErrorCode"] = str(message.error_code)
        if message.channel == "whatsapp":
            fields |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.to, "StructuredMessage": "false"}
        return self.hook(message.status_callback, fields)

    async def inbound(self, message: Message, further: Mapping[str, str]) -> int:
        """Posts what a customer wrote. Returns the service's HTTP status."""
        fields = {
            "AccountSid": self._account_sid,
            "ApiVersion": API_VERSION,
            "Body": message.body,
            "From": message.sender,
            "To": message.to,
            "MessageSid": message.sid,
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "NumMedia": str(message.num_media),
            "NumSegments": str(message.num_segments),
            **further,
        }
        hook = self.hook(self.message_url, fields)
        self._posted[message.sid] = hook
        return await self._hooks.post(hook)

    async def again(self, sid: str) -> int:
        """Posts an inbound webhook once more, byte for byte. Raises LookupError for an unknown sid."""
        if sid not in self._posted:
            raise LookupError(f"no inbound message {sid}")
        return await self._hooks.post(self._posted[sid])
