"""What is known around an order before it is decided: the customer's past, bursts, and the ceilings on first texts.

Looked up here, because flows read nothing; it travels in the event, so the decision stays pure and can be replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.bursts import Bursts
from engine.ceilings import Ceilings, Place
from engine.ports import History
from flows.addresses import reading_keys
from flows.events import OrderTold
from flows.orders import OrderFields
from flows.phones import prefix
from flows.policy import Policy
from flows.risk.history import PastOrder
from flows.risk.identity import identity

#: The same item twice within this is the same at once. Source: flows/risk/policy.py, same_item_within.
AT_ONCE = timedelta(hours=48)
#: Items of one order that are looked at.
ITEMS_MOST = 20


class Knowing:
    """One per process. `history` None: the store keeps none, so nobody is known. `bursts(window, name)`: what counts."""

    def __init__(
        self,
        history: History | None,
        policies: dict[str, Policy],
        bursts: Callable[[timedelta, str], Bursts] = lambda window, name: Bursts(window),
    ) -> None:
        self._history = history
        self._policies = policies
        self._prefixes = bursts(timedelta(hours=1), "prefixes")
        self._addresses = bursts(timedelta(days=1), "addresses")
        self._items = bursts(AT_ONCE, "items")
        self._ceilings = Ceilings(bursts)
        self._days = bursts(timedelta(days=7), "days")

    async def about(self, shop: str, event: OrderTold, now: datetime) -> OrderTold:
        """The event with what is known around its order."""
        policy = self._policies.get(shop)
        if policy is None or not event.fields.cod:
            return event
        fields = event.fields
        who = identity(fields)
        past: tuple[PastOrder, ...] = ()
        usual = 0
        if policy.risk_enabled and self._history is not None:
            past = await self._history.history(shop, who)
            usual = await self._history.usual_amount(shop, fields.total.currency)
        keys = reading_keys(who.address)
        place = self._place(policy, fields.phone, now)
        return replace(
            event,
            past=past,
            reading=who.address,
            on_prefix_hour=self._prefixes.add(f"{shop}|{prefix(fields.phone)}", now) if fields.phone else 1,
            on_address_day=max((self._addresses.add(f"{shop}|{key}", now) for key in keys), default=1),
            usual_minor=usual,
            group_orders=self._elsewhere(policy, fields, now),
            over_limit=place.limit,
            burst=place.burst,
            ask_at=place.at,
        )

    def _place(self, policy: Policy, phone: str | None, now: datetime) -> Place:
        if phone is None:
            return Place()
        week = self._days.add(policy.shop, now)
        return self._ceilings.place(policy, phone, week, now)

    def _elsewhere(self, policy: Policy, fields: OrderFields, now: datetime) -> int:
        """Orders of these items by this number at the other shops of the group: a bare count, and nothing else crosses."""
        if not policy.group or fields.phone is None:
            return 0
        items = {item.sku or item.title.casefold() for item in fields.items[:ITEMS_MOST]} - {""}
        found = 0
        for other in self._policies.values():
            if other.group == policy.group and other.shop != policy.shop:
                counts = (self._items.count(f"{other.shop}|{fields.phone}|{item}", now) for item in items)
                found += max(counts, default=0)
        for item in items:
            self._items.add(f"{policy.shop}|{fields.phone}|{item}", now)
        return found
