"""The counters of this process as /metrics shows them. One name for one thing: doorstep_<name>_total."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

Key = tuple[str, tuple[tuple[str, str], ...]]


class Counters(Collector):
    """Reads the engine's counters at each look; counting itself costs one dictionary entry."""

    def __init__(self, counters: Counter[Key]) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        by_name: dict[str, list[tuple[dict[str, str], int]]] = defaultdict(list)
        for (name, labels), count in sorted(self._counters.items()):
            by_name[name].append((dict(labels), count))
        for name, rows in by_name.items():
            names = sorted({label for labels, _ in rows for label in labels})
            family = CounterMetricFamily(f"doorstep_{name}", f"{name.replace('_', ' ')}, counted", labels=names)
            for shown, count in rows:
                family.add_metric([shown.get(label, "") for label in names], count)
            yield family


def registry(counters: Counter[Key]) -> CollectorRegistry:
    """A registry of its own: several services in one test process do not meet."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Counters(counters))
    return made
