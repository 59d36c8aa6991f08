"""The crash test for several processes: all serve one MongoDB-protocol server behind a balancer, and are killed one after another.

What is new against crash.py: the others go on while one is dead, take over its timers, and say of what it had on the wire that
nobody knows; Redis may lose everything at any moment, or not be there at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from sandbox.world import Received
from tests import servers
from tests.faults.balancer import balancer
from tests.faults.crash import ENV, Storm
from tests.faults.lives import Nursery

#: A death waits so long, in machine seconds, for a message that is on the wire.
WIRE_MOST_S = 3.0
#: Business seconds in a machine's second at the end: a rung (40 min) lasts 6 s. The store that stands in for MongoDB takes some
#: hundred writes a second, and every order has a rung at the same time.
CROWD_DRAIN_PACE = 400.0
#: Redis is killed and started again at each so manieth FLUSHALL.
RESTART_EACH = 7


class Crowd(Storm):
    """`processes` lives at once. `redis`: with hints, and a FLUSHALL now and then."""

    drain_pace = CROWD_DRAIN_PACE

    def __init__(
        self, lives: Nursery, folder: Path, orders: int, seed: int, processes: int, *, redis: bool, bug: str = ""
    ) -> None:
        super().__init__(lives, folder, orders, seed, bug)
        self._ports = [servers.free_port() for _ in range(processes)]
        self._pids: dict[int, int] = {}  # port -> process
        self._turn = 0
        self._everyone = False
        self._with_redis = redis
        self._mongo = ""
        self._redis = 0
        self._redis_server: servers.Server | None = None

    @contextlib.asynccontextmanager
    async def _town(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            self._mongo = f"mongodb://127.0.0.1:{stack.enter_context(servers.ferretdb()).port}/crowd"
            if self._with_redis:
                self._redis_server = stack.enter_context(servers.redis_server())
                self._redis = self._redis_server.port
            await stack.enter_async_context(balancer(self._port, self._ports))
            await stack.enter_async_context(super()._town())
            here = f'url: "sqlite:///{self._stored_in_a_file()}"'
            assert here in self._settings
            redis = f', redis: "redis://127.0.0.1:{self._redis}"' if self._redis else ""
            self._settings = self._settings.replace(here, f'url: "{self._mongo}"{redis}')
            flushing = asyncio.ensure_future(self._forgetful() if self._redis else asyncio.sleep(0))
            try:
                yield
            finally:
                self._everyone = True
                flushing.cancel()
                await asyncio.gather(flushing, return_exceptions=True)

    def _stored_in_a_file(self) -> str:
        return super()._stored_at()

    def _stored_at(self) -> str:
        return self._mongo

    async def _forgetful(self) -> None:
        """Redis loses everything, again and again; and now and then it is killed, and comes up empty."""
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        async with Redis(port=self._redis) as redis:
            for n in itertools.count(1):
                await asyncio.sleep(0.3)
                if n % RESTART_EACH == 0 and self._redis_server is not None:
                    await asyncio.to_thread(self._redis_server.kill)
                    await asyncio.sleep(0.3)
                    await asyncio.to_thread(self._redis_server.start)
                with contextlib.suppress(RedisError, OSError):
                    await redis.flushall()

    async def _birth(self) -> None:
        for port in self._ports:
            if port not in self._pids:
                self._pids[port] = await self._lives.birth(
                    settings=self._settings, env=ENV, pace=self._pace, port=port, bug=self._bug
                )

    async def _kill(self) -> None:
        """One after another; all of them where the run ends or changes its pace."""
        victims = list(self._ports) if self._everyone else [self._ports[self._turn % len(self._ports)]]
        self._turn += 1
        if self._everyone:
            self._up.clear()
        else:
            await self._on_the_wire(self._pids.get(victims[0], 0))
        for port in victims:
            pid = self._pids.pop(port, 0)
            with contextlib.suppress(ProcessLookupError):
                if pid:
                    os.kill(pid, signal.SIGKILL)
                while pid:
                    os.kill(pid, 0)
                    await asyncio.sleep(0.002)

    async def _on_the_wire(self, pid: int) -> None:
        """Dies as soon as some message arrives, before an answer can tell its sender so; where none does, a moment later."""
        arrived = asyncio.Event()

        def die(_got: Received) -> None:
            if pid and not arrived.is_set():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                arrived.set()

        self._world.on_received(die)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), WIRE_MOST_S)
        arrived.set()

    async def _drain(self) -> None:
        self._everyone = True
        await super()._drain()
