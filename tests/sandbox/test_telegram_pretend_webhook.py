"""Updates carried to a webhook: secret, order, repeats on the world's clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_webhook import GONE_FOR, SECRET_HEADER
from sandbox.world import World

TOKEN = "4242:sandbox-token"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Service:
    """A bot's webhook that answers each text as told."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.secrets: list[str | None] = []
        self.statuses: dict[str, list[int]] = {}  # text -> answers in turn, then 200
        self.headers: dict[str, str] = {}
        self.reply: dict[str, Any] | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/hook", self.take)
        return app

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        text = body["message"]["text"]
        self.got.append(text)
        self.secrets.append(request.headers.get(SECRET_HEADER))
        turns = self.statuses.get(text, [])
        status = turns.pop(0) if turns else 200
        if status == 200 and self.reply is not None:
            return web.json_response(self.reply)
        return web.Response(status=status, headers=self.headers if status != 200 else None)


class Bench:
    def __init__(self, tg: PretendTelegram, service: Service, api: str, hook: str, http: aiohttp.ClientSession) -> None:
        self.tg, self.service, self.world = tg, service, tg.world
        self.api, self.hook, self.http = api, hook, http
        self.olga, self.ana = tg.user(111, "Olga"), tg.user(222, "Ana")

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.api}/bot{TOKEN}/{method}", json=params) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def set_webhook(self, **params: Any) -> None:
        assert (await self.call("setWebhook", **({"url": self.hook, "secret_token": "s3cret"} | params)))["ok"]

    async def advance(self, seconds: float) -> None:
        """Move the clock and wait until every delivery that this made due is done."""
        self.world.advance(timedelta(seconds=seconds))
        self.tg.webhook.go_on()
        await self.world.settled()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    tg, service = PretendTelegram(World(NOON), TOKEN), Service()
    async with serve(tg.app()) as api, serve(service.app()) as hook, aiohttp.ClientSession() as http:
        yield Bench(tg, service, api, f"{hook}/hook", http)


async def test_updates_arrive_with_the_secret_and_in_order(bench: Bench) -> None:
    """Each update comes once, in the order of its chat, with the secret in the header; nothing stays pending."""
    await bench.tg.says(bench.olga, None, "before")
    await bench.set_webhook()
    for n in range(5):
        await bench.tg.says(bench.olga, None, f"n{n}")
    await bench.world.settled()
    assert bench.service.got == ["before", "n0", "n1", "n2", "n3", "n4"]
    assert set(bench.service.secrets) == {"s3cret"}
    assert bench.tg.pending_updates() == []


async def test_a_webhook_shuts_get_updates_out(bench: Bench) -> None:
    """getUpdates is 409 while a webhook is set and works again after deleteWebhook."""
    await bench.set_webhook(allowed_updates=["message"], max_connections=5)
    assert (await bench.call("getUpdates"))["error_code"] == 409
    info = (await bench.call("getWebhookInfo"))["result"]
    assert (info["url"], info["max_connections"], info["allowed_updates"]) == (bench.hook, 5, ["message"])
    assert (await bench.call("deleteWebhook"))["result"] is True
    assert (await bench.call("getWebhookInfo"))["result"]["url"] == ""
    assert (await bench.call("getUpdates"))["result"] == []


async def test_a_refused_update_holds_its_chat_back_but_no_other(bench: Bench) -> None:
    """Head of line per chat: after two refusals Olga's next message waits, Ana's comes."""
    bench.service.statuses["bad"] = [500, 500]
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "bad")
    await bench.tg.says(bench.olga, None, "next")
    await bench.tg.says(bench.ana, None, "other")
    await bench.world.settled()
    assert sorted(bench.service.got) == ["bad", "bad", "other"]  # refused, repeated at once, refused
    assert bench.tg.next_retry_at() == NOON + timedelta(seconds=2)
    info = (await bench.call("getWebhookInfo"))["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["pending_update_count"] == 2
    await bench.advance(2)
    assert bench.service.got[3:] == ["bad", "next"]


async def test_repeats_slow_down_and_stop_with_the_updates_life(bench: Bench) -> None:
    """At once, then 2, 4, 8 … seconds, at most 60 to 120, until the message is 24 hours old."""
    bench.service.statuses["bad"] = [500] * 10_000
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "bad")
    await bench.world.settled()
    waits = []
    for _ in range(9):
        retry_at = bench.tg.next_retry_at()
        assert retry_at is not None
        waits.append((retry_at - bench.world.now()).total_seconds())
        await bench.advance(waits[-1])
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert all(60 <= wait <= 120 for wait in waits[6:])
    bench.world.set_clock(NOON + timedelta(hours=24, seconds=-30))
    await bench.advance(0)
    count = len(bench.service.got)
    await bench.advance(3600)
    assert (len(bench.service.got), bench.tg.pending_updates(), bench.tg.next_retry_at()) == (count, [], None)


async def test_retry_after_is_obeyed_up_to_an_hour(bench: Bench) -> None:
    """The service may ask for a pause; more than an hour is cut to one."""
    bench.service.statuses["bad"] = [503, 503]
    bench.service.headers = {"Retry-After": "30"}
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "bad")
    await bench.world.settled()
    assert bench.tg.next_retry_at() == NOON + timedelta(seconds=30)
    bench.service.headers = {"Retry-After": "90000"}
    await bench.advance(30)
    assert bench.tg.next_retry_at() == NOON + timedelta(seconds=3630)


async def test_the_clock_alone_brings_the_repeat(bench: Bench) -> None:
    """Nobody has to wake the webhook: once the clock passes the moment, the repeat comes by itself."""
    bench.service.statuses["bad"] = [500, 500]
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "bad")
    await bench.world.settled()
    bench.world.advance(timedelta(seconds=2))
    async with asyncio.timeout(5):
        while len(bench.service.got) < 3:  # noqa: ASYNC110 (another process has no event either)
            await asyncio.sleep(0.005)


async def test_23_hours_of_410_end_the_webhook(bench: Bench) -> None:
    """A service that says 410 Gone for more than 23 hours loses its webhook."""
    bench.service.statuses["bad"] = [410] * 10
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "bad")
    await bench.world.settled()
    await bench.advance(GONE_FOR.total_seconds() + 1)
    assert bench.tg.webhook.url == ""


async def test_a_method_in_the_answer_is_carried_out_once(bench: Bench) -> None:
    """A 2xx body that names a method is done as if called."""
    bench.service.reply = {"method": "sendMessage", "chat_id": 111, "text": "from the webhook"}
    await bench.set_webhook()
    await bench.tg.says(bench.olga, None, "hello")
    await bench.world.settled()
    assert [line.text for line in bench.world.ledger] == ["from the webhook"]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"url": "http://shop.example/hook"}, "An HTTPS URL must be provided for webhook"),
        ({"url": "https://shop.example:444/hook"}, "only on ports 80, 88, 443 or 8443"),
        ({"url": "https://shop.example/hook"}, "Failed to resolve host"),
        ({"secret_token": "no blanks"}, "secret token contains unallowed characters"),
        ({"max_connections": 0}, "max_connections"),
    ],
)
async def test_a_webhook_that_telegram_would_not_take_is_refused(
    bench: Bench, params: dict[str, Any], why: str
) -> None:
    """Address, port, secret and connections are checked; the sandbox itself reaches loopback only."""
    body = await bench.call("setWebhook", **({"url": bench.hook} | params))
    assert body["error_code"] == 400
    assert why in body["description"]


async def test_dropping_pending_updates_forgets_them(bench: Bench) -> None:
    """drop_pending_updates erases what waited."""
    await bench.tg.says(bench.olga, None, "old")
    await bench.set_webhook(drop_pending_updates=True)
    await bench.tg.says(bench.olga, None, "new")
    await bench.world.settled()
    assert bench.service.got == ["new"]
