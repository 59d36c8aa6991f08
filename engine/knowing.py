"""What is known around an order before it is decided: the customer's past, bursts, and the ceilings on first texts.

Looked up here, because flows read nothing; it travels in the event, so the decision stays pure and can be replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.bursts import Bursts
from engine.ports import History
from flows.addresses import reading_keys
from flows.events import OrderTold
from flows.phones import prefix
from flows.policy import Policy
from flows.risk.history import PastOrder
from flows.risk.identity import identity

#: Where limits.first_sms_per_hour is auto, the ceiling is this many times the usual hour, and never below the setting.
AUTO_TIMES = 4


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
        self._numbers = bursts(timedelta(days=1), "numbers")
        self._hours = bursts(timedelta(hours=1), "hours")
        self._days = bursts(timedelta(days=7), "days")

    def orders_of(self, shop: str) -> tuple[datetime, ...]:
        """When this process took orders of the shop, in the last week; oldest first."""
        return self._days.moments(shop)

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
        return replace(
            event,
            past=past,
            reading=who.address,
            on_prefix_hour=self._prefixes.add(f"{shop}|{prefix(fields.phone)}", now) if fields.phone else 1,
            on_address_day=max((self._addresses.add(f"{shop}|{key}", now) for key in keys), default=1),
            usual_minor=usual,
            over_limit=self._over(policy, event, now),
        )

    def _over(self, policy: Policy, event: OrderTold, now: datetime) -> str:
        """The ceiling that a first text to this number would pass, or "". The order is kept in any case."""
        phone, limits, shop = event.fields.phone, policy.limits, policy.shop
        if phone is None:
            return ""
        today = self._numbers.add(
            phone, now
        )  # over all shops: a victim of made-up orders is bombed through any of them
        on_prefix = self._prefixes.count(f"{shop}|{prefix(phone)}", now)
        this_hour = self._hours.add(shop, now)
        week = self._days.add(shop, now)
        if limits.first_sms_per_number_day is not None and today > limits.first_sms_per_number_day:
            return "number"
        if limits.first_sms_per_prefix_hour is not None and on_prefix > limits.first_sms_per_prefix_hour:
            return "prefix"
        ceiling = limits.first_sms_per_hour
        if ceiling is not None and limits.hour_follows_usual:
            ceiling = max(ceiling, AUTO_TIMES * week // (7 * 12))
        return "hour" if ceiling is not None and this_hour > ceiling else ""
