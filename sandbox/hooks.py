"""Webhooks of the pretend providers to the service: signed by the provider, tried again as the real one would."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
from collections.abc import Mapping, Sequence

import aiohttp

from sandbox.world import World

#: Seconds between two tries of a provider told to persist: short, a crash test restarts the service meanwhile.
PERSIST_STEP_S = 0.1
#: How many past tries are kept to look at.
KEPT_TRIES = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class Retry:
    """When a failed webhook is tried again.

    `on` names the failures: connect (no connection), read (no answer), 4xx, 5xx. Real seconds, never the world's:
    a clock that stands still must not hold up a delivery.
    """

    waits_s: tuple[float, ...] = ()
    on: frozenset[str] = frozenset()
    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0
    persist: bool = False  # until a 2xx, whatever happens


@dataclasses.dataclass(frozen=True, slots=True)
class Hook:
    """One webhook, ready to go: the same bytes and headers at every try."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    retry: Retry


@dataclasses.dataclass(frozen=True, slots=True)
class Try:
    """What came of one try: the HTTP status, or 0 and why there was none (connect, read)."""

    hook: Hook
    status: int
    failure: str


class Hooks:
    """Posts webhooks. `copies` posts each so many times at once; `hold()` keeps reports back for another order."""

    def __init__(self, world: World, reuse_connections: bool = False) -> None:
        self._world = world
        #: off by default: a kept connection to a service that restarts loses a webhook that the real one would not
        self._reuse = reuse_connections
        self._session: aiohttp.ClientSession | None = None
        self.tries: collections.deque[Try] = collections.deque(maxlen=KEPT_TRIES)
        self.copies = 1
        self.held: list[Hook] | None = None
        #: While set, nothing is posted: the provider cannot reach the service, and has given up each one.
        self.dropping = False
        self.dropped = 0

    def hold(self) -> None:
        """From now on reports (not people's messages) are kept in `held`."""
        self.held = self.held or []

    async def release(self, order: Sequence[int] | None = None) -> list[int]:
        """Posts what was held, in this order of indices (as held, when None), and goes on as usual."""
        held, self.held = self.held or [], None
        return [await self.post(held[i]) for i in (range(len(held)) if order is None else order)]

    async def report(self, hook: Hook) -> None:
        """Posts a delivery report, or holds it back."""
        if self.held is not None:
            self.held.append(hook)
        else:
            await self.post(hook)

    async def post(self, hook: Hook) -> int:
        """The status that the service answered last, 0 when it never did."""
        if self.dropping:
            self.dropped += 1
            return 0
        if self.copies > 1:
            return max(await asyncio.gather(*(self._try_until_done(hook) for _ in range(self.copies))))
        return await self._try_until_done(hook)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _try_until_done(self, hook: Hook) -> int:
        retry, loop = hook.retry, asyncio.get_running_loop()
        end = loop.time() + retry.total_s
        waits = iter(retry.waits_s)
        while True:
            left = retry.read_s if retry.persist else min(retry.read_s, end - loop.time())
            tried = await self._try_once(hook, max(left, 0.01))
            self.tries.append(tried)
            if 200 <= tried.status < 300:
                return tried.status
            if retry.persist:
                await asyncio.sleep(PERSIST_STEP_S)
                continue
            wait = next(waits, None)
            if wait is None or tried.failure not in retry.on or loop.time() + wait >= end:
                return tried.status
            await asyncio.sleep(wait)

    async def _try_once(self, hook: Hook, timeout_s: float) -> Try:
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=hook.retry.connect_s)
        try:
            async with self._client().post(
                hook.url, data=hook.body, headers=hook.headers, timeout=timeout, allow_redirects=False
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Try(hook, 0, "connect")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Try(hook, 0, "read")
        return Try(hook, status, "" if status < 400 else f"{status // 100}xx")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=not self._reuse), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session
