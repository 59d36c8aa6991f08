"""News to many, carried out: who would get it is read from the store, and each part is brought to its conversations as events.

Everything here may be done twice: counting changes nothing, and a conversation knows the notice that it has seen by its id.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from engine.engine import Engine
from flows import noticing, pointers
from flows.conversation import Conversation
from flows.desk_events import NoticeCounted, NoticeHeard
from flows.effects import CountNotice, FanOut, Say, TellDesk
from flows.events import NoticeAsked, TimerDue
from flows.notice import Counted, Draft
from flows.policy import Policy
from flows.turn import Turn
from flows.wording import render

#: Orders that one notice may go to: more is a campaign, and needs other tools than a shop's bot.
ORDERS_MOST = 20_000
_STATES = {
    "open": ("pending", "flagged", "held", "confirmed", "shipped"),
    "confirmed": ("confirmed",),
    "day": ("confirmed", "shipped"),
    "courier": ("confirmed", "shipped"),
}


class Noticing:
    """One per process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def count(self, shop: str, effect_id: str, effect: CountNotice) -> None:
        """Who would get it now."""
        counted = await self._counted(self._engine.policies[shop], effect.n, effect.draft)
        await self._engine.handle(
            NoticeCounted(
                event_id=f"counted:{effect_id}",
                to=(pointers.desk(shop),),
                at=self._engine.now(),
                n=effect.n,
                counted=counted,
            )
        )

    async def _counted(self, policy: Policy, n: int, draft: Draft) -> Counted:
        """One customer is counted once, with the newest of their orders that are meant."""
        found: dict[str, tuple[str, Say]] = {}
        left: dict[str, tuple[str, str]] = {}
        for order_id in await self._candidates(policy.shop, draft):
            conversation = await self._engine.order(policy.shop, order_id)
            order = conversation.order(order_id) if conversation is not None else None
            if conversation is None or order is None:
                left[order_id] = (order_id, "no_order")
                continue
            if conversation.id in found:
                continue
            say = noticing.look(_turn(conversation, self._engine.now(), policy), order, draft, n)
            if isinstance(say, Say):
                found[conversation.id] = (order_id, say)
            elif say.why != "not_chosen" or draft.choice.kind == "orders":
                left[conversation.id] = (order_id, say.why)
        segments = sum(_segments(say, policy) for _, say in found.values() if say.channel == "sms")
        return Counted(
            orders=tuple(order_id for order_id, _ in found.values()),
            channels=dict(Counter(say.channel for _, say in found.values())),
            segments=segments,
            left_out=dict(Counter(why for who, (_, why) in left.items() if who not in found)),
        )

    async def _candidates(self, shop: str, draft: Draft) -> list[str]:
        choice = draft.choice
        if choice.kind == "orders":
            return list(dict.fromkeys(choice.orders))
        rows = [r for s in _STATES[choice.kind] for r in await self._engine.orders(shop, s, None, ORDERS_MOST)]
        return [row.order_id for row in sorted(rows, key=lambda r: r.updated_at, reverse=True)][:ORDERS_MOST]

    async def fan_out(self, shop: str, effect: FanOut) -> None:
        """To each conversation one event. An order that nobody knows any more is told back as left out."""
        for order_id in effect.orders:
            asked = NoticeAsked(
                event_id=f"notice:{shop}:{effect.n}:{order_id}",
                to=(pointers.order(shop, order_id),),
                at=self._engine.now(),
                n=effect.n,
                order_id=order_id,
                draft=effect.draft,
            )
            handled = await self._engine.handle(asked)
            if handled.decision is None and not handled.duplicate:
                await self._tell(shop, f"gone:{asked.event_id}", TellDesk(n=effect.n, was="asked", now="off"))

    async def tell(self, shop: str, effect_id: str, effect: TellDesk) -> None:
        await self._tell(shop, f"heard:{effect_id}", effect)

    async def _tell(self, shop: str, event_id: str, effect: TellDesk) -> None:
        await self._engine.handle(
            NoticeHeard(
                event_id=event_id,
                to=(pointers.desk(shop),),
                at=self._engine.now(),
                n=effect.n,
                was=effect.was,
                now=effect.now,
                answered=effect.answered,
            )
        )


def _turn(conversation: Conversation, now: datetime, policy: Policy) -> Turn:
    """To look with: nothing of it is kept."""
    event = TimerDue(event_id="look", to=(pointers.conversation(conversation.id),), at=now, due=now)
    return Turn(conversation, event, now, policy)


def _segments(say: Say, policy: Policy) -> int:
    rendered = render(say.template, "sms", say.lang, say.values, overrides=policy.overrides, script=policy.script)
    return rendered.segments
