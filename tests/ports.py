"""Ports for what a test serves, out of the way of the ones the system hands to clients: one that is free now is free a moment later."""

from __future__ import annotations

import os
import random
import socket

#: Below every system's range for clients (Linux: from 32768), each test process in a part of its own.
_FIRST, _EACH, _PARTS = 15_000, 1_000, 16


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    start = _FIRST + (int(worker) % _PARTS if worker.isdigit() else 0) * _EACH
    for _ in range(200):
        port = random.randrange(start, start + _EACH)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
