"""Whether the bot takes updates: the desk remembers when it last did, and after an outage the group reads which presses may be lost.

A press lives for about 150 seconds at Telegram; what people write is kept there for a day and comes later.
Source: github.com/tdlib/telegram-bot-api, read 2026-11.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.groups import Groups
from engine.ports import Front
from flows import pointers
from flows.desk_events import TelegramHeard

#: A gap longer than this may have lost presses.
LOST_AFTER = timedelta(seconds=150)
#: The desk is told no oftener than this that all is well.
TOLD_EVERY = timedelta(minutes=10)
#: Open orders named after an outage.
NAMED_MOST = 25


class Hearing:
    """One bot's ear. `heard` after each poll that worked, `missed` after each that did not."""

    def __init__(self, front: Front, groups: Groups) -> None:
        self._front = front
        self._groups = groups
        self._down_since: datetime | None = None
        self._told: datetime | None = None
        self._first = True

    def missed(self) -> None:
        self._down_since = self._down_since or self._front.now()

    async def starts(self) -> None:
        """Telegram answers for the first time in this life of the service. Raises StoreUnavailable."""
        if not self._first:
            return
        now = self._front.now()
        for policy in self._groups.policies():
            last = (await self._front.desk(policy.shop)).heard_at
            since = min((moment for moment in (self._down_since, last) if moment is not None), default=None)
            await self._tell(policy.shop, policy.zone, now, since)
        self._first, self._down_since, self._told = False, None, now

    async def heard(self) -> None:
        """Raises StoreUnavailable."""
        now = self._front.now()
        down, self._down_since = self._down_since, None
        if down is not None:
            for policy in self._groups.policies():
                await self._tell(policy.shop, policy.zone, now, down)
        elif self._told is None or now - self._told >= TOLD_EVERY:
            await self.ends()
        self._told = now

    async def ends(self) -> None:
        """The desk remembers this moment."""
        now = self._front.now()
        for policy in self._groups.policies():
            await self._tell(policy.shop, policy.zone, now, None)

    async def _tell(self, shop: str, zone: str, now: datetime, since: datetime | None) -> None:
        lost = since if since is not None and now - since > LOST_AFTER else None
        open_: list[tuple[str, str]] = []
        for state in ("flagged", "held") if lost is not None else ():
            open_ += [(row.order_id, row.state) for row in await self._front.orders(shop, state, None, NAMED_MOST)]
        await self._front.handle(
            TelegramHeard(
                event_id=f"heard:{shop}:{now.isoformat()}", to=(pointers.desk(shop),), at=now, opens=True,
                since=lost, zone=zone, open=tuple(open_[:NAMED_MOST]),
            )
        )  # fmt: skip
