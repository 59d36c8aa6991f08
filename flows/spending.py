"""The day's money (`limits.money_per_day`): what messages that we begin have cost, and when they have to wait. Answers never do.

The process that sends books in advance, a part of the day's money at a time, so that the desk is written some fifty times a day
and not once a message; after a crash the part that was booked and not used counts as spent. In the last part it books nothing in
advance: the limit is passed by what is on the wire at that moment, and by no more.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from msgspec.structs import replace

from flows import hours
from flows.desk import Desk
from flows.desk_events import MoneyBooked
from flows.effects import PingOwner, Value
from flows.money import Money, NotMoney, exponent, parse
from flows.policy import Policy

#: So large a part of the day's money is booked at once.
PART = 0.02
#: From so large a part on the owner hears that the limit is near.
NEAR = 0.8


def cost(policy: Policy, channel: str, segments: int = 1) -> float:
    """What a message costs, in minor units; 0 where the shop has said no price for the channel."""
    price = {"sms": policy.prices.cost(segments, 0), "whatsapp": policy.prices.cost(0, 1)}.get(channel, 0.0)
    return float(price * 10 ** exponent(policy.currency))


def limit_of(policy: Policy) -> Money | None:
    """What a day may cost; None: there is no limit, or it is in another currency than the prices."""
    amount, _, currency = (policy.limits.money_per_day or "").partition(" ")
    if currency != policy.currency:
        return None
    try:
        return parse(amount, currency)
    except NotMoney:
        return None


def day_of(policy: Policy, now: datetime) -> str:
    """The day at the shop, as the books have it."""
    return now.astimezone(hours.zone(policy.zone)).date().isoformat()


def booked(desk: Desk, event: MoneyBooked, now: datetime, policy: Policy) -> tuple[Desk, float, PingOwner | None]:
    """The desk with it booked, what is booked in advance (minor units), and what the owner has to hear now."""
    limit = limit_of(policy)
    if limit is None:
        return desk, 0.0, None
    day = day_of(policy, now)
    if desk.spent_on != day:
        desk = replace(desk, spent_on=day, spent=0.0, spent_told="")
    spent = desk.spent + event.minor
    ahead = max(0.0, min(limit.minor * PART, limit.minor - 1 - spent)) if event.minor > 0 else 0.0
    desk = replace(desk, spent=max(0.0, spent + ahead))
    told = "out" if desk.spent >= limit.minor else "near" if desk.spent >= limit.minor * NEAR else ""
    if not told or told == desk.spent_told or desk.spent_told == "out":
        return desk, ahead, None
    values: dict[str, Value] = {"shop": policy.name, "spent": Money(round(desk.spent), limit.currency), "limit": limit}
    key = "owner.money_out" if told == "out" else "owner.money_near"
    return replace(desk, spent_told=told), ahead, PingOwner(key=key, values=values)


def out_until(policy: Policy, desk: Desk, now: datetime) -> datetime | None:
    """Until when what we begin has to wait, because the day's money is spent; None: there is some left."""
    limit = limit_of(policy)
    if limit is None or desk.spent < limit.minor or desk.spent_on != day_of(policy, now):
        return None
    tz = hours.zone(policy.zone)
    return hours.at_local(now.astimezone(tz).date() + timedelta(days=1), time(0), tz)


def waits_until(policy: Policy, channel: str, now: datetime) -> datetime | None:
    """Until when a message that we begin on this channel waits for money; None: it may go."""
    until = policy.money_until
    return until if until is not None and until > now and cost(policy, channel) > 0 else None
