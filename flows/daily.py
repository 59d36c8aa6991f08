"""The owner's numbers: each day at a set hour, and each Monday of the week before, silently in the private chat.

The desk asks (CountNumbers), the journals are read as `run.py report` reads them, and what they add up to comes back as an event
(NumbersCounted), so that the owner's figures and the report's are the same. A day without anything says nothing.
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
    from flows.desk_events import NumbersCounted

TIMER = "numbers"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: Orders that wait for somebody, in this order; what is 0 is left out.
WAITING = ("pending", "flagged", "held")
_LINE = "number.line"


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
    """The message with its chart; None where there is nothing to tell."""
    found = event.report
    if not (found.orders or found.complaints or found.promises_broken):
        return None
    of_all = {"confirmed": found.confirmed, "cancelled": found.cancelled, "returned": found.returned.part}
    waiting = {name: found.states.get(name, 0) for name in WAITING}
    lines = [Line(_LINE, {"figure": "orders", "count": found.orders})]
    lines += [Line(_LINE, {"figure": k, "count": n, "share": _share(n, found.orders)}) for k, n in of_all.items() if n]
    lines += [Line(f"number.{name}", {"count": count}) for name, count in waiting.items() if count]
    more = {
        "complaints": found.complaints,
        "promises_kept": found.promises_kept,
        "promises_broken": found.promises_broken,
    }
    lines += [Line(_LINE, {"figure": name, "count": count}) for name, count in more.items() if count]
    return PingOwner(
        key="owner.weekly" if event.kind == "weekly" else "owner.daily",
        values={"shop": policy.name},
        lines=tuple(lines),
        silent=True,
        chart=found if found.orders else None,
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""
