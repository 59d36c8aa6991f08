"""The test's side of the nursery: a process that gives birth to lives of the service. See nursery.py."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]


class Nursery:
    """The process that gives birth to lives of the service (see nursery.py)."""

    def __init__(self, *rooms: str, within: Sequence[str] = ()) -> None:
        """`within`: the beginning of a command that runs the rest of it, in a place of its own."""
        self._rooms = rooms  # beside those that every life needs
        self._within = within
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._within, sys.executable, "-m", "tests.faults.nursery", *self._rooms, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await self._line()

    async def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode().strip()
        if not line:
            raise RuntimeError("the nursery ended")
        return line

    async def birth(self, **birth: Any) -> int:
        """The process id of a new life."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(birth) + b"\n")
        return int(await self._line())

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()


@contextlib.asynccontextmanager
async def nursery(*rooms: str) -> AsyncIterator[Nursery]:
    one = Nursery(*rooms)
    await one.open()
    try:
        yield one
    finally:
        await one.close()
