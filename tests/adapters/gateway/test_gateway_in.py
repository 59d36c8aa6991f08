"""What a local gateway posts: nested fields, its own capitals, replies without an id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from adapters import gateway
from flows.events import CustomerWrote, DeliveryReported
from tests.adapters.stand_in import GATEWAY, StandInFront

Client = TestClient[web.Request, web.Application]
SECRET = {"X-Gateway-Secret": "gateway-secret"}
NESTED = gateway.GatewayReplies(
    secret="gateway-secret", fields={"id": "", "from": "messages.0.sender", "text": "messages.0.body"}
)


@pytest.fixture
def front() -> StandInFront:
    return StandInFront()


@pytest.fixture
async def client(front: StandInFront) -> AsyncIterator[Client]:
    app = web.Application()
    statuses = gateway.GatewayDelivery(statuses={"delivered": "delivered", "failed": "failed"})
    gateways = {
        "local": replace(GATEWAY, delivery=statuses),
        "nested": replace(GATEWAY, name="nested", reply_hook=NESTED),
    }
    app.add_routes(gateway.routes(front, gateways))
    async with TestClient(TestServer(app)) as connected:
        yield connected


async def posts(client: Client, name: str, body: object) -> int:
    return (
        await client.post(
            f"/hooks/sms/{name}", data=json.dumps(body), headers={**SECRET, "Content-Type": "application/json"}
        )
    ).status


async def test_a_text_inside_a_list_is_read(client: Client, front: StandInFront) -> None:
    """A path with a place in a list names the text as it names the number."""
    assert await posts(client, "nested", {"messages": [{"sender": "+34600111222", "body": "yes"}]}) == 200
    assert await posts(client, "nested", {"messages": [{"sender": "+34600111222", "body": ""}]}) == 200
    assert [event.text for event in front.handled if isinstance(event, CustomerWrote)] == ["yes", ""]
    assert front.kept == []
    assert await posts(client, "nested", {"messages": [{"sender": "+34600111222"}]}) == 200
    assert len(front.kept) == 1


async def test_the_same_word_a_month_later_is_another_answer(client: Client, front: StandInFront) -> None:
    """Without an id: told twice within minutes it is one reply; about the next order it is an answer of its own."""
    body = {"messages": [{"sender": "+34600111222", "body": "1"}]}
    for _ in range(2):
        assert await posts(client, "nested", body) == 200
    front.moment += timedelta(days=30)
    assert await posts(client, "nested", body) == 200
    assert len({event.event_id for event in front.handled if isinstance(event, CustomerWrote)}) == 2


@pytest.mark.parametrize("word", ["delivered", "Delivered", "DELIVERED"])
async def test_a_status_in_capitals_is_the_same(client: Client, front: StandInFront, word: str) -> None:
    """Gateways write their words as they like: a report is a report."""
    assert await posts(client, "local", {"id": "9", "status": word, "to": "+34600111222"}) == 200
    assert [event.status for event in front.handled if isinstance(event, DeliveryReported)] == ["delivered"]
