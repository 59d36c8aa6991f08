"""Counters of /metrics with the same labels at each event: which key they count under is put together once for each set of values."""

from __future__ import annotations

Key = tuple[str, tuple[tuple[str, str], ...]]


class Counting:
    """One family of counters, over the engine's `counters` (a missing one counts from 0)."""

    def __init__(self, counters: dict[Key, float], name: str, *labels: str) -> None:
        self._counters = counters
        self._name = name
        self._labels = labels
        self._keys: dict[tuple[str, ...], Key] = {}

    def add(self, values: tuple[str, ...], amount: float = 1) -> None:
        """`values` in the order of the labels."""
        key = self._keys.get(values)
        if key is None:
            key = self._name, tuple(sorted(zip(self._labels, values, strict=True)))
            self._keys[values] = key
        self._counters[key] += amount
