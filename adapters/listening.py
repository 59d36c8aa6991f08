"""How the service listens."""

from __future__ import annotations

from msgspec import Struct


class Listening(Struct, frozen=True):
    """How connections are treated. Times in seconds, sizes in bytes."""

    keepalive_s: float = 75.0  # longer than the usual proxy's 60 s, so that the proxy is the one to hang up
    shutdown_s: float = 10.0  # how long what is being answered may take at the end
    most_line_bytes: int = 8190
    most_header_bytes: int = 8190
    backlog: int = 512
