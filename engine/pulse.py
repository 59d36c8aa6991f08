"""Sudden changes in a shop's day: no orders where there usually are, a provider that refuses more than it takes.

Compared are the same hours of the days before, as far as this process has seen them; a restart begins anew, and nothing else is lost.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from engine.engine import Engine
from engine.ports import Trouble

#: No order for so long, where each of the days before had one in these hours.
SILENT = timedelta(hours=3)
#: So many days before are compared, and each of them had at least so many orders in these hours.
DAYS_LEAST, ORDERS_LEAST = 3, 3
#: A provider fails when so many messages were tried since the last look and more than half came to nothing.
TRIED_LEAST = 10
GOOD = "accepted"


class SilenceWatch:
    """Has a shop gone quiet?"""

    name = "silence"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(self._engine.policies)

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


class FailingWatch:
    """Does a provider refuse more than it takes?"""

    name = "failing"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: Counter[tuple[str, str]] = Counter()

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(self._engine.policies)

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
