"""Bursts that several processes count together: each tells the others what it saw. Hints, like the plain ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from engine.bursts import Bursts


class BurstHints(Protocol):
    """What carries counts between processes."""

    def blur(self, key: str) -> str:
        """The same name in every process, from which nothing is read."""

    def burst(self, what: str, key: str, at: datetime) -> None: ...


class SharedBursts(Bursts):
    """Counts what this process and the others saw. `what` tells these counts from other ones."""

    def __init__(self, window: timedelta, what: str, hints: BurstHints) -> None:
        super().__init__(window)
        self._what = what
        self._hints = hints

    def add(self, key: str, now: datetime) -> int:
        blurred = self._hints.blur(key)
        self._hints.burst(self._what, blurred, now)
        return super().add(blurred, now)

    def count(self, key: str, now: datetime) -> int:
        return super().count(self._hints.blur(key), now)

    def moments(self, key: str) -> tuple[datetime, ...]:
        return super().moments(self._hints.blur(key))

    def heard(self, what: str, blurred: str, at: datetime) -> None:
        """Another process saw one more."""
        if what == self._what:
            super().add(blurred, at)
