"""Liveness, readiness and metrics."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from adapters.health import Health
from engine.ports import StoreUnavailable
from tests.adapters.shop_front import FakeFront, serving


class Service:
    """What the probe says, as the test wants it."""

    def __init__(self) -> None:
        self.down = False
        self.wrong: dict[str, str] = {}

    async def counts(self) -> Mapping[str, int]:
        if self.down:
            raise StoreUnavailable
        return {"orders.pending": 3, "open effects": 2}

    def faults(self) -> Mapping[str, str]:
        return self.wrong


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def health(service: Service) -> Health:
    registry = CollectorRegistry()
    Counter("doorstep_hooks_rejected", "bad signatures", ["route"], registry=registry).labels(route="shopify").inc()
    return Health(service, registry)


async def test_a_providers_fault_leaves_the_service_ready(service: Service, health: Health) -> None:
    """/readyz stays 200 and plain; ?verbose names the fault."""
    service.wrong = {"twilio": "the account is suspended"}
    async with serving(FakeFront(), health.routes()) as client:
        plain = await client.get("/readyz")
        assert (plain.status, await plain.json()) == (200, {"status": "ready"})
        verbose = await client.get("/readyz?verbose")
        assert (verbose.status, (await verbose.json())["faults"]) == (200, service.wrong)
        assert (await client.head("/readyz")).status == 200


async def test_without_its_storage_the_service_is_alive_but_not_ready(service: Service, health: Health) -> None:
    """/healthz says that the loop turns; /readyz is 503; /metrics still answers and says that the storage is away."""
    service.down = True
    async with serving(FakeFront(), health.routes()) as client:
        assert (await client.get("/healthz")).status == 200
        assert (await client.get("/readyz")).status == 503
        response = await client.get("/metrics")
        assert response.status == 200
        assert "doorstep_storage_up 0.0" in await response.text()


async def test_metrics_are_prometheus_text(service: Service, health: Health) -> None:
    """Counters of the process and counts of the store, readable by Prometheus' own parser."""
    service.wrong = {"telegram": "no answer"}
    async with serving(FakeFront(), health.routes()) as client:
        response = await client.get("/metrics")
        text = await response.text()
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["doorstep_hooks_rejected_total", "shopify"] == 1
    assert samples["doorstep_orders", "pending"] == 3
    assert samples["doorstep_stored", "open effects"] == 2
    assert samples["doorstep_storage_up",] == 1
    assert samples["doorstep_fault", "telegram"] == 1
