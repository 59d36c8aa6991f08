"""GET /healthz, /readyz and /metrics: is the process alive, may it be sent traffic, what has it done.

/readyz is 200 as soon as the storage is open: a provider's fault is shown by ?verbose and never takes the service out of
the balancer, since orders and answers still arrive. What is asked of the storage at each look at /metrics:

    doorstep_storage_up            1 while the storage answers
    doorstep_stored{what}          what the storage holds, by kind
    doorstep_orders{state}         orders by state
    doorstep_fault{part}           1 for each part that is not well
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.http import SAFE, answer
from engine.ports import StoreUnavailable


class Probe(Protocol):
    """What the running service says of itself."""

    async def counts(self) -> Mapping[str, int]:
        """Orders by state, open effects and such, from the store. Raises StoreUnavailable."""

    def faults(self) -> Mapping[str, str]:
        """Part of the service -> what is wrong with it now, in plain words; empty when all is well."""


class Health:
    """`registry` holds the counters of the process; `probe` is asked at each look, so an idle service costs nothing."""

    def __init__(self, probe: Probe, registry: CollectorRegistry) -> None:
        self._probe = probe
        self._registry = registry

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _request: web.Request) -> web.Response:
        """200 while the loop turns."""
        return answer(200, {"status": "alive"})

    async def ready(self, request: web.Request) -> web.Response:
        """200, or 503 while the storage does not answer."""
        try:
            await self._probe.counts()
        except StoreUnavailable:
            status, said = 503, "the storage does not answer"
        else:
            status, said = 200, "ready"
        body: dict[str, object] = {"status": said}
        if "verbose" in request.query:
            body["faults"] = dict(self._probe.faults())
        return answer(status, body)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus text: the process' counters, the store's counts, and whether the storage answers."""
        try:
            counts = await self._probe.counts()
        except StoreUnavailable:
            counts = None
        look = CollectorRegistry(auto_describe=False)
        look.register(_Look(counts, self._probe.faults()))
        body = generate_latest(self._registry) + generate_latest(look)
        return web.Response(body=body, headers=SAFE | {"Content-Type": CONTENT_TYPE_LATEST})


class _Look(Collector):
    """The gauges of one moment."""

    def __init__(self, counts: Mapping[str, int] | None, faults: Mapping[str, str]) -> None:
        self._counts = counts
        self._faults = faults

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("doorstep_storage_up", "1 while the storage answers")
        up.add_metric([], 0 if self._counts is None else 1)
        yield up
        stored = GaugeMetricFamily("doorstep_stored", "what the storage holds, by kind", labels=["what"])
        orders = GaugeMetricFamily("doorstep_orders", "orders by state", labels=["state"])
        for what, count in sorted((self._counts or {}).items()):
            kind, _, state = what.partition(".")
            if kind == "orders":
                orders.add_metric([state], count)
            else:
                stored.add_metric([what], count)
        yield orders
        yield stored
        faults = GaugeMetricFamily("doorstep_fault", "1 for each part that is not well", labels=["part"])
        for name in sorted(self._faults):
            faults.add_metric([name], 1)
        yield faults
