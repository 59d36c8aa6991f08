"""How much of a socket is read at once."""

from __future__ import annotations

import asyncio

#: asyncio asks for 256 kB, for which the C library maps memory anew each time: 10 us, where this is 1.5.
READ_BYTES = 64 * 1024


def reads_little(transport: asyncio.BaseTransport) -> None:
    """Have it read READ_BYTES at once, where it is asyncio's own for a plain socket."""
    if hasattr(transport, "max_size"):
        transport.max_size = READ_BYTES
