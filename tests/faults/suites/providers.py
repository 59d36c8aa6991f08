"""Each provider fails in each way, at the very request that matters; its own ledger says what really arrived.

A cell is one provider and one way to fail: a town of its own, whose first requests there are struck. The proxy before every pretend
provider (sandbox/faulty.py; the mail server's own session) cuts, keeps silent, answers nonsense, nothing or an error, drips, and does so
before or after the provider has accepted. Afterwards: nobody has got anything twice, every order went on, the shop was told once.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from msgspec.structs import replace

from adapters.exchange import Exchange
from adapters.smtp import SmtpChannel
from sandbox.gateway import GatewayShape, PretendGateway
from sandbox.meta import MetaRules
from sandbox.samples import Address, Basket, Buyer, Line
from sandbox.serving import serve
from sandbox.shop_bodies import shopify_order, woocommerce_order
from sandbox.world import Fault
from tests.faults.suites.kit import FAST, OPEN, Figure, Suite, an_order, folder_of, number, patched, twice
from tests.faults.verdict import adrift
from tests.ports import free_port
from tests.town import ENV, Town, town

KINDS = (
    "accept_cut", "timeout", "cut", "accept_timeout", "status", "accept_status", "garbage", "accept_garbage", "empty", "accept_empty",
    "delay", "drip",
)  # fmt: skip
#: What a request waits for an answer here: the service's own 15 s are not lived through for each message.
PATIENCE_S = 0.25
#: A good answer that comes late, but in time; one that drips takes far longer than anybody waits.
LATE_S, DRIPPING_S = 0.05, 5.0
#: Orders of a cell.
EACH = 2
#: A mail server that takes a mail and says 4xx to it lies: it is sent again, as every mail server would. Nobody can know.
NOT_OF_MAIL = ("accept_status",)
#: To a shop's own program any 2xx means that it was heard: a proxy that says 200 in its place is believed.
NOT_OF_CALLBACKS = ("garbage", "empty")
_WHATSAPP = (
    "confirmation: {ladder: [{channel: whatsapp, wait: 4h}, {channel: sms, wait: 4h}, {channel: staff, wait: 24h}]}"
)
_EMAIL = "confirmation: {ladder: [{channel: email, wait: 4h}, {channel: sms, wait: 4h}, {channel: staff, wait: 24h}]}"


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """Requests are given up sooner; nothing else changes."""
    exchange, smtp = Exchange.__init__, SmtpChannel.__init__

    def sooner(self: Exchange, timeout_s: float) -> None:
        exchange(self, min(timeout_s, PATIENCE_S))

    def mail_sooner(self: SmtpChannel, settings: Any, now: Any) -> None:
        smtp(self, replace(settings, timeout_s=2 * PATIENCE_S, data_timeout_s=2 * PATIENCE_S), now)

    with (
        mock.patch.object(Exchange, "__init__", sooner),
        mock.patch.object(SmtpChannel, "__init__", mail_sooner),
        mock.patch("bot.calls.TIMEOUT_S", 2 * PATIENCE_S),
    ):
        yield


Opens = Callable[[Path], contextlib.AbstractAsyncContextManager[Town]]
Lives = Callable[[Town, Fault, Figure, str, range], Awaitable[None]]


class Cell(msgspec.Struct, frozen=True):
    """`opens`: a town in which this provider is used. `provider`, `match`: whose requests are struck, and which."""

    name: str
    provider: str
    match: str
    opens: Opens
    lives: Lives
    without: tuple[str, ...] = ()


def _plain(**named: Any) -> Opens:
    return lambda folder: town(folder, **{"more": OPEN, "twilio_more": FAST, **named})


@contextlib.asynccontextmanager
async def behind_gateway(folder: Path, more: str = "", **named: Any) -> AsyncIterator[tuple[Town, PretendGateway]]:
    """A town whose SMS go through a local gateway, which can be asked nothing afterwards."""
    port = free_port()
    with mock.patch.dict(ENV, {"GATEWAY": "gateway-secret"}):
        async with town(folder, more=_GATEWAY.replace("PORT", str(port)) + more, **named) as t:
            gateway = PretendGateway(t.world, f"{t.url}/hooks/sms/local", "gateway-secret", GatewayShape())
            async with serve(gateway.app(), port=port):
                yield t, gateway


@contextlib.asynccontextmanager
async def _gateway(folder: Path) -> AsyncIterator[Town]:
    async with behind_gateway(folder, OPEN) as (t, _):
        yield t


# -- what is lived, and how it is judged


async def _asked(t: Town, fault: Fault, figure: Figure, what: str, people: range) -> None:
    """The first questions are struck and nobody answers: each order goes on by its other channels, and nobody is asked twice."""
    bodies = [an_order(t, n, email=f"customer{n}@example.com") for n in people]
    for body in bodies:
        await t.api("POST", "/orders", body)
    await t.skip(hours=60)
    figure.failures += [f"{what}: {found}" for found in twice(t)]
    for n, body in zip(people, bodies, strict=True):
        got = len(t.got(to=number(n))) + len(t.mails(f"customer{n}@example.com"))
        figure.check(got >= 1, f"{what}: nobody was asked about {body['id']}")
        order = await t.get(body["id"])
        figure.check(order.state != "pending", f"{what}: {body['id']} is still pending")
        found = await t.conversation(body["id"])
        figure.failures += [f"{what}: {one}" for one in adrift(found, order)]


async def _carded(t: Town, fault: Fault, figure: Figure, what: str, people: range) -> None:
    """Orders that only staff can reach: each has its card; a second one only where Telegram did not say, and it says so itself."""
    bodies = [an_order(t, n, phone=None, email=None) for n in people]
    for body in bodies:
        await t.api("POST", "/orders", body)
    await t.skip(minutes=30)
    for body in bodies:
        cards = [m.text for m in t.cards(f"Order {body['id']} ")]
        first = [text for text in cards if "Repeated: Telegram did not answer" not in text]
        figure.check(bool(cards), f"{what}: {body['id']} has no card")
        figure.check(len(first) <= 1 and len(cards) <= 2, f"{what}: {body['id']} has {len(cards)} cards")


class Place(msgspec.Struct, frozen=True):
    """A place of the shop that hears decisions. `sells`: an order with this number comes from there; `told`: how often it heard."""

    sells: Callable[[Town, Basket, int], Awaitable[None]]
    told: Callable[[Town, str], int]


async def _at_shopify(t: Town, basket: Basket, number_: int) -> None:
    body = shopify_order(basket, number_, t.clock.now())
    t.admin.adds(body)
    await t.shopify(body)


async def _at_woo(t: Town, basket: Basket, number_: int) -> None:
    body = woocommerce_order(basket, number_, t.clock.now())
    t.rest.adds(body)
    await t.woo(body)


async def _by_api(t: Town, basket: Basket, number_: int) -> None:
    await t.order(id=str(number_), phone=basket.buyer.phone, email=None, name=f"{basket.buyer.first} Ruiz")


def _shopify_heard(t: Town, order: str) -> int:
    return t.admin.order(order)["note"].count("Doorstep:") if t.admin.tags(order) == ["doorstep-confirmed"] else 0


_PLACES = {
    "shopify": Place(_at_shopify, _shopify_heard),
    "woocommerce": Place(_at_woo, lambda t, order: len(t.rest.noted(order))),
    "callback": Place(_by_api, lambda t, order: t.callback.types(order).count("order.confirmed")),
}


def _decided(name: str) -> Lives:
    """Decided while the shop's own side fails: it hears of each decision, once."""
    place = _PLACES[name]

    async def live(t: Town, fault: Fault, figure: Figure, what: str, people: range) -> None:
        address = Address("Calle Mayor 1", "Madrid", "28013", "Madrid")
        for n in people:
            buyer = Buyer(f"Ana{n}", "Ruiz", number(n), number(n), "ana@example.com", "ES", address, "en")
            await place.sells(t, Basket(buyer, (Line("LAMP", "Reading lamp", "49.90"),)), 700_000 + n)
        await t.skip(minutes=1)
        t.world.break_it(name, fault)
        for n in people:
            await t.sms("1", number(n))
        await t.skip(hours=3)
        for n in people:
            order = str(700_000 + n)
            state, told = await t.state(order), place.told(t, order)
            figure.check(state == "confirmed", f"{what}: {order} is {state}")
            figure.check(told == 1, f"{what}: {order} was told {told} times")
        figure.check(not t.callback.refused, f"{what}: {t.callback.refused}")

    return live


# -- the cells

_GATEWAY = """
sms_gateway:
  name: local
  from: "+34600000099"
  send:
    url: http://127.0.0.1:PORT/send
    headers: {Content-Type: application/json}
    body: '{"to": "{to}", "from": "{from}", "text": "{text}"}'
    id_field: id
  reply_hook: {secret: "${GATEWAY}", fields: {id: id, from: from, text: text}}
  delivery: {fields: {id: id, status: status}}
  rate: 200
channels: {sms: gateway, whatsapp: twilio, email: smtp}
"""
_AT_SHOP = {"shopify": "DoorstepWrite", "woocommerce": "", "callback": ""}
CELLS = (
    Cell("Twilio SMS", "twilio", "Messages.json", _plain(), _asked),
    Cell("Twilio WhatsApp", "twilio", "Messages.json", _plain(more=f"{OPEN}{_WHATSAPP}"), _asked),
    Cell("Meta", "meta", "/messages", _plain(more=f"{OPEN}{_WHATSAPP}", meta=MetaRules()), _asked),
    Cell("Telegram", "telegram", "sendMessage", _plain(telegram=True), _carded),
    Cell("the mail server", "smtp", "", _plain(more=f"{OPEN}{_EMAIL}"), _asked, NOT_OF_MAIL),
    Cell("the SMS gateway", "gateway", "", _gateway, _asked),
    *(
        Cell(
            f"the shop's {name}", name, match, _plain(tells=(name,)), _decided(name),
            NOT_OF_CALLBACKS if name == "callback" else (),
        )
        for name, match in _AT_SHOP.items()
    ),
)  # fmt: skip


def _cell(n: int) -> tuple[Cell, str]:
    """The n-th: after as many as there are, each provider has failed in each way; the first few are of every provider already."""
    cell = CELLS[n % len(CELLS)]
    kinds = tuple(kind for kind in KINDS if kind not in cell.without)
    return cell, kinds[(n // len(CELLS) + n % len(CELLS)) % len(kinds)]


async def providers(size: int, folder: Path, dice: random.Random) -> Figure:
    """So many cells, each with orders of its own."""
    figure, struck, seen, arrived = Figure(), 0, Counter[str](), 0
    with _impatient():
        for n in range(size):
            cell, kind = _cell(n)
            fault = Fault(
                kind, cell.match, EACH, dice.choice((500, 502, 503)), delay_s=LATE_S if kind == "delay" else DRIPPING_S
            )
            async with cell.opens(folder_of(folder, n)) as t:
                if cell.lives in (_asked, _carded):
                    t.world.break_it(cell.provider, fault)
                await cell.lives(t, fault, figure, f"{cell.name}, {kind}", range(n * EACH, (n + 1) * EACH))
                arrived += len([r for r in t.world.ledger if r.provider != "telegram"])
            hit = EACH - fault.times
            figure.check(hit > 0, f"{cell.name}, {kind}: no request was struck")
            struck += hit
            seen[f"{cell.name}/{kind}"] += 1
    kinds = {name.rpartition("/")[2] for name in seen}
    figure.said = (
        f"{len(seen)} of {ALL_CELLS} pairs of {len(CELLS)} providers ({', '.join(c.name for c in CELLS)}) and {len(kinds)} ways to fail: "
        f"{struck} requests struck, {arrived} messages arrived, none twice; each order went on, each decision was told once"
    )
    return figure


ALL_CELLS = sum(len(KINDS) - len(cell.without) for cell in CELLS)


def _again(turn: Any, open_: Any, _reason: str) -> None:
    turn.settle(open_.id, replace(open_, status="planned", by="", since=None))


SUITES = (
    Suite(
        "provider faults", ("F9", "F10"), ("P4",), "pairs of a provider and a way to fail", len(CELLS), 3 * len(CELLS) * len(KINDS),
        providers, {"what is unknown is sent again": patched("flows.settling._unknown", _again)}, bug_at=1,
    ),
)  # fmt: skip
