"""Skipping hours: never one leap, which the service would take for an outage, but from one due moment to the next.

Until nothing is due, in flight or undelivered, both clocks (the pretend providers' and the service's) are put to the next
moment at which something is due; and again, up to the target. What the service knows is asked at `/_inspect/…`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import aiohttp

from sandbox.world import Received, World

#: Real seconds that the service may need to get quiet after a step; a request that hangs on a fault takes about ten.
QUIET_S = 60.0
#: Real seconds between two looks at whether it is quiet.
LOOK_STEP_S = 0.01
#: Moments in one skip. A night of one order has a handful; beyond this something feeds itself.
MOST_STEPS = 1000
#: Due moments after which a message that is waited for will not come.
MOST_MOMENTS = 40
#: A moment nearer than this simply comes: the service's clock would have passed it before it is told.
NEAR = timedelta(milliseconds=60)
#: Seconds that an inspection may take.
ASK_S = 30.0


class Unanswered(Exception):
    """The service did not answer its inspection routes as agreed."""


class StillBusy(Exception):
    """Something was still due, in flight or undelivered when the patience ended."""


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceClock:
    """What `GET /_inspect/clock` said: business time, the next due moment, and how much is under way now."""

    now: datetime
    next: datetime | None
    busy: int


class Inspection:
    """The service's `/_inspect/…`, mounted only in the sandbox. Every call raises Unanswered."""

    def __init__(self, service_url: str) -> None:
        self._url = service_url.rstrip("/") + "/_inspect/"
        self._session: aiohttp.ClientSession | None = None

    async def conversations(self) -> list[Any]:
        told = await self._ask("GET", "conversations")
        if not isinstance(told, list):
            raise Unanswered("conversations: no list")
        return told

    async def clock(self) -> ServiceClock:
        return _clock(await self._ask("GET", "clock"))

    async def skip_to(self, moment: datetime) -> ServiceClock:
        """Puts the service's clock forward; a moment that has come by itself meanwhile is as good."""
        try:
            return _clock(await self._ask("POST", "clock", {"skip_to": moment.isoformat()}))
        except Unanswered:
            clock = await self.clock()
            if clock.now < moment:
                raise
            return clock

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self, method: str, name: str, body: Any = None) -> Any:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=ASK_S), cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._session.request(method, self._url + name, json=body) as answer:
                if answer.status != 200:
                    raise Unanswered(f"{method} {name}: HTTP {answer.status}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unanswered(f"{method} {name}: {type(error).__name__}") from error


class Chat(Protocol):
    """What the skipper has to know of the pretend Telegram."""

    def pending_updates(self) -> list[Any]: ...
    def next_retry_at(self) -> datetime | None: ...


@dataclasses.dataclass(slots=True)
class Skipped:
    """What a skip came to. `reached`: the target; else `why` it stopped before. `first_line`: where the ledger was."""

    start: datetime
    now: datetime
    target: datetime
    first_line: int
    moments: list[datetime] = dataclasses.field(default_factory=list)
    reached: bool = False
    why: str = ""


class Skipper:
    """One skip at a time. `quiet_s` is the patience with one step, real seconds."""

    def __init__(self, world: World, chat: Chat, service: Inspection, quiet_s: float = QUIET_S) -> None:
        self._world = world
        self._chat = chat
        self._service = service
        self._quiet_s = quiet_s
        self._lock = asyncio.Lock()

    @property
    def under_way(self) -> bool:
        return self._lock.locked()

    async def by(self, span: timedelta) -> Skipped:
        """That much later. Raises Unanswered."""
        async with self._lock:
            clock = await self._service.clock()
            return await self._run(clock, clock.now + span)

    async def to_next(self) -> Skipped:
        """To the next due moment, and what it sets off; nothing moves when nothing is due. Raises Unanswered."""
        async with self._lock:
            try:
                clock = await self._quiet()
            except StillBusy as busy:
                clock = await self._service.clock()
                return Skipped(clock.now, clock.now, clock.now, len(self._world.ledger), why=str(busy))
            target = self._next_due(clock)
            if target is None:
                return Skipped(clock.now, clock.now, clock.now, len(self._world.ledger), why="nothing is due")
            return await self._run(clock, target)

    async def until(self, arrives: Callable[[Received], bool]) -> Skipped:
        """From one due moment to the next until something that `arrives` accepts has reached somebody. Raises Unanswered."""
        whole = skip = await self.to_next()
        for _ in range(MOST_MOMENTS):
            whole.now, whole.target, whole.why = skip.now, skip.target, skip.why
            whole.reached = any(arrives(got) for got in self._world.ledger[whole.first_line :])
            if whole.reached or skip.why:
                return whole
            skip = await self.to_next()
            whole.moments += skip.moments
        whole.why = f"it did not come within {MOST_MOMENTS} moments"
        return whole

    async def _run(self, clock: ServiceClock, target: datetime) -> Skipped:
        skip = Skipped(clock.now, clock.now, target, len(self._world.ledger))
        try:
            for _ in range(MOST_STEPS):
                clock = await self._quiet()
                skip.now = clock.now
                if clock.now >= target:
                    skip.reached = True
                    return skip
                await self._step(skip, clock, min(self._next_due(clock) or target, target))
            skip.why = f"stopped after {MOST_STEPS} moments"
        except StillBusy as busy:
            skip.why = str(busy)
        return skip

    async def _step(self, skip: Skipped, clock: ServiceClock, moment: datetime) -> None:
        """Both clocks to `moment`, the providers' first: what the service then asks of them is at their time."""
        if moment - clock.now < NEAR:
            await asyncio.sleep(max((moment - clock.now).total_seconds(), LOOK_STEP_S))
            return
        self._world.skip_to(max(moment, self._world.now()))
        await self._service.skip_to(moment)
        skip.moments.append(moment)

    def _next_due(self, clock: ServiceClock) -> datetime | None:
        known = (clock.next, self._chat.next_retry_at())
        return min((moment for moment in known if moment is not None), default=None)

    async def _quiet(self) -> ServiceClock:
        """Returns once two looks in a row found nothing going on and nothing new between them. Raises StillBusy."""
        deadline = time.monotonic() + self._quiet_s
        before: int | None = None
        while True:
            await self._world.settled()
            clock = await self._service.clock()
            going_on = self._going_on(clock)
            if not going_on and before == len(self._world.ledger):
                return clock
            before = None if going_on else len(self._world.ledger)
            if time.monotonic() > deadline:
                raise StillBusy(f"still under way: {going_on}")
            await asyncio.sleep(LOOK_STEP_S)

    def _going_on(self, clock: ServiceClock) -> str:
        """In words, or empty: a refused Telegram update that waits for its hour is not going on."""
        if clock.busy:
            return "the service is at work"
        if clock.next is not None and clock.next <= clock.now:
            return "something is due"
        if self._world.under_way:
            return "a webhook is being delivered"
        retry_at = self._chat.next_retry_at()
        if retry_at is not None:
            return "a Telegram update is due again" if retry_at <= self._world.now() else ""
        return "a Telegram update is not taken yet" if self._chat.pending_updates() else ""


def _clock(told: Any) -> ServiceClock:
    try:
        following = told["next"]
        return ServiceClock(_moment(told["now"]), None if following is None else _moment(following), int(told["busy"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Unanswered("clock: not the agreed fields") from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    return moment.astimezone(UTC)
