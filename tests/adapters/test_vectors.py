"""Bodies and signatures that nobody here wrote, against the routes as they are mounted: Twilio's seven, and Meta's webhooks."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from adapters.receiving import FORM, FORM_LIMIT_BYTES, receive
from adapters.twilio_signature import TwilioVerifier
from commands.house import House
from engine.clock import FakeClock
from flows import pointers
from sandbox.serving import serve
from tests import town
from tests.ports import free_port

SHARED = Path(__file__).parents[3] / "shared" / "data" / "vectors"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
DOUBLED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
PAGE = "/myapp.php?foo=1&bar=2"
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_BODY = b'{"property": "value", "boolean": true}'
#: (public address, path, body, content type, signature). Source: twilio-python tests/unit/test_request_validator.py (MIT).
TWILIO = [
    ("https://mycompany.com", PAGE, urlencode(CALL).encode(), FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("https://mycompany.com", PAGE, urlencode(CALL).encode(), FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ("https://mycompany.com:1234", PAGE, urlencode(CALL).encode(), FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("http://mycompany.com", PAGE, urlencode(CALL).encode(), FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ("http://mycompany.com:1234", PAGE, urlencode(CALL).encode(), FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ("https://mycompany.com", PAGE, urlencode(DOUBLED).encode(), FORM, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    (
        "https://mycompany.com",
        f"{PAGE}&bodySHA256={JSON_HASH}",
        JSON_BODY,
        "application/json",
        "a9nBmqA0ju/hNViExpshrM61xv4=",
    ),
]


class _Front:
    """Enough of the front for a route that parses to nothing."""

    def now(self) -> Any:
        return town.START

    def count(self, name: str, **labels: str) -> None: ...


@pytest.mark.parametrize(("public", "path", "body", "kind", "signature"), TWILIO)
async def test_twilios_vectors_pass_at_their_own_paths(
    public: str, path: str, body: bytes, kind: str, signature: str
) -> None:
    """Mounted at the vector's own path, over HTTP, each of the seven passes; with one byte more in the query none does."""
    verify = TwilioVerifier(public, ("12345",))

    async def route(request: web.Request) -> web.Response:
        return await receive(
            request, _Front(), "vectors", verify, lambda _: (), FORM_LIMIT_BYTES, (FORM, "application/json")
        )  # type: ignore[arg-type]

    app = web.Application()
    app.add_routes([web.post("/myapp.php", route)])
    headers = {"Content-Type": kind, "X-Twilio-Signature": signature}
    async with serve(app) as url, aiohttp.ClientSession() as http:
        from yarl import URL

        async with http.post(URL(url + path, encoded=True), data=body, headers=headers) as good:
            assert good.status == 200
        async with http.post(URL(url + path + "&x=1", encoded=True), data=body, headers=headers) as bad:
            assert bad.status == 403


META = """
public_url: http://127.0.0.1:{port}
storage: {{url: "sqlite:///{path}", encryption_key: "${{KEY}}"}}
channels: {{sms: null, whatsapp: meta, email: null}}
shops:
{shops}
"""
SHOP = """
  - id: s{n}
    name: Shop {n}
    language: en
    country: ES
    currency: EUR
    timezone: Europe/Madrid
    meta: {{phone_number_id: "{number}", number: "+3491100000{n}", access_token: "${{API}}", app_secret: "${{SECRET{n}}}",
            verify_token: "${{API}}"}}
"""
NUMBERS = ("1122334455667", "106540352242922", "277321005464405")


@contextlib.asynccontextmanager
async def meta_house(tmp_path: Path, secrets: tuple[str, ...]) -> AsyncIterator[tuple[House, str]]:
    """The service with one shop for each number of the bodies."""
    from engine.settings import build
    from engine.settings.document import parse

    port = free_port()
    shops = "".join(SHOP.format(n=n, number=number) for n, number in enumerate(NUMBERS))
    text = META.format(port=port, path=tmp_path / "meta.db", shops=shops)
    env = town.ENV | {f"SECRET{n}": secret for n, secret in enumerate(secrets)}
    house = House(build(parse(text), env), FakeClock(town.START))
    await house.start("127.0.0.1", port)
    try:
        yield house, f"http://127.0.0.1:{port}"
    finally:
        await house.stop()


def _bodies() -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for file in sorted((SHARED / "pywa-mit").glob("*.json")):
        if file.name == "x_hub_signature.json":
            continue
        data = json.loads(file.read_text("utf-8"))
        found += [
            (f"{file.stem}.{name}", json.dumps(body).encode()) for name, body in data.items() if isinstance(body, dict)
        ]
    return found


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not here")
async def test_whatsapp_bodies_are_taken_once_each_or_kept(tmp_path: Path) -> None:
    """Every body is answered 200 and posted twice still counts once; what cannot be decoded is kept; the X-Hub vector passes."""
    vector = json.loads((SHARED / "pywa-mit" / "x_hub_signature.json").read_text("utf-8"))
    secret = "bench-app-secret"
    async with (
        meta_house(tmp_path, (secret, secret, vector["app_secret"])) as (house, url),
        aiohttp.ClientSession() as http,
    ):

        async def post(body: bytes, signed: str) -> int:
            headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signed}
            async with http.post(f"{url}/hooks/meta", data=body, headers=headers) as answer:
                return answer.status

        raw = vector["request_body"].encode()
        assert await post(raw, vector["x_hub_signature_256"]) == 200
        assert await post(raw + b" ", vector["x_hub_signature_256"]) == 403
        bodies = _bodies()
        assert len(bodies) >= 40
        for name, body in bodies:
            signed = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            before = (await _journals(house), len(await house.store.kept(1000)))
            assert await post(body, signed) == 200, name
            once = (await _journals(house), len(await house.store.kept(1000)))
            assert await post(body, signed) == 200, name
            assert (await _journals(house), len(await house.store.kept(1000))) == once, f"{name} counted twice"
            if "<BUSINESS_PHONE_NUMBER_ID>" in body.decode():
                assert once[1] == before[1] + 1, f"{name} names no number of ours, so it is kept"


async def _journals(house: House) -> int:
    """How many of other people's events were taken as new, over all conversations."""
    total = 0
    for (conversation,) in house.store._reader.execute("SELECT id FROM conversation").fetchall():
        document = await house.store.load(pointers.conversation(conversation))
        total += sum(not event_id.startswith("kept:") for event_id in document.seen) if document else 0
    return total
