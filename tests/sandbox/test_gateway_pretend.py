"""The pretend SMS gateway: sends in any shape, replies and reports with the secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from listening_service import Listener, listening

from sandbox import phonebook
from sandbox.gateway import GatewayShape, PretendGateway
from sandbox.serving import serve
from sandbox.world import World

ANA = "+34600000001"


@asynccontextmanager
async def bench(
    shape: GatewayShape | None = None,
) -> AsyncIterator[tuple[PretendGateway, aiohttp.ClientSession, Listener]]:
    async with listening() as listener:
        gateway = PretendGateway(World(), f"{listener.url}/hooks/sms/local", "s3cret", shape)
        async with serve(gateway.app()) as url, aiohttp.ClientSession(url) as session:
            yield gateway, session, listener
            await gateway.world.settled()


@pytest.mark.parametrize("way", ["json", "data", "params"])
async def test_json_form_and_query_are_taken(way: str) -> None:
    """The same fields as JSON, form or query send the same text; the answer has the id of the reports."""
    async with bench() as (gateway, session, listener):
        fields: dict[str, Any] = {way: {"to": ANA, "text": "Hi", "from": "+34911"}}
        async with session.request("GET" if way == "params" else "POST", "/send", **fields) as answer:
            assert answer.status == 202
            message_id = (await answer.json())["id"]
        (got,) = gateway.world.texts(ANA)
        assert (got.provider, got.channel, got.sender, got.text) == ("gateway", "sms", "+34911", "Hi")
        await gateway.world.settled()
        reports = [h.json for h in listener.heard]
        assert reports == [{"event": "delivery", "id": message_id, "status": s} for s in ("sent", "delivered")]
        assert {h.headers["X-Gateway-Secret"] for h in listener.heard} == {"s3cret"}


async def test_a_gateway_with_words_of_its_own() -> None:
    """Dotted paths, lists, an Authorization header and form-encoded webhooks, as the shape says."""
    shape = GatewayShape(
        path="/v1/message",
        to="phoneNumbers",
        text="message.body",
        answer_id="result.ref",
        authorization="Basic abc",
        form=True,
        secret_header="X-Key",
        reply_fields={"from": "sender", "text": "content"},
        reply_extra={"kind": "in"},
    )
    async with bench(shape) as (gateway, session, listener):
        body = {"phoneNumbers": [ANA], "message": {"body": "Hi"}}
        async with session.post("/v1/message", json=body) as answer:
            assert answer.status == 401
        async with session.post("/v1/message", json=body, headers={"Authorization": "Basic abc"}) as answer:
            assert list((await answer.json())["result"]) == ["ref"]
        await gateway.world.settled()
        assert await gateway.reply(ANA, "Sí") == 200
        assert listener.heard[-1].form == {"kind": "in", "sender": ANA, "content": "Sí"}
        assert listener.heard[-1].headers["X-Key"] == "s3cret"


async def test_a_reply_goes_to_the_number_that_wrote_last() -> None:
    """A reply names customer, our number and text; a customer whom nobody wrote to needs an addressee."""
    async with bench() as (gateway, session, listener):
        with pytest.raises(LookupError):
            await gateway.reply(ANA, "hello?")
        async with session.post("/send", json={"to": ANA, "text": "Hi", "from": "+34911"}):
            await gateway.world.settled()
        listener.answers = [500, 200]
        assert await gateway.reply(ANA, "YES") == 200
        first, second = listener.heard[-2:]
        assert first.body == second.body
        assert second.json | {"id": ""} == {"event": "message", "id": "", "from": ANA, "to": "+34911", "text": "YES"}


@pytest.mark.parametrize(
    ("fact", "status", "reports"),
    [("landline", 400, []), ("unreachable", 202, ["sent", "failed"]), ("no_receipt", 202, ["sent"])],
)
async def test_bad_numbers_are_refused_or_fail_later(fact: str, status: int, reports: list[str]) -> None:
    """A landline is refused at once, a dead handset is reported as failed, and neither phone gets the text."""
    async with bench() as (gateway, session, listener):
        phonebook.set_facts(gateway.world, ANA, {fact})
        async with session.post("/send", json={"to": ANA, "text": "Hi"}) as answer:
            assert answer.status == status
        await gateway.world.settled()
        assert [h.json["status"] for h in listener.heard] == reports
        assert bool(gateway.world.ledger) == (fact == "no_receipt")
