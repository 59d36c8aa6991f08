"""The control endpoints and the faults, on every pretend provider alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from listening_service import Listener, listening

from sandbox.gateway import PretendGateway
from sandbox.meta import MetaAccount, PretendMeta
from sandbox.serving import serve
from sandbox.smtp import PretendSmtp
from sandbox.twilio import PretendTwilio
from sandbox.world import Fault, World

SID, TOKEN = "AC" + "a" * 32, "token"
ANA, OURS = "+34600000001", "+14155550100"
META = MetaAccount("1", "token", "secret", "verify")


class Bench:
    """One provider of each kind over HTTP: `send` makes one request for a message as the service would."""

    def __init__(self, name: str, session: aiohttp.ClientSession, world: World, listener: Listener) -> None:
        self.name, self.session, self.world, self.listener = name, session, world, listener

    def request(self) -> tuple[str, dict[str, Any]]:
        if self.name == "twilio":
            auth = {"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
            form = {"To": ANA, "From": OURS, "Body": "Hi"}
            return f"/2010-04-01/Accounts/{SID}/Messages.json", {"data": form, "headers": auth}
        if self.name == "meta":
            template = {"name": "hi", "language": {"code": "en"}}
            body = {"messaging_product": "whatsapp", "to": ANA, "type": "template", "template": template}
            return "/v23.0/1/messages", {"json": body, "headers": {"Authorization": "Bearer token"}}
        return "/send", {"json": {"to": ANA, "text": "Hi"}}

    async def send(self, timeout_s: float = 5) -> tuple[int, bytes]:
        path, sent = self.request()
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with self.session.post(path, timeout=timeout, **sent) as answer:
            return answer.status, await answer.read()

    async def control(self, method: str, what: str, body: Any = None, **query: str) -> tuple[int, Any]:
        async with self.session.request(method, f"/_control/{what}", json=body, params=query) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def bench(name: str) -> AsyncIterator[Bench]:
    async with listening() as listener:
        world, hook = World(), f"{listener.url}/hook"
        meta = PretendMeta(world, META, hook)
        meta.register_template("hi", "en", "Hi", ["Yes"])
        twilio, gateway = PretendTwilio(world, SID, TOKEN, hook), PretendGateway(world, hook, "s")
        app = {"twilio": twilio.app, "meta": meta.app, "gateway": gateway.app}[name]
        async with serve(app()) as url, aiohttp.ClientSession(url) as session:
            yield Bench(name, session, world, listener)
            await world.settled()


PROVIDERS = pytest.mark.parametrize("name", ["twilio", "meta", "gateway"])


@PROVIDERS
@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("kind", ["cut", "timeout"])
async def test_no_answer_says_nothing_about_acceptance(name: str, kind: str, accept: bool) -> None:
    """A cut or a silence looks the same to the client; the ledger alone knows. The next request is well."""
    async with bench(name) as b:
        b.world.break_it(name, Fault(f"accept_{kind}" if accept else kind, match=ANA.lstrip("+")))
        with pytest.raises((aiohttp.ClientError, TimeoutError)):
            await b.send(timeout_s=0.1)
        assert len(b.world.ledger) == int(accept)
        assert (await b.send())[0] < 300
        assert len(b.world.ledger) == int(accept) + 1


@PROVIDERS
@pytest.mark.parametrize(
    ("fault", "status", "body", "taken"),
    [
        (Fault("status", status=502, body="<h1>Bad Gateway"), 502, b"<h1>Bad Gateway", 0),
        (Fault("accept_status", status=502, body="oops"), 502, b"oops", 1),
        (Fault("garbage"), 200, b"\xff\xfe<html>Bad Gate", 0),
        (Fault("accept_garbage"), 200, b"\xff\xfe<html>Bad Gate", 1),
        (Fault("empty"), 200, b"", 0),
        (Fault("accept_empty"), 200, b"", 1),
    ],
)
async def test_a_wrong_answer_is_given_as_told(name: str, fault: Fault, status: int, body: bytes, taken: int) -> None:
    """Status, garbage and empty answers come as set, once, with or without the message on the phone."""
    async with bench(name) as b:
        b.world.break_it(name, Fault(fault.kind, status=fault.status, body=fault.body))
        assert await b.send() == (status, body)
        assert len(b.world.ledger) == taken
        assert (await b.send())[0] < 300


@PROVIDERS
async def test_a_fault_hits_only_what_it_matches_and_as_often_as_told(name: str) -> None:
    """Another recipient's or provider's fault strikes nobody here; -1 strikes until mended."""
    async with bench(name) as b:
        b.world.break_it(name, Fault("status", match="999888777"))
        b.world.break_it("telegram", Fault("status"))
        assert (await b.send())[0] < 300
        b.world.break_it(name, Fault("status", times=-1, status=503))
        assert [(await b.send())[0] for _ in range(3)] == [503] * 3
        b.world.mend(name)
        assert (await b.send())[0] < 300


@pytest.mark.parametrize(
    ("name", "status", "code"), [("twilio", 429, b"20429"), ("meta", 429, b"130429"), ("twilio", 503, b"20503")]
)
async def test_a_bare_status_has_the_providers_own_body(name: str, status: int, code: bytes) -> None:
    """A throttled or failing provider that is given no body says what the real one says, with its headers."""
    async with bench(name) as b:
        b.world.break_it(name, Fault("status", status=status, headers={"Retry-After": "7"}))
        path, sent = b.request()
        async with b.session.post(path, **sent) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (status, "7")
            assert code in await answer.read()


@PROVIDERS
async def test_delay_answers_late_but_well(name: str) -> None:
    """A delayed provider takes the message."""
    async with bench(name) as b:
        b.world.break_it(name, Fault("delay", delay_s=0.05))
        started = asyncio.get_running_loop().time()
        assert (await b.send())[0] < 300
        assert asyncio.get_running_loop().time() - started >= 0.05


@PROVIDERS
async def test_another_process_can_play_the_customer(name: str) -> None:
    """Over HTTP: read the ledger, reply, and see the service's status; the acts that do not exist are named."""
    async with bench(name) as b:
        await b.send()
        assert await b.control("GET", "settled") == (200, {"settled": True})
        status, (line,) = await b.control("GET", "ledger", to=ANA, provider=name)
        assert (status, line["to"], line["text"], line["provider"]) == (200, ANA, "Hi", name)
        assert await b.control("GET", "ledger", after=str(line["n"])) == (200, [])
        assert (await b.control("GET", "ledger", after="yesterday"))[0] == 400
        b.listener.answers = [200] if name == "meta" else [418]
        expected = b.listener.answers[0]
        assert await b.control("POST", "reply", {"from": ANA, "text": "YES"}) == (200, {"status": expected})
        assert (await b.control("POST", "reply", {"text": "YES"}))[0] == 400
        status, error = await b.control("POST", "dance", {})
        assert status == 404
        assert "reply" in error["error"]


async def test_another_process_can_press_a_button() -> None:
    """A press over HTTP reaches the service; a button that is not there is 400."""
    async with bench("meta") as b:
        await b.send()
        assert await b.control("POST", "press", {"from": ANA, "button": "Yes"}) == (200, {"status": 200})
        assert (await b.control("POST", "press", {"from": ANA, "button": "Maybe"}))[0] == 400


@PROVIDERS
async def test_clock_phones_and_faults_are_set_over_http(name: str) -> None:
    """The world's clock, facts of numbers and faults can be set and read; nonsense is 400 with a reason."""
    async with bench(name) as b:
        noon = "2026-11-21T12:00:00+00:00"
        assert await b.control("PUT", "clock", {"now": "2026-11-21T13:00:00+01:00"}) == (200, {"now": noon})
        assert (await b.control("PUT", "clock", {"advance_s": 60}))[1] == {"now": "2026-11-21T12:01:00+00:00"}
        assert (await b.control("PUT", "clock", {"now": "2026-11-21T13:00:00"}))[0] == 400
        assert (await b.control("PUT", "phones", {ANA: ["landline"]}))[1] == {ANA: ["landline"]}
        assert (await b.control("PUT", "phones", {ANA: ["purple"]}))[0] == 400
        await b.control("PUT", "phones", {ANA: []})
        assert (await b.control("POST", "faults", {"kind": "status", "status": 503, "times": 2}))[0] == 201
        assert (await b.control("POST", "faults", {"sort": "status"}))[0] == 400
        assert (await b.send())[0] == 503
        assert (await b.control("GET", "faults"))[1][name][0]["times"] == 1
        await b.control("DELETE", "faults")
        assert (await b.send())[0] < 300
        await b.control("PUT", "clock", {"now": None})
        assert b.world.now().isoformat() != noon


async def test_the_mail_server_has_control_endpoints_too() -> None:
    """The SMTP server's control app shows the same ledger."""
    smtp = PretendSmtp(World())
    smtp.accept("a@example.com", ["b@example.com"], b"From: a@example.com\r\nSubject: x\r\n\r\nHi\r\n")
    async with serve(smtp.app()) as url, aiohttp.ClientSession(url) as session:
        async with session.get("/_control/ledger", params={"channel": "email"}) as answer:
            (line,) = await answer.json()
        assert line["extra"]["subject"] == "x"
        async with session.post("/_control/reply", json={}) as answer:
            assert answer.status == 404
