"""The decision the store runs inside its unit: the flows' step, then a permit in the same commit where a lane is free.

Pure but for the lanes' permits, which are keyed by effect id: run twice, it grants once.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from engine.lanes import Lanes
from engine.tokens import Tokens
from flows.conversation import Conversation
from flows.decision import Decision, Document
from flows.desk import Desk
from flows.desk_step import start_desk, step_desk
from flows.effects import Open, Say
from flows.events import AnyEvent, Claimed
from flows.pointers import Pointer
from flows.policy import Policy
from flows.step import start, step


class UnknownShop(Exception):
    """The event names a shop that the settings do not have."""


class Decider:
    """Binds the flows to the settings, the lanes and the page tokens."""

    def __init__(self, policies: dict[str, Policy], lanes: Lanes, tokens: Tokens, process: str) -> None:
        self.policies = policies
        self.lanes = lanes
        self.tokens = tokens
        self.process = process

    def __call__(self, document: Document | None, new_id: str, event: AnyEvent, now: datetime) -> Decision:
        """Decide for the document found, or for a fresh one under `new_id`."""
        if isinstance(document, Desk) or (document is None and event.to[-1].kind == "desk"):
            shop = document.shop if document else event.to[-1].shop
            decision = step_desk(document or start_desk(new_id, shop), event, now, self._policy(shop))
        else:
            shop = document.shop if document else event.to[-1].shop
            policy = self._policy(shop)
            decision = step(document or start(new_id, shop, now), event, now, policy)
        if not decision.planned:
            return decision
        return self._with_permits(decision, event, now, self._policy(shop))

    def _policy(self, shop: str) -> Policy:
        policy = self.policies.get(shop)
        if policy is None:
            raise UnknownShop(shop)
        return policy

    def _with_permits(self, decision: Decision, event: AnyEvent, now: datetime, policy: Policy) -> Decision:
        """Pages for the links that were wished for, and `sending` for what may leave in this very commit."""
        claims = list(decision.claims)
        perform = list(decision.perform)
        document = decision.document
        waiting: list[Open] = []
        spilled, orders = list(decision.spilled), list(decision.orders)
        for open_ in decision.planned:
            effect = open_.effect
            carries = isinstance(effect, Say) and (effect.link or (effect.channel == "email" and effect.order_id))
            if isinstance(effect, Say) and carries and isinstance(document, Conversation):
                token = self.tokens.make(document.id, effect.order_id, effect.version, effect.channel)
                claims.append(Pointer("page", token))
            if open_.lane and not self.lanes.get(open_.lane).grant_now(open_, now):
                waiting.append(open_)
                continue
            claim = Claimed(event_id=f"claim:{open_.id}", to=event.to, at=now, effect_id=open_.id, by=self.process)
            passed = (
                step_desk(document, claim, now, policy)
                if isinstance(document, Desk)
                else step(document, claim, now, policy)
            )
            document = passed.document
            perform += passed.perform
            claims += passed.claims
            waiting += passed.planned
            spilled += passed.spilled
            orders += passed.orders
        return replace(
            decision,
            document=document,
            planned=tuple(waiting),
            perform=tuple(perform),
            claims=tuple(claims),
            spilled=tuple(spilled),
            orders=tuple(orders),
        )
