"""`run.py sandbox` as a visitor starts it, in a process of its own, and what the browser tests ask of it beside the page."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

HOUSE = Path(__file__).parents[2]
#: Real seconds that the start may take on a busy machine.
START_S = 300


class Playground:
    """The running sandbox: `url`, and what its pretend providers hold."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def state(self) -> Any:
        async with self._session.get(f"{self.url}/sandbox/state") as answer:
            return await answer.json()

    async def phone(self, name: str) -> Any:
        """The newest customer of this name."""
        return [phone for phone in (await self.state())["phones"] if phone["name"] == name][-1]

    async def heard(self, order_id: str) -> list[str]:
        """What the shop's own program was told about this order, oldest first."""
        return [row["what"] for row in (await self.state())["shop"] if row["order"] == order_id]

    async def orders(self) -> list[Any]:
        """As the service itself tells them."""
        async with self._session.get(f"{self.url}/sandbox/story") as answer:
            told = await answer.json()
        return [order for conversation in told["conversations"] for order in conversation["orders"]]

    async def order(self, order_id: str) -> Any:
        return next(order for order in await self.orders() if order["id"] == order_id)

    async def answers(self) -> bool:
        try:
            async with self._session.get(f"{self.url}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def whole_playground(config: str = "config.yaml", folder: Path = HOUSE) -> AsyncIterator[Playground]:
    """Started with `config`, read from `folder`; ended with the process's own Ctrl-C."""
    port = free_port()
    command = [str(HOUSE / "run.py"), "--config", config, "sandbox", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=folder, stderr=asyncio.subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"}
    )
    try:
        async with aiohttp.ClientSession() as session:
            ground = Playground(f"http://127.0.0.1:{port}", session)
            async with asyncio.timeout(START_S):
                while not await ground.answers():
                    assert process.returncode is None, "the sandbox did not start"
                    await asyncio.sleep(0.1)
            yield ground
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
