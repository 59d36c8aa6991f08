"""The updates that wait for the bot: kept for 24 hours (a press 150 seconds), fetched with an offset, told apart by kind.

Source: https://core.telegram.org/bots/api#getting-updates; keeping times: github.com/tdlib/telegram-bot-api at 01a3679.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.telegram_params import Json, Refused
from sandbox.world import World

LIFE = timedelta(hours=24)
PRESS_LIFE = timedelta(seconds=150)
#: What a bot gets only when it names it in allowed_updates. Source: https://core.telegram.org/bots/api#getupdates
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
#: The longest long poll that the Bot API server keeps, seconds.
MAX_TIMEOUT_S = 50
MAX_BATCH = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Update:
    """One update; `lane` is the chat (or person) whose updates stay in order."""

    id: int
    kind: str
    body: Json
    lane: int
    until: datetime

    def shown(self) -> Json:
        return {"update_id": self.id, self.kind: self.body}


class Updates:
    """The queue of one bot."""

    def __init__(self, world: World, first_id: int = 700_000_001) -> None:
        self._world = world
        self._next_id = first_id
        self._pending: dict[int, Update] = {}
        self._came = asyncio.Event()
        self._polls = 0
        self.polled = asyncio.Event()  # set once the bot has asked
        self._closed = False
        self.allowed: list[str] = []  # empty: Telegram's default
        self.tell: Callable[[], None] = lambda: None  # the webhook, when one is set

    def push(self, kind: str, body: Json, lane: int) -> None:
        """Queue an update, unless its kind is not allowed: then it never was."""
        if kind not in self.allowed if self.allowed else kind in ON_REQUEST:
            return
        life = PRESS_LIFE if kind == "callback_query" else LIFE
        self._pending[self._next_id] = Update(self._next_id, kind, body, lane, self._world.now() + life)
        self._next_id += 1
        self._came.set()
        self.tell()

    def pending(self) -> list[Update]:
        """Oldest first, without those whose time is over."""
        now = self._world.now()
        for update in [u for u in self._pending.values() if u.until <= now]:
            del self._pending[update.id]
        return list(self._pending.values())

    def done(self, update: Update) -> None:
        self._pending.pop(update.id, None)

    def clear(self) -> None:
        self._pending.clear()

    def skip_ids(self, by: int) -> None:
        """After a quiet week Telegram starts at another id: bots may compare update ids for equality only."""
        self._next_id += by

    def close(self) -> None:
        """End every long poll under way."""
        self._closed = True
        self._came.set()

    async def take(self, offset: int, limit: int, timeout_s: float, allowed: list[str] | None) -> list[Json]:
        """Forget what `offset` confirms, then give what waits; wait up to `timeout_s` (real seconds) for the first.

        Raises Refused(409) in a poll that another poll replaces.
        """
        if allowed is not None:
            self.allowed = allowed
        waiting = self.pending()
        for update in waiting[:offset] if offset < 0 else [u for u in waiting if u.id < offset]:
            self.done(update)
        self._polls += 1
        mine = self._polls
        self.polled.set()
        self._came.set()  # wakes a poll under way, which then gives up
        deadline = asyncio.get_running_loop().time() + min(timeout_s, MAX_TIMEOUT_S)
        while not self.pending() and not self._closed:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), left)
            except TimeoutError:
                break
            if mine != self._polls:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return [update.shown() for update in self.pending()[: max(1, min(limit, MAX_BATCH))]]
