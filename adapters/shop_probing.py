"""`check --online` for the places that hear of decisions: is the key taken, has it the rights, do webhooks lead here?"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from adapters.exchange import Exchange, decoded
from adapters.order_values import part, parts, text
from adapters.replied import Answer
from adapters.shopify_admin import ShopifyAdmin
from engine.check import Probe
from engine.settings import Fault, Settings
from engine.settings.model import Shop

TIMEOUT_S = 10.0
#: What telling needs at Shopify, and what only replacements need.
SCOPES, DRAFTS = ("read_orders", "write_orders"), "write_draft_orders"
PROBE = """query DoorstepProbe {
  currentAppInstallation { accessScopes { handle } }
  webhookSubscriptions(first: 100) { nodes { topic uri } }
}"""


def probes(settings: Settings) -> list[Probe]:
    """One for each platform that a shop writes to. A callback cannot be asked without telling it something."""
    found: list[Probe] = []
    for index, shop in enumerate(settings.shops):
        if shop.shopify is not None and shop.shopify.admin_url:
            found.append(ShopifyProbe(f"shops[{index}].shopify", shop))
        if shop.woocommerce is not None and shop.woocommerce.writes:
            found.append(WooProbe(f"shops[{index}].woocommerce", shop))
    return found


def _fault(where: str, what: str, mend: str, *, warning: bool = False) -> Fault:
    return Fault(where, None, what, mend, "warning" if warning else "error")


class ShopifyProbe:
    """Is the token good, has it the scopes, and does a webhook for orders lead here?"""

    def __init__(self, where: str, shop: Shop) -> None:
        self.name, self._shop = where, shop

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        block = self._shop.shopify
        if block is None or block.access_token is None or not block.admin_url:
            return []
        admin = ShopifyAdmin(self._shop.id, block.admin_url, block.access_token.reveal(), self._shop.country)
        try:
            data = await admin.ask(PROBE, {})
        finally:
            await admin.close()
        if not isinstance(data, dict):
            if getattr(data, "reason", "") == "unauthorized":
                mend = "Copy the Admin API access token of your app; docs/shops.md says how."
                return [_fault(f"{self.name}.access_token", "Shopify does not take the token", mend)]
            return [_fault(self.name, "Shopify does not answer", "Look at shop_domain and the network.", warning=True)]
        return [*self._scopes(data), *self._webhooks(data, settings)]

    def _scopes(self, data: dict[str, Any]) -> Iterable[Fault]:
        has = {text(scope.get("handle")) for scope in parts(part(data, "currentAppInstallation"), "accessScopes")}
        for scope in SCOPES:
            if scope not in has:
                mend = "Add it to the app's Admin API scopes, and install the app again."
                yield _fault(f"{self.name}.access_token", f"the app lacks the scope {scope}", mend)
        if DRAFTS not in has:
            mend = "Replacements need it; without them all is well."
            yield _fault(f"{self.name}.access_token", f"the app lacks the scope {DRAFTS}", mend, warning=True)

    def _webhooks(self, data: dict[str, Any], settings: Settings) -> Iterable[Fault]:
        here = f"{settings.public_url.rstrip('/')}/hooks/shopify/{self._shop.id}"
        nodes = parts(part(data, "webhookSubscriptions"), "nodes")
        if not any(text(node.get("uri"), 400).startswith(here) for node in nodes):
            mend = f"Send orders/create and orders/updated to {here}. One made by hand in the admin is not shown to the app."
            yield _fault(self.name, "the app has no webhook that leads here", mend, warning=True)


class WooProbe:
    """Is the key good, and are the webhooks for orders active and lead here?"""

    def __init__(self, where: str, shop: Shop) -> None:
        self.name, self._shop = where, shop

    async def __call__(self, settings: Settings) -> Iterable[Fault]:
        block = self._shop.woocommerce
        if block is None or not block.url or block.consumer_key is None or block.consumer_secret is None:
            return []
        login = base64.b64encode(f"{block.consumer_key.reveal()}:{block.consumer_secret.reveal()}".encode()).decode()
        exchange = Exchange(TIMEOUT_S)
        try:
            headers = {"Authorization": f"Basic {login}", "Accept": "application/json"}
            answer = await exchange.ask("GET", f"{block.url}/wp-json/wc/v3/webhooks?per_page=100", headers=headers)
        finally:
            await exchange.close()
        if isinstance(answer, Answer) and answer.status in (401, 403):
            mend = "Make a key with Read/Write under WooCommerce, Settings, Advanced, REST API."
            return [_fault(f"{self.name}.consumer_key", "WooCommerce does not take the key", mend)]
        listed = decoded(answer.body, list[dict[str, Any]]) if isinstance(answer, Answer) else None
        if listed is None:
            return [_fault(self.name, "WooCommerce does not answer", "Look at url and the network.", warning=True)]
        here = f"{settings.public_url.rstrip('/')}/hooks/woocommerce/{self._shop.id}"
        mine = [hook for hook in listed if text(hook.get("delivery_url"), 400).startswith(here)]
        if not any(hook.get("status") == "active" for hook in mine):
            mend = f"Make webhooks for Order created and Order updated to {here}; WooCommerce switches off those that fail."
            return [_fault(self.name, "no active webhook leads here", mend, warning=True)]
        return []
