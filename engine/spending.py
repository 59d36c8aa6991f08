"""What messages cost, counted as they leave: for /metrics all of them, for the day's limit those that we began.

The books are the desk's (flows/spending.py); here is only what of them this process has booked in advance.
"""

from __future__ import annotations

import logging

from engine.engine import Engine
from engine.ports import StoreUnavailable
from flows import pointers, spending
from flows.desk_events import MoneyBooked
from flows.effects import Say
from flows.money import exponent
from flows.policy import Policy

log = logging.getLogger("doorstep.spending")


class Spending:
    """One per process."""

    def __init__(self, engine: Engine, process: str) -> None:
        self._engine = engine
        self._process = process
        self._ahead: dict[
            tuple[str, str], float
        ] = {}  # (shop, day) -> booked and not used yet; below 0: not booked yet
        self._n = 0

    async def left(self, policy: Policy, say: Say, segments: int) -> None:
        """A message has left, or may have."""
        minor = spending.cost(policy, say.channel, segments)
        if not minor:
            return
        amount = minor / 10 ** exponent(policy.currency)
        self._engine.add("spent", amount, channel=say.channel, currency=policy.currency)
        if say.purpose == "answer" or spending.limit_of(policy) is None:
            return
        day = (policy.shop, spending.day_of(policy, self._engine.now()))
        self._ahead = {key: ahead for key, ahead in self._ahead.items() if key[0] != policy.shop or key == day}
        self._ahead[day] = self._ahead.get(day, 0.0) - minor
        if self._ahead[day] < 0:
            await self._book(day, -self._ahead[day])

    async def _book(self, day: tuple[str, str], minor: float) -> None:
        """Into the desk's books; what cannot be written now is booked with the next message."""
        self._ahead[day] = self._ahead.get(day, 0.0) + minor
        self._n += 1
        now = self._engine.now()
        event = MoneyBooked(
            event_id=f"money:{self._process}:{self._n}:{now.timestamp()}",
            to=(pointers.desk(day[0]),),
            at=now,
            opens=True,
            minor=minor,
        )
        try:
            decision = (await self._engine.handle(event)).decision
        except StoreUnavailable:
            log.warning("spending.not_booked", extra={"shop": day[0]})
            self._ahead[day] -= minor
            return
        if decision is not None:
            self._ahead[day] += float(decision.notice or 0)

    async def give_back(self) -> None:
        """At the end: what was booked in advance and not used."""
        for day, ahead in self._ahead.items():
            policy = self._engine.policies.get(day[0])
            if policy is not None and ahead > 0 and day[1] == spending.day_of(policy, self._engine.now()):
                await self._book(day, -ahead)
