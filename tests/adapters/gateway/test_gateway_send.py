"""What goes to a gateway that only its settings describe."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from msgspec.structs import replace

from adapters.gateway import GatewaySend, value_at
from adapters.gateway_send import GatewayChannel, encoded
from adapters.receiving import FORM, JSON
from engine.ports import Message
from flows.effects import Accepted, Outcome, Refused, Unknown
from sandbox.serving import serve
from tests.adapters.stand_in import GATEWAY

NASTY = 'Ana {to} said "no" & \\ left\n100 % 👍 =1&to=+1'
VALUES = {"to": "+34600000001", "text": NASTY, "from": "+34600000099", "id": "cv_1|e/0"}


def message(text: str = NASTY) -> Message:
    return Message(
        effect_id="e/0",
        conversation="cv_1",
        shop="demo",
        channel="sms",
        to="+34600000001",
        sender="+34600000099",
        text=text,
        lang="en",
    )


async def sent(send: GatewaySend, answer: web.Response) -> tuple[Outcome, list[dict[str, Any]]]:
    """The outcome, and the requests that arrived."""
    asked: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        text = (await request.read()).decode()
        asked.append({"method": request.method, "query": dict(request.query), "body": text, "path": request.path})
        return answer

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    async with serve(app) as url:
        channel = GatewayChannel(replace(GATEWAY, send=replace(send, url=url + send.url)))
        try:
            return await channel.send(message()), asked
        finally:
            await channel.close()


def test_a_value_never_becomes_structure() -> None:
    """Quotes, braces, ampersands and line breaks of a text arrive as they are, in a JSON or form body, mapped or written."""
    mapped = {"to": ["{to}"], "message": {"text": "Hi: {text}", "n": 1}, "id": "{id}"}
    as_json = json.loads(encoded(mapped, JSON, VALUES))
    assert as_json == {"to": ["+34600000001"], "message": {"text": f"Hi: {NASTY}", "n": 1}, "id": "cv_1|e/0"}
    assert json.loads(encoded('{"t": "{text}", "to": "{to}"}', JSON, VALUES)) == {"t": NASTY, "to": VALUES["to"]}
    for body in ("to={to}&text={text}", {"to": "{to}", "text": "{text}"}):
        fields = parse_qs(encoded(body, FORM, VALUES).decode(), keep_blank_values=True)
        assert fields == {"to": [VALUES["to"]], "text": [NASTY]}


async def test_a_gateway_that_wants_a_get() -> None:
    """Placeholders in the URL are escaped; no body goes along."""
    send = GatewaySend(url="/send?to={to}&msg={text}&ref={id}", method="GET", id_field="")
    outcome, [asked] = await sent(send, web.Response(text="OK"))
    assert outcome == Accepted("")
    assert asked["query"] == {"to": VALUES["to"], "msg": NASTY, "ref": "cv_1|e/0"}
    assert asked["body"] == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": [{"id": 17}], "ok": "yes"}, Accepted("17")),
        ({"data": [{"id": 17}], "ok": "no"}, Refused("not_taken")),
        ({"data": [], "ok": "yes"}, Unknown("no id")),
        ({"ok": "no", "why": "The number is blocked by USER"}, Refused("opted_out")),
    ],
)
async def test_a_yes_over_http_may_be_a_no_inside(answer: dict[str, Any], expected: Outcome) -> None:
    """What counts is what the settings say a yes looks like."""
    send = GatewaySend(
        url="/x",
        body={"t": "{text}"},
        id_field="data.0.id",
        ok_field="ok",
        ok_values=("yes",),
        refusals={"blocked by user": "opted_out"},
    )
    outcome, asked = await sent(send, web.json_response(answer))
    assert outcome == expected
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["ftp://a.example/x", "http:///x", "https://{to}.example/x", "/x"])
def test_a_url_without_a_fixed_host_is_refused_at_the_start(url: str) -> None:
    """No customer's data can choose the host that is asked."""
    with pytest.raises(ValueError):
        GatewayChannel(replace(GATEWAY, send=replace(GATEWAY.send, url=url)))


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", "1"), ("list.1", "y"), ("list.9", ""), ("a", ""), ("a.b.c", ""), ("", ""), ("none", ""), ("flag", "True")],
)
def test_a_dotted_path_finds_texts_only(path: str, value: str) -> None:
    """A path gives the plain value that stands there as text, and "" where nothing plain does."""
    body = {"a": {"b": 1}, "list": ["x", "y"], "none": None, "flag": True}
    assert value_at(body, path) == value
