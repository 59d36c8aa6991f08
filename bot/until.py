"""Until when, as staff write it behind a command."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from flows import hours
from flows.policy import Policy

_SPAN = re.compile(r"^(\d{1,3})\s*([hd])$", re.IGNORECASE)
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")
#: Nobody is away for longer; a date beyond is a slip.
AWAY_MOST = timedelta(days=3 * 365)


def read_until(text: str, now: datetime, policy: Policy) -> datetime | None:
    """ "18:00", "3d", "6h", "2026-12-01": the moment at the shop; None for anything else, and for what is past or years away."""
    until = _until(text, now, policy)
    return until if until is not None and now < until <= now + AWAY_MOST else None


def _until(text: str, now: datetime, policy: Policy) -> datetime | None:
    zone = hours.zone(policy.zone)
    span, clock = _SPAN.match(text), _CLOCK.match(text)
    if span is not None:
        return now + timedelta(**{"hours" if span[2].lower() == "h" else "days": int(span[1])})
    local = now.astimezone(zone)
    if clock is not None and int(clock[1]) < 24 and int(clock[2]) < 60:
        at = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return at if at > local else at + timedelta(days=1)
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    if not now.year <= day.year <= now.year + AWAY_MOST.days // 365:
        return None
    return hours.next_open(day, policy.hours, policy.zone) or day
