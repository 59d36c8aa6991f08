"""Sudden changes in a shop's day: no orders where there usually are, fewer confirmations, a provider that refuses more than it takes.

Compared are the same hours of the days before, as all processes have seen them (flows/rhythm.py). A service that has just started
does not know what it missed while it was down: it compares once it has run for as long as it looks back.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from engine.engine import Engine
from engine.ports import Trouble
from flows import rhythm
from flows.numbers.sureness import Share, share
from flows.rhythm import Hours, hour_of

#: No order for so many hours, where each of the days before had some in these hours.
SILENT = 3
#: So many days before are compared, and each of them had at least so many orders in these hours.
DAYS_LEAST, ORDERS_LEAST = 3, 3
#: Shares of so many hours are compared, with at least so many orders on both sides.
WINDOW, COMPARED_LEAST = 4, 20
#: A provider fails when so many messages were tried since the last look and more than half came to nothing.
TRIED_LEAST = 10
GOOD = "accepted"


class _OfEachShop:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._since = engine.now()

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(self._engine.policies)

    def _ran(self, hours: int) -> bool:
        """Whether this process has seen so much of the day itself."""
        return self._engine.now() - self._since >= timedelta(hours=hours)


class Counting(_OfEachShop):
    """No trouble of its own: tells the desks what this process has counted. Every process has one, before the other watches look."""

    name = "counting"

    def __init__(self, engine: Engine, process: str) -> None:
        super().__init__(engine)
        self._process = process

    async def look(self) -> tuple[Trouble, ...]:
        await self._engine.rhythm.tell(self._engine.handle, self._process, self._engine.now())
        return ()


class SilenceWatch(_OfEachShop):
    """Has a shop gone quiet?"""

    name = "silence"

    async def look(self) -> tuple[Trouble, ...]:
        if not self._ran(SILENT + 1):
            return ()
        now = hour_of(self._engine.now())
        quiet = [s for s in self.shops if silent(rhythm.orders(await self._engine.desk(s)), now)]
        return tuple(Trouble(kind="no_orders", shop=shop, values={"hours": SILENT}) for shop in quiet)


def silent(orders: Hours, now: int) -> bool:
    """Whether the last whole hours and this one are empty, and those hours were not on the days before."""
    if not orders or any(orders.get(hour, 0) for hour in range(now - SILENT, now + 1)):
        return False
    first = min(orders)
    days = [now - 24 * n for n in range(1, 8) if now - 24 * n - SILENT >= first]
    usual = [sum(orders.get(hour, 0) for hour in range(day - SILENT, day)) for day in days]
    return len(usual) >= DAYS_LEAST and min(usual) >= ORDERS_LEAST


class ConfirmingWatch(_OfEachShop):
    """Do fewer customers confirm than usual?"""

    name = "confirming"

    async def look(self) -> tuple[Trouble, ...]:
        if not self._ran(WINDOW + 1):
            return ()
        now = hour_of(self._engine.now())
        found: list[Trouble] = []
        for shop in self.shops:
            desk = await self._engine.desk(shop)
            fell = fallen(rhythm.orders(desk), rhythm.confirmed(desk), now)
            if fell is not None:
                values: dict[str, str | int] = {"now": fell[0], "usual": fell[1], "orders": fell[2]}
                found.append(Trouble(kind="confirmations_down", shop=shop, values=values))
        return tuple(found)


def fallen(orders: Hours, confirmed: Hours, now: int) -> tuple[int, int, int] | None:
    """(percent confirmed now, percent usual, orders now) where the share of the last whole hours is less than half of what it was
    in the same hours of this weekday (of all days, where those were too few), beyond chance; None where it is not.

    Both are counted as they happen: a yes belongs to the hour in which it came.
    """
    here = _share(orders, confirmed, [now])
    if here.whole < COMPARED_LEAST:
        return None
    usual = _share(orders, confirmed, [now - 24 * 7 * n for n in range(1, 4)])
    if usual.whole < COMPARED_LEAST:
        usual = _share(orders, confirmed, [now - 24 * n for n in range(1, 22)])
    if usual.whole < COMPARED_LEAST or here.value * 2 >= usual.value or here.high >= usual.low:
        return None
    return round(100 * here.value), round(100 * usual.value), here.whole


def _share(orders: Hours, confirmed: Hours, ends: list[int]) -> Share:
    hours = [hour for end in ends for hour in range(end - WINDOW, end)]
    whole = sum(orders.get(hour, 0) for hour in hours)
    return share(min(whole, sum(confirmed.get(hour, 0) for hour in hours)), whole)


class FailingWatch(_OfEachShop):
    """Does a provider refuse more than it takes?"""

    name = "failing"

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._before: Counter[tuple[str, str]] = Counter()

    async def look(self) -> tuple[Trouble, ...]:
        counted: Counter[tuple[str, str]] = Counter()
        for (name, labels), n in self._engine.counters.items():
            facts = dict(labels)
            if name == "outcomes" and facts["effect"] == "Say":
                counted[facts["provider"], facts["outcome"]] += int(n)
        more, self._before = counted - self._before, counted
        found: list[Trouble] = []
        for provider in sorted({provider for provider, _ in more}):
            tried = sum(n for (name, _), n in more.items() if name == provider)
            good = more[provider, GOOD]
            if tried >= TRIED_LEAST and good * 2 < tried:
                values: dict[str, str | int] = {"provider": provider, "count": tried - good, "tried": tried}
                found += [
                    Trouble(kind="provider_failing", shop=shop, about=provider, values=values) for shop in self.shops
                ]
        return tuple(found)
