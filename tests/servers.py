"""The servers that the full tests use: MongoDB's protocol and Redis. A missing one skips its own tests by name; in CI it fails them.

MONGODB_URL and REDIS_URL win. Else a server of the tests' own is started on loopback: the FerretDB that `make services` built, and
the system's redis-server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port as free_port

ROOT = Path(__file__).parents[1]
FERRETDB = ROOT / ".services" / "bin" / "ferretdb"
#: A server that is not up after so long will not come.
UP_MOST_S = 15.0


def missing(what: str) -> None:
    """Skip by name, or fail where the services have to be there."""
    said = f"{what} is not here: run `make services`"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(said)
    pytest.skip(said)


class Server:
    """One server process on a port of its own, which can be killed and started again on what it had stored."""

    def __init__(self, command: list[str], port: int) -> None:
        self._command = command
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + UP_MOST_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self._command[0]} does not start")
            time.sleep(0.02)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def ferretdb() -> Iterator[Server]:
    """A MongoDB-protocol server of the test's own: `.port`."""
    if not FERRETDB.exists():
        missing("FerretDB (a MongoDB-protocol server)")
    with tempfile.TemporaryDirectory(prefix="doorstep-ferretdb-") as folder:
        port = free_port()
        server = Server([str(FERRETDB), f"127.0.0.1:{port}", folder], port)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def redis_server() -> Iterator[Server]:
    """A Redis of the test's own: `.port`."""
    binary = shutil.which("redis-server")
    if binary is None:
        missing("redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = Server([str(binary), *options], port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def mongodb() -> Iterator[str]:
    """The address of a server to make databases on, without a database name."""
    url = os.environ.get("MONGODB_URL")
    if url:
        yield url.rstrip("/")
        return
    with ferretdb() as server:
        yield f"mongodb://127.0.0.1:{server.port}"


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """The address of a fresh database, dropped afterwards."""
    from pymongo import MongoClient

    host, _, options = server.partition("?")
    name = f"doorstep_{secrets.token_hex(6)}"
    url = f"{host.rstrip('/')}/{name}" + (f"?{options}" if options else "")
    try:
        yield url
    finally:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=3000) as client:
            client.drop_database(name)


async def until(condition: Any, most_s: float = 10.0) -> None:
    """Return when `condition()` (or what it awaits) is true. Raises TimeoutError."""
    end = time.monotonic() + most_s
    while True:
        met = condition()
        if asyncio.iscoroutine(met):
            met = await met
        if met:
            return
        if time.monotonic() > end:
            raise TimeoutError("it did not come about")
        await asyncio.sleep(0.02)
