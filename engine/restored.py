"""After a restore nothing is sent twice: whatever might have been sent between the backup and the restore is asked about first.

A restored copy knows nothing of what its former self did after the backup. Its timers, the answers that the sweeps find again and
the orders that a shop tells again lead to the same messages, and some of them have been sent. So for two days each message is
looked up at its provider before it leaves: one with the same words to the same address since the backup counts as this one. A
provider that does not answer is waited for. One that cannot be asked (mail, WhatsApp by Meta, a gateway) gets nothing about orders
from before the restore for an hour; those messages are of unknown fate, and the flows go on by another channel or a person.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from engine import rendering
from engine.epoch import Restored
from engine.ports import Channel, Found, Lookup, Message, Unanswered
from flows.conversation import Conversation
from flows.decision import Document
from flows.effects import Accepted, Outcome, Say, TryAgain, Unknown
from flows.policy import Policy

log = logging.getLogger("doorstep.restored")

#: Longer than any rung's wait and any webhook's retries (Shopify 4 h, Meta 36 h).
ASK_FOR = timedelta(hours=48)
#: Timers that were late and answers that were found again have run their course by then.
HOLD_FOR = timedelta(hours=1)
AGAIN_S = 60.0


@runtime_checkable
class Askable(Protocol):
    """A channel whose provider can say for sure whether it has a message."""

    async def surely_find(self, lookup: Lookup) -> Found | None:
        """None: it surely has not. Raises Unanswered."""


class Doubt:
    """Asked by the outbox before a message leaves. `started`: when this process began to serve what was restored."""

    def __init__(
        self, restored: Restored, started: datetime, load: Callable[[str], Awaitable[Document | None]]
    ) -> None:
        self._restored = restored
        self._from = max(restored.restored_at, started)
        self._load = load
        self._taken: set[str] = set()  # each old message stands for one new one

    async def outcome(
        self, conversation: str, say: Say, message: Message, channel: Channel, policy: Policy, now: datetime
    ) -> Outcome | None:
        """What became of this message in its former life; None: it was not sent then, let it go."""
        if now > self._restored.restored_at + ASK_FOR or await self._is_new(conversation, say):
            return None
        if not isinstance(channel, Askable):
            return Unknown("restored") if now < self._from + HOLD_FOR else None
        lookup = Lookup(
            effect_id=message.effect_id,
            channel=say.channel,
            to=say.to,
            sender=say.sender,
            text=rendering.as_listed(message, policy),
            since=self._restored.backup_at,
            until=self._restored.restored_at,
            but=frozenset(self._taken),
        )
        try:
            found = await channel.surely_find(lookup)
        except Unanswered as error:
            return TryAgain(AGAIN_S, str(error))
        if found is None:
            return None
        self._taken.add(found.provider_id)
        log.info("restored.sent_before", extra={"conversation": conversation, "effect": message.effect_id})
        return Accepted(found.provider_id)

    async def _is_new(self, conversation: str, say: Say) -> bool:
        """Whether it is about an order that was placed after the restore: nobody has written about that one before."""
        document = await self._load(conversation)
        order = document.order(say.order_id) if isinstance(document, Conversation) and say.order_id else None
        return order is not None and order.fields.placed_at > self._restored.restored_at
