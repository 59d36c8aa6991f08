"""The owner's numbers: each day at a set hour, and each Monday of the week before, silently in the private chat.

The desk asks (CountNumbers), the store is read, the counts come back as an event (NumbersCounted). A day without anything says nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from flows import hours
from flows.effects import CountNumbers, Line, PingOwner
from flows.policy import Policy

if TYPE_CHECKING:
    from flows.desk import Desk
    from flows.events import NumbersCounted

TIMER = "numbers"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: In this order; what is 0 is left out.
SHOWN = ("confirmed", "cancelled", "shipped", "delivered", "returned", "pending", "flagged", "held")


def timed(desk: Desk, now: datetime, policy: Policy) -> Desk:
    """With the timer for the next numbers; without one where nobody is to get them."""
    at = policy.complaints.daily_at
    timers = {name: due for name, due in desk.timers.items() if name != TIMER}
    if at is not None and policy.staff_chat and desk.owners():
        tz = hours.zone(policy.zone)
        day = now.astimezone(tz).date()
        due = hours.at_local(day, at, tz)
        timers[TIMER] = due if due > now else hours.at_local(day + DAY, at, tz)
    return desk if timers == desk.timers else replace(desk, timers=timers)


def asked(now: datetime, policy: Policy) -> CountNumbers:
    """What is counted now: the day, on Sundays the week."""
    weekly = now.astimezone(hours.zone(policy.zone)).weekday() == 6
    return CountNumbers(kind="weekly" if weekly else "daily", since=now - (WEEK if weekly else DAY))


def told(event: NumbersCounted, policy: Policy) -> PingOwner | None:
    """The message; None where there is nothing to tell. A chart of the same numbers may follow as an effect of its own."""
    lines = tuple(Line(f"number.{name}", {"count": event.counts[name]}) for name in SHOWN if event.counts.get(name, 0))
    if not lines:
        return None
    key = "owner.weekly" if event.kind == "weekly" else "owner.daily"
    return PingOwner(key=key, values={"shop": policy.name}, lines=lines, silent=True)
