"""What processes tell each other through Redis: hints only. Nothing is lost and nothing is said twice without it; some things are slower.

    wake     a timer was set for soon: the process whose slot it is looks again at once, else a few seconds late
    pace     what was taken of a sender's pace, kept as one moment per sender (GCRA); without it each process takes its part only
    burst    one more order from a prefix, door or number, told to all; without it each process counts what it saw itself

FLUSHALL, a restart or a Redis that never comes back: the connection is tried again for ever, and until then `up` is False and every
call does nothing. Names in keys and messages are hashed with the installation's key: Redis learns no phone and no address.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engine.lanes import Lane

log = logging.getLogger("doorstep.hints")

CHANNEL = "doorstep:hints"
#: Between two tries to connect, and how long one may take.
AGAIN_S = 1.0
CONNECT_MOST_S = 2.0
#: Charges are gathered so long and told together.
GATHER_S = 0.005
#: A sender's moment is forgotten so long after it has passed.
PACE_KEPT_MS = 60_000
#: Messages that wait for Redis; more are dropped, they are hints.
WAITING_MOST = 10_000

#: KEYS[1]: the lane. ARGV: now, what was taken (both ms), how long to keep. Gives the moment from which the sender is free, in ms.
TAKE = """
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local now = tonumber(ARGV[1])
if free < now then free = now end
free = free + tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', string.format('%.0f', free - now + tonumber(ARGV[3])))
return string.format('%.0f', free)
"""


class Wake(msgspec.Struct, frozen=True, tag="wake"):
    by: str
    at: datetime


class Burst(msgspec.Struct, frozen=True, tag="burst"):
    by: str
    what: str
    key: str
    at: datetime


_told = msgspec.msgpack.Decoder(Wake | Burst)


class RedisHints:
    """One per process. `on_wake` and `on_burst` are called with what other processes told."""

    def __init__(self, url: str, key: bytes, process: str) -> None:
        self._url = url
        self._process = process
        self._secret = hmac.digest(key, b"doorstep hints v1", hashlib.sha256)
        self._redis: Redis | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(WAITING_MOST)
        self._taken: dict[str, tuple[Lane, float, datetime]] = {}
        self._charged = asyncio.Event()
        self._up: dict[str, bool] = defaultdict(bool)
        self.on_wake: Callable[[datetime], None] = lambda at: None
        self.on_burst: Callable[[str, str, datetime], None] = lambda what, key, at: None

    @property
    def up(self) -> bool:
        """Whether pacing is shared just now."""
        return self._up["pace"]

    async def start(self) -> None:
        """Returns at once, whether Redis answers or not."""
        self._redis = Redis.from_url(
            self._url, socket_connect_timeout=CONNECT_MOST_S, socket_timeout=None, health_check_interval=15
        )
        for name, work in (("hear", self._hear), ("tell", self._tell), ("pace", self._pace)):
            self._tasks.append(asyncio.ensure_future(self._forever(name, work)))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._redis is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._redis.aclose()

    async def _forever(self, name: str, work: Callable[[Redis], Awaitable[None]]) -> None:
        assert self._redis is not None
        while True:
            try:
                await work(self._redis)
            except (RedisError, OSError) as error:
                if self._up[name]:
                    log.warning("hints.away", extra={"part": name, "error": type(error).__name__})
            self._up[name] = False
            await asyncio.sleep(AGAIN_S)  # noqa: TID251 -- a server that is away, not business time

    # -- telling

    def wake(self, at: datetime) -> None:
        """A timer was set for this moment."""
        self._say(Wake(self._process, at))

    def burst(self, what: str, key: str, at: datetime) -> None:
        """One more of `key` (blurred) was counted."""
        self._say(Burst(self._process, what, key, at))

    def blur(self, key: str) -> str:
        """A name that says nothing: the same in every process of this installation."""
        return hmac.digest(self._secret, key.encode(), hashlib.sha256)[:12].hex()

    def _say(self, told: Wake | Burst) -> None:
        if self._up["tell"]:
            with contextlib.suppress(asyncio.QueueFull):
                self._waiting.put_nowait(msgspec.msgpack.encode(told))

    async def _tell(self, redis: Redis) -> None:
        await redis.ping()
        self._up["tell"] = True
        while True:
            told = await self._waiting.get()
            await redis.publish(CHANNEL, told)

    async def _hear(self, redis: Redis) -> None:
        async with redis.pubsub() as listening:
            await listening.subscribe(CHANNEL)
            self._up["hear"] = True
            async for heard in listening.listen():
                if heard["type"] == "message":
                    self._take_in(heard["data"])

    def _take_in(self, data: bytes) -> None:
        try:
            told = _told.decode(data)
        except msgspec.MsgspecError:
            return  # another program's, or a newer one's
        if told.by == self._process:
            return
        match told:
            case Wake(at=at):
                self.on_wake(at)
            case Burst(what=what, key=key, at=at):
                self.on_burst(what, key, at)

    # -- pacing

    def charge(self, lane: Lane, cost: float, now: datetime) -> None:
        """This process took `cost` permits: the others learn of it, and this one of theirs."""
        _, taken, _ = self._taken.get(lane.name, (lane, 0.0, now))
        self._taken[lane.name] = (lane, taken + cost, now)
        self._charged.set()

    async def _pace(self, redis: Redis) -> None:
        take = redis.register_script(TAKE)
        await redis.ping()
        self._taken.clear()
        self._up["pace"] = True
        while True:
            await self._charged.wait()
            await asyncio.sleep(GATHER_S)  # noqa: TID251 -- gathers what is told together
            self._charged.clear()
            taken, self._taken = self._taken, {}
            for name, (lane, cost, now) in taken.items():
                spent_ms = cost / lane.rate_per_s * 1000
                key = f"doorstep:pace:{self.blur(name)}"
                free = await take(keys=[key], args=[now.timestamp() * 1000, spent_ms, PACE_KEPT_MS])
                lane.others_took(datetime.fromtimestamp(float(free) / 1000, UTC))
