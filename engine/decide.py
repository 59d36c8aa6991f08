"""The decision the store runs inside its unit: the flows' step, then a permit in the same commit where a lane is free.

Pure but for the lanes' permits, which are keyed by effect id: run twice, it grants once.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from engine.lanes import Lanes
from flows.decision import Decision, Document
from flows.desk import Desk
from flows.desk_step import start_desk, step_desk
from flows.effects import Open
from flows.events import AnyEvent, Claimed
from flows.permits import Permits
from flows.policy import Policy
from flows.step import start, step


class UnknownShop(Exception):
    """The event names a shop that the settings do not have."""


class Decider:
    """Binds the flows to the settings and the lanes."""

    def __init__(self, policies: dict[str, Policy], lanes: Lanes, process: str) -> None:
        self.policies = policies
        self.lanes = lanes
        self.process = process
        self._permits = Permits(self._grant, process)

    def __call__(self, document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
        """Decide for the document found, or for a fresh one under `new_id`."""
        shop = document.shop if document else event.to[-1].shop
        policy = self.policies.get(shop)
        if policy is None:
            raise UnknownShop(shop)
        if isinstance(document, Desk) or (document is None and event.to[-1].kind == "desk"):
            decision = step_desk(document or start_desk(new_id, shop), event, now, policy)
            return self._desk_permits(decision, event, now, policy) if decision.planned else decision
        return step(document or start(new_id, shop, now), event, now, policy, self._permits)

    def _grant(self, effect: Open, now: datetime) -> bool:
        return not effect.lane or self.lanes.get(effect.lane).grant_now(effect, now)

    def _desk_permits(self, decision: Decision, event: AnyEvent, now: datetime, policy: Policy) -> Decision:
        """`sending` for what the desk wishes and may leave in this very commit."""
        document = decision.document
        perform, waiting = list(decision.perform), []
        for open_ in decision.planned:
            if not self._grant(open_, now):
                waiting.append(open_)
                continue
            claim = Claimed(event_id=f"claim:{open_.id}", to=event.to, at=now, effect_id=open_.id, by=self.process)
            assert isinstance(document, Desk)
            passed = step_desk(document, claim, now, policy)
            document = passed.document
            perform += passed.perform
        return replace(decision, document=document, planned=tuple(waiting), perform=tuple(perform))
