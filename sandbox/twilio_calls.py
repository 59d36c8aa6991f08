"""Twilio Voice, pretended: calls that ring at a phone, speak their TwiML, take a key, and report how they ended.

What a phone does is set before it rings (`PretendTwilio.keys`: phone -> the key it presses), or by the phone book: "no_answer",
"busy", "voicemail", "call_failed". A phone without either picks up, listens to the end and presses nothing. What was heard is in the
ledger as channel "voice". Sources: https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/gather,
read 2026.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aiohttp
from aiohttp import web

from sandbox import phonebook
from sandbox.twilio_wire import API_VERSION, TwilioRefused, called_url, new_sid, signature

if TYPE_CHECKING:
    from sandbox.twilio import PretendTwilio

#: Of TwiML inside a request.
TWIML_MOST = 4000
#: fact of the phone -> how the call ends
_ENDS = {"no_answer": "no-answer", "busy": "busy", "call_failed": "failed"}


@dataclasses.dataclass(slots=True)
class Call:
    """One outgoing call."""

    sid: str
    to: str
    sender: str
    twiml: str
    callback: str
    created: datetime
    status: str = "queued"
    pressed: str = ""
    heard: list[str] = dataclasses.field(default_factory=list)

    def as_json(self, account_sid: str) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "to": self.to,
            "from": self.sender,
            "status": self.status,
            "direction": "outbound-api",
            "date_created": format_datetime(self.created),
            "uri": f"/{API_VERSION}/Accounts/{account_sid}/Calls/{self.sid}.json",
        }


class Calls:
    """The calls of one account."""

    def __init__(self, twilio: PretendTwilio) -> None:
        self._twilio = twilio
        self.made: list[Call] = []

    def create(self, form: Mapping[str, str]) -> Call:
        """Takes a create request; the phone rings in the background. Raises TwilioRefused: nobody was called."""
        to, sender, twiml = form.get("To", ""), form.get("From", ""), form.get("Twiml", "")
        if not phonebook.is_e164(to) or "invalid" in phonebook.facts(self._twilio.world, to):
            raise TwilioRefused(21211, to)
        rules = self._twilio.rules
        if not phonebook.is_e164(sender) or (rules.senders is not None and sender not in rules.senders):
            raise TwilioRefused(21210, sender)
        if to.startswith(rules.closed_to) and rules.closed_to:
            raise TwilioRefused(21215, to)
        if not twiml and urlsplit(form.get("Url", "")).scheme not in ("http", "https"):
            raise TwilioRefused(21205, form.get("Url", ""))
        if len(twiml) > TWIML_MOST:
            raise TwilioRefused(20001, "Twiml is too long")
        call = Call(new_sid("CA"), to, sender, twiml, form.get("StatusCallback", ""), self._twilio.world.now())
        self.made.append(call)
        self._twilio.world.spawn(self._ring(call, form.get("MachineDetection", "") != ""))
        return call

    async def _ring(self, call: Call, detects: bool) -> None:
        known = phonebook.facts(self._twilio.world, call.to)
        ended = next((end for fact, end in _ENDS.items() if fact in known), None)
        if ended is not None:
            call.status = ended
            await self._report(call, "")
            return
        by = "machine_start" if "voicemail" in known else "human"
        call.status = "in-progress"
        root = ElementTree.fromstring(call.twiml)  # noqa: S314 - the service under test wrote it
        for verb in root:
            for say in verb.iter("Say"):
                self._hear(call, say)
            key = self._twilio.keys.get(call.to, "") if by == "human" else ""
            if verb.tag == "Gather" and key:
                call.pressed = key
                answer = await self._post(call, verb.get("action", ""), {"Digits": key, "CallStatus": "in-progress"})
                if answer:
                    for say in ElementTree.fromstring(answer).iter("Say"):  # noqa: S314
                        self._hear(call, say)
                break
        call.status = "completed"
        await self._report(call, by if detects else "")

    def _hear(self, call: Call, say: ElementTree.Element) -> None:
        text = say.text or ""
        call.heard.append(text)
        self._twilio.world.receive(
            "twilio",
            "voice",
            call.sender,
            call.to,
            text,
            call.sid,
            language=say.get("language"),
            voice=say.get("voice"),
        )

    async def press(self, phone: str, key: str) -> str:
        """The last call to this phone once more, as if the key were pressed now: what Twilio would do with a late hand. Gives the
        TwiML that came back. Raises LookupError for a phone that was never called."""
        call = next((c for c in reversed(self.made) if c.to == phone), None)
        if call is None:
            raise LookupError(f"{phone} was not called")
        gather = next(iter(ElementTree.fromstring(call.twiml).iter("Gather")))  # noqa: S314
        return await self._post(call, gather.get("action", ""), {"Digits": key, "CallStatus": "in-progress"})

    async def _report(self, call: Call, answered_by: str) -> None:
        if call.callback:
            more = {"AnsweredBy": answered_by} if answered_by else {}
            await self._post(call, call.callback, {"CallStatus": call.status, **more})

    async def _post(self, call: Call, url: str, more: Mapping[str, str]) -> str:
        """A signed webhook; what the service answered, "" where that was no 200."""
        fields = {
            "AccountSid": self._twilio.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": call.sid,
            "From": call.sender,
            "To": call.to,
            "Direction": "outbound-api",
            **more,
        }
        headers = {"X-Twilio-Signature": signature(self._twilio.auth_token, url, fields)}
        async with (
            aiohttp.ClientSession() as http,
            http.post(called_url(url), data=fields, headers=headers) as answer,
        ):
            return await answer.text() if answer.status == 200 else ""


def add_routes(app: web.Application, twilio: PretendTwilio, admit: Any) -> None:
    """`admit(request)`: raises TwilioRefused for a request without the account's credentials."""

    async def create(request: web.Request) -> web.Response:
        admit(request)
        form = {name: str(value) for name, value in (await request.post()).items()}
        return web.json_response(twilio.calls.create(form).as_json(twilio.account_sid), status=201)

    async def listed(request: web.Request) -> web.Response:
        admit(request)
        to = request.query.get("To")
        found = [c for c in reversed(twilio.calls.made) if to in (None, c.to)]
        return web.json_response({"calls": [c.as_json(twilio.account_sid) for c in found], "page": 0})

    account = f"/{API_VERSION}/Accounts/{{account}}"
    app.add_routes([web.post(account + "/Calls.json", create), web.get(account + "/Calls.json", listed)])
