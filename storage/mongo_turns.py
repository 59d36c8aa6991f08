"""How many units of one process the server has before it at once; further ones wait here, where it costs the server nothing.

The driver's clock for an answer runs from the moment a question leaves. A server that gets three hundred questions at once and needs
50 ms for each answers the last ones to nobody: they were given up, looked up, asked again, and it never comes out of that. With
few before it, each is answered, and what does not get its turn was not begun: its caller is told to come again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from engine.ports import StoreUnavailable

#: A unit has at most four questions under way at once, and the driver has a hundred connections: a beat always finds one that is free.
#: At 40 ms a unit, these are more units than one process can decide (docs/growing.md).
AT_ONCE = 24


class Turns:
    """First come, first served. `patience_s`: how long a unit waits for its turn, in machine seconds."""

    def __init__(self, patience_s: float, at_once: int = AT_ONCE) -> None:
        self._patience_s = patience_s
        self._free = asyncio.Semaphore(at_once)

    @contextlib.asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Raises StoreUnavailable: the server does not keep up, nothing was begun."""
        if self._free.locked():
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._free.acquire()
            except TimeoutError as error:
                raise StoreUnavailable("MongoDB does not keep up: too many units wait for it") from error
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()
