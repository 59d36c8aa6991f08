"""The doors before anybody is known: both secrets of a rotation, patience that ends, heads that drip."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters import doors
from adapters.doors import MOST_REFUSED, Patience
from engine.settings import BadSettings
from tests.town import ACCOUNT, ANA_PHONE, API_TOKEN, SMS_FROM, TOKEN, Town, town
from tests.town_settings import ENV, SETTINGS, SHOPIFY_SECRET, WOO_SECRET, settings_of

FORM = "application/x-www-form-urlencoded"


async def twilio_says(t: Town, token: str, sid: str) -> int:
    """A customer's text as Twilio posts it, signed with `token`."""
    url = f"{t.url}/hooks/twilio/message"
    fields = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": ANA_PHONE, "To": SMS_FROM, "Body": "hello"}
    text = url + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    async with t.http.post(url, data=urlencode(fields), headers=headers) as answer:
        return answer.status


async def shop_says(t: Town, platform: str, secret: str) -> int:
    body = b'{"id": 1}'
    signed = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    name = {"shopify": "X-Shopify-Hmac-SHA256", "woocommerce": "X-WC-Webhook-Signature"}[platform]
    headers = {"Content-Type": "application/json", name: signed}
    async with t.http.post(f"{t.url}/hooks/{platform}/demo", data=body, headers=headers) as answer:
        return answer.status


async def test_both_secrets_are_good_while_one_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio, Shopify, WooCommerce and the API: the new and the previous secret open the door, a third does not."""
    for name in ("TWILIO", "SHOPIFY", "WOO", "API"):
        monkeypatch.setitem(ENV, f"{name}_BEFORE", f"{name.lower()}-before")
    written = SETTINGS.replace(
        'shopify: {{webhook_secret: "${{SHOPIFY}}"', 'shopify: {{webhook_secret: "${{SHOPIFY}}", '
        'webhook_secret_previous: "${{SHOPIFY_BEFORE}}"',
    ).replace(
        'woocommerce: {{webhook_secret: "${{WOO}}"', 'woocommerce: {{webhook_secret: "${{WOO}}", '
        'webhook_secret_previous: "${{WOO_BEFORE}}"',
    )  # fmt: skip
    more = 'api_token_previous: "${API_BEFORE}"'
    async with town(
        tmp_path, settings=written, in_shop=more, twilio_more='auth_token_previous: "${TWILIO_BEFORE}"'
    ) as t:
        found: dict[str, list[int]] = {
            "twilio": [await twilio_says(t, s, f"SM{n:032d}") for n, s in enumerate((TOKEN, "twilio-before", "x"))],
            "shopify": [await shop_says(t, "shopify", s) for s in (SHOPIFY_SECRET, "shopify-before", "x")],
            "woo": [await shop_says(t, "woocommerce", s) for s in (WOO_SECRET, "woo-before", "x")],
            "api": [(await t.api("GET", "/orders", token=s))[0] for s in (API_TOKEN, "api-before", "x")],
        }
        await t.settle()
    assert found == {
        "twilio": [200, 200, 403],
        "shopify": [200, 200, 403],
        "woo": [200, 200, 403],
        "api": [200, 200, 401],
    }


async def test_a_previous_secret_that_is_not_set_is_a_fault_and_no_open_door(tmp_path: Path) -> None:
    """Named in the settings and missing in the environment: the service does not start on it."""
    async with town(tmp_path) as t:
        text = t.text.replace("auth_token: ${TWILIO}", "auth_token: ${TWILIO}\n  auth_token_previous: ''")
    with pytest.raises(BadSettings):
        settings_of(text)


async def test_who_guesses_too_often_hears_429_and_the_good_never_do(tmp_path: Path) -> None:
    """After so many wrong tokens from an address the answer is 429; a good one from it still opens, signatures are apart."""
    async with town(tmp_path) as t:
        statuses = [(await t.api("GET", "/orders", token="wrong"))[0] for _ in range(MOST_REFUSED + 5)]
        assert statuses == [401] * MOST_REFUSED + [429] * 5
        assert [await twilio_says(t, "wrong", "SM1") for _ in range(MOST_REFUSED + 5)] == [403] * (MOST_REFUSED + 5)
        assert await twilio_says(t, TOKEN, "SM" + "7" * 32) == 200
        assert (await t.api("GET", "/orders"))[0] == 200
        forwarded = {"X-Forwarded-For": "198.51.100.9", "Authorization": "Bearer wrong"}
        async with t.http.get(f"{t.url}/orders", headers=forwarded) as answer:
            assert answer.status == 401, "another address behind the proxy is not held for it"
        await t.settle()


def test_patience_comes_back() -> None:
    """The window moves on: a minute later the same address is borne again; who is forgotten first is the longest silent."""
    patience = Patience(2, 60.0)
    assert [patience.ended("a", now) for now in (0, 1, 2, 61.5, 61.9)] == [False, False, True, False, True]
    for n in range(doors._MOST_REMEMBERED):
        patience.ended(str(n), 63.0)
    assert not patience.ended("a", 63.0)


async def test_a_head_that_drips_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not finish the head in time loses the connection, even while bytes come; a head in two pieces is no matter."""
    monkeypatch.setattr(doors.PunctualRunner, "head_s", 0.3)
    async with town(tmp_path) as t:
        port = int(t.url.rpartition(":")[2])

        async def drip(pieces: list[bytes], apart_s: float) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            heard: Any = b""
            try:
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(apart_s)
                heard = await asyncio.wait_for(reader.read(12), 5)
            except ConnectionError:
                pass
            writer.close()
            return bytes(heard)

        assert await drip([b"G"] * 12, 0.05) == b""
        assert await drip([b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r", b"\n"], 0.05) == b"HTTP/1.1 200"
