"""Twilio Voice: calls that ask the ladder's question, and the keys that are pressed in them.

A call speaks the text twice and takes one digit; what was pressed comes to /hooks/twilio/voice, signed, with conversation, order
and version in the query that Twilio signs too. How the call ended comes to /hooks/twilio/voice/status: only a person who picked up
counts as reached, an answering machine does not.
Sources: https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/voice/twiml/gather,
https://www.twilio.com/docs/voice/answering-machine-detection, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import msgspec
from aiohttp import web

from adapters.exchange import Exchange, decoded, form_encoded
from adapters.receiving import FORM, FORM_LIMIT_BYTES, Parse, Received, read, receive
from adapters.replied import Answer
from adapters.twilio import EMPTY_TWIML, Accounts
from adapters.twilio_send import CLOCKS_APART, account_url, authorization, outcome
from adapters.twilio_settings import TwilioSettings
from engine.ports import BadPayload, Found, Front, Lookup, Message, StoreUnavailable
from flows import pointers
from flows.conversation import Conversation
from flows.effects import Outcome, Refused
from flows.events import AnyEvent, CallPressed, DeliveryReported
from flows.voices import VOICES
from flows.wording import render

PRESS_ROUTE, STATUS_ROUTE = "twilio/voice", "twilio/voice/status"
PRESS_PATH, STATUS_PATH = f"/hooks/{PRESS_ROUTE}", f"/hooks/{STATUS_ROUTE}"
#: Seconds that a phone rings: a mailbox mostly answers after twenty-five.
RING_S = 25
#: Seconds after the text in which a key counts.
KEY_S = 8
#: Of TwiML inside a request. Source: https://www.twilio.com/docs/voice/api/call-resource (Twiml), read 2026-11.
TWIML_MOST = 4000
#: How a call ended without anybody. Source: call-resource, call status values.
_NOBODY = frozenset({"busy", "failed", "no-answer", "canceled"})


class _Call(msgspec.Struct):
    sid: str
    to: str = ""
    status: str = ""
    direction: str = ""
    date_created: str | None = None


class _Calls(msgspec.Struct):
    calls: list[_Call]


class TwilioVoice:
    """Implements engine.ports.Channel for channel "voice"."""

    provider = "twilio"

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.timeout_s)
        self._url = f"{account_url(settings)}/Calls.json"

    async def send(self, message: Message) -> Outcome:
        """One call. Refused("no_voice"): nobody speaks that language."""
        twiml = question(self._settings.public_url, message)
        if twiml is None:
            return Refused("no_voice", message.lang)
        base = self._settings.public_url.rstrip("/")
        form = {
            "To": message.to,
            "From": message.sender,
            "Twiml": twiml,
            "Timeout": str(RING_S),
            "MachineDetection": "Enable",
            "StatusCallback": f"{base}{STATUS_PATH}?{_whose(message)}",
        }
        headers = authorization(self._settings) | {"Content-Type": FORM}
        answer = await self._exchange.ask("POST", self._url, headers=headers, body=form_encoded(form))
        return outcome(answer) if isinstance(answer, Answer) else answer

    async def find(self, lookup: Lookup) -> Found | None:
        """The newest call of ours to that number since then; None also where Twilio does not answer."""
        since = lookup.since.astimezone(UTC) - CLOCKS_APART
        query = {"To": lookup.to, "From": lookup.sender, "StartTime>": since.strftime("%Y-%m-%d"), "PageSize": "50"}
        answer = await self._exchange.ask("GET", self._url, headers=authorization(self._settings), params=query)
        page = decoded(answer.body, _Calls) if isinstance(answer, Answer) and answer.status == 200 else None
        for call in page.calls if page is not None else ():
            made = parsedate_to_datetime(call.date_created) if call.date_created else None
            if call.direction.startswith("outbound") and call.to == lookup.to and made is not None and made >= since:
                return Found(call.sid, "failed" if call.status in _NOBODY else "sent", call.status)
        return None

    async def close(self) -> None:
        await self._exchange.close()


def _whose(message: Message) -> str:
    return f"c={quote(message.conversation)}&e={quote(message.effect_id, safe=':/')}"


def question(public_url: str, message: Message) -> str | None:
    """The TwiML of the call: twice the same question, each time with time for a key; None without a voice."""
    bound = message.bound
    action = f"{public_url.rstrip('/')}{PRESS_PATH}?{_whose(message)}&o={bound[0]}.{bound[1]}&l={quote(message.lang)}"
    said = _said(message.text, message.lang)
    if said is None:
        return None
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{KEY_S}" action={quoteattr(action)} method="POST">{said}</Gather>'
    )
    twiml = f"<Response>{gather}{gather}</Response>"
    return twiml if len(twiml) <= TWIML_MOST else f"<Response>{gather}</Response>"


def _said(text: str, lang: str) -> str | None:
    found = VOICES.get(lang.split("-")[0])
    if found is None:
        return None
    return f'<Say voice="{found[0]}" language="{found[1]}">{escape(text)}</Say>'


# -- webhooks


def parse_press(received: Received) -> tuple[CallPressed, ...]:
    """The key of one call. Raises BadPayload."""
    fields, query = dict(received.form), dict(received.query)
    seq, _, version = query.get("o", "").partition(".")
    missing = [name for name in ("CallSid", "Digits") if not fields.get(name)]
    if missing or not (seq.isdigit() and version.isdigit()) or not query.get("c"):
        raise BadPayload(*(f"{name} is missing" for name in missing or ["o"]))
    return (
        CallPressed(
            event_id=f"twilio:{fields['CallSid']}:pressed",
            to=(pointers.conversation(query["c"]),),
            at=received.at,
            seq=int(seq),
            version=int(version),
            digits=fields["Digits"],
            provider_id=fields["CallSid"],
        ),
    )


def parse_ended(received: Received) -> tuple[DeliveryReported, ...]:
    """How one call ended. Raises BadPayload."""
    fields, query = dict(received.form), dict(received.query)
    status, sid = fields.get("CallStatus", ""), fields.get("CallSid", "")
    if not sid or not query.get("c"):
        raise BadPayload("CallSid is missing")
    machine = fields.get("AnsweredBy", "").startswith(("machine", "fax"))
    if status not in _NOBODY and status != "completed":
        return ()
    code = status if status in _NOBODY else "machine" if machine else ""
    return (
        DeliveryReported(
            event_id=f"twilio:{sid}:{status}",
            to=(pointers.conversation(query["c"]),),
            at=received.at,
            effect_id=query.get("e", ""),
            provider_id=sid,
            provider="twilio",
            status="failed" if code else "delivered",
            code=code,
        ),
    )


def parsers() -> dict[str, Parse]:
    """Route name -> what reads its bodies, kept ones too."""
    return {PRESS_ROUTE: parse_press, STATUS_ROUTE: parse_ended}


class _Presses:
    def __init__(self, front: Front, accounts: Accounts) -> None:
        self._front = front
        self._accounts = accounts

    async def press(self, request: web.Request) -> web.Response:
        """What follows a key is spoken in the answer itself, after the commit."""
        received = await read(request, self._front.now(), FORM_LIMIT_BYTES, (FORM,))
        try:
            self._accounts.verify(received)
        except Exception:  # noqa: BLE001 - whatever is wrong while verifying, nobody has been proved
            self._front.count("hook_rejected", route=PRESS_ROUTE)
            return web.Response(status=403)
        try:
            (event,) = parse_press(received)
        except (BadPayload, ValueError) as bad:
            await self._front.keep(PRESS_ROUTE, received.body, received.to_keep(), str(bad))
            return _spoken("")
        try:
            handled = await self._front.handle(event)
        except StoreUnavailable:
            return web.Response(status=503, headers={"Retry-After": "1"})
        notice = handled.decision.notice if handled.decision is not None else ""
        return _spoken(await self._answer(event, notice, dict(received.query).get("l", "en")))

    async def _answer(self, event: CallPressed, notice: str, lang: str) -> str:
        """The sentence that says what became of it, as TwiML; told again, it says what stands."""
        found = await self._front.by_id(event.to[0].key)
        order = found.by_seq(event.seq) if isinstance(found, Conversation) else None
        if found is None or order is None:
            return ""
        stands = {"confirmed": "voice_ok", "cancelled": "voice_cancelled"}.get(order.state, "voice_staff")
        policy = self._front.policies[found.shop]
        values = {"shop": policy.name, "order": order.id}
        text = render(notice or stands, "voice", lang, values, overrides=policy.overrides, script=policy.script).text
        return _said(text, lang) or ""


def _spoken(said: str) -> web.Response:
    return web.Response(text=f"<Response>{said}<Hangup/></Response>", content_type="text/xml")


def routes(front: Front, accounts: Sequence[TwilioSettings]) -> list[web.RouteDef]:
    """POST only, forms only, each signed."""
    known = Accounts(accounts)
    presses = _Presses(front, known)

    async def ended(request: web.Request) -> web.StreamResponse:
        return await receive(request, front, STATUS_ROUTE, known.verify, _ended, FORM_LIMIT_BYTES, (FORM,), EMPTY_TWIML)

    return [web.post(PRESS_PATH, presses.press), web.post(STATUS_PATH, ended)]


def _ended(received: Received) -> tuple[AnyEvent, ...]:
    return parse_ended(received)
