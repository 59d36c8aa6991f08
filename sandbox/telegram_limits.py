"""How many messages Telegram takes from a bot, on the world's clock.

Telegram's own words: not more than one message a second in one chat (short bursts pass), 20 a minute in one group, about 30 a
second over all chats; the precise limits are undocumented. Edits share the limits of messages.
Sources: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this,
https://github.com/tdlib/td/issues/2592 and /3034 (Telegram's own developer), read November 2026.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
Window = tuple[
    tuple[str, int], int | None, timedelta
]  # what is counted, how many at most (None: no limit), in which time


@dataclasses.dataclass(slots=True)
class Limits:
    """Each None is off. `everywhere`: a refusal in one chat refuses all chats until its retry_after is over, as bots have seen."""

    per_chat_second: int | None = None
    per_group_minute: int | None = None
    overall_second: int | None = None
    everywhere: bool = False

    @classmethod
    def strict(cls) -> Limits:
        """The published figures, without the bursts that Telegram grants at its own pleasure."""
        return cls(per_chat_second=1, per_group_minute=20, overall_second=30)


class Pacing:
    """Counts what was sent and says how long to wait."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._sent: dict[tuple[str, int], deque[datetime]] = {}
        self._closed_until: datetime | None = None

    def spend(self, chat_id: int, is_group: bool, now: datetime) -> int:
        """0 and the message or edit counts, or the whole seconds to wait and nothing counts."""
        windows: list[Window] = [
            (("chat", chat_id), self.limits.per_chat_second, SECOND),
            (("group", chat_id), self.limits.per_group_minute if is_group else None, MINUTE),
            (("all", 0), self.limits.overall_second, SECOND),
        ]
        return self._spend(windows, now)

    def _spend(self, windows: list[Window], now: datetime) -> int:
        wait = timedelta(0)
        if self._closed_until is not None and now < self._closed_until:
            wait = self._closed_until - now
        for key, most, span in windows:
            if most is not None:
                wait = max(wait, self._wait(key, most, span, now))
        if wait > timedelta(0):
            if self.limits.everywhere:
                self._closed_until = max(self._closed_until or now, now + wait)
            return max(1, math.ceil(wait.total_seconds()))
        for key, most, _ in windows:
            if most is not None:
                self._sent.setdefault(key, deque()).append(now)
        return 0

    def _wait(self, key: tuple[str, int], most: int, span: timedelta, now: datetime) -> timedelta:
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= now - span:
            sent.popleft()
        return timedelta(0) if len(sent) < most else sent[len(sent) - most] + span - now
