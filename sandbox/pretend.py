"""All pretend providers of the playground, served on loopback, and the settings that point the unchanged service at them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.callback import PretendCallback
from sandbox.play import Staff
from sandbox.samples import COUNTRIES, SHOP_COUNTRY
from sandbox.serving import serve
from sandbox.shopify_admin import PretendShopifyAdmin
from sandbox.shops import ShopAccess
from sandbox.smtp import PretendSmtp
from sandbox.telegram import PretendTelegram
from sandbox.twilio import PretendTwilio
from sandbox.woo_rest import PretendWoo
from sandbox.world import World

ACCOUNT = "AC" + "5a" * 16
TWILIO_TOKEN, BOT_TOKEN = "sandbox-twilio-token", "700000000:AAsandbox-sandbox-sandbox-sandbox-1"
SENDER = "+34911234567"
#: Where the demo shop is, and the first day of its weekend.
ZONE, SATURDAY = COUNTRIES[SHOP_COUNTRY].zone, 5
GROUP = -1001234567890
PEOPLE = (Staff(101, "Olga", "owner"), Staff(102, "Ana", "staff"), Staff(103, "Ben", "staff"))

#: What the shop's own systems take.
SHOP_KEYS = {
    "SHOPIFY_TOKEN": "sandbox-shopify-token",
    "WOO_KEY": "ck_sandbox",
    "WOO_REST": "cs_sandbox",
    "CALLBACK_SECRET": "sandbox-callback-secret-of-36-letters",
}

#: Parts that are off until a shop describes them, switched on so that they can be played.
TO_PLAY: Mapping[str, Any] = {
    "offers": {"steps": [{"percent": 5}, {"gift": {"en": "a spare bulb"}, "cost": "1.50 EUR"}], "most_percent": 10},
    "polls": {"after_delivery": "2d", "to": "everybody"},
    "delivery": {
        "couriers": [
            {
                "name": "City Express",
                "windows": {"mon-fri": "09:00-14:00, 15:00-20:00", "sat": "09:00-14:00"},
                "countries": ["ES", "AE"],
            }
        ]
    },
}

#: name -> language -> (body, quick-reply buttons)
Approved = Mapping[str, Mapping[str, tuple[str, list[tuple[str, str]]]]]


@dataclasses.dataclass(slots=True)
class Pretend:
    """The running providers."""

    world: World
    twilio: PretendTwilio
    telegram: PretendTelegram
    smtp: PretendSmtp
    twilio_url: str
    telegram_url: str
    admin: PretendShopifyAdmin
    rest: PretendWoo
    callback: PretendCallback
    shop_urls: tuple[str, str, str]  # of these three
    group: int = GROUP
    people: tuple[Staff, ...] = PEOPLE

    @property
    def env(self) -> dict[str, str]:
        """What the service's environment would hold."""
        return {"TWILIO_AUTH_TOKEN": TWILIO_TOKEN, "TELEGRAM_TOKEN": BOT_TOKEN, **SHOP_KEYS}

    def settings(self, url: str, storage: str, access: ShopAccess, approved: Approved) -> dict[str, Any]:
        """Blocks that stand in for those of config.yaml; the ladder and everything else stays the file's."""
        content = {
            name: {lang: self._register(name, lang, body, buttons) for lang, (body, buttons) in langs.items()}
            for name, langs in approved.items()
        }
        return {
            "public_url": url,
            "listen": url.removeprefix("http://"),
            "storage": {"url": storage, "encryption_key": "${DOORSTEP_KEY}"},
            "people": [{"telegram": str(p.telegram), "name": p.name, "role": p.role} for p in self.people],
            "twilio": {
                "account_sid": ACCOUNT,
                "auth_token": "${TWILIO_AUTH_TOKEN}",
                "base_url": self.twilio_url,
                "sms_from": SENDER,
                "whatsapp_from": SENDER,
                "content_sids": content,
            },
            "smtp": {"url": self.smtp.url, "from": "Demo Shop <orders@example.com>"},
            "telegram": {"token": "${TELEGRAM_TOKEN}", "base_url": self.telegram_url, "staff_group": str(self.group)},
            "channels": {"sms": "twilio", "whatsapp": "twilio", "email": "smtp"},
            "meta": None,
            "sms_gateway": None,
            "shops": [
                {
                    "id": access.shop_id,
                    "name": "Demo Shop",
                    "language": "en",
                    "country": "ES",
                    "currency": "EUR",
                    "timezone": ZONE,
                    "hours": {"mon-fri": "09:00-18:00", "sat": "10:00-14:00"},
                    "api_token": "${DEMO_API_TOKEN}",
                    "shopify": {
                        "webhook_secret": "${SHOPIFY_SECRET}",
                        "access_token": "${SHOPIFY_TOKEN}",
                        "base_url": self.shop_urls[0],
                    },
                    "woocommerce": {
                        "webhook_secret": "${WOO_SECRET}",
                        "url": self.shop_urls[1],
                        "consumer_key": "${WOO_KEY}",
                        "consumer_secret": "${WOO_REST}",
                    },
                    "callback": {"url": f"{self.shop_urls[2]}/doorstep", "secret": "${CALLBACK_SECRET}"},
                    "call_from": "+34911234500",
                    **TO_PLAY,
                }
            ],
        }

    def _register(self, name: str, lang: str, body: str, buttons: list[tuple[str, str]]) -> str:
        sid = f"HX{name}-{lang}"
        self.twilio.register_content(sid, body, buttons)
        return sid


def afternoon(now: datetime) -> datetime:
    """The next weekday's four o'clock in the shop's zone: staff are at work, and people are awake from Mexico to India."""
    local = now.astimezone(ZoneInfo(ZONE))
    four = local.replace(hour=16, minute=0, second=0, microsecond=0)
    while four <= local or four.weekday() >= SATURDAY:
        four += timedelta(days=1)
    return four.astimezone(UTC)


@contextlib.asynccontextmanager
async def pretend_providers(service_url: str) -> AsyncIterator[Pretend]:
    """Twilio, SMTP, Telegram and the shop's own systems, each on a free port of loopback."""
    world = World()
    twilio = PretendTwilio(world, ACCOUNT, TWILIO_TOKEN, f"{service_url}/hooks/twilio/message")
    telegram = PretendTelegram(world, BOT_TOKEN)
    admin = PretendShopifyAdmin(world, SHOP_KEYS["SHOPIFY_TOKEN"])
    rest = PretendWoo(world, SHOP_KEYS["WOO_KEY"], SHOP_KEYS["WOO_REST"])
    callback = PretendCallback(world, SHOP_KEYS["CALLBACK_SECRET"])
    async with contextlib.AsyncExitStack() as stack:
        apps = (twilio.app(), telegram.app(), admin.app(), rest.app(), callback.app())
        urls = [await stack.enter_async_context(serve(app)) for app in apps]
        smtp = await stack.enter_async_context(PretendSmtp(world))
        shops = (urls[2], urls[3], urls[4])
        yield Pretend(world, twilio, telegram, smtp, urls[0], urls[1], admin, rest, callback, shops)
