"""A shop's rhythm: orders and confirmations by the hour, for four weeks. Hints in memory: a restart begins anew, and loses nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

#: Hours remembered: four weeks, so that a Monday is compared with Mondays.
HOURS_KEPT = 4 * 7 * 24
_HOUR_S = 3600

#: Hour of the epoch -> how many.
Hours = Mapping[int, int]


def hour_of(moment: datetime) -> int:
    return int(moment.timestamp()) // _HOUR_S


class Rhythm:
    """Counts of one process, by (shop, what): "orders" and "confirmed"."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], dict[int, int]] = {}

    def add(self, shop: str, what: str, now: datetime) -> None:
        hours, hour = self._counts.setdefault((shop, what), {}), hour_of(now)
        if hour not in hours:
            for old in [h for h in hours if h <= hour - HOURS_KEPT]:
                del hours[old]
        hours[hour] = hours.get(hour, 0) + 1

    def hours(self, shop: str, what: str) -> Hours:
        return self._counts.get((shop, what), {})
