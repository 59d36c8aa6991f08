"""What the playground's page shows, as JSON: the customers' phones and mailboxes, the staff group, the owner's chat.

Read from the pretend providers alone: a message is here because it reached somebody.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox import phonebook
from sandbox.meta import PretendMeta
from sandbox.samples import COUNTRIES
from sandbox.shops import PretendShop
from sandbox.telegram import PretendTelegram
from sandbox.telegram_control import shown_json
from sandbox.twilio import PretendTwilio
from sandbox.world import Received, World

Json = dict[str, Any]

#: So much of each is shown, newest last; the rest stays in the ledger.
MOST_BUBBLES, MOST_MAILS, MOST_MESSAGES, MOST_PHONES, MOST_HEARD = 80, 30, 80, 40, 60


@dataclasses.dataclass(slots=True)
class Customer:
    """Whom the page knows. `phone` is E.164, or empty; `orders` are the ids they placed, oldest first."""

    name: str
    phone: str
    email: str
    country: str
    language: str = ""
    orders: list[str] = dataclasses.field(default_factory=list)

    @property
    def key(self) -> str:
        return self.phone or self.email


class Customers:
    """Those who ordered here, and numbers that were written to without an order (a new number that a customer gave)."""

    def __init__(self) -> None:
        self._known: dict[str, Customer] = {}
        self.attached: dict[str, str] = {}  # a customer's message -> voice, picture or place

    def ordered(self, customer: Customer, order_id: str) -> None:
        known = self._known.pop(customer.key, customer)
        known.name, known.email = customer.name or known.name, customer.email or known.email
        known.country, known.language = customer.country, customer.language
        known.orders.append(order_id)
        self._known[customer.key] = known  # last: the latest order is the newest

    def all(self, world: World, writers: Iterable[str]) -> list[Customer]:
        """In the order of their latest order, strangers first."""
        mailboxes = {c.email for c in self._known.values()}
        strangers: dict[str, Customer] = {}
        reached = [r.to for r in world.ledger if r.channel in ("sms", "whatsapp", "email", "voice")]
        for address in (*reached, *writers):
            if address not in self._known and address not in mailboxes:
                strangers.setdefault(address, _stranger(address))
        return [*strangers.values(), *self._known.values()][-MOST_PHONES:]


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the page shows and acts on. `group` and `owner`: Telegram ids of the staff group and of the owner,
    whose private chat is the other one shown."""

    world: World
    twilio: PretendTwilio
    telegram: PretendTelegram
    meta: PretendMeta | None
    group: int
    owner: int
    shop: PretendShop
    staff: tuple[int, ...] = ()


class Picture:
    """Puts the state together."""

    def __init__(self, stage: Stage) -> None:
        self._world = stage.world
        self._twilio = stage.twilio
        self._telegram = stage.telegram
        self._meta = stage.meta
        self._group = stage.group
        self._owner = stage.owner
        self._shop = stage.shop
        self._staff = stage.staff

    def shows(self, customers: Customers) -> Json:
        received: dict[str, list[Received]] = {}
        for got in self._world.ledger:
            received.setdefault(got.to, []).append(got)
        written = [*self._written_to_twilio(customers.attached), *self._written_to_meta()]
        known = customers.all(self._world, [phone for phone, _, _ in written])
        return {
            "now": self._world.now().isoformat(),
            "phones": [self._phone(customer, received, written) for customer in known],
            "group": self._chat(self._group),
            "owner": self._chat(self._owner),
            "private": {str(person): self._chat(person) for person in self._staff if person != self._owner},
            "shop": self._heard()[-MOST_HEARD:],
            "faults": [
                {"provider": name, "kind": fault.kind, "match": fault.match, "times": fault.times, "status": fault.status}
                for name, faults in self._world.faults.items()
                for fault in faults
                if fault.times != 0
            ],
        }  # fmt: skip

    def _phone(
        self, customer: Customer, received: Mapping[str, list[Received]], written: Sequence[tuple[str, str, Json]]
    ) -> Json:
        got = received.get(customer.phone, []) if customer.phone else []
        own = [(channel, bubble) for phone, channel, bubble in written if phone == customer.phone]
        country = COUNTRIES.get(customer.country)
        return {
            **dataclasses.asdict(customer),
            "key": customer.key,
            "zone": country.zone if country else "",
            "facts": sorted(phonebook.facts(self._world, customer.phone)) if customer.phone else [],
            "sms": self._bubbles("sms", got, own),
            "whatsapp": self._bubbles("whatsapp", got, own),
            "mail": [_mail(r) for r in received.get(customer.email, []) if r.channel == "email"][-MOST_MAILS:],
        }

    def _bubbles(self, channel: str, got: list[Received], own: list[tuple[str, Json]]) -> list[Json]:
        # what was heard in a call stands among the texts of that phone
        bubbles = [self._bubble(r) for r in got if r.channel == channel or (channel, r.channel) == ("sms", "voice")]
        bubbles += [bubble for where, bubble in own if where == channel]
        return sorted(bubbles, key=lambda bubble: str(bubble["at"]))[-MOST_BUBBLES:]

    def _bubble(self, got: Received) -> Json:
        status = ""
        if got.provider_id in self._twilio.messages:
            status = self._twilio.messages[got.provider_id].status
        elif self._meta is not None and got.provider_id in self._meta.sent:
            status = self._meta.sent[got.provider_id].status
        return {
            "id": got.provider_id,
            "at": got.at.isoformat(timespec="microseconds"),
            "mine": False,
            "text": f"☎ {got.text}" if got.channel == "voice" else got.text,
            "buttons": got.extra.get("buttons") or [],
            "status": status,
            "from": got.sender,
            "template": bool(got.extra.get("template")),
            "segments": got.extra.get("segments") or 0,
            "auto": bool(got.extra.get("auto_reply")),
        }

    def _heard(self) -> list[Json]:
        """What the shop's own systems were told, oldest first: a decision to its program, a change in Shopify or WooCommerce."""
        shop = self._shop
        rows: list[tuple[datetime, str, str, str, Json]] = []
        if shop.callback is not None:
            rows += [(h.at, "callback", str(h.data.get("order", "")), h.type, h.data) for h in shop.callback.heard]
        if shop.admin is not None:
            rows += [(c.at, "shopify", c.order, c.name, c.detail) for c in shop.admin.writes]
        if shop.rest is not None:
            rows += [(c.at, "woocommerce", c.order, "order changed", c.detail) for c in shop.rest.changes]
        rows.sort(key=lambda row: row[0])
        return [
            {"n": n, "at": at.isoformat(), "system": system, "order": order, "what": what, "detail": detail}
            for n, (at, system, order, what, detail) in enumerate(rows, 1)
        ]

    def _written_to_twilio(self, attached: Mapping[str, str]) -> list[tuple[str, str, Json]]:
        return [
            (
                phonebook.bare(m.sender),
                "whatsapp" if m.sender.startswith("whatsapp:") else "sms",
                _own(m.sid, m.created, m.body) | {"attached": attached.get(m.sid, "")},
            )
            for m in self._twilio.messages.values()
            if m.direction == "inbound"
        ]  # fmt: skip

    def _written_to_meta(self) -> list[tuple[str, str, Json]]:
        """Meta stamps to the second, so an answer within the second of the question stands before it."""
        if self._meta is None:
            return []
        found = []
        for hook in self._meta.posted.values():
            for message in json.loads(hook.body)["entry"][0]["changes"][0]["value"]["messages"]:
                if "from" in message:
                    at = datetime.fromtimestamp(int(message["timestamp"]), UTC)
                    found.append(("+" + message["from"], "whatsapp", _own(message["id"], at, _said(message))))
        return found

    def _chat(self, chat_id: int) -> Json:
        room = self._telegram.state.rooms.get(chat_id)
        if room is None:
            return {"id": chat_id, "title": "", "members": [], "messages": []}
        names = self._telegram.state.people
        return {
            "id": room.id,
            "title": room.title,
            "members": [names[member].name for member in room.members if member in names],
            "messages": [shown_json(message) for message in self._telegram.shows(room)[-MOST_MESSAGES:]],
        }


def _own(message_id: str, at: datetime, text: str) -> Json:
    """A bubble of the customer's own, with the same fields as ours."""
    return {
        "id": message_id, "at": at.isoformat(timespec="microseconds"), "mine": True, "text": text, "buttons": [], "status": "", "from": "",
        "template": False, "segments": 0, "auto": False,
    }  # fmt: skip


def _said(message: Mapping[str, Any]) -> str:
    kind = str(message["type"])
    part = message.get(kind, {})
    if kind == "interactive":
        return str(part.get("button_reply", {}).get("title", ""))
    return str(part.get("body") or part.get("text") or part.get("emoji") or f"[{kind}]")


def _mail(got: Received) -> Json:
    return {
        "id": got.provider_id,
        "at": got.at.isoformat(),
        "from": got.extra.get("headers", {}).get("From", got.sender),
        "subject": got.extra.get("subject", ""),
        "text": got.text,
    }


def _stranger(address: str) -> Customer:
    return Customer("", "", address, "") if "@" in address else Customer("", address, "", "")
