"""POST /hooks/shopify/{shop} and /hooks/woocommerce/{shop}: the two platforms differ only in how they sign and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from aiohttp import web
from msgspec import Struct

from adapters import shopify, woocommerce
from adapters.receiving import FORM, JSON, Parse, Received, receive
from engine.ports import BadPayload, BadSignature, Front
from flows.events import AnyEvent
from flows.policy import Policy

#: Shop -> its current webhook secret and, while one is being replaced, the previous one.
Secrets = Mapping[str, Sequence[str]]

#: Largest body of a shop's hook: an order of a thousand lines is about 1 MB.
LIMIT_BYTES = 2 * 1024 * 1024


class Platform(Struct, frozen=True):
    """How one kind of shop signs and tells. `verify(body, signature, secrets)` raises BadSignature; `parse(body, policy, now)`
    gives events or raises BadPayload; `means_nothing` knows the bodies that come unsigned and ask for nothing."""

    name: str
    signature: str  # the header
    content_types: tuple[str, ...]
    verify: Callable[[bytes, str, Sequence[str]], None]
    parse: Callable[[bytes, Policy, datetime], tuple[AnyEvent, ...]]
    means_nothing: Callable[[str, bytes], bool] = lambda _type, _body: False


SHOPIFY = Platform("shopify", shopify.SIGNATURE, (JSON,), shopify.verify, shopify.parse)
WOOCOMMERCE = Platform(
    "woocommerce", woocommerce.SIGNATURE, (JSON, FORM), woocommerce.verify, woocommerce.parse, woocommerce.is_ping
)


class ShopHook:
    """One platform's hook for every shop that has it."""

    def __init__(self, front: Front, platform: Platform, secrets: Secrets) -> None:
        self._front = front
        self._platform = platform
        self._secrets = secrets

    @property
    def route(self) -> str:
        """The name under which bodies are kept: kept ones are read again by `parse`."""
        return self._platform.name

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"/hooks/{self._platform.name}/{{shop}}", self.hook)]

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """200 after the commit; 404 for a shop that has no such hook. The rest as in adapters/receiving.py."""
        shop = request.match_info["shop"]
        if shop not in self._secrets or shop not in self._front.policies:
            raise web.HTTPNotFound
        return await receive(
            request,
            self._front,
            self.route,
            lambda received: self._verify(received, shop),
            self.parse,
            LIMIT_BYTES,
            self._platform.content_types,
        )

    def _verify(self, received: Received, shop: str) -> None:
        if self._platform.means_nothing(received.content_type, received.body):
            return
        signature = received.headers.get(self._platform.signature.lower())
        if not signature:
            raise BadSignature(f"no {self._platform.signature}")
        self._platform.verify(received.body, signature, self._secrets[shop])

    def parse(self, received: Received) -> tuple[AnyEvent, ...]:
        """The events of a body whose sender was proved; also reads kept bodies again. Raises BadPayload."""
        if self._platform.means_nothing(received.content_type, received.body):
            return ()
        shop = received.target.partition("?")[0].rpartition("/")[2]
        policy = self._front.policies.get(shop)
        if policy is None:
            raise BadPayload(f"there is no shop {shop[:40]!r} any more")
        return self._platform.parse(received.body, policy, received.at)


def shop_hooks(front: Front, *, shopify: Secrets, woocommerce: Secrets) -> tuple[ShopHook, ...]:
    """The hooks of every shop that has one. A shop that is in neither mapping has no hook: 404."""
    return ShopHook(front, SHOPIFY, shopify), ShopHook(front, WOOCOMMERCE, woocommerce)


__all__ = ["LIMIT_BYTES", "Parse", "Platform", "Secrets", "ShopHook", "shop_hooks"]
