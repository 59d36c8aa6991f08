"""Who was written to on WhatsApp outside their window: told to the desks that share the sender, where a limit is known."""

from __future__ import annotations

import logging

from engine.engine import Engine
from engine.ports import StoreUnavailable
from flows import pointers
from flows.desk_events import PersonReached
from flows.effects import Say
from flows.policy import Policy

log = logging.getLogger("doorstep.reaching")


async def left(engine: Engine, policy: Policy, say: Say, effect_id: str) -> None:
    """A message has left, or may have. Counting what cannot be written now is given up: the provider's own limit still stands."""
    if say.reaches_at is None or policy.reach_limit is None:
        return
    for shop in (policy.shop, *policy.shares.get("whatsapp", ())):
        event = PersonReached(
            event_id=f"reached:{effect_id}:{say.reaches_at.timestamp()}",
            to=(pointers.desk(shop),),
            at=say.reaches_at,
            opens=True,
            before=say.reached_before,
        )
        try:
            await engine.handle(event)
        except StoreUnavailable:
            log.warning("reaching.not_counted", extra={"shop": shop})
