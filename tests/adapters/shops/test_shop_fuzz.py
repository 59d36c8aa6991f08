"""Whatever a shop sends, the parsers give an order, nothing, or BadPayload."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import order_reading, order_values, shopify, woocommerce
from adapters.openapi import EXAMPLE
from adapters.order_model import OrderBody, fields_of, read_body
from engine.ports import BadPayload
from flows.events import OrderTold
from tests.adapters.shop_front import NOW, demo_policy
from tests.adapters.shops.bodies import as_body, shopify_order, woo_order

POLICY = demo_policy()

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(
        ["9" * 400, "-1", "1e9", "2026-11-21T10:00:00Z", "0001-01-01T00:00:00+14:00", "ES", "EUR", "yes"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path] * bool(path) + [each for key, value in inner for each in places(value, (*path, key))]


def put(order: Any, path: tuple[Any, ...], value: Any) -> Any:
    at = order
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return order


@pytest.mark.parametrize(("make", "parse"), [(shopify_order, shopify.parse), (woo_order, woocommerce.parse)])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_value_at_any_place_is_read_or_refused(
    make: Callable[[], dict[str, Any]], parse: Callable[..., tuple[OrderTold, ...]], data: st.DataObject
) -> None:
    """One part of a real order replaced by anything: never another exception, never an order without id, bounded text."""
    order = make()
    order = put(order, data.draw(st.sampled_from(places(order))), data.draw(JSON))
    try:
        events = parse(as_body(order), POLICY, NOW)
    except BadPayload:
        return
    for event in events:
        assert 0 < len(event.fields.id) <= order_values.MAX_ID
        assert event.fields.total.minor >= 0
        assert len(event.fields.name) <= 2 * order_values.MAX_LINE + 1
        assert event.to[-1].key


@st.composite
def nearly_orders(draw: st.DrawFn) -> str:
    """The documented example with one part replaced by anything."""
    order = copy.deepcopy(EXAMPLE)
    return json.dumps(put(order, draw(st.sampled_from(places(order))), draw(JSON)))


@given(body=nearly_orders() | JSON.map(json.dumps) | st.text(max_size=50))
@settings(max_examples=300, deadline=None)
def test_any_body_of_our_own_api_is_an_order_or_faults(body: str) -> None:
    """Random JSON and random text: an order as documented, or BadPayload with at least one fault."""
    try:
        order = read_body(OrderBody, body.encode("utf-8", "surrogatepass"), POLICY)
    except BadPayload as bad:
        faults = bad.faults
    else:
        faults = ("read",)
        assert fields_of(order, order.id, POLICY, NOW).id == order.id
    assert faults


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "9" * 5000, "1e400", "0.1e-30"])
def test_a_number_that_unpacks_into_a_gigabyte_is_refused(number: str) -> None:
    """Twelve bytes of JSON never become a gigabyte of digits: not as amount, not as quantity, not as id or phone."""
    for key in ("total_price", "quantity", "phone", "id"):
        order = as_body(shopify_order(total_price_set=None, **{key: "@"} if key != "quantity" else {}))
        order = order.replace(b'"quantity": 2', b'"quantity": @') if key == "quantity" else order.replace(b'"@"', b"@")
        try:
            [event] = shopify.parse(order.replace(b"@", number.encode()), POLICY, NOW)
        except BadPayload:
            continue
        assert event.fields.items[0].quantity <= order_reading.MOST_PIECES
        assert len(event.fields.id) <= order_values.MAX_ID
