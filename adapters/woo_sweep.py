"""Asks WooCommerce for orders whose webhooks never came, and switches a webhook on again that WooCommerce switched off.

WooCommerce posts a webhook once, and after five failures in a row it switches it off and tells nobody. An order in the list has the very
shape of the webhook's body. The keys have to be allowed to read orders; to mend the webhook, to write.
Sources: https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders and #webhooks, read 2026-11.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from adapters import order_values as values
from adapters import woocommerce
from adapters.woo_rest import WooRest
from engine.ports import BadPayload, Swept, Trouble, Unanswered
from flows.events import OrderTold
from flows.policy import Policy

log = logging.getLogger("doorstep.woocommerce")

PER_PAGE = 100  # the most that WooCommerce gives
PAGES_MOST = 200


class WooSweep:
    """Implements engine.ports.Sweeper."""

    provider = "WooCommerce"
    tells = True

    def __init__(self, shop: str, rest: WooRest, policy: Callable[[], Policy]) -> None:
        self.name = f"woocommerce:{shop}"
        self.deep = timedelta()
        self.shop = shop
        self._rest = rest
        self._policy = policy

    async def sweep(self, since: datetime, now: datetime) -> Swept:
        events: list[OrderTold] = []
        after = (
            (since - timedelta(seconds=1)).astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
        )  # not itself
        for page in range(1, PAGES_MOST + 1):
            asked = {"modified_after": after, "dates_are_gmt": "true", "orderby": "modified", "order": "asc",
                     "per_page": PER_PAGE, "page": page}  # fmt: skip
            found = await self._rest.ask("GET", f"/orders?{urlencode(asked)}")
            if not isinstance(found, list):
                raise Unanswered("WooCommerce's orders")
            for body in found:
                events += self._told(body, now)
            if len(found) < PER_PAGE:
                break
        return Swept(tuple(events), now)

    def _told(self, body: Any, now: datetime) -> tuple[OrderTold, ...]:
        try:
            told = woocommerce.parse(msgspec.json.encode(body), self._policy(), now)
        except BadPayload as bad:
            log.warning("sweep.unreadable_order", extra={"shop": self.shop, "faults": len(bad.faults)})
            return ()
        return tuple(replace(event, event_id=swept_id("woocommerce", self.shop, event)) for event in told)


def swept_id(source: str, shop: str, event: OrderTold) -> str:
    """The same state of the same order, however often it is found."""
    at = event.source_at.isoformat() if event.source_at else ""
    return f"{source}:{shop}:{event.fields.id}:swept:{at}"


class WooWatch:
    """Implements engine.ports.Watch."""

    def __init__(self, shop: str, rest: WooRest, public_url: str) -> None:
        self.name = f"woocommerce-{shop}"
        self.shops = (shop,)
        self._rest = rest
        self._ours = f"{public_url.rstrip('/')}/hooks/woocommerce/{shop}"

    async def look(self) -> tuple[Trouble, ...]:
        hooks = await self._rest.ask("GET", f"/webhooks?per_page={PER_PAGE}")
        if not isinstance(hooks, list):
            raise Unanswered("WooCommerce's webhooks")
        off = [
            h
            for h in hooks
            if isinstance(h, dict) and h.get("delivery_url") == self._ours and h.get("status") != "active"
        ]
        for hook in off:
            done = await self._rest.ask("PUT", f"/webhooks/{values.text(hook.get('id'))}", {"status": "active"})
            if not isinstance(done, dict):
                raise Unanswered("WooCommerce's webhook")
        if not off:
            return ()
        return (Trouble(kind="hook_mended", shop=self.shops[0], mended=True, values={"provider": "WooCommerce"}),)
