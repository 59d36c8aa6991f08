"""A shop's rhythm at its desk: how many orders came and how many were confirmed in each hour of the last four weeks.

Every process tells the desk what it counted since it last did (HoursCounted), so the hours hold what all of them saw, over restarts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from flows.desk import Desk
    from flows.desk_events import HoursCounted

#: Hours remembered: four weeks, so that a Monday is compared with Mondays.
HOURS_KEPT = 4 * 7 * 24
_HOUR_S = 3600

#: Hour of the epoch -> how many.
Hours = Mapping[int, int]


def hour_of(moment: datetime) -> int:
    return int(moment.timestamp()) // _HOUR_S


def counted(desk: Desk, event: HoursCounted, now: datetime) -> Desk:
    """With what one more process saw; hours of long ago are forgotten."""
    found = dict(desk.rhythm)
    for hour, (orders, confirmed) in event.hours.items():
        before = found.get(hour, (0, 0))
        found[hour] = (before[0] + orders, before[1] + confirmed)
    oldest = hour_of(now) - HOURS_KEPT
    return replace(desk, rhythm={hour: counts for hour, counts in found.items() if oldest < hour <= hour_of(now)})


def orders(desk: Desk) -> Hours:
    return {hour: counts[0] for hour, counts in desk.rhythm.items()}


def confirmed(desk: Desk) -> Hours:
    return {hour: counts[1] for hour, counts in desk.rhythm.items()}
