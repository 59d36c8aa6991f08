"""Pretend shops: they sign and send orders as Shopify, WooCommerce and a shop's own program do, over real HTTP.

Sources: https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks,
https://github.com/woocommerce/woocommerce class-wc-webhook.php, read November 2026.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from sandbox.callback import PretendCallback
from sandbox.hooks import Hook, Hooks, Retry
from sandbox.samples import Basket, Platform
from sandbox.shop_bodies import Json, api_order, shopify_order, woocommerce_order
from sandbox.shopify_admin import PretendShopifyAdmin
from sandbox.woo_rest import PretendWoo
from sandbox.world import World

#: Shopify waits 1 s for the connection and 5 s for the answer, and repeats 8 times over 4 hours, ever more rarely. Here the
#: four hours last half a minute, in real seconds.
SHOPIFY_RETRY = Retry(
    (0.1, 0.2, 0.4, 0.9, 1.8, 3.6, 7.2, 14.4), frozenset({"connect", "read", "4xx", "5xx"}), 1.0, 5.0, 75.0
)
#: WooCommerce waits a minute and never repeats.
WOO_RETRY = Retry((), frozenset(), 60.0, 60.0, 60.0)
#: A shop's own program gives up after so many seconds.
API_TIMEOUT_S = 15.0
SHOPIFY_VERSION = "2026-10"


@dataclasses.dataclass(frozen=True, slots=True)
class ShopAccess:
    """What the shop was given, or set up, to talk to the service. An empty secret: the shop has no such connection."""

    api_token: str
    shopify_secret: str
    woo_secret: str
    shop_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the service said last: the HTTP status (0: never answered) and, from the API, its JSON."""

    order_id: str
    status: int
    body: Any = None


class PretendShop:
    """One shop with all three ways in. `first_number` is the number of its first order; each next one is higher by one."""

    def __init__(self, world: World, service_url: str, access: ShopAccess, first_number: int = 1001) -> None:
        self.world = world
        self.access = access
        self.hooks = Hooks(world)
        #: its own systems, where it keeps what is ordered and hears of decisions; they tell every change back by a webhook
        self.admin: PretendShopifyAdmin | None = None
        self.rest: PretendWoo | None = None
        self.callback: PretendCallback | None = None
        self._service = service_url.rstrip("/")
        self._numbers = itertools.count(first_number)
        self._session: aiohttp.ClientSession | None = None

    def keeps(self, admin: PretendShopifyAdmin, rest: PretendWoo, callback: PretendCallback | None = None) -> None:
        """Orders placed from now on stand in these systems, too; `callback` is the shop's program that hears of decisions."""
        self.admin, self.rest, self.callback = admin, rest, callback
        admin.told_back, rest.told_back = self.shopify, self.woocommerce

    def heard_count(self) -> int:
        """How much the shop's own systems have been told so far."""
        told = (self.admin.writes if self.admin else (), self.rest.changes if self.rest else ())
        return sum(map(len, told)) + (len(self.callback.heard) if self.callback else 0)

    async def places(self, platform: Platform, basket: Basket) -> Answer:
        """A fresh order with this basket, in this platform's shape."""
        number, now = next(self._numbers), self.world.now()
        if platform == "shopify":
            body = shopify_order(basket, number, now)
            if self.admin is not None:
                self.admin.adds(body)
            status = await self.shopify(body)
        elif platform == "woocommerce":
            body = woocommerce_order(basket, number, now)
            if self.rest is not None:
                self.rest.adds(body)
            status = await self.woocommerce(body)
        else:
            return await self.api(api_order(basket, number, now))
        return Answer(str(number), status)

    async def shopify(self, order: Json, topic: str = "orders/create") -> int:
        """Posts this order body as Shopify does, repeats included; returns the last HTTP status, 0 for none."""
        body = json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": f"{self.access.shop_id}.myshopify.com",
            "X-Shopify-API-Version": SHOPIFY_VERSION,
            "X-Shopify-Webhook-Id": secrets.token_hex(16),
            "X-Shopify-Event-Id": secrets.token_hex(16),
            "X-Shopify-Triggered-At": self.world.now().isoformat(),
            "X-Shopify-Hmac-SHA256": signature(self.access.shopify_secret, body),
        }
        return await self.hooks.post(Hook(self._url("/hooks/shopify/"), body, headers, SHOPIFY_RETRY))

    async def woocommerce(self, order: Json, topic: str = "order.created") -> int:
        """Posts this order body as WooCommerce does, once; returns the HTTP status, 0 for none."""
        body = json.dumps(order, separators=(",", ":")).encode()
        resource, _, event = topic.partition(".")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/9.9.5 Hookshot (WordPress/6.8)",
            "X-WC-Webhook-Source": "https://shop.example.com/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": secrets.token_hex(16),
            "X-WC-Webhook-Signature": signature(self.access.woo_secret, body),
        }
        return await self.hooks.post(Hook(self._url("/hooks/woocommerce/"), body, headers, WOO_RETRY))

    async def woocommerce_ping(self, webhook_id: int = 1) -> int:
        """The unsigned try-out that WooCommerce sends when a hook is saved."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f"webhook_id={webhook_id}".encode()
        return await self.hooks.post(Hook(self._url("/hooks/woocommerce/"), body, headers, WOO_RETRY))

    async def api(self, order: Mapping[str, Any]) -> Answer:
        """POST /orders, once. An order without an `id` gets the next number."""
        told = {**order}
        told["id"] = order_id = str(told.get("id") or next(self._numbers))
        return await self._ask("/orders", told, order_id)

    async def event(self, order_id: str, kind: str, reason: str | None = None) -> Answer:
        """POST /orders/{id}/events: what became of the order (paid, shipped, returned, …)."""
        told: Json = {"type": kind, "at": self.world.now().isoformat()}
        if reason:
            told["reason"] = reason
        return await self._ask(f"/orders/{quote(order_id, safe='')}/events", told, order_id)

    async def reports(self, order_id: str, report: Mapping[str, Any]) -> Answer:
        """POST /orders/{id}/events with this very body."""
        return await self._ask(f"/orders/{quote(order_id, safe='')}/events", dict(report), order_id)

    async def close(self) -> None:
        await self.hooks.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, path: str, told: Json, order_id: str) -> Answer:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar()
            )
        headers = {"Authorization": f"Bearer {self.access.api_token}"}
        timeout = aiohttp.ClientTimeout(total=API_TIMEOUT_S)
        try:
            async with self._session.post(
                self._service + path, json=told, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                text = await answer.text()
                return Answer(order_id, answer.status, _decoded(text))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answer(order_id, 0)

    def _url(self, path: str) -> str:
        return self._service + path + quote(self.access.shop_id, safe="")


def signature(secret: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body: Shopify's and WooCommerce's way alike."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
