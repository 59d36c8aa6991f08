"""The HTTP face of the whole service, as a shop's engineer tries it: every route, what is answered to good and to bad bodies."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.town import Town, town

STATES = ("ignored", "pending", "confirmed", "flagged", "held", "cancelled", "shipped", "delivered", "returned")
REASONS = ("customer_refused", "not_home", "no_money", "wrong_address", "courier_fault", "damaged", "other")
#: What is told, one after another -> the state in which the order then is.
TOLD = {
    "confirmed": "confirmed",
    "cancelled": "cancelled",
    "paid": "pending",
    "confirmed paid": "confirmed",
    "confirmed shipped": "shipped",
    "shipped out_for_delivery": "shipped",
    "shipped attempt_failed": "shipped",
    "shipped delivered": "delivered",
    "shipped returned": "returned",
    "shipped lost": "returned",
    "cancelled delivered": "cancelled",
    "shipped delivered shipped": "delivered",
}
WHOLE = {
    "id": "whole", "placed_at": "2026-11-21T10:00:00Z", "name": "Ana Ruiz", "phone": "600 000 000", "phone2": None,
    "email": "ana@example.com",
    "address": {"line1": "", "line2": "", "city": "", "region": "", "postcode": "", "country": "ES"},
    "items": [{"sku": "", "title": "", "quantity": 1, "price": "19.90"}],
    "total": "49.90", "currency": "EUR", "payment": "cod", "language": "es", "note": "", "courier_note": "",
    "consent": {"whatsapp": True, "news": False, "polls": True},
}  # fmt: skip


@contextlib.asynccontextmanager
async def _served(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as t:
        yield t


async def _raw(t: Town, method: str, path: str, **more: Any) -> tuple[int, bytes, dict[str, str]]:
    async with t.http.request(method, t.url + path, **more) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_an_order_is_taken_once(tmp_path: Path) -> None:
    """202 for a new one; 200 for the same after parsing, placed_at apart; 409 for another; PUT is the change; 404 for no such."""
    async with _served(tmp_path) as t:
        assert (await t.api("POST", "/orders", WHOLE))[0] == 202
        same = WHOLE | {"placed_at": "2026-11-21T11:00:00Z", "total": "49.9", "phone": "+34600000000", "shop": "demo"}
        assert (await t.api("POST", "/orders", same))[0] == 200
        status, said = await t.api("POST", "/orders", WHOLE | {"total": "50.90"})
        assert (status, "PUT /orders/" in said["errors"][0]) == (409, True)
        changed = {key: value for key, value in WHOLE.items() if key != "id"} | {"total": "50.90"}
        assert (await t.api("PUT", "/orders/whole", changed))[0] == 202
        assert (await t.api("PUT", "/orders/whole", changed))[0] == 200
        assert (await t.api("PUT", "/orders/nosuch", changed))[0] == 404
        assert (await t.api("GET", "/orders/whole"))[1]["version"] == 2


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ("id", "total")),
        (WHOLE | {"shop": "another"}, ("shop",)),
        (WHOLE | {"total": "49,90", "bogus": 1, "items": [{"quantity": -1}]}, ("total", "bogus", "items.0.quantity")),
        (WHOLE | {"total": 49.9}, ("total",)),
        (WHOLE | {"id": ""}, ("id",)),
        ([], ("",)),
    ],
)
async def test_a_bad_order_is_told_every_fault(tmp_path: Path, body: Any, faults: tuple[str, ...]) -> None:
    """400 with a list that names each field, and nothing is kept."""
    async with _served(tmp_path) as t:
        status, said = await t.api("POST", "/orders", body)
        assert status == 400
        assert all(any(line.startswith(name) for line in said["errors"]) for name in faults), said
        assert (await t.api("GET", "/orders"))[1] == {"orders": []}


async def test_without_the_token_nothing_is_told(tmp_path: Path) -> None:
    """Every /orders route is 401 for no token and for a wrong one."""
    async with _served(tmp_path) as t:
        await t.api("POST", "/orders", WHOLE)
        for method, path in (
            ("POST", "/orders"), ("PUT", "/orders/whole"), ("GET", "/orders/whole"), ("HEAD", "/orders"), ("GET", "/orders"),
            ("POST", "/orders/whole/events"),
        ):  # fmt: skip
            for headers in ({}, {"Authorization": "Bearer nobodys"}):
                status, body, _ = await _raw(t, method, path, headers=headers)
                assert (status, b"Ana" in body) == (401, False)


async def test_what_is_not_cash_is_ignored(tmp_path: Path) -> None:
    """Accepted and kept in the state `ignored`; nobody is asked anything."""
    async with _served(tmp_path) as t:
        status, said = await t.api("POST", "/orders", WHOLE | {"payment": "credit card"})
        await t.settle()
        assert (status, said["state"]) == (202, "ignored")
        assert t.got(to=None) == []


async def test_an_order_shows_what_is_promised(tmp_path: Path) -> None:
    """State, who decided, through what, version, rung, risk with verdict and reasons, timeline."""
    async with _served(tmp_path) as t:
        order = await t.order()
        await t.sms("1")
        status, shown = await t.api("GET", f"/orders/{order}")
        assert status == 200
        assert (shown["state"], shown["decided_by"], shown["via"]) == ("confirmed", "customer", "sms")
        assert (shown["version"], shown["rung"]) == (1, 0)
        assert set(shown["risk"]) == {"verdict", "reasons"}
        assert shown["risk"]["verdict"] == "normal"
        assert shown["timeline"][0]["what"] == "order.placed"


async def test_the_list_knows_every_state(tmp_path: Path) -> None:
    """`?state=` takes each of the nine and refuses others; `?since=` takes a time."""
    async with _served(tmp_path) as t:
        order = await t.order()
        for state in STATES:
            status, said = await t.api("GET", f"/orders?state={state}")
            assert (status, [one["id"] for one in said["orders"]]) == (200, [order] if state == "pending" else [])
        assert (await t.api("GET", "/orders?since=2020-01-01T00:00:00Z"))[1]["orders"]
        assert not (await t.api("GET", "/orders?since=2090-01-01T00:00:00Z"))[1]["orders"]
        for bad in ("state=lost", "since=yesterday"):
            assert (await t.api("GET", f"/orders?{bad}"))[0] == 400


@pytest.mark.parametrize("told", TOLD)
async def test_what_became_of_an_order(tmp_path: Path, told: str) -> None:
    """Each report is 200 and leads where it is promised, also where the state does not allow it."""
    async with _served(tmp_path) as t:
        order = await t.order()
        for kind in told.split():
            assert await t.report(order, kind) == 200
            await t.skip(minutes=1)
        assert await t.state(order) == TOLD[told]


async def test_reports_are_bounded(tmp_path: Path) -> None:
    """Every promised reason is taken, a lost parcel is the courier's fault, and other types, reasons and orders are refused."""
    async with _served(tmp_path) as t:
        for n, reason in enumerate(REASONS):
            order = await t.order(phone=f"+346000001{n:02}")
            await t.report(order, "shipped")
            assert await t.report(order, "returned", reason=reason) == 200
        lost = await t.order(phone="+34600000200")
        await t.report(lost, "shipped")
        await t.report(lost, "lost")
        returned = (await t.api("GET", f"/orders/{lost}"))[1]["timeline"]
        assert [one["data"]["reason"] for one in returned if one["what"] == "order.returned"] == ["courier_fault"]
        assert await t.report(lost, "exploded") == 400
        assert await t.report(lost, "returned", reason="weather") == 400
        assert (await t.api("POST", f"/orders/{lost}/events", {"type": "paid"}))[0] == 400
        assert await t.report("nosuch", "paid") == 404


async def test_the_routes_are_there(tmp_path: Path) -> None:
    """Health, readiness, metrics and the docs are open; GET routes answer HEAD; other places are 404, other methods 405."""
    async with _served(tmp_path) as t:
        order = await t.order()
        for path, kind in (
            ("/healthz", "application/json"), ("/readyz", "application/json"), ("/readyz?verbose", "application/json"),
            ("/metrics", "text/plain"), ("/docs", "text/html"), ("/openapi.json", "application/json"),
        ):  # fmt: skip
            for method in ("GET", "HEAD"):
                status, body, headers = await _raw(t, method, path)
                assert (status, headers["Content-Type"].split(";")[0], bool(body)) == (200, kind, method == "GET"), path
        for path in ("/orders", f"/orders/{order}"):
            assert (await t.api("HEAD", path))[0] == 200
        assert b"doorstep_events_total" in (await _raw(t, "GET", "/metrics"))[1]
        assert (await _raw(t, "GET", "/nosuch"))[0] == 404
        assert (await _raw(t, "GET", "/c/nosuch"))[0] == 404
        assert (await t.api("DELETE", f"/orders/{order}"))[0] == 405


async def test_an_unsigned_webhook_is_nobodys(tmp_path: Path) -> None:
    """403 on every provider's route, and nothing of it is kept."""
    async with town(tmp_path, telegram=True) as t:
        form = {"data": {"MessageSid": "SM" + "0" * 32, "From": "+34600000001", "Body": "YES"}}
        forms = dict.fromkeys(("/hooks/twilio/message", "/hooks/twilio/status"), form)
        for path, sent in {
            "/hooks/shopify/demo": {"json": WHOLE},
            "/hooks/woocommerce/demo": {"json": WHOLE},
            **forms,
        }.items():
            status, _, _ = await _raw(t, "POST", path, **sent)
            assert status == 403, path
        await t.settle()
        assert (await t.api("GET", "/orders"))[1] == {"orders": []}
        assert t.cards() == []
