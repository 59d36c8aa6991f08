"""A pretend Twilio: SMS and WhatsApp over its real REST paths, its refusals, its webhooks, and the customer's side.

A message that is accepted is on the phone at once (the ledger); reports follow in the background. What a number is
like comes from `phonebook`. Source: https://www.twilio.com/docs/messaging/api/message-resource, read 2026.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import phonebook, twilio_api
from sandbox.control import Act, add_control
from sandbox.faulty import fault_middleware
from sandbox.hooks import Hooks
from sandbox.segments import segments
from sandbox.twilio_calls import Calls
from sandbox.twilio_content import Content, Contents, WrongVariables
from sandbox.twilio_customer import TwilioCustomer
from sandbox.twilio_hooks import TwilioHooks
from sandbox.twilio_wire import LATE, Message, TwilioRefused, body_for_status, new_sid
from sandbox.twilio_words import OPT_IN, OPT_OUT, OptOuts
from sandbox.world import World

#: Source: https://www.twilio.com/docs/whatsapp/key-concepts, read 2026
WINDOW = timedelta(hours=24)
MAX_BODY_CHARS = 1600
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_SHORT_CODE = re.compile(r"\d{3,8}")
#: fact -> code, in the order in which the first that holds decides
_AT_ONCE_SMS = {"invalid": 21211, "no_permission": 21408, "unroutable": 21612, "landline": 21614, "opted_out": 21610}
_AT_ONCE_WHATSAPP = {"invalid": 21211, "no_whatsapp_now": 63024}
_LATE_SMS = {"landline_late": 30006, "unknown": 30005, "unreachable": 30003, "filtered": 30007}
#: Source: https://www.twilio.com/docs/api/errors/63040 and 63041, read 2026-11
_LATE_TEMPLATE = {"rejected": 63040, "paused": 63041, "disabled": 63041}
_LATE_WHATSAPP = {"no_whatsapp": 63024, "no_channel": 63003}


@dataclasses.dataclass(frozen=True, slots=True)
class TwilioRules:
    """What differs between accounts."""

    senders: Collection[str] | None = None  # numbers of ours, whatsapp: ones too; None: any
    services: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)  # MG… -> its senders
    closed_to: tuple[str, ...] = ()  # prefixes such as +964 where sending is not permitted
    opt_out_words: Collection[str] = OPT_OUT
    opt_in_words: Collection[str] = OPT_IN
    advanced_opt_out: bool = False  # OptOutType in the webhook, and the words count on WhatsApp too
    steps: tuple[str, ...] = ("queued", "sent", "delivered")  # reported for a message that arrives
    read_receipts: bool = False  # WhatsApp: read at once
    persist: bool = False  # webhooks until a 2xx
    user_ids: Mapping[str, str] = dataclasses.field(default_factory=dict)  # phone -> business-scoped id


class PretendTwilio(TwilioCustomer):
    """One Twilio account. `app()` serves it; `message_url` is where inbound messages go."""

    name = "twilio"

    def __init__(
        self, world: World, account_sid: str, auth_token: str, message_url: str, rules: TwilioRules | None = None
    ) -> None:
        self.world = world
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.rules = rules or TwilioRules()
        self.hooks = Hooks(world)
        self.messages: dict[str, Message] = {}  # by sid, oldest first
        self.sent_to: dict[str, list[Message]] = {}  # address -> ours to it, oldest first
        self.contents = Contents()
        self.calls = Calls(self)
        self.keys: dict[str, str] = {}  # phone -> the key that it presses when it is called
        self.leads_to: dict[
            str, str
        ] = {}  # a number of ours -> where messages to it go, should somebody have changed it
        self.opt_outs = OptOuts(self.rules.opt_out_words, self.rules.opt_in_words)
        self.opened: dict[tuple[str, str], datetime] = {}  # (our WhatsApp sender, customer) -> last heard
        self.media: dict[str, tuple[str, bytes]] = {}  # media sid -> (content type, bytes)
        self.store_url = ""  # where a request for a file is led, should it be somewhere else than to our own store
        self.webhooks = TwilioHooks(account_sid, auth_token, message_url, self.hooks, self.rules.persist)

    def app(self) -> web.Application:
        """Message and Content API, and the control routes."""
        faults = fault_middleware(self.world, self.name, twilio_api.recipient, body_for_status)
        app = web.Application(middlewares=[faults, twilio_api.refusals])
        twilio_api.add_routes(app, self)
        add_control(app, self)

        async def close(_: web.Application) -> None:
            await self.hooks.close()

        app.on_cleanup.append(close)
        return app

    def register_content(
        self,
        sid: str,
        body: str,
        buttons: Iterable[tuple[str, str]] = (),
        *,
        name: str = "",
        language: str = "en",
        defaults: Mapping[str, str] | None = None,
        approved: bool = True,
    ) -> None:
        """A template under this ContentSid; buttons as (id, title). Raises ValueError for too many or too long ones."""
        now = self.world.now()
        self.contents.add(Content(sid, name or sid, language, body, tuple(buttons), defaults or {}, now, approved))

    def acts(self) -> Mapping[str, Act]:
        return {
            "reply": self.reply,
            "attach": self.attach,
            "press": self.press,
            "read": self.read,
            "again": self.again,
            "keys": self.press_keys,
            "judge": self.judge,
        }

    async def judge(self, sid: str, status: str, reason: str = "", category: str = "") -> int:
        """WhatsApp has decided about a template: approved, rejected, paused, disabled. Raises LookupError."""
        self.contents.judge(sid, status, reason, category)
        return 200

    async def press_keys(self, from_: str, key: str) -> int:
        """From now on this phone presses the key when it is called; one that was called already presses it now."""
        self.keys[from_] = key
        if any(call.to == from_ and not call.pressed for call in self.calls.made):
            await self.calls.press(from_, key)
        return 200

    def window_open(self, sender: str, customer: str) -> bool:
        heard = self.opened.get((sender, customer))
        return heard is not None and self.world.now() - heard < WINDOW

    def create(self, form: Mapping[str, str]) -> Message:
        """Takes a create request and starts the delivery. Raises TwilioRefused: nothing was sent."""
        to, sender, service = self._addresses(form)
        callback = form.get("StatusCallback", "")
        if callback and urlsplit(callback).scheme not in ("http", "https"):
            raise TwilioRefused(21609, callback)
        body, buttons, template, late = self._text(form)
        self._refuse_by_facts(to, sender)
        message = Message(
            sid=new_sid("SM"),
            account_sid=self.account_sid,
            to=to,
            sender=sender,
            body=body,
            direction="outbound-api",
            created=self.world.now(),
            status="accepted" if service else "queued",
            num_segments=segments(body),
            service=service,
            status_callback=callback,
            buttons=buttons,
            in_window=self.window_open(sender, to),
        )
        self.messages[message.sid] = message
        self.sent_to.setdefault(to, []).append(message)
        if late in _LATE_TEMPLATE.values() and message.in_window:
            late = None  # inside the 24 hours it needs nobody's approval
        failure = late or self._late_failure(message, template)
        if failure is None:
            self._arrive(message, template, form.get("ContentSid"))
        self.world.spawn(self._report(message, failure))
        return message

    def _addresses(self, form: Mapping[str, str]) -> tuple[str, str, str | None]:
        """To, From and the Messaging Service, checked for form. Raises TwilioRefused."""
        to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid") or None
        if not to:
            raise TwilioRefused(21604)
        if not phonebook.is_e164(to.removeprefix("whatsapp:")):
            raise TwilioRefused(21211, to)
        on_whatsapp = to.startswith("whatsapp:")
        if not sender and service is not None:
            if service not in self.rules.services:
                raise TwilioRefused(21701, service)
            pool = self.rules.services[service]
            sender = next((s for s in pool if s.startswith("whatsapp:") == on_whatsapp), "")
        if not sender:
            raise TwilioRefused(21603)
        if sender.startswith("whatsapp:") != on_whatsapp:
            raise TwilioRefused(21910)
        plain = sender.removeprefix("whatsapp:")
        if not (phonebook.is_e164(plain) or (not on_whatsapp and _is_short_or_name(plain))):
            raise TwilioRefused(21212, sender)
        if self.rules.senders is not None and sender not in self.rules.senders:
            raise TwilioRefused(63007 if on_whatsapp else 21606, sender)
        return to, sender, service

    def _text(self, form: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...], bool, int | None]:
        """Text, buttons, whether it is an approved template, and a fault that will show later. Raises TwilioRefused."""
        sid = form.get("ContentSid", "")
        if not sid:
            body = form.get("Body", "")
            if not body:
                raise TwilioRefused(21602)
            if len(body) > MAX_BODY_CHARS:
                raise TwilioRefused(21617)
            return body, (), False, None
        content, values = self.contents.named(sid, form.get("ContentVariables", ""))
        try:
            body, buttons = content.fill(values)
        except WrongVariables:
            return content.body, content.buttons, self.contents.approved(content), 63028
        late = _LATE_TEMPLATE.get(self.contents.approval(content).status)
        return body, buttons, self.contents.approved(content), late

    def _refuse_by_facts(self, to: str, sender: str) -> None:
        known = phonebook.facts(self.world, to)
        on_whatsapp = to.startswith("whatsapp:")
        for fact, code in (_AT_ONCE_WHATSAPP if on_whatsapp else _AT_ONCE_SMS).items():
            if fact in known:
                raise TwilioRefused(code, to)
        if not on_whatsapp and to.startswith(self.rules.closed_to):
            raise TwilioRefused(21408, to)
        if self.opt_outs.blocked(self.service_of(sender) or sender, to):
            raise TwilioRefused(21610)

    def _late_failure(self, message: Message, template: bool) -> int | None:
        known = phonebook.facts(self.world, message.to)
        if message.channel == "sms":
            return next((code for fact, code in _LATE_SMS.items() if fact in known), None)
        for fact, code in _LATE_WHATSAPP.items():
            if fact in known:
                return code
        return None if template or message.in_window else 63016

    def _arrive(self, message: Message, template: bool, content_sid: str | None) -> None:
        self.world.receive(
            self.name,
            message.channel,
            message.sender.removeprefix("whatsapp:"),
            phonebook.bare(message.to),
            message.body,
            message.sid,
            buttons=[{"id": button_id, "title": title} for button_id, title in message.buttons],
            template=template,
            content_sid=content_sid,
            segments=message.num_segments,
        )

    async def _report(self, message: Message, failure: int | None) -> None:
        """The statuses that follow, one after another."""
        steps = self.rules.steps
        if failure is not None:
            steps = (*(step for step in steps if step not in ("delivered", "read")), LATE[failure][0])
        elif "no_receipt" in phonebook.facts(self.world, message.to):
            steps = tuple(step for step in steps if step != "delivered")
        elif self.rules.read_receipts and message.channel == "whatsapp":
            steps = (*steps, "read")
        for step in steps:
            message.status, message.updated = step, self.world.now()
            if step == "sent":
                message.sent = message.updated
            if step in ("failed", "undelivered"):
                message.error_code = failure
            if message.status_callback:
                await self.hooks.report(self.webhooks.status(message))


def _is_short_or_name(sender: str) -> bool:
    return bool(_SHORT_CODE.fullmatch(sender) or _ALPHANUMERIC.fullmatch(sender))
