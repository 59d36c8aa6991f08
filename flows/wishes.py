"""What a shop's owner changes often and from Telegram: away, quiet hours, holidays, a paused channel.

Kept on the desk, laid over what the settings say (`overlaid`), and obeyed by every decision from that commit on. What has an end
ends by itself: a timer of the desk, and a comparison with `now` besides.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows import approvals, notices, spending, tiers
from flows.desk import Desk
from flows.desk_events import ShopSet
from flows.policy import Policy, Quiet

CHANNELS = ("sms", "whatsapp", "email")
#: Who may change what. A manager pauses, the owner has the settings.
RIGHTS: dict[str, tuple[str, ...]] = {
    "away": ("manager", "owner"),
    "pause": ("manager", "owner"),
    "quiet": ("owner",),
    "holiday": ("owner",),
}
#: The longest absence and the farthest holiday that are taken: a slip of the finger must not close a shop for years.
FAR_MOST = timedelta(days=366)
HOLIDAYS_MOST = 60
#: For a pause without an end: farther than any other moment here.
NO_END = "-"


class Refusal(Struct, frozen=True):
    """Why a wish was not taken: not_allowed | unreadable."""

    why: str


def changed(desk: Desk, event: ShopSet, now: datetime, zone_today: date) -> Desk | Refusal:
    """The desk with the wish on it. `zone_today`: the day at the shop."""
    person = desk.person(event.by)
    if person is None or person.role not in RIGHTS.get(event.what, ()):
        return Refusal("not_allowed")
    match event.what:
        case "away":
            if event.until is not None and not now < event.until <= now + FAR_MOST:
                return Refusal("unreadable")
            desk = replace(desk, away_until=event.until)
        case "quiet":
            if event.value not in ("settings", "off") and read_quiet(event.value) is None:
                return Refusal("unreadable")
            desk = replace(desk, quiet="" if event.value == "settings" else event.value)
        case "holiday":
            days = _holidays(desk.holidays, event.value, zone_today)
            if days is None:
                return Refusal("unreadable")
            desk = replace(desk, holidays=days)
        case "pause":
            channel = event.value.removeprefix("-")
            if channel not in CHANNELS or (event.until is not None and event.until <= now):
                return Refusal("unreadable")
            kept = {c: until for c, until in desk.paused.items() if c != channel}
            if not event.value.startswith("-"):
                kept[channel] = event.until.isoformat() if event.until else NO_END
            desk = replace(desk, paused=kept)
    return waking(desk, now)


def _holidays(known: tuple[str, ...], value: str, today: date) -> tuple[str, ...] | None:
    try:
        day = date.fromisoformat(value.removeprefix("-"))
    except ValueError:
        return None
    if value.startswith("-"):
        return tuple(d for d in known if d != day.isoformat())
    if not today <= day <= today + FAR_MOST:
        return None
    coming = {d for d in known if d >= today.isoformat()} | {day.isoformat()}
    return tuple(sorted(coming))[:HOLIDAYS_MOST]


def read_quiet(text: str) -> Quiet | None:
    """Quiet hours as people write them: "21:00-09:00"; None for anything else."""
    start, dash, end = text.partition("-")
    try:
        return Quiet(time.fromisoformat(start.strip()), time.fromisoformat(end.strip())) if dash else None
    except ValueError:
        return None


def _ends(desk: Desk) -> list[datetime]:
    ends = [datetime.fromisoformat(until) for until in desk.paused.values() if until != NO_END]
    return ends if desk.away_until is None else [*ends, desk.away_until]


def waking(desk: Desk, now: datetime) -> Desk:
    """Ask to be woken when the first wish ends."""
    timers = {name: due for name, due in desk.timers.items() if name != "wishes"}
    coming = [end for end in _ends(desk) if end > now]
    if coming:
        timers["wishes"] = min(coming)
    return replace(desk, timers=timers)


def ended(desk: Desk, now: datetime) -> Desk:
    """Without the wishes whose end has come."""
    paused = {c: until for c, until in desk.paused.items() if until == NO_END or datetime.fromisoformat(until) > now}
    away = desk.away_until if desk.away_until is not None and desk.away_until > now else None
    return waking(replace(desk, paused=paused, away_until=away), now)


def overlaid(policy: Policy, desk: Desk, resting: frozenset[str], now: datetime) -> Policy:
    """The shop's policy as of now: the settings, the desk's wishes over them, channels that rest after a fault, money that is spent."""
    desk = ended(desk, now)
    quiet = policy.quiet if not desk.quiet else (None if desk.quiet == "off" else read_quiet(desk.quiet))
    hours = replace(policy.hours, holidays=policy.hours.holidays | set(desk.holidays), away_until=desk.away_until)
    return replace(
        policy,
        quiet=quiet,
        hours=hours,
        paused=policy.paused | resting | set(desk.paused),
        staff_chat=desk.staff_chat or policy.staff_chat,
        topics={**desk.topics, **policy.topics},
        notices_stopped=notices.stopped(desk),
        reach_limit=tiers.limit_of(policy, desk),
        reach_full=tiers.full(policy, desk, now),
        wa_templates=approvals.sendable(policy.wa_templates, desk, now),
        money_until=spending.out_until(policy, desk, now),
    )
