"""A whole town for story tests: the unchanged service against the pretend providers, over real HTTP and SMTP, on one clock.

The ledgers of the providers (what a phone really got) judge. Time stands still but for `skip`, which goes from one due moment to the
next, as the sandbox does: never one leap, which the service would rightly take for an outage.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from commands.house import House
from engine.clock import FakeClock
from engine.performing import NO_TEXT
from engine.settings import Settings
from flows import pointers
from flows.conversation import Conversation
from flows.orders import Order
from sandbox.callback import PretendCallback
from sandbox.meta import MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.shopify_admin import PretendShopifyAdmin
from sandbox.smtp import PretendSmtp
from sandbox.telegram import PretendTelegram
from sandbox.twilio import PretendTwilio, TwilioRules
from sandbox.woo_rest import PretendWoo
from sandbox.world import Fault, Received, World
from tests.ports import free_port
from tests.town_meta import meta_settings, pretend_meta
from tests.town_settings import (
    ACCOUNT,
    ANA,
    ANA_PHONE,
    API_TOKEN,
    APPROVED,
    BEN,
    BOT_TOKEN,
    CALLBACK_SECRET,
    ENV,
    EVE,
    OLGA,
    OTHER_TOKEN,
    SETTINGS,
    SHOPIFY_SECRET,
    SHOPIFY_TOKEN,
    SMS_FROM,
    START,
    TOKEN,
    WA_FROM,
    WOO_KEY,
    WOO_REST,
    WOO_SECRET,
    local,
    register,
    settings_of,
)

__all__ = [  # the stories take the town's facts from here, too
    "ACCOUNT",
    "ANA",
    "ANA_PHONE",
    "API_TOKEN",
    "APPROVED",
    "BEN",
    "BOT_TOKEN",
    "ENV",
    "EVE",
    "OLGA",
    "OTHER_TOKEN",
    "SMS_FROM",
    "START",
    "TOKEN",
    "WA_FROM",
    "Town",
    "local",
    "town",
]


#: So many due moments of one skip are a loop; a notice to 5,000 at ten a second has some thousands.
STEPS_MOST = 20_000


class Town:
    """What a story test holds: the customer's, the shop's and the staff's hands, and what they see."""

    def __init__(self, world: World, clock: FakeClock) -> None:
        self.world = world
        #: where the shop hears of decisions; served, and named in the settings, for a town that `tells`
        self.admin = PretendShopifyAdmin(world, SHOPIFY_TOKEN, self.shopify_says)
        self.rest = PretendWoo(world, WOO_KEY, WOO_REST, self.woo_says)
        self.callback = PretendCallback(world, CALLBACK_SECRET)
        self.clock = clock
        self.twilio: PretendTwilio
        self.meta: PretendMeta
        self.smtp: PretendSmtp
        self.tg: PretendTelegram
        self.house: House
        self.group = 0
        self.http: aiohttp.ClientSession
        self.url = ""
        self.settings: Settings
        self.text = ""  # the settings as a shop writes them
        self._orders = 1000
        self.bugs_expected = False  # a story about them says so

    async def open_house(self) -> None:
        """Start the service on what its disk holds; returns when the bot, where there is one, listens."""
        self.house = House(self.settings, self.clock)
        host, _, port = self.settings.listen.rpartition(":")
        await self.house.start(host, int(port))
        if self.group:
            await asyncio.wait_for(self.tg.state.updates.polled.wait(), 10)
        await self.settle()

    async def close_house(self) -> None:
        await self.house.stop()
        self.tg.state.updates.polled.clear()  # after the end: what the bot took is confirmed by one more poll
        bugs = [labels for (name, labels), _ in self.house.engine.counters.items() if name == "provider_errors"]
        bugs = [labels for labels in bugs if dict(labels)["code"].startswith(("bug", NO_TEXT))]
        assert not bugs or self.bugs_expected, f"an effect could not be carried out: {bugs}"

    # -- time

    async def settle(self) -> None:
        """Until nothing is under way anywhere."""
        calm = 0
        while calm < 4:
            await asyncio.sleep(0.001)
            waiting = any(
                lane.next_moment(self.clock.now()) == self.clock.now() for lane in self.house.engine.lanes.all()
            )
            await self.world.settled()
            due = await self.house.store.due(self.clock.now(), 1)
            busy = self.house.busy() or waiting or self.world.under_way or due or self._unread()
            calm = 0 if busy else calm + 1

    def _unread(self) -> bool:
        """Whether the bot has updates to fetch, and Telegram would give them."""
        down = any(fault.times for fault in self.world.faults.get("telegram", []))
        return not down and bool(self.tg.pending_updates())

    async def skip(self, hours: float = 0, **by: float) -> None:
        """Business time goes on, from one due moment to the next."""
        target = self.clock.now() + timedelta(hours=hours, **by)
        for _ in range(STEPS_MOST):
            await self.settle()
            coming = await self.house.next_moment()
            if coming is None or coming > target:
                break
            self._set(max(coming, self.clock.now() + timedelta(milliseconds=1)))
        else:
            raise AssertionError(f"something is due again and again: {coming}")
        self._set(target)
        await self.settle()

    def leap(self, hours: float = 0, **by: float) -> None:
        """The clock jumps at once, as after an outage: everything that was due meanwhile is late."""
        self._set(self.clock.now() + timedelta(hours=hours, **by))

    def _set(self, moment: datetime) -> None:
        self.world.set_clock(moment)
        self.clock.set(moment)

    # -- the shop

    def an_order(self, **fields: Any) -> dict[str, Any]:
        """A cash-on-delivery order of Ana Ruiz in Madrid; keywords replace fields."""
        self._orders += 1
        order: dict[str, Any] = {
            "id": str(self._orders),
            "placed_at": self.clock.now().isoformat(),
            "name": "Ana Ruiz",
            "phone": "600 000 001",
            "email": "ana@example.com",
            "address": {"line1": "Calle Mayor 1", "city": "Madrid", "postcode": "28013", "country": "ES"},
            "items": [{"sku": "S1", "title": "Lamp", "quantity": 1, "price": "49.90"}],
            "total": "49.90",
            "currency": "EUR",
            "payment": "cod",
            "consent": {"whatsapp": True},
        }
        return order | fields

    async def order(self, **fields: Any) -> str:
        """POST one; gives its id."""
        body = self.an_order(**fields)
        status, _ = await self.api("POST", "/orders", body)
        assert status in (200, 202), status
        await self.settle()
        return str(body["id"])

    async def api(self, method: str, path: str, body: Any = None, token: str = API_TOKEN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def shopify(self, body: dict[str, Any], topic: str = "orders/create", **headers: str) -> int:
        status = await self.shopify_says(body, topic, **headers)
        await self.settle()
        return status

    async def shopify_says(self, body: dict[str, Any], topic: str, **headers: str) -> int:
        """The webhook alone, while other things may be going on."""
        raw = json.dumps(body).encode()
        signed = base64.b64encode(hmac.digest(SHOPIFY_SECRET.encode(), raw, "sha256")).decode()
        sent = {"Content-Type": "application/json", "X-Shopify-Hmac-SHA256": signed, "X-Shopify-Topic": topic} | headers
        async with self.http.post(f"{self.url}/hooks/shopify/demo", data=raw, headers=sent) as answer:
            return answer.status

    async def woo(self, body: dict[str, Any], **headers: str) -> int:
        status = await self.woo_says(body, **headers)
        await self.settle()
        return status

    async def woo_says(self, body: dict[str, Any], topic: str = "order.created", **headers: str) -> int:
        """The webhook alone, while other things may be going on."""
        raw = json.dumps(body).encode()
        signed = base64.b64encode(hmac.digest(WOO_SECRET.encode(), raw, hashlib.sha256)).decode()
        sent = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Signature": signed,
            "X-WC-Webhook-Topic": topic,
        }
        async with self.http.post(f"{self.url}/hooks/woocommerce/demo", data=raw, headers=sent | headers) as answer:
            return answer.status

    async def report(self, order_id: str, kind: str, **more: str) -> int:
        status, _ = await self.api(
            "POST", f"/orders/{order_id}/events", {"type": kind, "at": self.clock.now().isoformat(), **more}
        )
        await self.settle()
        return status

    async def state(self, order_id: str) -> str:
        return (await self.get(order_id)).state

    async def get(self, order_id: str) -> Order:
        found = await self.house.engine.order("demo", order_id)
        order = found.order(order_id) if found else None
        assert order is not None, f"order {order_id} is unknown"
        return order

    async def conversation(self, order_id: str) -> Conversation:
        found = await self.house.engine.order("demo", order_id)
        assert found is not None
        return found

    async def story(self, order_id: str) -> list[str]:
        """The journal's words, oldest first."""
        return [note.what for note in await self.house.store.journal((await self.conversation(order_id)).id)]

    async def load(self, kind: str, key: str) -> Any:
        return await self.house.store.load(pointers.Pointer(kind, key, "demo"))  # type: ignore[arg-type]

    # -- the customer

    async def sms(self, text: str, phone: str = ANA_PHONE, **more: Any) -> int:
        status = await self.twilio.reply(phone, text, SMS_FROM, "sms", **more)
        await self.settle()
        return status

    async def whatsapp(self, text: str, phone: str = ANA_PHONE, **more: Any) -> int:
        status = await self.twilio.reply(phone, text, WA_FROM, "whatsapp", **more)
        await self.settle()
        return status

    async def press(self, button: int | str, phone: str = ANA_PHONE) -> int:
        status = await self.twilio.press(phone, button)
        await self.settle()
        return status

    def got(self, channel: str | None = None, to: str | None = ANA_PHONE) -> list[str]:
        """Texts that really reached the phone (or mailbox), oldest first."""
        return [r.text for r in self.world.texts(to, channel) if r.provider != "telegram"]

    def last(self, channel: str | None = None, to: str | None = ANA_PHONE) -> str:
        texts = self.got(channel, to)
        assert texts, f"nothing reached {to} by {channel or 'any channel'}"
        return texts[-1]

    def mails(self, to: str = "ana@example.com") -> list[Received]:
        return self.world.texts(to, "email")

    def link(self, channel: str | None = None, to: str = ANA_PHONE) -> str:
        """The path of the page in the last text that carries one."""
        for text in reversed(self.got(channel, to)):
            if "/c/" in text:
                return "/c/" + text.split("/c/")[1][:22]
        raise AssertionError(f"no link in what {to} got")

    def link_in_mail(self) -> str:
        text = self.mails()[-1].text
        return "/c/" + text.split("/c/")[1][:22]

    async def page(self, path: str, action: str = "", **fields: str) -> tuple[int, str]:
        """Open the customer's page, and with `action` press that button on it; gives status and HTML."""
        async with self.http.get(self.url + path) as shown:
            html = await shown.text()
            if not action:
                return shown.status, html
        found = re.search(r'name="nonce" value="([^"]+)"', html)
        sent = {"nonce": found.group(1) if found else "", "action": action, **fields}
        async with self.http.post(self.url + path, data=sent) as answer:
            status, html = answer.status, await answer.text()
        await self.settle()
        return status, html

    def read_aloud(self) -> str:
        """Everything that reached anybody, as a person would read it (for a failing story, and for the ear)."""
        return "\n".join(f"{r.at:%d %H:%M:%S} {r.channel} -> {r.to}: {r.text}" for r in self.world.ledger)

    def breaks(self, provider: str, kind: str, match: str = "", **more: Any) -> None:
        """The next requests to this provider go wrong in this way (sandbox.world.Fault)."""
        self.world.break_it(provider, Fault(kind, match, **more))

    # -- the staff

    def cards(self, order_id: str = "") -> list[Any]:
        """What the group finally shows of an order's cards."""
        return [m for m in self.tg.shows(self.group) if m.from_bot and m.reply_to is None and order_id in m.text]

    def buttons(self, order_id: str = "") -> list[str]:
        """What the order's one card offers."""
        (card,) = self.cards(order_id)
        return [text for row in card.buttons for text, _ in row]

    async def replies(self, who: int, text: str, to: Any) -> None:
        """Write a reply to a message of the group."""
        await self.tg.says(who, self.group, text, to.message_id)
        await self.settle()

    def group_texts(self) -> list[str]:
        return [m.text for m in self.tg.shows(self.group)]

    def owner_texts(self) -> list[str]:
        """What the owner was told, the greeting apart."""
        return [m.text for m in self.tg.shows(OLGA) if m.from_bot and not m.text.startswith("Hello Olga!")]

    async def staff(self, who: int, button: str, order_id: str) -> str | None:
        """Press a button (by its words) on the order's card; gives the toast."""
        cards = self.cards(order_id)
        assert cards, f"no card of {order_id} in the group"
        toast = await self.tg.presses(who, cards[0].message_id, button, self.group, wait_s=2)
        await self.settle()
        return toast


@contextlib.asynccontextmanager
async def town(
    tmp_path: Path,
    *,
    start: datetime = START,
    more: str = "",
    in_shop: str = "",
    rules: TwilioRules | None = None,
    approved: tuple[str, ...] = APPROVED,
    telegram: bool = False,
    sms_from: str = SMS_FROM,
    settings: str = SETTINGS,
    twilio_more: str = "",
    telegram_more: str = "",
    forum: bool = False,
    countries: str = "{ES: {two_way_sms: true}}",
    tells: tuple[str, ...] = (),
    meta: MetaRules | None = None,
    meta_more: str = "",
) -> AsyncIterator[Town]:
    """A running town. `more`, `twilio_more`, `countries` and `in_shop` are YAML for the settings; `telegram` starts the bot and a group.
    `meta`: WhatsApp goes through Meta under these rules. `tells`: the places that hear of decisions (shopify, woocommerce, callback)."""
    world, clock = World(start), FakeClock(start)
    here = Town(world, clock)
    async with contextlib.AsyncExitStack() as stack:
        port = free_port()
        here.url = f"http://127.0.0.1:{port}"
        here.twilio = PretendTwilio(world, ACCOUNT, TOKEN, f"{here.url}/hooks/twilio/message", rules)
        twilio_url = await stack.enter_async_context(serve(here.twilio.app()))
        here.smtp = await stack.enter_async_context(PretendSmtp(world))
        here.tg = PretendTelegram(world, BOT_TOKEN)
        block = "null"
        if telegram:
            telegram_url = await stack.enter_async_context(serve(here.tg.app()))
            people = [here.tg.user(i, n) for i, n in ((OLGA, "Olga"), (ANA, "Ana"), (BEN, "Ben"), (EVE, "Eve"))]
            here.group = here.tg.group("Staff", *people, forum=forum).id
            await here.tg.starts(people[0])
            block = f'{{token: "${{BOT}}", base_url: "{telegram_url}", staff_group: {here.group}, {telegram_more}}}'
        shopify_more = woo_more = ""
        if "shopify" in tells:
            url = await stack.enter_async_context(serve(here.admin.app()))
            shopify_more = f', access_token: "${{SHOPIFY_TOKEN}}", base_url: "{url}"'
        if "woocommerce" in tells:
            url = await stack.enter_async_context(serve(here.rest.app()))
            woo_more = f', url: "{url}", consumer_key: "${{WOO_KEY}}", consumer_secret: "${{WOO_REST}}"'
        if "callback" in tells:
            url = await stack.enter_async_context(serve(here.callback.app()))
            in_shop = f'callback: {{url: "{url}/doorstep", secret: "${{CALLBACK}}"}}\n    {in_shop}'
        if meta is not None:
            here.meta = pretend_meta(world, here.url, approved, meta)
            more += meta_settings(await stack.enter_async_context(serve(here.meta.app())), approved, meta_more)
        text = settings.format(
            shopify_more=shopify_more,
            woo_more=woo_more,
            port=port,
            path=tmp_path / "town.db",
            account=ACCOUNT,
            twilio=twilio_url,
            sms_from=sms_from,
            wa_from=WA_FROM,
            contents=register(here.twilio, approved),
            smtp=here.smtp.url,
            telegram=block,
            twilio_more=twilio_more,
            countries=countries,
            more=more,
            in_shop=in_shop,
        )
        here.http = await stack.enter_async_context(aiohttp.ClientSession())
        here.text = text
        here.settings = settings_of(text)
        await here.open_house()
        stack.push_async_callback(here.close_house)
        yield here
