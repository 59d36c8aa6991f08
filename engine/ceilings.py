"""When a first text may go, by the ceilings of the settings: now, or at the moment that an order has a place then.

Places are given in the order of asking: what does not fit into a window gets the first place of a later one, and whoever comes
after it queues behind it. An order that its own number or prefix holds back takes no place from the rest of the shop.

Weak spot: places are hints in memory. After a restart those given before are forgotten, so that up to one window's worth of
texts may go beside them; the orders' own timers are kept with the orders, and none is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from engine.bursts import MOMENTS_MOST, Bursts
from flows.phones import prefix
from flows.policy import Policy

#: Where limits.first_sms_per_hour is auto, the ceiling is this many times the usual hour, and never below the setting.
AUTO_TIMES = 4
#: Those that wait are asked one after the other, not all at one moment, so that they stay in order.
APART = timedelta(seconds=1)


class Place(Struct, frozen=True):
    """What holds a first text back ("": nothing), which burst it is one of, and when its turn is (None: never by itself)."""

    limit: str = ""  # number | prefix | hour
    burst: str = ""
    at: datetime | None = None


class Ceilings:
    """One per process."""

    def __init__(self, bursts: Callable[[timedelta, str], Bursts]) -> None:
        self._numbers = bursts(timedelta(days=1), "first_numbers")
        self._prefixes = bursts(timedelta(hours=1), "first_prefixes")
        self._hours = bursts(timedelta(hours=1), "first_hours")

    def place(self, policy: Policy, phone: str, week: int, now: datetime) -> Place:
        """The place of the next first text to this number, which is taken by asking. `week`: orders of the last seven days."""
        limits, shop, near = policy.limits, policy.shop, prefix(phone)
        # a number counts over all shops: a victim of made-up orders is bombed through any of them
        at = _reserve(self._numbers, phone, limits.first_sms_per_number_day, timedelta(days=1), now)
        if at != now:
            return Place("number", "number", at)
        at = _reserve(self._prefixes, f"{shop}|{near}", limits.first_sms_per_prefix_hour, timedelta(hours=1), now)
        if at != now:
            return Place("prefix", f"prefix:{near}", at)
        ceiling = limits.first_sms_per_hour
        if ceiling is not None and limits.hour_follows_usual:
            ceiling = max(ceiling, AUTO_TIMES * week // (7 * 12))
        at = _reserve(self._hours, shop, ceiling, timedelta(hours=1), now)
        return Place() if at == now else Place("hour", "hour", at)


def _reserve(places: Bursts, key: str, most: int | None, window: timedelta, now: datetime) -> datetime | None:
    """The first moment from `now` on with room for one more, which is taken; None where there is never room."""
    if most is None or most > MOMENTS_MOST:
        return now
    if most == 0:
        return None
    places.count(key, now)  # what left the window is gone
    taken = places.moments(key)
    at = max(now, taken[-1]) if taken else now
    if len(taken) >= most:
        at = max(at, taken[-most] + window)
    if at > now:
        at = max(at, taken[-1] + APART)
    places.add(key, at)
    return at
