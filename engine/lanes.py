"""Pacing: one lane per sender of ours. A lane gives permits at the sender's real rate; what has to wait, waits in order.

GCRA over business time: a permit of cost c moves the lane's next free moment on by c/rate; a short burst is allowed. What waits is
ordered by urgency (first texts first), then by age. The heap is a hint: the truth is the planned effects in the store.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from flows.effects import Open

#: Messages that Telegram takes in one group a minute. Edits count like messages.
#: Source: https://github.com/tdlib/td/issues/2592 and /3034 (its author), read 2026-11
GROUP_A_MINUTE = 20
#: So many of these are kept for what is as urgent as this or more: the card under somebody's finger, while new cards flood in.
KEPT_A_MINUTE, KEPT_FOR = 4, 0


class Lane:
    """One sender's pace and queue."""

    #: What other processes have to know: (lane, cost, now) of every charge.
    on_charge: Callable[[Lane, float, datetime], None] | None = None
    #: This process' part of the sender's pace.
    share: Callable[[], float] | None = None
    #: Whether this process may send just now. None: always.
    may_send: Callable[[], bool] | None = None

    def __init__(
        self, name: str, rate_per_s: float, burst: int = 1, window: tuple[int, timedelta] | None = None
    ) -> None:
        """`window`: never more than so many within that time, bursts included."""
        self.name = name
        self._window = window
        self._took: deque[datetime] = deque(maxlen=window[0] if window else 0)
        self.rate_per_s = rate_per_s
        self.wake = asyncio.Event()
        #: Until when whoever empties the lane sleeps; None: wake it for anything. A wake that finds nothing to do costs as much
        #: as an answer, and a slow sender has thousands waiting.
        self.sleeps_until: datetime | None = None
        self.flying = 0
        self._burst = timedelta(seconds=(burst - 1) / rate_per_s)
        self._free_at: datetime | None = None
        self._heap: list[tuple[int, datetime, str, str]] = []  # urgency, wished at, effect id, conversation
        self._later: list[tuple[datetime, int, datetime, str, str]] = []  # not before, then as above
        self._known: set[str] = set()
        self._granted: set[str] = set()
        self.shut = False  # grants nothing

    def __len__(self) -> int:
        return len(self._heap) + len(self._later)

    def closed(self) -> bool:
        """Nothing may leave just now, whatever its turn."""
        return self.shut or (self.may_send is not None and not self.may_send())

    def next_permit(self, now: datetime, urgency: int = KEPT_FOR) -> datetime:
        """When the next permit for something so urgent is free; `now` or earlier: at once."""
        paced = now if self._free_at is None else self._free_at - self._burst
        if self._window is None:
            return paced
        most = self._window[0] - (KEPT_A_MINUTE if urgency > KEPT_FOR else 0)
        if len(self._took) < most:
            return paced
        return max(paced, self._took[len(self._took) - most] + self._window[1])

    def refund(self) -> None:
        """A permit was taken, and nothing left."""
        if self._free_at is not None:
            self._free_at -= timedelta(seconds=1 / self.rate_per_s)
        if self._took:
            self._took.pop()

    def grant_now(self, effect: Open, now: datetime) -> bool:
        """A permit in the deciding commit itself: only when one is free and nothing older waits. Asked twice, granted once."""
        if effect.id in self._granted:
            return True
        self._ripen(now)
        if self.closed() or self._heap or effect.not_before > now or self.next_permit(now, effect.urgency) > now:
            return False
        self._granted.add(effect.id)
        self.charge(1.0, now)
        return True

    def granted(self, effect_id: str) -> bool:
        return effect_id in self._granted

    def done(self, effect_id: str) -> None:
        self._granted.discard(effect_id)
        self._known.discard(effect_id)

    def charge(self, cost: float, now: datetime) -> None:
        """Take `cost` permits (SMS: segments; may be a correction after the text was made)."""
        start = self._free_at if self._free_at is not None and self._free_at > now else now
        rate = self.rate_per_s if self.share is None else self.rate_per_s * self.share()
        self._free_at = start + timedelta(seconds=cost / rate)
        if self._window is not None:
            self._took.append(now)
        if self.on_charge is not None:
            self.on_charge(self, cost, now)

    def hold(self, until: datetime) -> None:
        """The provider wants nothing from this sender before then."""
        self.others_took(until + self._burst)

    def others_took(self, free_at: datetime) -> None:
        """With what other processes took of this sender's pace, it is free no sooner than this."""
        if self._free_at is None or free_at > self._free_at:
            self._free_at = free_at

    def offer(self, conversation: str, effect: Open) -> None:
        """Let a planned effect wait here; the same one twice waits once."""
        if effect.id in self._known:
            return
        self._known.add(effect.id)
        heapq.heappush(self._later, (effect.not_before, effect.urgency, effect.at, effect.id, conversation))
        soonest = effect.not_before if self._free_at is None else max(effect.not_before, self._free_at - self._burst)
        if self.sleeps_until is None or soonest < self.sleeps_until:
            self.wake.set()

    def _ripen(self, now: datetime) -> None:
        while self._later and self._later[0][0] <= now:
            _, urgency, at, effect_id, conversation = heapq.heappop(self._later)
            heapq.heappush(self._heap, (urgency, at, effect_id, conversation))

    def next_moment(self, now: datetime) -> datetime | None:
        """When something here can leave; None: nothing waits."""
        self._ripen(now)
        if self._heap:
            return max(self.next_permit(now, self._heap[0][0]), now)
        return self._later[0][0] if self._later else None

    def take(self, now: datetime) -> tuple[str, str] | None:
        """(conversation, effect id) of what goes next, with its permit; None when nothing can go now."""
        self._ripen(now)
        if not self._heap or self.next_permit(now, self._heap[0][0]) > now:
            return None
        _, _, effect_id, conversation = heapq.heappop(self._heap)
        self._known.discard(effect_id)
        self.charge(1.0, now)
        return conversation, effect_id

    def age_s(self, now: datetime) -> float:
        """How long the oldest of what may leave has been waiting, in seconds."""
        self._ripen(now)
        oldest = min((wished for _, wished, _, _ in self._heap), default=now)
        return (now - oldest).total_seconds()

    def waiting(self) -> list[tuple[int, str, str]]:
        """(urgency, effect id, conversation) of everything that waits, in the order in which it will leave."""
        ripe = sorted(self._heap)
        later = sorted((urgency, at, effect_id, who) for _, urgency, at, effect_id, who in self._later)
        return [(urgency, effect_id, who) for urgency, _, effect_id, who in [*ripe, *later]]

    def backlog_s(self) -> float:
        """How long the newest in line will wait, in seconds."""
        return len(self._heap) / self.rate_per_s


class Lanes:
    """All lanes of this process. Rates come from the settings; a lane nobody configured is fast."""

    def __init__(self, rates: dict[str, tuple[float, int]]) -> None:
        self._rates = rates
        self._lanes: dict[str, Lane] = {}
        self.on_new = asyncio.Event()
        self.on_charge: Callable[[Lane, float, datetime], None] | None = None
        self.share: Callable[[], float] | None = None
        self.may_send: Callable[[], bool] | None = None

    def get(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            rate, burst = self._rates.get(name) or _default(name)
            lane = self._lanes[name] = Lane(name, rate, burst, _window(name))
            lane.on_charge, lane.share, lane.may_send = self.on_charge, self.share, self.may_send
            self.on_new.set()
        return lane

    def all(self) -> list[Lane]:
        return list(self._lanes.values())


class WaitingLanes(Lanes):
    """Lanes of a process that sends nothing: what it decides waits in the store for the one that serves."""

    def get(self, name: str) -> Lane:
        lane = super().get(name)
        lane.shut = True
        return lane


def _window(name: str) -> tuple[int, timedelta] | None:
    """Telegram counts a group's messages by the minute, bursts and all."""
    return (GROUP_A_MINUTE, timedelta(minutes=1)) if name.startswith("telegram:-") else None


def _default(name: str) -> tuple[float, int]:
    """(per second, burst). Telegram: 20 a minute in a group, one a second in a chat.

    Source: https://core.telegram.org/bots/faq, read 2026-11
    """
    if name.startswith("telegram:owner"):
        return 1.0, 5
    if name.startswith("telegram:"):
        return GROUP_A_MINUTE / 60, 8
    if name.startswith("sms:"):
        return 1.0, 1
    if name.startswith("shop:") and not name.endswith(":callback"):
        return 4.0, 8  # Shopify restores 100 points a second, and a telling costs about 25
    return 80.0, 20
