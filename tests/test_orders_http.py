"""docs/orders.http against the running service, /docs without the network, and the sample settings of examples/."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from engine.check import check
from engine.clock import RunningClock
from engine.guide import guided

HOUSE = Path(__file__).parents[1]
TOKEN, SECRET = "a-token-of-thirty-letters-or-more", "example-secret"
KEY = base64.b64encode(b"k" * 32).decode()
SETTINGS = """
public_url: {url}
listen: {listen}
storage: {{url: "sqlite:///{folder}/here.db", encryption_key: "${{DOORSTEP_KEY}}"}}
shops:
  - {{id: demo, name: Demo, language: es, country: ES, currency: EUR, timezone: Europe/Madrid, api_token: "${{TOKEN}}",
     shopify: {{webhook_secret: "${{SECRET}}"}}, woocommerce: {{webhook_secret: "${{SECRET}}"}}}}
"""


class Request(NamedTuple):
    """One request of the file; `expect` is the status that it promises."""

    title: str
    expect: int
    method: str
    url: str
    headers: dict[str, str]
    body: str


def requests(text: str, values: dict[str, str]) -> list[Request]:
    """The file as an editor's HTTP client reads it, its variables replaced."""
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    found = []
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        head, _, body = rest.partition("\n\n")
        line, *headers = head.splitlines()
        method, _, url = line.partition(" ")
        expect = re.search(r"expect (\d{3})$", title)
        assert expect, title
        pairs = dict(header.split(": ", 1) for header in headers)
        found.append(Request(title, int(expect[1]), method, url, pairs, body.strip()))
    return found


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[str]:
    """`run.py serve` with one shop and no providers; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "config.yaml"
    config.write_text(SETTINGS.format(url=f"http://{listen}", listen=listen, folder=tmp_path))
    env = {"DOORSTEP_KEY": KEY, "TOKEN": TOKEN, "SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HOUSE / "run.py"), "--config", str(config), "serve", env=env, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"listens on" not in (line := await process.stderr.readline()):
                assert line, "the service did not start"
        yield f"http://{listen}"
    finally:
        process.terminate()
        await process.communicate()


async def test_every_request_of_the_file_is_answered_as_it_says(served: str) -> None:
    """Orders, changes, reports, refusals and both shops' signed webhooks, in the order of the file."""
    text = (HOUSE / "docs" / "orders.http").read_text(encoding="utf-8")
    asked = requests(text, {"host": served, "token": TOKEN, "shop": "demo"})
    assert len(asked) >= 10
    async with aiohttp.ClientSession() as session:
        for one in asked:
            body = one.body.encode() if one.body else None
            async with session.request(one.method, one.url, headers=one.headers, data=body) as answer:
                assert answer.status == one.expect, f"{one.title}: {answer.status} {await answer.text()}"
        async with session.get(f"{served}/orders", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            known = {order["id"] for order in (await answer.json())["orders"]}
    assert known == {"1001", "2001", "3001"}


async def test_the_docs_page_needs_no_other_host(served: str) -> None:
    """Everything that /docs loads comes from the service itself."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{served}/docs") as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', page)
        assert loaded
        for address in loaded:
            assert address.startswith("/"), address
            async with session.get(served + address) as answer:
                assert answer.status == 200, address


@pytest.mark.parametrize("name", ["shopify", "woocommerce", "api"])
def test_the_sample_settings_are_good(name: str) -> None:
    """Once its variables are set, `check` finds nothing in examples/<name>.yaml, and the guide ticks all but the address: a sample's."""
    path = HOUSE / "examples" / f"{name}.yaml"
    names = re.findall(r"\$\{([A-Z_]+)\}", path.read_text(encoding="utf-8"))
    env = dict.fromkeys(names, "a-value-of-thirty-letters-or-more") | {
        "DOORSTEP_KEY": KEY,
        "TELEGRAM_TOKEN": "123456:abc",
    }
    now = RunningClock().now()
    assert check(path, env, now) == []
    assert [step.title for step in guided(path, env, now) if not step.done and not step.optional] == [
        "Your address on the web"
    ]


def test_the_guide_names_what_is_missing_and_what_to_paste() -> None:
    """The shipped settings without any variable: each step that is left says how, and the webhooks' addresses are this shop's."""
    steps = {step.name: step for step in guided(HOUSE / "config.yaml", {}, RunningClock().now())}
    left = {name for name, step in steps.items() if not step.done and not step.optional}
    assert left == {"address", "storage", "shop", "orders-api", "twilio", "smtp", "telegram"}
    assert all(step.how for step in steps.values())
    assert "DOORSTEP_KEY is not set" in steps["storage"].missing[0]
    pasted = {what for step in steps.values() for _, what in step.paste}
    url = "https://orders.example.com"
    assert {
        f"{url}/hooks/shopify/demo",
        f"{url}/hooks/woocommerce/demo",
        f"{url}/hooks/twilio/message",
        f"{url}/orders",
    } <= pasted
