"""How many of something came lately: sliding windows in memory. Hints only: a restart forgets them, and loses nothing else."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

#: Keys remembered at once; the one that was longest quiet goes first.
KEYS_MOST = 100_000
#: Moments remembered of one key: enough for a week of a busy shop's orders (engine/pulse.py compares days).
MOMENTS_MOST = 20_000


class Bursts:
    """Counts by key over one window."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def add(self, key: str, now: datetime) -> int:
        """Count one more; gives how many there were within the window, this one included."""
        moments = self._seen.get(key)
        if moments is None:
            moments = self._seen[key] = deque(maxlen=MOMENTS_MOST)
            if len(self._seen) > KEYS_MOST:
                self._seen.popitem(last=False)
        self._seen.move_to_end(key)
        moments.append(now)
        return self._count(moments, now)

    def count(self, key: str, now: datetime) -> int:
        """How many there were within the window."""
        moments = self._seen.get(key)
        return self._count(moments, now) if moments else 0

    def moments(self, key: str) -> tuple[datetime, ...]:
        """The moments remembered of one key, oldest first."""
        return tuple(self._seen.get(key, ()))

    def _count(self, moments: deque[datetime], now: datetime) -> int:
        while moments and now - moments[0] >= self._window:
            moments.popleft()
        return len(moments)
