"""What all pretend providers share: one clock, one ledger of what really reached somebody, and faults on demand.

A provider object holds a `World`. Tests read `world.ledger` (in process) or the control endpoints (over HTTP).
The clock stands still at a set moment, or runs with the machine's when it was never set; `skip_to` puts a running clock
forward and lets it run on from there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

#: Seconds between two looks at whether everything pretended has been delivered.
SETTLE_STEP_S = 0.005


@dataclasses.dataclass(slots=True)
class Received:
    """One thing that really reached somebody: a text on a phone, a mail in a box, a message in a chat."""

    n: int  # order of arrival over all providers
    at: datetime  # aware UTC, the world's clock
    provider: str  # twilio | meta | gateway | smtp | telegram
    channel: str  # sms | whatsapp | email | telegram
    sender: str  # our number, address or bot
    to: str  # E.164, e-mail address, or chat id as text
    text: str
    provider_id: str  # SM…, wamid…, Message-ID, chat/message id
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)  # buttons, template, subject, html, media …


@dataclasses.dataclass(slots=True)
class Fault:
    """What a provider does to the next matching requests instead of answering well.

    kind: "status" (answer `status` with `body`), "timeout" (accept nothing, never answer), "cut" (close without an
    answer, nothing accepted), "accept_cut" (accept and deliver, then close without an answer), "accept_timeout"
    (accept, never answer), "accept_status" (accept, answer `status`), "garbage" (200 with bytes that are no JSON,
    nothing accepted), "empty" (200, no body, nothing accepted), "accept_garbage", "accept_empty", "delay" (answer well
    after `delay_s`), "drip" (accept, and give the good answer byte by byte, `delay_s` for the whole).
    """

    kind: str
    match: str = ""  # substring of the path, or of the recipient; empty: everything
    times: int = 1  # how many requests; -1: until cleared
    status: int = 500
    body: str = ""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    delay_s: float = 0.0


class World:
    """The one clock, the one ledger and the faults of all pretend providers of a sandbox."""

    def __init__(self, now: datetime | None = None) -> None:
        self._set = now
        self._ahead = timedelta()  # of the machine's clock, while ours runs
        self.ledger: list[Received] = []
        self.faults: dict[str, list[Fault]] = {}
        #: what is true of a phone or mailbox (`phonebook` names the facts), for every provider alike
        self.phones: dict[str, set[str]] = {}
        self._n = itertools.count(1)
        self._listeners: list[Callable[[Received], None]] = []
        #: background deliveries (webhooks under way); nothing is settled while one is open
        self.under_way: set[asyncio.Task[Any]] = set()

    def now(self) -> datetime:
        return self._set if self._set is not None else datetime.now(UTC) + self._ahead

    def set_clock(self, now: datetime | None) -> None:
        """Stops the clock at `now`; None lets it run with the machine's, whatever was skipped before."""
        self._set, self._ahead = now, timedelta()

    def advance(self, by: timedelta) -> None:
        """Stops the clock so much later than it is."""
        self._set = self.now() + by

    def skip_to(self, moment: datetime) -> None:
        """Puts the clock forward; a running one runs on from there. Raises ValueError for a moment that is past."""
        ahead = moment - self.now()
        if ahead < timedelta():
            raise ValueError("the clock only goes forward")
        if self._set is not None:
            self._set = moment
        else:
            self._ahead += ahead

    def receive(
        self, provider: str, channel: str, sender: str, to: str, text: str, provider_id: str, **extra: Any
    ) -> Received:
        got = Received(next(self._n), self.now(), provider, channel, sender, to, text, provider_id, extra)
        self.ledger.append(got)
        for tell in self._listeners:
            tell(got)
        return got

    def on_received(self, tell: Callable[[Received], None]) -> None:
        self._listeners.append(tell)

    def texts(self, to: str | None = None, channel: str | None = None) -> list[Received]:
        """What arrived at `to` (all, when None) on `channel` (all, when None), oldest first."""
        return [r for r in self.ledger if (to is None or r.to == to) and (channel is None or r.channel == channel)]

    def break_it(self, provider: str, fault: Fault) -> None:
        self.faults.setdefault(provider, []).append(fault)

    def mend(self, provider: str | None = None) -> None:
        if provider is None:
            self.faults.clear()
        else:
            self.faults.pop(provider, None)

    def fault_for(self, provider: str, *looked_at: str, named_only: bool = False) -> Fault | None:
        """The fault that hits this request, used up by one; None when all is well.

        `named_only` passes over faults without a `match`: for looks at something smaller than a whole request.
        """
        for fault in self.faults.get(provider, []):
            hit = any(fault.match in text for text in looked_at) if fault.match else not named_only
            if fault.times != 0 and hit:
                if fault.times > 0:
                    fault.times -= 1
                return fault
        return None

    def spawn(self, work: Awaitable[Any]) -> None:
        """Start a delivery (a webhook to the service) that `settled` waits for."""

        async def run() -> None:
            await work

        task = asyncio.ensure_future(run())
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def settled(self) -> None:
        """Returns when no delivery is under way."""
        while self.under_way:
            await asyncio.wait(set(self.under_way), timeout=SETTLE_STEP_S)
