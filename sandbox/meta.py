"""A pretend WhatsApp Cloud API (Meta): sends over its real paths, its refusals, its webhooks, the customer's side.

A message that is accepted is on the phone at once (the ledger); statuses follow in the background.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api, read 2026.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox import meta_api, phonebook
from sandbox.control import Act, add_control
from sandbox.faulty import fault_middleware
from sandbox.hooks import Hook, Hooks, Retry
from sandbox.meta_checks import Buttons, Shown, Template, shown
from sandbox.meta_customer import MetaCustomer
from sandbox.meta_templates import MetaReviews
from sandbox.meta_wire import MetaRefused, as_meta_writes, body_for_status, late_error, new_wamid, signature
from sandbox.world import World

#: Source: https://developers.facebook.com/docs/whatsapp/pricing, read 2026: the customer service window
WINDOW = timedelta(hours=24)
#: Meta tries at once and then ever more seldom for days. Here the first minute of that, in real seconds.
RETRY = Retry((0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0), frozenset({"connect", "read", "4xx", "5xx"}), total_s=90.0)


@dataclasses.dataclass(frozen=True, slots=True)
class MetaRules:
    """What differs between accounts."""

    steps: tuple[str, ...] = ("sent", "delivered")  # reported for a message that arrives
    read_receipts: bool = False  # read at once
    refuse_now: bool = False  # 131026 and 131047 at once instead of in a status
    pair_rate_s: float | None = None  # seconds between two messages to one person (really 6): sooner is 131056
    retry: Retry = RETRY
    user_ids: Mapping[str, str] = dataclasses.field(default_factory=dict)  # phone -> business-scoped user id
    daily_limit: int | None = None  # people that may be written to first within 24 hours; None: no limit
    hidden: frozenset[str] = frozenset()  # phones whose number Meta does not tell (they need a user id)


@dataclasses.dataclass(slots=True)
class Sent:
    """A message of ours that Meta took."""

    wamid: str
    phone: str  # E.164
    at: datetime
    shown: Shown
    opaque: str | None
    kind: str  # text | interactive | template
    status: str = "accepted"
    outside: bool = False  # of the customer service window: counts towards the messaging limit


@dataclasses.dataclass(frozen=True, slots=True)
class MetaAccount:
    """The ids and secrets of one business number."""

    phone_number_id: str
    access_token: str
    app_secret: str
    verify_token: str
    display_phone_number: str = "15550783881"  # digits only, as Meta shows it
    waba_id: str = "102290129340398"


class PretendMeta(MetaCustomer):
    """One WhatsApp business number at Meta. `app()` serves it; `webhook_url` is the service's route."""

    name = "meta"

    def __init__(self, world: World, account: MetaAccount, webhook_url: str, rules: MetaRules | None = None) -> None:
        self.world = world
        self.account = account
        self.webhook_url = webhook_url
        self.rules = rules or MetaRules()
        self.hooks = Hooks(world)
        self.templates: dict[tuple[str, str], Template] = {}
        self.sent: dict[str, Sent] = {}  # by wamid, oldest first
        self.sent_to: dict[str, list[Sent]] = {}
        self.opened: dict[str, datetime] = {}  # phone -> last heard
        self.media: dict[str, tuple[str, bytes]] = {}  # id -> (content type, bytes)
        self.store_url = ""  # the download link of a file, should it be another than our own
        self.posted: dict[str, Hook] = {}
        self.refused: list[int] = []  # codes of the sends that were refused at once
        self.reviews = MetaReviews(self)

    def app(self) -> web.Application:
        """Graph API routes and the control routes."""
        faults = fault_middleware(self.world, self.name, meta_api.recipient, body_for_status)
        app = web.Application(middlewares=[faults, meta_api.refusals])
        add_control(app, self)
        meta_api.add_routes(app, self)

        async def close(_: web.Application) -> None:
            await self.hooks.close()

        app.on_cleanup.append(close)
        return app

    def acts(self) -> Mapping[str, Act]:
        return {
            "reply": self.reply,
            "press": self.press,
            "react": self.react,
            "locate": self.locate,
            "attach": self.attach,
            "edit": self.edit,
            "delete": self.delete,
            "read": self.read,
            "again": self.again,
            "verify": self.verify,
            "review": self.reviews.review,
            "rate": self.reviews.rate,
            "categorize": self.reviews.categorize,
            "tier": self.reviews.tier,
        }

    def register_template(
        self, name: str, language: str, body: str, buttons: Iterable[str] = (), *, status: str = "APPROVED"
    ) -> None:
        """A template that sends may name; buttons are quick replies by title."""
        self.templates[name, language] = Template(name, language, body, tuple(buttons), status=status)

    def window_open(self, phone: str) -> bool:
        heard = self.opened.get(phone)
        return heard is not None and self.world.now() - heard < WINDOW

    def create(self, message: Mapping[str, Any]) -> tuple[Sent, str]:
        """Takes a message and starts the delivery; gives it and the recipient as it was written.

        Raises MetaRefused: nothing was sent.
        """
        phone, given = self._recipient(message)
        seen = shown(message, self.templates)
        failure = self._failure(phone, seen)
        if failure and self.rules.refuse_now:
            raise MetaRefused(*failure)
        self._keep_pair_rate(phone)
        kind = str(message.get("type", "text"))
        sent = Sent(
            new_wamid(phone.lstrip("+")), phone, self.world.now(), seen, message.get("biz_opaque_callback_data"), kind
        )
        sent.outside = not self.window_open(phone)
        self.sent[sent.wamid] = sent
        self.sent_to.setdefault(phone, []).append(sent)
        if failure is None:
            self._arrive(sent)
        self.world.spawn(self._report(sent, failure))
        return sent, given

    def _recipient(self, message: Mapping[str, Any]) -> tuple[str, str]:
        """E.164 of `to`, or of the user id in `recipient`, and what was written. Raises MetaRefused."""
        if user_id := message.get("recipient"):
            phone = next((p for p, known in self.rules.user_ids.items() if known == user_id), None)
            if phone is None:
                raise MetaRefused(131026, "no such user")
            return phone, str(user_id)
        given = str(message.get("to") or "")
        if not given:
            raise MetaRefused(131008, "The parameter to is required.")
        phone = "+" + phonebook.bare(given).lstrip("+")
        if not phonebook.is_e164(phone):
            raise MetaRefused(131009, "to is no phone number")
        return phone, given

    def _failure(self, phone: str, seen: Shown) -> tuple[int, str] | None:
        if phonebook.facts(self.world, phone) & {"no_whatsapp", "no_whatsapp_now", "no_channel", "invalid"}:
            return 131026, "Message Undeliverable."
        if seen.template is None and not self.window_open(phone):
            return 131047, "More than 24 hours have passed since the customer last replied to this number."
        if not self.window_open(phone) and self._beyond_limit(phone):
            return 131048, "Message failed to send because there are restrictions on how many messages can be sent."
        return None

    def _beyond_limit(self, phone: str) -> bool:
        """Whether one more person within 24 hours would be too many."""
        if self.rules.daily_limit is None:
            return False
        since = self.world.now() - WINDOW
        told = {s.phone for s in self.sent.values() if s.at > since and s.outside and s.status != "failed"}
        return len(told | {phone}) > self.rules.daily_limit

    def _keep_pair_rate(self, phone: str) -> None:
        before = self.sent_to.get(phone)
        if self.rules.pair_rate_s is None or not before:
            return
        if (self.world.now() - before[-1].at).total_seconds() < self.rules.pair_rate_s:
            raise MetaRefused(131056, "Too many messages sent to the same phone number in a short period of time.")

    def _arrive(self, sent: Sent) -> None:
        buttons: Buttons = sent.shown.buttons
        self.world.receive(
            self.name,
            "whatsapp",
            "+" + self.account.display_phone_number,
            sent.phone,
            sent.shown.text,
            sent.wamid,
            buttons=[{"id": button_id, "title": title} for button_id, title in buttons],
            template=sent.shown.template,
        )

    async def _report(self, sent: Sent, failure: tuple[int, str] | None) -> None:
        steps = ("failed",) if failure else self.rules.steps
        if failure is None and "no_receipt" in phonebook.facts(self.world, sent.phone):
            steps = tuple(step for step in steps if step == "sent")
        elif failure is None and self.rules.read_receipts:
            steps = (*steps, "read")
        for step in steps:
            sent.status = step
            await self.hooks.report(self.hook(self.status_value(sent, failure)))

    def hook(self, value: Mapping[str, Any]) -> Hook:
        """A signed webhook with this one change of the field `messages`."""
        metadata = {
            "display_phone_number": self.account.display_phone_number,
            "phone_number_id": self.account.phone_number_id,
        }
        return self.account_hook("messages", {"messaging_product": "whatsapp", "metadata": metadata, **value})

    def account_hook(self, field: str, value: Mapping[str, Any]) -> Hook:
        """A signed webhook with this one change of any field."""
        change = {"value": value, "field": field}
        body = as_meta_writes(
            {"object": "whatsapp_business_account", "entry": [{"id": self.account.waba_id, "changes": [change]}]}
        )
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": signature(self.account.app_secret, body),
            "User-Agent": "facebookexternalua",
        }
        return Hook(self.webhook_url, body, headers, self.rules.retry)

    def status_value(self, sent: Sent, failure: tuple[int, str] | None = None) -> dict[str, Any]:
        """The `statuses` part of a webhook about this message."""
        status: dict[str, Any] = {"id": sent.wamid, "status": sent.status, "timestamp": self.timestamp()}
        status["recipient_id"] = sent.phone.lstrip("+")
        if user_id := self.rules.user_ids.get(sent.phone):
            status["recipient_user_id"] = user_id
        if sent.opaque is not None:
            status["biz_opaque_callback_data"] = sent.opaque
        if failure:
            status["errors"] = [late_error(*failure)]
        elif sent.status in ("sent", "delivered"):
            category = "utility" if sent.shown.template else "service"
            status["pricing"] = {"billable": category == "utility", "pricing_model": "PMP", "category": category}
        return {"statuses": [status]}

    def timestamp(self) -> str:
        return str(int(self.world.now().timestamp()))
