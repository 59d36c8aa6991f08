"""The doors under attack: forged signatures, fetched links, connections that drip, strangers' tokens, floods, poison."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from aiohttp import ClientError
from msgspec.structs import replace
from twilio.request_validator import RequestValidator

from adapters import doors, meta, shopify, woocommerce
from adapters.page_pressed import pressed
from adapters.receiving import Received
from adapters.twilio_signature import url_forms, verify
from engine.engine import Engine
from engine.ports import BadSignature
from tests.adapters.twilio.test_twilio_signature import _Multi, _random_case
from tests.contracts.tiny import NOW
from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    number,
    patched,
    percentile,
)
from tests.town import ACCOUNT, API_TOKEN, OTHER_TOKEN, SMS_FROM, TOKEN, Town, town
from tests.town_settings import SHOPIFY_SECRET

FORM = "application/x-www-form-urlencoded"
URL = "https://shop.example.com/hooks/twilio/message?c=1"
FIELDS = {"MessageSid": "SM" + "1" * 32, "AccountSid": ACCOUNT, "From": "+34600000001", "To": SMS_FROM, "Body": "1 si"}


def _flipped(text: str, dice: random.Random) -> str:
    """With one bit of one character changed."""
    at = dice.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ 1 << dice.randrange(7)) + text[at + 1 :]


def _signed(text: str, secret: str, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), algorithm)).decode()


def _refused(check: Callable[[], None]) -> bool:
    try:
        check()
    except (BadSignature, ValueError):
        return True
    return False


def _forgery(dice: random.Random) -> bool:
    """One request with one bit changed, at one of the four kinds of signature; whether it was refused."""
    kind = dice.choice(("twilio", "shopify", "woocommerce", "meta"))
    if kind == "twilio":
        parts = [
            URL,
            _signed(URL + "".join(n + v for n, v in sorted(FIELDS.items())), "token", "sha1"),
            *FIELDS.values(),
        ]
        at = dice.choice((0, 1, dice.randrange(2, len(parts))))
        parts[at] = _flipped(parts[at], dice)
        return not verify((parts[0],), list(zip(FIELDS, parts[2:], strict=True)), parts[1], (b"token",))
    body = json.dumps({"id": 1, "total_price": "49.90", "phone": "+34600000001"})
    if kind == "meta":
        signature = "sha256=" + hmac.digest(b"token", body.encode(), "sha256").hex()
    else:
        signature = _signed(body, "token", "sha256")
    if dice.random() < 0.5:
        body = _flipped(body, dice)
    else:
        signature = _flipped(signature, dice)
    raw = body.encode()
    match kind:
        case "shopify":
            return _refused(lambda: shopify.verify(raw, signature, ("token",)))
        case "woocommerce":
            return _refused(lambda: woocommerce.verify(raw, signature, ("token",)))
        case _:
            received = Received(raw, "/hooks/meta", {meta.SIGNATURE_HEADER: signature}, NOW)
            return _refused(lambda: meta.verify(("token",), received))


async def signatures(size: int, folder: Path, dice: random.Random) -> Figure:
    """One bit changed anywhere is refused; and on random requests nothing passes here that Twilio's own validator refuses."""
    figure, theirs, passed = Figure(), RequestValidator("token"), 0
    through = sum(not _forgery(dice) for _ in range(size))
    figure.check(through == 0, f"{through} of {size} requests with a changed bit passed")
    for _ in range(size):
        url, params, signature = _random_case(dice)
        multi = _Multi()
        for name, value in params:
            multi.setdefault(name, []).append(value)
        here = verify(url_forms(url), params, signature, [b"token"])
        passed += here
        figure.check(
            not here or bool(theirs.validate(url, multi, signature)), f"laxer than Twilio's validator: {url} {params}"
        )
    figure.check(0 < passed < size, "good and bad ones were not both among the random requests")
    figure.said = f"{size} changed bits: 0 accepted; {size} random requests against Twilio's own validator: {passed} good, never laxer"
    return figure


async def fetches(size: int, folder: Path, dice: random.Random) -> Figure:
    """Scanners, previews and prefetches open a link in every way, and press without what a person's page has: nothing changes."""
    figure, statuses = Figure(), set()
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        order = await t.order(email="ana@example.com")
        await t.skip(hours=12)
        path = t.link_in_mail()
        before = await t.conversation(order)
        for _ in range(size):
            statuses.add(await _fetched(t, path, dice))
        await t.settle()
        figure.check(await t.conversation(order) == before, f"{order} is not as it was")
    figure.said = (
        f"{size} fetches (GET, HEAD, OPTIONS, prefetch, forms without a page): 0 changes; statuses {sorted(statuses)}"
    )
    return figure


async def _fetched(t: Town, path: str, dice: random.Random) -> int:
    method = dice.choice(("GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"))
    query = dice.choice(("", "?action=cancel_surely", "?action=confirm&nonce=x", "?utm_source=scan", "?confirm=1"))
    headers = dice.choice((
        {}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"User-Agent": "Mozilla/5.0 (compatible; SafeLinks)"},
        {"Sec-Fetch-Site": "cross-site"}, {"X-HTTP-Method-Override": "POST"}, {"X-Forwarded-For": f"198.51.100.{dice.randrange(250)}"},
    ))  # fmt: skip
    data = (
        urlencode({"action": dice.choice(("confirm", "cancel_surely")), "nonce": dice.choice(("", "0-0-0"))})
        if method == "POST"
        else None
    )
    more = {"Content-Type": FORM} if data else {}
    async with t.http.request(
        method, t.url + path + query, data=data, headers=headers | more, allow_redirects=False
    ) as answer:
        await answer.read()
        return answer.status


async def _confirms(self: Any, request: Any) -> Any:
    opened = await self._opened(request)
    if opened is None:
        return self._nowhere(request)
    event, _ = pressed(opened, "cancel_surely", {}, self._front.now(), "")
    await self._front.handle(replace(event, action="cancel"))
    return self._page(opened)


#: Orders that are posted while others drip.
GOOD_POSTS = 100


async def drips(size: int, folder: Path, dice: random.Random) -> Figure:
    """So many connections drip a request's head or body while webhooks come in."""
    figure, took, stop = Figure(), [], asyncio.Event()
    with (
        mock.patch.object(doors.PunctualRunner, "head_s", 1.0),
        mock.patch("adapters.receiving.RECEIVE_TIMEOUT_S", 1.0),
    ):
        async with town(folder, more=OPEN, twilio_more=FAST) as t:
            port = int(t.url.rpartition(":")[2])
            opened = asyncio.Semaphore(0)
            dripping = [asyncio.ensure_future(_drip(port, n % 2 == 0, stop, opened)) for n in range(size)]
            for _ in dripping:  # that so many connections are made here, in the same process, is not what is measured
                await opened.acquire()
            for n in range(GOOD_POSTS):
                start = time.monotonic()
                status, _ = await t.api("POST", "/orders", an_order(t, n))
                took.append((time.monotonic() - start) * 1000)
                figure.check(status == 202, f"a good request was answered {status}")
            await asyncio.wait(dripping, timeout=30)
            held = sum(not task.done() for task in dripping)
            figure.check(held == 0, f"{held} of {size} connections are still held")
            stop.set()
            await asyncio.gather(*dripping)
    figure.said = (
        f"{size} connections that drip: all hung up on at the deadline (1 s here, 10 s as served); good posts meanwhile "
        f"{percentile(took, 0.5):.0f} ms median, {percentile(took, 0.99):.0f} ms p99"
    )
    return figure


async def _drip(port: int, head: bool, stop: asyncio.Event, opened: asyncio.Semaphore) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        finally:
            opened.release()
        start = b"POST /orders HTTP/1.1\r\nHost: a\r\n" if head else (
            b"POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\nAuthorization: Bearer "
            + API_TOKEN.encode() + b"\r\n\r\n"
        )  # fmt: skip
        writer.write(start)
        while not stop.is_set() and not reader.at_eof() and not writer.is_closing():
            writer.write(b"X")
            with contextlib.suppress(TimeoutError):
                if await asyncio.wait_for(reader.read(1000), 0.25):
                    break  # 408: the service has said what it thinks of it
        writer.close()


OTHER = """share: true
  - {id: other, name: Other Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, share: true, api_token: "${OTHER}"}
"""


async def strangers(size: int, folder: Path, dice: random.Random) -> Figure:
    """Another shop's token, or none, with the ids of this shop's orders, in every call of the API."""
    figure, answers = Figure(), 0
    async with town(folder, more=OPEN, twilio_more=FAST, in_shop=OTHER) as t:
        orders = [an_order(t, n, name=f"Secreta{n}") for n in range(5)]
        for order in orders:
            await t.api("POST", "/orders", order)
        await t.settle()
        before = [await t.conversation(order["id"]) for order in orders]
        for _ in range(size):
            order = dice.choice(orders)
            token = dice.choice((OTHER_TOKEN, OTHER_TOKEN, "", "x", API_TOKEN[:-1]))
            ident = dice.choice(
                (order["id"], f"{order['id']}%00", f"..%2forders%2f{order['id']}", f"demo:{order['id']}")
            )
            method, path, body = dice.choice((
                ("GET", f"/orders/{ident}", None), ("PUT", f"/orders/{order['id']}", order | {"total": "1.00"}),
                ("POST", f"/orders/{ident}/events", {"type": "cancelled", "at": t.clock.now().isoformat()}),
                ("GET", f"/orders?state=pending&shop=demo&since=2020-01-01T00:00:00Z&x={ident}", None),
            ))  # fmt: skip
            said = await _asked(t, method, path, body, token)
            answers += 1
            figure.check("Secreta" not in said and "60000" not in said, f"{method} {path} told {said[:80]}")
        await t.settle()
        after = [await t.conversation(order["id"]) for order in orders]
        figure.check(after == before, "a stranger changed an order")
    figure.said = f"{size} calls with another shop's token or none: 0 read, 0 changed"
    return figure


async def _asked(t: Town, method: str, path: str, body: Any, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": f"198.51.100.{hash(path) % 250}"}
    async with t.http.request(method, t.url + path, json=body, headers=headers) as answer:
        return str(await answer.text())


async def pumping(size: int, folder: Path, dice: random.Random) -> Figure:
    """Made-up orders on one prefix: what the limits allow is texted, the rest is kept and held, none is dropped."""
    figure, known, held = Figure(), 0, 0
    async with town(folder, more="risk: {enabled: false}", twilio_more=FAST) as t:  # the ceilings alone
        orders = [an_order(t, dice.randrange(10_000), name=f"Maria Lopez {n}") for n in range(size)]
        for order in orders:
            status, _ = await t.api("POST", "/orders", order)
            figure.check(status in (200, 202), f"answered {status}")
        await t.skip(minutes=10)
        texted = len([r for r in t.world.texts(None, "sms") if "cash on delivery" in r.text])
        figure.check(texted <= MOST_ON_A_PREFIX, f"{texted} texts on one prefix")
        for order in orders:
            found = await t.house.engine.order("demo", order["id"])
            known += found is not None
            kept = found.order(order["id"]) if found is not None else None
            held += kept is not None and kept.state == "held"
    figure.check(known == size, f"{size - known} orders were dropped")
    figure.check(held == size - texted, f"{size - texted - held} orders are neither texted nor held")
    figure.said = (
        f"{size} made-up orders on one prefix: {texted} texted (at most {MOST_ON_A_PREFIX}), {held} held, 0 dropped"
    )
    return figure


#: PLATFORMS 3.3 of the design: 20 an hour for one prefix.
MOST_ON_A_PREFIX = 20


#: Somebody who wrote none of the poisoned forms.
NEWCOMER = 9_000_000


async def poison(size: int, folder: Path, dice: random.Random) -> Figure:
    """Bodies that nobody can read, signed and unsigned, at every hook: never 5xx, signed ones are kept, the next order is served."""
    figure, kept = Figure(), 0
    async with town(folder, more=OPEN, twilio_more=FAST) as t:
        for n in range(size):
            raw = _poisoned(n, dice)
            signed = dice.random() < 0.7
            signature = (
                base64.b64encode(hmac.digest(SHOPIFY_SECRET.encode(), raw, "sha256")).decode() if signed else "x"
            )
            headers = {
                "Content-Type": "application/json", "X-Shopify-Hmac-SHA256": signature, "X-Forwarded-For": f"203.0.113.{n % 250}",
            }  # fmt: skip
            if n % 7 == 6:
                raw, headers = gzip.compress(b"{" * 1_000_000), headers | {"Content-Encoding": "gzip"}
            try:
                async with t.http.post(f"{t.url}/hooks/shopify/demo", data=raw, headers=headers) as answer:
                    wanted = {415} if n % 7 == 6 else {200} if signed else {403}
                    figure.check(answer.status in wanted | {429}, f"answered {answer.status}, not {wanted}")
                    kept += signed and answer.status == 200
            except ClientError as error:
                figure.check(n % 7 == 6, f"no answer: {type(error).__name__}")
            await _poisoned_form(t, n, dice, figure)
        held = len(await t.house.store.kept())
        figure.check(held > 0, "nothing was kept")
        order = await t.order(phone=number(NEWCOMER))
        await t.skip(seconds=10)
        figure.check(len(t.got("sms", number(NEWCOMER))) == 1, f"{order} was not served after the poison")
    figure.said = (
        f"{2 * size} poisoned bodies: 0 answered 5xx, {held} signed ones kept for a replay, the next order served"
    )
    return figure


def _poisoned(n: int, dice: random.Random) -> bytes:
    return (
        b'{"id": 1, "name": "\x00' + str(n).encode() + b'"}', b"\xff\xfe\x00" + dice.randbytes(50), b"[" * 5000 + str(n).encode(),
        b'{"id": ' + b"9" * 400 + b"}", json.dumps({"id": n, "total_price": {"$gt": ""}, "line_items": "x" * 60_000}).encode(),
        b'{"id": 1e999, "note": "' + str(n).encode() + b'"}', b"{",
    )[n % 7]  # fmt: skip


async def _poisoned_form(t: Town, n: int, dice: random.Random, figure: Figure) -> None:
    """A signed form of Twilio with one field that is strange."""
    url = f"{t.url}/hooks/twilio/message"
    strange = dice.choice(
        (
            "\x00",
            "9" * 5000,
            "{{7*7}}",
            "=cmd|' /C calc'!A0",
            "\u202e\u2066",
            "' OR 1=1",
            '{"$ne": null}',
            "\r\nBcc: x@y",
        )
    )
    fields = {"MessageSid": f"SM{n:032d}", "AccountSid": ACCOUNT, "From": number(n), "To": SMS_FROM, "Body": "hi"}
    fields[dice.choice(("MessageSid", "From", "To", "Body", "ProfileName", "NumMedia", "Latitude"))] = strange
    signature = _signed(url + "".join(a + b for a, b in sorted(fields.items())), TOKEN, "sha1")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    async with t.http.post(url, data=urlencode(fields), headers=headers) as answer:
        figure.check(answer.status == 200, f"a signed form with {strange[:12]!r} was answered {answer.status}")


@contextlib.contextmanager
def _lax() -> Iterator[None]:
    """Compares the beginning of a signature only."""
    with mock.patch("hmac.compare_digest", lambda a, b: a[:12] == b[:12]):
        yield


async def _thrown_away(_self: Engine, *_: object) -> None:
    """Nothing is kept."""


def _patient(self: Any, transport: Any) -> None:
    self._inner.connection_made(transport)


SUITES = (
    Suite("signatures", (), ("P6",), "forgeries and as many random requests", 2000, 100_000, signatures,
        {"half a signature is enough": _lax},
    ),
    Suite(
        "fetched links", (), ("P8",), "fetches", 150, 10_000, fetches,
        {"opening the link decides": patched("adapters.page.Page.show", _confirms)},
    ),
    Suite(
        "dripping connections", ("F11",), ("P12",), "connections", 40, 1000, drips,
        {"heads have no deadline": lambda: mock.patch("adapters.doors._Punctual.connection_made", _patient)},
    ),
    Suite(
        "strangers", (), ("P14",), "calls", 60, 5000, strangers,
        {"any token is the first shop's": patched("adapters.orders_api.OrdersApi._shop_of", lambda *_: "demo")},
    ),
    Suite(
        "pumping", (), ("P11",), "orders", 60, 3000, pumping,
        {"each number is a prefix of its own": patched("engine.ceilings.prefix", lambda phone: phone)},
    ),
    Suite(
        "poison", ("F25",), ("P2",), "bodies", 28, 2000, poison,
        {"what cannot be read is thrown away": patched("engine.engine.Engine.keep", _thrown_away)},
    ),
)  # fmt: skip
