"""Complaints in Telegram's weather: it works, it throttles and fails two times in three, it is away. The owner hears of each."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

from flows.effects import Accepted
from sandbox.telegram_limits import Limits
from sandbox.world import Fault
from tests.faults.suites.kit import FAST, OPEN, Figure, Suite, an_order, chunks, folder_of, number, patched, percentile
from tests.stories.test_promises import OLGA_PHONE, WITH_PHONE
from tests.town import OLGA, SMS_FROM, Town, town

ANGER = "this is terrible service, i want to complain"
#: The promise, in seconds, where Telegram takes the ping, and beyond what Telegram itself asks to wait.
PROMISED_S = 10.0
#: Nothing of Telegram's arrives: the owner's own phone rings after the two minutes of flows/complaint_stages.py, and what they cost.
BLIND_S = 130.0
#: So long Telegram is away.
AWAY = timedelta(minutes=6)


class Weather:
    """What Telegram says to requests for the owner's chat: of each three one is taken, one throttled, one lost in a 502."""

    def __init__(self, t: Town, dice: random.Random) -> None:
        self._t, self._dice = t, dice
        self._deck: list[str] = []
        self._shut_until = t.clock.now()
        self.away = False
        #: (from, until) of every wait that Telegram asked for
        self.asked: list[tuple[datetime, datetime]] = []
        self._clear = t.world.fault_for
        t.world.fault_for = self.fault_for  # type: ignore[method-assign]

    def fault_for(self, provider: str, *looked_at: str, named_only: bool = False) -> Fault | None:
        if provider != "telegram":
            return self._clear(provider, *looked_at, named_only=named_only)
        if self.away:
            return Fault("cut") if self._dice.random() < 0.5 else Fault("status", status=502)
        if str(OLGA) not in looked_at or not looked_at[0].endswith(("sendMessage", "sendPhoto")):
            return None
        now = self._t.clock.now()
        if now < self._shut_until:  # whoever does not wait is refused again
            return self._throttled((self._shut_until - now).total_seconds())
        if not self._deck:
            self._deck = self._dice.sample(["taken", "throttled", "lost"], 3)
        match self._deck.pop():
            case "throttled":
                wait = self._dice.choice((1, 5, 30, 60))
                self._shut_until = now + timedelta(seconds=wait)
                self.asked.append((now, self._shut_until))
                return self._throttled(wait)
            case "lost":
                return Fault("status", status=502)
        return None

    @staticmethod
    def _throttled(wait_s: float) -> Fault:
        said = {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests",
            "parameters": {"retry_after": int(wait_s)},
        }
        return Fault("status", status=429, body=json.dumps(said))

    def own_s(self, told: datetime, heard: datetime) -> float:
        """Of the time between, the seconds for which Telegram itself asked to wait."""
        spans = sorted((max(a, told), min(b, heard)) for a, b in self.asked if b > told and a < heard)
        total, end = 0.0, told
        for a, b in spans:
            total += max(0.0, (b - max(a, end)).total_seconds())
            end = max(end, b)
        return total


class Heard:
    """The waits of one run, in seconds."""

    def __init__(self) -> None:
        self.fair: list[float] = []
        self.foul: list[float] = []
        self.asked: list[float] = []  # of `foul`, what Telegram asked for
        self.rang: list[float] = []  # the owner's own phone, while Telegram was away
        self.late: list[float] = []  # after its return

    def ours(self) -> list[float]:
        """What is left without the time that Telegram asked to wait."""
        return [wait - asked for wait, asked in zip(self.foul, self.asked, strict=True)]


async def complaints(size: int, folder: Path, dice: random.Random) -> Figure:
    """A third of the complaints comes while Telegram works, a third while it fails two times in three, a third while it is away."""
    figure, heard = Figure(), Heard()
    for n, part in enumerate(chunks(size, 6)):
        async with town(
            folder_of(folder, part.start), more=OPEN, twilio_more=FAST, telegram=True, settings=WITH_PHONE
        ) as t:
            for one in part:
                await t.api("POST", "/orders", an_order(t, one, name=f"Berta{one:05d} Ruiz"))
            await t.skip(minutes=2)
            await (_fair, _foul, _away)[n % 3](t, part, dice, figure, heard)
    ours = heard.ours()
    for what, waits in (("works", heard.fair), ("fails, beyond the waits that it asks for", ours)):
        figure.check(
            percentile(waits, 0.95) <= PROMISED_S, f"while Telegram {what}, p95 is {percentile(waits, 0.95):.0f} s"
        )
    figure.check(all(wait <= BLIND_S for wait in heard.rang), f"the owner's phone rang after {heard.rang}")
    figure.said = (
        f"{len(heard.fair)} complaints while Telegram works: all pinged, {_spread(heard.fair)}; {len(heard.foul)} while it takes "
        f"one request in three: all pinged, {_spread(heard.foul)}; without the time that it asked to wait: {_spread(ours)}; "
        f"{len(heard.late)} while it is away: the owner's phone rang, {_spread(heard.rang)}, and each ping came on its return"
    )
    return figure


def _spread(waits: list[float]) -> str:
    return f"after {percentile(waits, 0.5):.0f} s median, {percentile(waits, 0.95):.0f} s p95"


async def _complains(t: Town, n: int) -> datetime:
    at = t.clock.now()
    await t.twilio.reply(number(n), ANGER, SMS_FROM)
    await t.settle()
    return at


def _pinged(t: Town, n: int, told: datetime, figure: Figure) -> datetime | None:
    pings = [r.at for r in t.world.texts(str(OLGA), "telegram") if f"Berta{n:05d}" in r.text and r.at >= told]
    figure.check(bool(pings), f"the owner never heard of Berta{n:05d}")
    return pings[0] if pings else None


async def _fair(t: Town, people: range, dice: random.Random, figure: Figure, heard: Heard) -> None:
    told = {}
    t.tg.limits = Limits.strict()
    for n in people:
        told[n] = await _complains(t, n)
        await t.skip(seconds=dice.choice((0, 1, 3, 20)))
    await t.skip(minutes=5)
    for n, at in told.items():
        pinged = _pinged(t, n, at, figure)
        if pinged is not None:
            heard.fair.append((pinged - at).total_seconds())


async def _foul(t: Town, people: range, dice: random.Random, figure: Figure, heard: Heard) -> None:
    told, weather = {}, Weather(t, dice)
    for n in people:
        told[n] = await _complains(t, n)
        await t.skip(minutes=4)
    await t.skip(minutes=10)
    for n, at in told.items():
        pinged = _pinged(t, n, at, figure)
        if pinged is not None:
            heard.foul.append((pinged - at).total_seconds())
            heard.asked.append(weather.own_s(at, pinged))


async def _away(t: Town, people: range, dice: random.Random, figure: Figure, heard: Heard) -> None:
    """Alerts to the owner's own phone are bundled: it rings once, with the number of matters."""
    weather = Weather(t, dice)
    weather.away = True
    told = {n: await _complains(t, n) for n in people}
    gone = min(told.values())
    await t.skip(seconds=AWAY.total_seconds())
    rings = [r.at for r in t.world.texts(OLGA_PHONE, "sms") if r.at >= gone and "complaint" in r.text]
    figure.check(bool(rings), "Telegram was away, and the owner's phone was silent")
    heard.rang += [(at - gone).total_seconds() for at in rings[:1]]
    weather.away = False
    back = t.clock.now()
    await t.skip(minutes=10)
    for n, at in told.items():
        pinged = _pinged(t, n, at, figure)
        if pinged is not None:
            heard.late.append((pinged - back).total_seconds())


SUITES = (
    Suite(
        "complaints in Telegram's weather", ("F9", "F19"), ("P3",), "complaints", 18, 360, complaints,
        {
            "what Telegram refuses counts as sent": patched("bot.sending.outcome_of", lambda _error: Accepted("1/1")),
            "what failed is tried again after minutes": patched("flows.backoff.again_after", lambda *_: timedelta(minutes=3)),
            "nobody looks whether the ping arrived": patched("flows.complaint_stages.BLIND_AFTER", timedelta(days=1)),
        },
    ),
)  # fmt: skip
