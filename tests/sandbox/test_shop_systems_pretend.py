"""The pretend Shopify, WooCommerce and callback, asked by a plain client: they refuse what the real ones refuse, as those say it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from adapters.callback import signature
from engine.secret import webhook_key
from sandbox.callback import PretendCallback
from sandbox.serving import serve
from sandbox.shop_bodies import shopify_order, woocommerce_order
from sandbox.shopify_admin import PretendShopifyAdmin
from sandbox.woo_rest import PretendWoo
from sandbox.world import World
from tests.stories.test_tell_shop import LAMP

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
GID = "gid://shopify/Order/5900000002001"
CANCEL = "mutation C($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true) { job { id } orderCancelUserErrors { code } } }"


def test_our_signature_is_the_published_one() -> None:
    """The example of the reference libraries: secret, id, time and body give exactly this signature.

    Source: standard-webhooks/libraries/python/tests/test_webhooks.py, read 2026-11."""
    key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_shopify_refuses() -> None:
    """Token, field, input, unknown order, second cancel, fulfilled order, and an empty bucket: each in Shopify's own shape."""
    world = World(NOW)
    shop = PretendShopifyAdmin(world, "token")
    shop.adds(shopify_order(LAMP, 2001, NOW))
    async with serve(shop.app()) as url, aiohttp.ClientSession() as http:

        async def ask(query: str, token: str = "token", **variables: Any) -> tuple[int, Any]:
            headers = {"X-Shopify-Access-Token": token}
            sent = {"query": query, "variables": variables}
            async with http.post(f"{url}/admin/api/2026-10/graphql.json", json=sent, headers=headers) as answer:
                return answer.status, await answer.json()

        assert (await ask("{ shop { name } }", "wrong"))[0] == 401
        _, said = await ask("query Q($id: ID!) { order(id: $id) { colour } }", id=GID)
        assert said["errors"][0]["extensions"] == {"code": "undefinedField", "typeName": "Order", "fieldName": "colour"}
        update = "mutation U($input: OrderInput!) { orderUpdate(input: $input) { userErrors { field message } } }"
        _, said = await ask(update, input={"id": GID, "colour": "red"})
        assert said["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
        _, said = await ask(update, input={"id": GID, "shippingAddress": {"zip": "2801", "countryCode": "ES"}})
        assert said["data"]["orderUpdate"]["userErrors"][0]["field"] == ["shippingAddress", "zip"]
        _, said = await ask("query Q($id: ID!) { order(id: $id) { id } }", id="gid://shopify/Order/1")
        assert said["data"] == {"order": None}
        _, said = await ask(CANCEL, id=GID)
        assert said["data"]["orderCancel"]["orderCancelUserErrors"] == []
        _, said = await ask(CANCEL, id=GID)
        assert said["data"]["orderCancel"]["orderCancelUserErrors"] == [{"code": "INVALID"}]
        shop.drains()
        status, said = await ask("{ shop { name } }")
        assert (status, said["errors"][0]["extensions"]["code"]) == (200, "THROTTLED")
        assert said["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 100.0
        world.advance(timedelta(seconds=1))
        assert "data" in (await ask("{ shop { name } }"))[1]


async def test_woo_refuses() -> None:
    """Keys, rights, unknown orders (404 read, 400 written) and statuses that do not exist, with WooCommerce's codes."""
    shop = PretendWoo(World(NOW), "ck", "cs")
    shop.adds(woocommerce_order(LAMP, 3001, NOW))
    async with serve(shop.app()) as url, aiohttp.ClientSession() as http:

        async def ask(method: str, path: str, body: Any = None, secret: str = "cs") -> tuple[int, str]:
            headers = {"Authorization": aiohttp.encode_basic_auth("ck", secret)}
            async with http.request(method, f"{url}/wp-json/wc/v3/orders{path}", json=body, headers=headers) as answer:
                said = await answer.json()
                return answer.status, said.get("code", "") if isinstance(said, dict) else ""

        assert await ask("GET", "/3001", secret="no") == (401, "woocommerce_rest_authentication_error")
        assert await ask("GET", "/7") == (404, "woocommerce_rest_shop_order_invalid_id")
        assert await ask("PUT", "/7", {"status": "cancelled"}) == (400, "woocommerce_rest_shop_order_invalid_id")
        assert await ask("PUT", "/3001", {"status": "lost"}) == (400, "rest_invalid_param")
        assert await ask("POST", "/3001/notes", {"note": ""}) == (400, "rest_missing_callback_param")
        assert await ask("PUT", "/3001", {"status": "cancelled"}) == (200, "")
        assert shop.order("3001")["status"] == "cancelled"
        shop.may_write = False
        assert (await ask("PUT", "/3001", {"status": "processing"}))[0] == 401


async def test_callback_refuses() -> None:
    """A wrong signature, an old timestamp and missing headers are refused; the same webhook-id twice is taken once."""
    receiver = PretendCallback(World(NOW), "a-plain-secret-of-30-letters!!")
    body = b'{"type":"order.confirmed","timestamp":"2026-11-23T10:00:00Z","data":{"order":"1"}}'

    def signed(stamp: int, key: bytes = b"a-plain-secret-of-30-letters!!") -> dict[str, str]:
        made = hmac.new(key, b"m1." + str(stamp).encode() + b"." + body, hashlib.sha256).digest()
        return {
            "webhook-id": "m1",
            "webhook-timestamp": str(stamp),
            "webhook-signature": "v1,AAAA v1," + base64.b64encode(made).decode(),
            "Content-Type": "application/json",
        }

    now = int(NOW.timestamp())
    async with serve(receiver.app()) as url, aiohttp.ClientSession() as http:
        codes = []
        for headers in (
            signed(now, b"x"),
            signed(now - 301),
            {"Content-Type": "application/json"},
            signed(now),
            signed(now + 5),
        ):
            async with http.post(f"{url}/doorstep", data=body, headers=headers) as answer:
                codes.append(answer.status)
        assert codes == [401, 401, 401, 204, 204]
        assert receiver.types() == ["order.confirmed"]
        assert receiver.tries == ["m1", "m1"]
