"""The shops' hooks over real HTTP: signature, type, size, what is kept, what is answered."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from adapters.receiving import Received
from adapters.shop_hooks import LIMIT_BYTES, shop_hooks
from engine.ports import BadPayload
from tests.adapters.shop_front import FakeFront, demo_policy, serving
from tests.adapters.shops.bodies import as_body, shopify_order, signed, woo_order

SHOPIFY, WOO = "/hooks/shopify/demo", "/hooks/woocommerce/demo"
HEADER = {SHOPIFY: "X-Shopify-Hmac-SHA256", WOO: "X-WC-Webhook-Signature"}
BODY = {SHOPIFY: as_body(shopify_order()), WOO: as_body(woo_order())}
both = pytest.mark.parametrize("path", [SHOPIFY, WOO])


@pytest.fixture
def front() -> FakeFront:
    return FakeFront(demo_policy(), demo_policy("other"))


@pytest.fixture
async def client(front: FakeFront) -> AsyncIterator[ClientSession]:
    hooks = shop_hooks(front, shopify={"demo": ("new", "old"), "other": ("theirs",)}, woocommerce={"demo": ("new",)})
    async with serving(front, [route for hook in hooks for route in hook.routes()]) as client:
        yield client


async def post(client: ClientSession, path: str, body: bytes, *, secret: str | None = "new", **headers: str) -> int:
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if secret is not None:
        sent[HEADER.get(path, HEADER[SHOPIFY])] = signed(body, secret)
    response = await client.post(path, data=io.BytesIO(body), headers=sent)
    return response.status


@both
async def test_a_signed_order_is_committed_then_answered(client: ClientSession, front: FakeFront, path: str) -> None:
    """200 after the order is there; the same delivery again is 200 and changes nothing."""
    for _ in range(3):
        assert await post(client, path, BODY[path]) == 200
    assert len(front.events) == 1
    [document] = front.documents.values()
    assert document.orders[0].state == "pending"


@both
@pytest.mark.parametrize("secret", ["wrong", "theirs", None])
async def test_a_bad_signature_is_403_counted_and_not_kept(
    client: ClientSession, front: FakeFront, path: str, secret: str | None
) -> None:
    """A wrong secret, another shop's, or none: nothing happens, nothing is kept, the counter says so."""
    assert await post(client, path, BODY[path], secret=secret) == 403
    assert (front.events, front.kept) == ([], [])
    assert front.counted["hook_rejected"] == 1


async def test_the_previous_secret_is_good_while_it_is_replaced(client: ClientSession, front: FakeFront) -> None:
    """After a rotation the platform may sign with the old secret for an hour."""
    assert await post(client, SHOPIFY, BODY[SHOPIFY], secret="old") == 200
    assert len(front.events) == 1


@both
@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", b""])
async def test_a_signed_body_that_nobody_can_read_is_kept(
    client: ClientSession, front: FakeFront, path: str, body: bytes
) -> None:
    """It is answered 200, so that the platform does not switch the hook off, and kept for a replay."""
    assert await post(client, path, body) == 200
    assert [kept for _, kept, _ in front.kept] == [body]
    assert not front.events


@both
async def test_a_step_that_fails_keeps_the_body(client: ClientSession, front: FakeFront, path: str) -> None:
    """A bug of ours costs no order: the body waits for the fix."""
    front.broken = True
    assert await post(client, path, BODY[path]) == 200
    assert [kept for _, kept, _ in front.kept] == [BODY[path]]


@both
async def test_nothing_is_acknowledged_while_the_storage_is_away(
    client: ClientSession, front: FakeFront, path: str
) -> None:
    """503 and nothing kept: the platform comes again."""
    front.down = True
    assert await post(client, path, BODY[path]) == 503
    assert not front.kept


@pytest.mark.parametrize(
    "path", ["/hooks/shopify/nobody", "/hooks/woocommerce/nobody", "/hooks/woocommerce/other", "/hooks/shopify/"]
)
async def test_an_unknown_shop_is_404(client: ClientSession, front: FakeFront, path: str) -> None:
    """Whether the shop or only its hook is missing; also for a ping, and whatever the signature."""
    assert await post(client, path, BODY[SHOPIFY]) == 404
    ping = await client.post(path, data={"webhook_id": "3"})
    assert ping.status == 404
    assert not front.events


@both
async def test_type_and_size_are_the_routes(client: ClientSession, front: FakeFront, path: str) -> None:
    """Another content type is 415 and more than 2 MB is 413, however well signed; up to it a body is read."""
    assert await post(client, path, BODY[path], Content_Type="text/plain") == 415
    assert await post(client, path, BODY[path], Content_Encoding="gzip") == 415
    assert await post(client, path, b" " * (LIMIT_BYTES + 1)) == 413
    assert not front.events
    assert await post(client, path, BODY[path] + b" " * (LIMIT_BYTES - len(BODY[path]))) == 200
    assert len(front.events) == 1


@both
async def test_get_changes_nothing(client: ClientSession, front: FakeFront, path: str) -> None:
    """Only POST is a delivery."""
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (await client.request(method, path)).status == 405
    assert not front.events


async def test_an_unsigned_ping_is_200_and_nothing_else(client: ClientSession, front: FakeFront) -> None:
    """WooCommerce tries a new hook with an unsigned form and wants exactly 200; a form that says more is 403."""
    response = await client.post(WOO, data={"webhook_id": "12"})
    assert response.status == 200
    assert response.headers["Server"] == "doorstep"
    assert (front.events, front.kept) == ([], [])
    forged = await client.post(WOO, data={"webhook_id": "12", "id": "5"})
    assert forged.status == 403
    assert (await client.post(SHOPIFY, data={"webhook_id": "12"})).status == 415


@both
async def test_what_is_no_order_is_accepted(client: ClientSession, front: FakeFront, path: str) -> None:
    """A product or a customer: 200, no event, nothing kept."""
    assert await post(client, path, as_body({"id": 5, "name": "a thing"})) == 200
    assert (front.events, front.kept) == ([], [])


@both
async def test_the_topic_and_other_unsigned_headers_decide_nothing(
    client: ClientSession, front: FakeFront, path: str
) -> None:
    """A forged topic or delivery id neither cancels nor doubles an order: the body alone is signed."""
    assert await post(client, path, BODY[path]) == 200
    forged = {"X_Shopify_Topic": "orders/cancelled", "X_WC_Webhook_Topic": "order.deleted", "X_Shopify_Webhook_Id": "2"}
    assert await post(client, path, BODY[path], **forged) == 200
    [document] = front.documents.values()
    assert document.orders[0].state == "pending"
    assert len(front.events) == 1


async def test_later_states_of_an_order_follow_and_older_ones_do_not(client: ClientSession, front: FakeFront) -> None:
    """Shipped arrives, then an older body out of order: the order stays shipped."""
    assert await post(client, SHOPIFY, BODY[SHOPIFY]) == 200
    sent = shopify_order(fulfillment_status="fulfilled", updated_at="2026-11-21T12:00:00+01:00")
    assert await post(client, SHOPIFY, as_body(sent)) == 200
    older = shopify_order(updated_at="2026-11-21T11:00:00+01:00", note="older")
    assert await post(client, SHOPIFY, as_body(older)) == 200
    [document] = front.documents.values()
    assert document.orders[0].state == "shipped"


async def test_a_kept_body_is_read_again_by_its_path(front: FakeFront) -> None:
    """The replay finds the shop in the kept target; a shop that is gone is a fault, not a crash."""
    hook = shop_hooks(front, shopify={"demo": ("new",)}, woocommerce={})[0]
    received = Received(BODY[SHOPIFY], SHOPIFY, {"content-type": "application/json"}, front.now())
    [event] = hook.parse(received)
    assert event.event_id.startswith("shopify:demo:1042:")
    with pytest.raises(BadPayload):
        hook.parse(Received(BODY[SHOPIFY], "/hooks/shopify/gone", {}, front.now()))
