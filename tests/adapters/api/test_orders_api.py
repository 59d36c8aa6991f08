"""The orders API, over real HTTP and real decisions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.orders_api import OrdersApi
from flows.events import OrderTold, ShopReported
from flows.money import Money
from flows.pointers import Pointer
from tests.adapters.shop_front import FakeFront, demo_policy, serving

AUTH = {"Authorization": "Bearer demo-token"}
OTHER = {"Authorization": "Bearer other-token"}

ORDER: dict[str, Any] = {
    "id": "1001",
    "placed_at": "2026-11-21T09:59:00Z",
    "name": "Ana Ruiz",
    "phone": "600 000 000",
    "phone2": None,
    "email": "Ana@Example.com",
    "address": {
        "line1": "Calle Mayor 1",
        "line2": "2B",
        "city": "Madrid",
        "region": "",
        "postcode": "28013",
        "country": "es",
    },
    "items": [{"sku": "M1", "title": "Mug", "quantity": 2, "price": "9.95"}],
    "total": "19.90",
    "currency": "EUR",
    "payment": "cod",
    "language": "es",
    "note": "ring twice",
    "courier_note": "",
    "consent": {"whatsapp": True, "news": False, "polls": True},
}


@pytest.fixture
def front() -> FakeFront:
    return FakeFront(demo_policy(), demo_policy("other", currency="KWD", country="KW"))


@pytest.fixture
async def client(front: FakeFront) -> AsyncIterator[ClientSession]:
    api = OrdersApi(front, {"demo": ("demo-token",), "other": ("other-token",), "tokenless": ("",)})
    async with serving(front, api.routes()) as client:
        yield client


async def place(client: ClientSession, **changes: Any) -> tuple[int, dict[str, Any]]:
    response = await client.post("/orders", json=ORDER | changes, headers=AUTH)
    return response.status, await response.json()


async def test_an_order_is_accepted_and_read_exactly(client: ClientSession, front: FakeFront) -> None:
    """What the shop wrote arrives as decisions need it: E.164, minor units, canonical e-mail, country in capitals."""
    status, body = await place(client)
    assert (status, body["id"], body["state"], body["version"]) == (202, "1001", "pending", 1)
    event = front.events[0]
    assert isinstance(event, OrderTold)
    assert event.opens
    assert event.mode == "new"
    assert event.to == (Pointer("order", "1001", "demo"), Pointer("phone", "+34600000000", "demo"))
    assert event.fields.total == Money(1990, "EUR")
    assert event.fields.items[0].price == Money(995, "EUR")
    assert event.fields.email == "ana@example.com"
    assert event.fields.address.country == "ES"
    assert (event.fields.consent_whatsapp, event.fields.consent_news, event.fields.consent_polls) == (True, False, True)


async def test_the_same_order_again_is_200_and_placed_at_does_not_count(
    client: ClientSession, front: FakeFront
) -> None:
    """Sending an order twice, even with another moment of placing, changes nothing and is answered 200."""
    await place(client)
    for changes in ({}, {"placed_at": "2026-11-21T08:00:00+00:00"}, {"phone": "+34 600-000-000"}):
        status, _ = await place(client, **changes)
        assert status == 200
    [document] = front.documents.values()
    assert document.orders[0].version == 1


async def test_another_order_under_the_same_id_is_a_conflict(client: ClientSession) -> None:
    """409 whenever the id is taken by something else, also the second time and after the order was changed."""
    await place(client)
    for _ in range(2):
        status, body = await place(client, total="25.00")
        assert status == 409
        assert "PUT" in body["errors"][0]
    response = await client.put("/orders/1001", json=ORDER | {"total": "30.00"}, headers=AUTH)
    assert response.status == 202
    assert (await place(client))[0] == 409


async def test_put_makes_a_version_and_going_back_makes_another(client: ClientSession) -> None:
    """A change back to what the order once said is a change, not a repetition."""
    await place(client)
    changed = {**ORDER, "total": "29.90"}
    answers = []
    for body in (changed, changed, {**ORDER, "total": "39.90"}, changed, {**ORDER, "total": "45.00"}):
        response = await client.put("/orders/1001", json=body, headers=AUTH)
        answers.append(response.status)
    assert answers == [202, 200, 202, 202, 202]
    shown = await (await client.get("/orders/1001", headers=AUTH)).json()
    assert shown["version"] >= 3


async def test_put_names_its_order_in_the_path(client: ClientSession) -> None:
    """The id of the body is optional and may not differ; an unknown order is 404 and opens nothing."""
    await place(client)
    nameless = {key: value for key, value in ORDER.items() if key != "id"}
    assert (await client.put("/orders/1001", json=nameless, headers=AUTH)).status == 200
    assert (await client.put("/orders/1001", json=ORDER | {"id": "7"}, headers=AUTH)).status == 400
    assert (await client.put("/orders/404", json=nameless, headers=AUTH)).status == 404


async def test_get_shows_who_decided_through_what_and_the_story(client: ClientSession) -> None:
    """GET tells the state, the decision and the timeline; HEAD says the same without the body."""
    await place(client)
    report = {"type": "confirmed", "at": "2026-11-21T10:05:00Z"}
    response = await client.post("/orders/1001/events", json=report, headers=AUTH)
    assert (response.status, (await response.json())["state"]) == (200, "confirmed")
    shown = await (await client.get("/orders/1001", headers=AUTH)).json()
    assert (shown["state"], shown["decided_by"], shown["via"]) == ("confirmed", "shop", "api")
    # the number of these tests is in no assigned range, and the API says so
    assert shown["risk"]["verdict"] == "normal"
    assert [reason["code"] for reason in shown["risk"]["reasons"]] == ["odd_phone"]
    assert shown["rung"] == 0
    assert {"order.placed", "decided"} <= {line["what"] for line in shown["timeline"]}
    head = await client.head("/orders/1001", headers=AUTH)
    assert (head.status, await head.read()) == (200, b"")


async def test_an_order_that_is_not_cash_on_delivery_is_accepted_as_ignored(client: ClientSession) -> None:
    """A card payment is 202, state ignored, and the answer says why."""
    status, body = await place(client, payment="card")
    assert (status, body["state"]) == (202, "ignored")
    assert "card" in body["ignored_why"]


async def test_the_list_is_filtered_and_bound_to_the_shop(client: ClientSession) -> None:
    """A shop lists its own orders by state and time; a plus in `since` may come unescaped."""
    await place(client)
    await place(client, id="1002", payment="card", phone="600000001", email=None)
    await client.post("/orders", json={"id": "1", "total": "1.000"}, headers=OTHER)

    async def ids(query: str, headers: dict[str, str] = AUTH) -> set[str]:
        response = await client.get(f"/orders{query}", headers=headers)
        assert response.status == 200
        return {row["id"] for row in (await response.json())["orders"]}

    assert await ids("") == {"1001", "1002"}
    assert await ids("?state=ignored") == {"1002"}
    assert await ids("?since=2026-11-21T11:30:00+02:00") == {"1001", "1002"}
    assert await ids("?since=2026-11-21T10:30:00Z") == set()
    assert await ids("", OTHER) == {"1"}
    bad = await client.get("/orders?state=lost&since=soon", headers=AUTH)
    assert bad.status == 400
    assert len((await bad.json())["errors"]) == 2


async def test_no_shop_sees_or_touches_anothers_order(client: ClientSession, front: FakeFront) -> None:
    """With another shop's token an existing order is as unknown as one that never was."""
    await place(client)
    before = len(front.events)
    assert (await client.get("/orders/1001", headers=OTHER)).status == 404
    assert (await client.put("/orders/1001", json={"total": "1"}, headers=OTHER)).status == 404
    report = {"type": "cancelled", "at": "2026-11-21T10:05:00Z"}
    assert (await client.post("/orders/1001/events", json=report, headers=OTHER)).status == 404
    assert len(front.events) == before
    assert (await client.post("/orders", json={"id": "9", "total": "1", "shop": "other"}, headers=AUTH)).status == 400


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic demo-token",
        "demo-token",
        "Bearer demo-tokén",
        "Bearer demo-token x",
    ],
)
async def test_without_the_shops_token_every_route_is_401(
    client: ClientSession, front: FakeFront, header: str | None
) -> None:
    """No token, a wrong one, or one of a shop without API: 401 on every route, and nothing happens."""
    headers = {} if header is None else {"Authorization": header}
    for method, path in [
        ("POST", "/orders"),
        ("GET", "/orders"),
        ("GET", "/orders/1001"),
        ("PUT", "/orders/1001"),
        ("POST", "/orders/1001/events"),
    ]:
        response = await client.request(method, path, headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert not front.events


async def test_every_fault_is_named_with_its_place(client: ClientSession, front: FakeFront) -> None:
    """400 lists all faults at once: unknown fields, types, lengths, amounts that the currency does not have."""
    status, body = await place(
        client,
        id="",
        total="19.905",
        placed_at="yesterday",
        adress={},
        items=[{"title": "Mug", "quantity": 0}],
        language="klingon!",
        consent={"whatsapp": "yes"},
        shop="other",
    )
    assert status == 400
    faults = "\n".join(body["errors"])
    for place_ in (
        "id:",
        "total:",
        "placed_at:",
        "adress:",
        "items.0.quantity:",
        "language:",
        "consent.whatsapp:",
        "shop:",
    ):
        assert place_ in faults
    assert not front.events


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 19.9},
        {"total": "-1"},
        {"total": "1e3"},
        {"total": "19,90"},
        {"currency": "EU"},
        {"currency": "JPY", "total": "10.50"},
        {"items": [{"title": "x", "price": "1.005"}]},
        {"items": [{"title": "x", "quantity": "2"}]},
        {"placed_at": "2026-11-21T10:00:00"},
        {"placed_at": "0001-01-01T00:00:00+14:00"},
        {"placed_at": 1763719200},
        {"id": 1001},
        {"id": "a/b"},
        {"id": " 1 "},
        {"id": "1\u0000"},
        {"id": "x" * 65},
        {"address": None},
        {"address": {"country": "Spain"}},
        {"name": "x" * 201},
    ],
)
async def test_a_body_that_is_not_as_documented_is_400(
    client: ClientSession, front: FakeFront, changes: dict[str, Any]
) -> None:
    """Each single fault is enough, is named, and opens no order."""
    status, body = await place(client, **changes)
    assert status == 400
    assert body["errors"]
    assert not front.events


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"id": "1", "total": "1"',
        b"\xff\xfe",
        b'{"id": "\\ud800", "total": "1"}',
        b"[" * 5000,
    ],
)
async def test_what_is_no_json_object_is_400(client: ClientSession, front: FakeFront, body: bytes) -> None:
    """Malformed JSON, other JSON, broken UTF-8, lone surrogates and deep nesting: 400 with a reason, never 500."""
    response = await client.post("/orders", data=body, headers=AUTH | {"Content-Type": "application/json"})
    assert response.status == 400
    assert (await response.json())["errors"]
    assert not front.events


async def test_type_and_size_are_the_routes(client: ClientSession, front: FakeFront) -> None:
    """Another content type or a packed body is 415, more than 64 kB is 413, with and without a stated length."""
    plain = await client.post("/orders", data=json.dumps(ORDER), headers=AUTH | {"Content-Type": "text/plain"})
    packed = await client.post(
        "/orders", data=b"x", headers=AUTH | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )
    assert (plain.status, packed.status) == (415, 415)
    big = json.dumps(ORDER | {"note": "x" * 66_000}).encode()

    async def dripped() -> AsyncIterator[bytes]:
        for at in range(0, len(big), 8192):
            yield big[at : at + 8192]

    for body in (big, dripped()):
        response = await client.post("/orders", data=body, headers=AUTH | {"Content-Type": "application/json"})
        assert response.status == 413
    assert not front.events


async def test_what_cannot_be_read_is_kept_and_the_order_still_counts(client: ClientSession, front: FakeFront) -> None:
    """A number nobody can dial, a nonsense address, no e-mail: accepted, with what was written for staff to see."""
    status, _ = await place(client, phone="12", email="ana(at)example", address={"line1": "asdf", "country": "ES"})
    assert status == 202
    [event] = front.events
    assert isinstance(event, OrderTold)
    assert (event.fields.phone, event.fields.phone_raw, event.fields.email) == (None, "12", None)
    assert event.to == (Pointer("order", "1001", "demo"), Pointer("order", "1001", "demo"))


async def test_an_order_says_only_what_it_must(client: ClientSession, front: FakeFront) -> None:
    """Id and total are enough: the shop's currency, country and consent default stand for the rest."""
    response = await client.post("/orders", json={"id": "1", "total": "1.000"}, headers=OTHER)
    assert response.status == 202
    [event] = front.events
    assert isinstance(event, OrderTold)
    assert event.fields.total == Money(1000, "KWD")
    assert event.fields.consent_whatsapp
    assert event.fields.placed_at == front.now()


async def test_events_of_an_order(client: ClientSession, front: FakeFront) -> None:
    """Each report arrives once with its reason and time; what the state does not allow is 200; unknown orders are 404."""
    await place(client)
    shipped = {"type": "shipped", "at": "2026-11-22T10:00:00+01:00", "tracking": "PK1"}
    for _ in range(2):
        response = await client.post("/orders/1001/events", json=shipped, headers=AUTH)
        assert (response.status, (await response.json())["state"]) == (200, "shipped")
    reports = [event for event in front.events if isinstance(event, ShopReported)]
    assert len(reports) == 1
    assert reports[0].happened_at is not None
    assert reports[0].happened_at.isoformat() == "2026-11-22T09:00:00+00:00"
    odd = {"type": "confirmed", "at": "2026-11-22T10:00:00Z"}
    response = await client.post("/orders/1001/events", json=odd, headers=AUTH)
    assert (response.status, (await response.json())["state"]) == (200, "shipped")
    failed = {"type": "attempt_failed", "at": "2026-11-23T10:00:00Z", "reason": "not_home"}
    assert (await client.post("/orders/1001/events", json=failed, headers=AUTH)).status == 200
    assert (await client.post("/orders/77/events", json=shipped, headers=AUTH)).status == 404
    for bad in ({"type": "shipped"}, {"type": "sent", "at": shipped["at"]}, odd | {"reason": "lazy"}):
        assert (await client.post("/orders/1001/events", json=bad, headers=AUTH)).status == 400


async def test_nothing_is_acknowledged_while_the_storage_is_away(client: ClientSession, front: FakeFront) -> None:
    """503 with Retry-After on every route, and the order can be sent again afterwards."""
    front.down = True
    response = await client.post("/orders", json=ORDER, headers=AUTH)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert (await client.get("/orders/1001", headers=AUTH)).status == 503
    front.down = False
    assert (await place(client))[0] == 202


async def test_a_failing_step_is_500_and_its_words_stay_inside(
    client: ClientSession, front: FakeFront, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug is logged with its place, answered 500, and neither answer nor log quotes what the exception says."""
    front.broken = True
    status, body = await place(client)
    assert status == 500
    assert "words" not in json.dumps(body)
    [record] = [record for record in caplog.records if record.message == "http.failed"]
    assert "shop_front.py" in record.frames  # type: ignore[attr-defined]
    assert "words" not in caplog.text


async def test_unknown_places_and_methods_are_told_in_json(client: ClientSession) -> None:
    """404 for an unknown path, 405 with what is allowed for an unknown method, both as JSON and without a version of ours."""
    nowhere = await client.get("/nowhere", headers=AUTH)
    assert (nowhere.status, nowhere.content_type) == (404, "application/json")
    wrong = await client.delete("/orders/1001", headers=AUTH)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET,HEAD,PUT")
    assert wrong.headers["Server"] == "doorstep"
    assert wrong.headers["X-Content-Type-Options"] == "nosniff"
