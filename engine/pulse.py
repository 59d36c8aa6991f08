"""Sudden changes in a shop's day: no orders where there usually are, fewer confirmations, a provider that refuses more than it takes.

Compared are the same hours of the days before, as far as this process has seen them; a restart begins anew, and nothing else is lost.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from engine.engine import Engine
from engine.ports import Trouble
from engine.rhythm import Hours, hour_of
from flows.numbers.sureness import Share, share

#: No order for so long, where each of the days before had one in these hours.
SILENT = timedelta(hours=3)
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

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(self._engine.policies)


class SilenceWatch(_OfEachShop):
    """Has a shop gone quiet?"""

    name = "silence"

    async def look(self) -> tuple[Trouble, ...]:
        now, knowing = self._engine.now(), self._engine.knowing
        if knowing is None:
            return ()
        hours = int(SILENT.total_seconds() // 3600)
        quiet = [shop for shop in self.shops if silent(knowing.orders_of(shop), now)]
        return tuple(Trouble(kind="no_orders", shop=shop, values={"hours": hours}) for shop in quiet)


def silent(moments: tuple[datetime, ...], now: datetime) -> bool:
    """Whether the last hours are empty, and were not on the days before."""
    if not moments or any(now - SILENT < at <= now for at in moments):
        return False
    days = [now - timedelta(days=n) for n in range(1, 8) if now - timedelta(days=n) - SILENT >= moments[0]]
    usual = [sum(1 for at in moments if day - SILENT < at <= day) for day in days]
    return len(usual) >= DAYS_LEAST and min(usual) >= ORDERS_LEAST


class ConfirmingWatch(_OfEachShop):
    """Do fewer customers confirm than usual?"""

    name = "confirming"

    async def look(self) -> tuple[Trouble, ...]:
        now, rhythm = hour_of(self._engine.now()), self._engine.rhythm
        found: list[Trouble] = []
        for shop in self.shops:
            fell = fallen(rhythm.hours(shop, "orders"), rhythm.hours(shop, "confirmed"), now)
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
