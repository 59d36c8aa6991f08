"""The API's documents: what they say is what the service does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, get_args

import pytest

from adapters.openapi import EXAMPLE, ApiDocs, document
from adapters.order_model import OrderBody, ReportBody, read_body
from adapters.orders_api import OrdersApi
from flows.events import ShopEvent
from tests.adapters.shop_front import FakeFront, demo_policy, serving
from tests.adapters.shops.bodies import as_body


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        here = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return here.union(*(references(each) for each in node.values()), set())
    return set().union(*(references(each) for each in node), set()) if isinstance(node, list) else set()


def test_every_reference_leads_somewhere() -> None:
    """No $ref points at a shape or parameter that is not there."""
    api = document("https://orders.example.com")
    for reference in references(api):
        node: Any = api
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert isinstance(node, dict)


def test_every_route_of_the_api_is_documented() -> None:
    """Method by method, the document and the routes are the same list."""
    api = document("https://orders.example.com")
    documented = {
        (verb.upper(), path) for path, verbs in api["paths"].items() for verb in verbs if verb != "parameters"
    }
    assert documented == {(route.method, route.path) for route in OrdersApi(FakeFront(), {}).routes()}


def test_the_example_is_taken_and_every_event_can_be_told() -> None:
    """The example of the page is a good body, and the kinds of event are those that the flow knows."""
    assert read_body(OrderBody, as_body(EXAMPLE), demo_policy()).id == "1001"
    kinds = ReportBody.model_json_schema()["properties"]["type"]["enum"]
    assert set(kinds) == set(get_args(ShopEvent))


async def test_the_page_is_ours_alone() -> None:
    """/docs names every route and field, loads one stylesheet of ours and no script; /openapi.json is the same API."""
    async with serving(FakeFront(), ApiDocs("https://orders.example.com").routes()) as client:
        response = await client.get("/docs")
        html = unescape(await response.text())
        machine = await (await client.get("/openapi.json")).json()
    assert (response.status, response.content_type) == (200, "text/html")
    assert "script" not in html.lower()
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', html) == ["/assets/page.css", "/openapi.json"]
    for word in ("/orders/{id}/events", "courier_note", "customer_refused", "409", "api_token"):
        assert word in html
    assert machine == document("https://orders.example.com")


@pytest.mark.parametrize("url", ["https://orders.example.com", "https://orders.example.com/"])
def test_the_server_is_the_configured_address(url: str) -> None:
    """Never the Host header of whoever asks."""
    assert document(url)["servers"] == [{"url": "https://orders.example.com"}]
