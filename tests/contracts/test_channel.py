"""What every channel must do, against a pretend provider on loopback that misbehaves in every way we know of.

The provider's own ledger says what a phone or a mailbox really got; the counter in front of it says what was on the wire.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec.structs import replace

from adapters.gateway_send import GatewayChannel
from adapters.meta_send import MetaChannel
from adapters.smtp import SmtpChannel, SmtpSettings
from adapters.twilio_send import TwilioChannel
from engine.ports import Channel, Lookup, Message, Template
from flows.effects import Accepted, Refused, TryAgain, Unknown
from sandbox.gateway import GatewayShape, PretendGateway
from sandbox.hooks import Retry
from sandbox.meta import MetaAccount, MetaRules, PretendMeta
from sandbox.serving import serve
from sandbox.smtp import PretendSmtp
from sandbox.twilio import PretendTwilio
from sandbox.world import Fault, World
from tests.adapters.stand_in import GATEWAY, META, NOW, TWILIO

CHANNELS = ("twilio_sms", "twilio_whatsapp", "meta", "gateway", "smtp")
SECRETS = ("twilio-token", "meta-access-token", "meta-secret", "gateway-token", "gateway-secret", "smtp-password")
PRIVATE = "a very private sentence"
#: Nobody listens here (the discard port, which no system of today serves).
NOBODY = "http://127.0.0.1:9"
TEXT = f"Demo Shop: order 1001, {PRIVATE} {{to}} & more: 10 €"


@dataclass
class Bench:
    """One channel with its pretend provider. `asked`: requests for a send that reached the provider."""

    channel: Channel
    message: Message
    world: World
    provider: str
    dead_number: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    smtp: PretendSmtp | None = None

    @property
    def wire(self) -> int:
        """Attempts at the provider: requests, or mails whose text was begun."""
        return len(self.asked)

    def break_it(self, kind: str, **more: Any) -> None:
        match = "stage:data" if self.smtp and kind in ("garbage", "empty") else ""
        self.world.break_it(self.provider, Fault(kind, match=match, **more))


def message(channel: str, to: str, sender: str) -> Message:
    return Message(
        effect_id="order:demo:1001:1/0",
        conversation="cv_1",
        shop="demo",
        channel=channel,
        to=to,
        sender=sender,
        text=TEXT,
        lang="en",
        order_id="1001",
        subject="Your order 1001",
    )


@asynccontextmanager
async def counted(app: web.Application, bench: Bench) -> AsyncIterator[str]:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST":
            body = await request.read()
            kind = request.content_type
            fields = dict(await request.post()) if "form" in kind else json.loads(body)
            bench.asked.append({"path": request.path, "headers": dict(request.headers), "body": fields})
        bench.hosts.append(request.host)
        return await handler(request)

    app.middlewares.insert(0, count)
    async with serve(app) as url:
        yield url


async def make(name: str, stack: AsyncExitStack) -> Bench:
    world = World(NOW)
    bench = Bench(None, None, world, name.partition("_")[0], "+34600000002")  # type: ignore[arg-type]
    if name.startswith("twilio"):
        twilio = PretendTwilio(world, TWILIO.account_sid, TWILIO.auth_tokens[0], NOBODY)
        url = await stack.enter_async_context(counted(twilio.app(), bench))
        bench.channel = TwilioChannel(replace(TWILIO, base_url=url, public_url=NOBODY))
        twilio.opened["whatsapp:+34910000002", "whatsapp:+34600000001"] = NOW
        kind = name.removeprefix("twilio_")
        world.phones[bench.dead_number] = {"landline" if kind == "sms" else "no_whatsapp_now"}
        sender = "+34910000001" if kind == "sms" else "+34910000002"
        bench.message = message(kind, "+34600000001", sender)
    elif name == "meta":
        secrets = (META.access_token, META.app_secrets[0], META.verify_token)
        account = MetaAccount("7700112233", *secrets, display_phone_number="34910000002")
        whatsapp = PretendMeta(world, account, NOBODY, MetaRules(retry=Retry()))
        whatsapp.opened["+34600000001"] = NOW
        url = await stack.enter_async_context(counted(whatsapp.app(), bench))
        bench.channel = MetaChannel(replace(META, base_url=url))
        bench.dead_number = "nonsense"
        bench.message = message("whatsapp", "+34600000001", "+34910000002")
    elif name == "gateway":
        shape = GatewayShape(authorization="Bearer gateway-token", retry=Retry())
        gateway = PretendGateway(world, NOBODY, "gateway-secret", shape)
        url = await stack.enter_async_context(counted(gateway.app(), bench))
        bench.channel = GatewayChannel(replace(GATEWAY, send=replace(GATEWAY.send, url=url + shape.path)))
        world.phones[bench.dead_number] = {"landline"}
        bench.message = message("sms", "+34600000001", GATEWAY.sender)
    else:
        bench.smtp = await stack.enter_async_context(CountingSmtp(world, bench))
        settings = SmtpSettings(
            host="127.0.0.1",
            port=bench.smtp.port,
            sender="Demo Shop <orders@example.com>",
            user="demo",
            password="smtp-password",
            security="none",
            timeout_s=0.4,
            data_timeout_s=0.4,
        )
        bench.channel = SmtpChannel(settings, lambda: NOW)
        bench.dead_number = "nobody@example.net"
        world.phones[bench.dead_number] = {"no_mailbox"}
        bench.message = message("email", "ana@example.net", "orders@example.com")
    return bench


class CountingSmtp(PretendSmtp):
    """Counts the mails whose text it took in, whatever it answered then."""

    def __init__(self, world: World, bench: Bench) -> None:
        super().__init__(world, username="demo", password="smtp-password")
        world_fault = world.fault_for

        def fault_for(provider: str, *looked_at: str, named_only: bool = False) -> Fault | None:
            if looked_at[0] in ("DATA", "stage:data"):
                bench.asked.append({"at": looked_at[0]})
            return world_fault(provider, *looked_at, named_only=named_only)

        world.fault_for = fault_for  # type: ignore[method-assign]


@pytest.fixture(params=CHANNELS)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        made = await make(request.param, stack)
        yield made
        await made.channel.close()
        await made.world.settled()


async def test_an_accepted_message_arrives_once(bench: Bench) -> None:
    """Accepted carries the provider's id, and exactly one message with exactly our text is on the phone."""
    outcome = await bench.channel.send(bench.message)
    assert isinstance(outcome, Accepted)
    [got] = bench.world.ledger
    assert got.provider_id == outcome.provider_id != ""
    assert (got.to, got.text.strip()) == (bench.message.to, TEXT)
    assert got.sender == bench.message.sender


async def test_a_refused_message_says_why(bench: Bench) -> None:
    """A definite no is Refused with the provider's code, and nothing arrives."""
    outcome = await bench.channel.send(replace(bench.message, to=bench.dead_number))
    expected = {"twilio": {"21614", "63024"}, "meta": {"131026", "100", "131009", "131008"}, "smtp": {"5.1.1"}}
    assert isinstance(outcome, Refused)
    assert outcome.code in expected.get(bench.provider, {"invalid_number"})
    assert not bench.world.ledger


async def test_a_throttled_message_may_be_tried_again(bench: Bench) -> None:
    """429 (SMTP: 451) is TryAgain, after what the provider asks for."""
    if bench.smtp:
        bench.world.break_it("smtp", Fault("status", "stage:rcpt", status=451, body="4.7.1 Slow down"))
        expected = 300.0
    else:
        bench.break_it("status", status=429, headers={"Retry-After": "7"}, body='{"code": 20429, "error": {"code": 4}}')
        expected = 7.0
    assert await bench.channel.send(bench.message) == TryAgain(expected, outcome_reason(bench))
    assert not bench.world.ledger
    assert isinstance(await bench.channel.send(bench.message), Accepted)


def outcome_reason(bench: Bench) -> str:
    return {"twilio": "20429", "meta": "4", "gateway": "http_429", "smtp": "4.7.1"}[bench.provider]


@pytest.mark.parametrize(
    "kind", ["cut", "timeout", "garbage", "empty", "accept_cut", "accept_timeout", "accept_garbage"]
)
async def test_no_usable_answer_is_unknown(bench: Bench, kind: str) -> None:
    """A cut line, silence and nonsense after the request left are Unknown, whether or not the message went out."""
    bench.break_it(kind)
    outcome = await bench.channel.send(bench.message)
    assert isinstance(outcome, Unknown), outcome
    assert len(bench.world.ledger) == kind.startswith("accept_")
    assert bench.wire >= 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("kind", ["status", "accept_status"])
async def test_a_server_fault_is_unknown(bench: Bench, kind: str, status: int) -> None:
    """A 5xx over HTTP may have been sent: Unknown, with or without the provider's own body. SMTP's 5xx is a definite no."""
    bench.break_it(kind, status=status)
    outcome = await bench.channel.send(bench.message)
    if bench.smtp:
        assert outcome == Refused(str(status), str(status))
    else:
        assert isinstance(outcome, Unknown)
        assert bench.wire == 1


async def test_nobody_there_may_be_tried_again(bench: Bench, unused_tcp_port: int) -> None:
    """A refused connection is TryAgain: no byte left."""
    channel = elsewhere(bench, unused_tcp_port)
    try:
        assert isinstance(await channel.send(bench.message), TryAgain)
    finally:
        await channel.close()


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def elsewhere(bench: Bench, port: int) -> Channel:
    """The same channel, pointed at a port where nobody listens."""
    url = f"http://127.0.0.1:{port}"
    match bench.provider:
        case "twilio":
            return TwilioChannel(replace(TWILIO, base_url=url))
        case "meta":
            return MetaChannel(replace(META, base_url=url))
        case "gateway":
            return GatewayChannel(replace(GATEWAY, send=replace(GATEWAY.send, url=url)))
        case _:
            return SmtpChannel(
                SmtpSettings(host="127.0.0.1", port=port, sender="a@b.example", security="none"), lambda: NOW
            )


@pytest.mark.parametrize(
    "kind", ["", "cut", "timeout", "garbage", "empty", "status", "accept_cut", "accept_timeout", "accept_status"]
)
async def test_one_effect_is_one_request(bench: Bench, kind: str) -> None:
    """Whatever comes back, one send is at most one attempt on the wire, and never two messages on a phone."""
    if kind:
        bench.break_it(kind)
    await bench.channel.send(bench.message)
    attempts = [a for a in bench.asked if a.get("at", "DATA") == "DATA"]
    assert len(attempts) <= 1
    assert len(bench.world.ledger) <= 1


async def test_nothing_secret_and_nothing_private_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Through success, refusal and every fault no token, no text and no full address comes into the log or an outcome."""
    caplog.set_level(logging.DEBUG)
    outcomes = [await bench.channel.send(bench.message)]
    outcomes.append(await bench.channel.send(replace(bench.message, to=bench.dead_number)))
    for kind in ("cut", "timeout", "garbage", "status"):
        bench.break_it(kind)
        outcomes.append(await bench.channel.send(bench.message))
    said = caplog.text + repr(outcomes)
    for secret in (*SECRETS, PRIVATE, bench.message.to, bench.dead_number):
        assert secret not in said


async def test_only_the_configured_host_is_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is looked up and no other address is connected to than the provider's."""
    import asyncio

    loop = asyncio.get_running_loop()
    asked: list[str] = []
    looked_up = loop.getaddrinfo

    async def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        return await looked_up(host, *args, **kwargs)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    assert isinstance(await bench.channel.send(bench.message), Accepted)
    assert set(asked) <= {"127.0.0.1"}
    assert all(urlsplit(f"//{host}").hostname == "127.0.0.1" for host in bench.hosts)


async def test_a_lookup_never_invents(bench: Bench) -> None:
    """What was never sent is not found, and what no provider can tell is not found either."""
    lookup = Lookup(
        effect_id="e/0",
        channel=bench.message.channel,
        to=bench.message.to,
        sender=bench.message.sender,
        text=TEXT,
        since=NOW - timedelta(minutes=1),
    )
    assert await bench.channel.find(lookup) is None


async def test_a_template_that_nobody_configured_is_refused_here() -> None:
    """WhatsApp without an approved template: Refused("no_template"), and no request is made."""
    wanted = Template("missed_call", "es", ("1001",))
    for channel in (TwilioChannel(TWILIO), MetaChannel(META)):
        outcome = await channel.send(
            replace(message("whatsapp", "+34600000001", "+34910000002"), template=wanted, session=False)
        )
        assert isinstance(outcome, Refused)
        assert outcome.code == "no_template"
        await channel.close()
