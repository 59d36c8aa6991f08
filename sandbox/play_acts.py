"""What can be done on the playground's page: order, answer, press, write as staff, break and mend things.

Every act takes the JSON body of its route and returns the JSON answer. Raises Missing for a field that is not there, LookupError
for somebody or something that is not there, ValueError for what makes no sense.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from datetime import timedelta

import phonenumbers

from sandbox import phonebook
from sandbox.courier import PretendCourier
from sandbox.meta import PretendMeta
from sandbox.play_state import Customer, Customers, Json, Stage
from sandbox.samples import COUNTRIES, SAMPLES, Buyer, Sample
from sandbox.shops import Answer, PretendShop
from sandbox.twilio import PretendTwilio
from sandbox.world import Fault

#: How `{"kind": "down"}` breaks a provider: every request, until it is mended.
DOWN = Fault("status", times=-1, status=503)
#: What else can be broken; docs/sandbox-control.md says what each does.
KINDS = (
    "status", "timeout", "cut", "garbage", "empty", "delay",
    "accept_status", "accept_timeout", "accept_cut", "accept_garbage", "accept_empty",
)  # fmt: skip

#: What a customer can send instead of words -> its content type, empty for a place on the map.
ATTACHED = {"voice": "audio/ogg", "picture": "image/jpeg", "place": ""}
#: Where the place is: Puerta del Sol.
PLACE = (40.4169, -3.7035)


class Missing(Exception):
    """A field of the body that an act needs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Staff:
    """One of the shop's people: Telegram id, name, role (staff, manager, owner)."""

    telegram: int
    name: str
    role: str


class Acts:
    """`providers`: names of those that can be broken."""

    def __init__(self, stage: Stage, shop: PretendShop, customers: Customers, providers: Sequence[str]) -> None:
        self._world = stage.world
        self._twilio = stage.twilio
        self._telegram = stage.telegram
        self._meta = stage.meta
        self._chats = {"group": stage.group, "owner": stage.owner}
        self._shop = shop
        self._customers = customers
        self._providers = providers

    async def order(self, asked: Json) -> Json:
        """`sample`: a name of the gallery; or `order`: a body of POST /orders, as a shop's own program would send it."""
        if "sample" in asked:
            name = str(asked["sample"])
            if name not in SAMPLES:
                raise LookupError(f"no sample {name}")
            return await self._place_sample(SAMPLES[name])
        order = asked.get("order")
        if not isinstance(order, dict):
            raise Missing("sample or order")
        answer = await self._shop.api(order)
        customer = _customer_of(order)
        if answer.status in (200, 202) and customer.key:
            self._customers.ordered(customer, answer.order_id)
        return _answered(answer, customer.key)

    async def event(self, asked: Json) -> Json:
        """What the shop says became of the order `id`: `type`, and a `reason` where it came back."""
        reason = asked.get("reason")
        answer = await self._shop.event(_text(asked, "id"), _text(asked, "type"), str(reason) if reason else None)
        return _answered(answer, "")

    async def courier(self, asked: Json) -> Json:
        """The courier knocks at the door of order `id`: it hands over, or fails with the reason `failed`; `repeats`, `backwards`,
        `silent` and `late_h` are its bad habits."""
        habits = {"backwards": bool(asked.get("backwards")), "silent": bool(asked.get("silent"))}
        late = timedelta(hours=float(asked.get("late_h", 0)))
        courier = PretendCourier(self._shop, repeats=max(1, min(int(asked.get("repeats", 1)), 10)), late=late, **habits)
        answer = await courier.knocks(_text(asked, "id"), str(asked.get("failed") or ""))
        return _answered(answer, "") | {"told": [dataclasses.asdict(told) for told in courier.told]}

    async def reply(self, asked: Json) -> Json:
        """The customer writes, or sends what `attach` names (voice, picture, place). On WhatsApp whoever answers has read: the
        last message's read receipt goes before."""
        phone, channel = _text(asked, "phone"), _text(asked, "channel")
        if channel not in ("sms", "whatsapp"):
            raise ValueError("channel: sms or whatsapp")
        if "attach" in asked:
            return {"status": await self._attaches(phone, channel, _text(asked, "attach"))}
        text = _text(asked, "text")
        if channel == "sms":
            return {"status": await self._twilio.reply(phone, text)}
        provider = self._whatsapp(phone)
        await self._reads(provider, phone)
        if isinstance(provider, PretendTwilio):
            return {"status": await provider.reply(phone, text, channel="whatsapp")}
        return {"status": await provider.reply(phone, text)}

    async def _attaches(self, phone: str, channel: str, what: str) -> int:
        """A stand-in: the service learns that something came, and of which kind; nobody recorded or photographed anything."""
        if what not in ATTACHED:
            raise ValueError(f"attach: {', '.join(ATTACHED)}")
        kind = ATTACHED[what]
        provider = self._whatsapp(phone) if channel == "whatsapp" else self._twilio
        if channel == "whatsapp":
            await self._reads(provider, phone)
        if isinstance(provider, PretendTwilio):
            media = [(f"https://api.twilio.com/media/{what}", kind)] if kind else []
            status = await provider.reply(phone, "", channel=channel, media=media, location=None if kind else PLACE)
            self._customers.attached[next(reversed(provider.messages))] = what
            return status
        if kind:
            return await provider.attach(phone, kind.partition("/")[0], kind, "stand-in")
        return await provider.locate(phone, *PLACE)

    async def press(self, asked: Json) -> Json:
        """The customer presses `button` (its id or title) of our WhatsApp message `provider_id`."""
        phone, message, button = _text(asked, "phone"), _text(asked, "provider_id"), _text(asked, "button")
        provider = self._twilio if message in self._twilio.messages else self._meta
        if provider is None:
            raise LookupError(f"no message {message}")
        await self._reads(provider, phone)
        return {"status": await provider.press(phone, button, message)}

    async def staff_press(self, asked: Json) -> Json:
        """`who` (a Telegram id) presses the button with `data` under a message of `chat` (group, owner, private)."""
        message = _number(asked, "message_id")
        press = await self._telegram.press(_number(asked, "who"), message, _text(asked, "data"), chat=self._chat(asked))
        return {"answered": press.answered.is_set(), "toast": press.toast, "alert": press.alert}

    async def staff_say(self, asked: Json) -> Json:
        """`who` writes `text` in `chat` (group, owner or private), as a reply where `reply_to` names a message."""
        reply_to = None if asked.get("reply_to") is None else _number(asked, "reply_to")
        chat = self._chat(asked)
        post = await self._telegram.says(_number(asked, "who"), chat, _text(asked, "text"), reply_to)
        return {"message_id": post.id}

    async def fault(self, asked: Json) -> Json:
        """`{"provider", "kind": "down" | a kind of docs/sandbox-control.md, …}` breaks, `{"mend": true}` mends, and
        `{"phone", "facts": [...]}` says what is true of a phone or mailbox."""
        if asked.get("mend"):
            self._world.mend(str(asked["provider"]) if "provider" in asked else None)
        elif "facts" in asked:
            facts = asked["facts"]
            if not isinstance(facts, list):
                raise ValueError("facts: a list of names")
            phonebook.set_facts(self._world, _text(asked, "phone"), {str(fact) for fact in facts})
        else:
            self._break(asked)
        return {"broken": sorted(name for name, faults in self._world.faults.items() if any(f.times for f in faults))}

    def _break(self, asked: Json) -> None:
        provider, kind = _text(asked, "provider"), _text(asked, "kind")
        if provider not in self._providers:
            raise ValueError(f"provider: {', '.join(self._providers)}")
        if kind == "down":
            self._world.break_it(provider, dataclasses.replace(DOWN))
            return
        if kind not in KINDS:
            raise ValueError(f"kind: down, {', '.join(KINDS)}")
        fault = Fault(kind, str(asked.get("match", "")), int(asked.get("times", 1)), int(asked.get("status", 500)))
        fault.delay_s = float(asked.get("delay_s", 0.0))
        self._world.break_it(provider, fault)

    async def _place_sample(self, sample: Sample) -> Json:
        buyer = sample.basket.buyer
        if sample.facts:
            phonebook.set_facts(self._world, buyer.phone, set(sample.facts))
        for provider in sample.broken:
            if not any(fault.times for fault in self._world.faults.get(provider, [])):
                self._world.break_it(provider, dataclasses.replace(DOWN))
        answer = await self._shop.places(sample.platform, sample.basket)
        if 200 <= answer.status < 300:
            self._customers.ordered(_customer(buyer), answer.order_id)
        return _answered(answer, buyer.phone or buyer.email)

    def _whatsapp(self, phone: str) -> PretendTwilio | PretendMeta:
        """The provider through which this phone was last written to on WhatsApp; Twilio when Meta never did."""
        return self._meta if self._meta is not None and self._meta.sent_to.get(phonebook.bare(phone)) else self._twilio

    async def _reads(self, provider: PretendTwilio | PretendMeta, phone: str) -> None:
        with contextlib.suppress(LookupError):
            await provider.read(phone)

    def _chat(self, asked: Json) -> int:
        """Where somebody writes or presses; a person's private chat with the bot has the person's own id."""
        name = asked.get("chat", "group")
        if name == "private":
            return _number(asked, "who")
        if name not in self._chats:
            raise ValueError("chat: group, owner or private")
        return self._chats[name]


def _customer(buyer: Buyer) -> Customer:
    return Customer(buyer.name, buyer.phone, buyer.email, buyer.country, buyer.speaks)


def _customer_of(order: Json) -> Customer:
    """Whom one's own order is from, as far as it can be read; a number without +… is read in the address's country."""
    address = order.get("address")
    country = str(address.get("country") or "").upper() if isinstance(address, dict) else ""
    phone = ""
    with contextlib.suppress(phonenumbers.NumberParseException):
        parsed = phonenumbers.parse(str(order.get("phone") or ""), country if country in COUNTRIES else None)
        if phonenumbers.is_possible_number(parsed):
            phone = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    language = str(order.get("language") or "")
    return Customer(str(order.get("name") or ""), phone, str(order.get("email") or ""), country, language)


def _answered(answer: Answer, key: str) -> Json:
    return {"id": answer.order_id, "status": answer.status, "answer": answer.body, "key": key}


def _text(asked: Json, name: str) -> str:
    """A text that has to be there and not be empty."""
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Missing(name)
    return value


def _number(asked: Json, name: str) -> int:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Missing(name)
    return value
