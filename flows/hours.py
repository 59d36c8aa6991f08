"""Local time: quiet hours, waking time, business hours. Wall-clock rules are read in the customer's zone, waits are elapsed time.

Every function takes aware moments and gives aware UTC. At a DST change a local time that does not exist is read as the first
moment after the gap, one that exists twice as its first occurrence (PEP 495, fold=0).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows.policy import Hours, Policy, Quiet

#: The zone a parcel's country keeps, where one zone holds for nearly all of it; elsewhere the shop's zone is used.
#: Source: IANA tz database zone1970.tab, read 2026-11.
ZONE_OF: dict[str, str] = {
    "AE": "Asia/Dubai", "AR": "America/Argentina/Buenos_Aires", "BD": "Asia/Dhaka", "BG": "Europe/Sofia",
    "BH": "Asia/Bahrain", "BO": "America/La_Paz", "CO": "America/Bogota", "CR": "America/Costa_Rica",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DO": "America/Santo_Domingo", "DZ": "Africa/Algiers",
    "EC": "America/Guayaquil", "EG": "Africa/Cairo", "ES": "Europe/Madrid", "FR": "Europe/Paris",
    "GB": "Europe/London", "GR": "Europe/Athens", "GT": "America/Guatemala", "HN": "America/Tegucigalpa",
    "HR": "Europe/Zagreb", "HU": "Europe/Budapest", "IL": "Asia/Jerusalem", "IN": "Asia/Kolkata",
    "IQ": "Asia/Baghdad", "IT": "Europe/Rome", "JO": "Asia/Amman", "KE": "Africa/Nairobi", "KW": "Asia/Kuwait",
    "LB": "Asia/Beirut", "LK": "Asia/Colombo", "LY": "Africa/Tripoli", "MA": "Africa/Casablanca",
    "MY": "Asia/Kuala_Lumpur", "NG": "Africa/Lagos", "NI": "America/Managua", "NL": "Europe/Amsterdam",
    "NP": "Asia/Kathmandu", "OM": "Asia/Muscat", "PA": "America/Panama", "PE": "America/Lima", "PH": "Asia/Manila",
    "PK": "Asia/Karachi", "PL": "Europe/Warsaw", "PY": "America/Asuncion", "QA": "Asia/Qatar",
    "RO": "Europe/Bucharest", "RS": "Europe/Belgrade", "SA": "Asia/Riyadh", "SG": "Asia/Singapore",
    "SI": "Europe/Ljubljana", "SK": "Europe/Bratislava", "SV": "America/El_Salvador", "TH": "Asia/Bangkok",
    "TN": "Africa/Tunis", "TR": "Europe/Istanbul", "UA": "Europe/Kyiv", "UY": "America/Montevideo",
    "VE": "America/Caracas", "VN": "Asia/Ho_Chi_Minh", "YE": "Asia/Aden", "ZA": "Africa/Johannesburg",
}  # fmt: skip


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def zone_for(country: str, policy: Policy) -> str:
    """The customer's zone: that of the address' country, then the shop's."""
    if country == policy.country:
        return policy.zone
    return ZONE_OF.get(country, policy.zone)


def at_local(day: date, clock: time, tz: ZoneInfo) -> datetime:
    """The moment (UTC) at which this wall clock shows `clock` on `day`; inside a DST gap, the first moment after it."""
    local = datetime.combine(day, clock, tz)
    moment = local.astimezone(UTC)
    if moment.astimezone(tz).replace(tzinfo=None) != local.replace(tzinfo=None):
        moment = _first_after_gap(moment, tz)
    return moment


def _first_after_gap(near: datetime, tz: ZoneInfo) -> datetime:
    """The moment of the offset change within three hours around `near`, to the second."""
    low, high = near - timedelta(hours=3), near + timedelta(hours=3)
    start = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == start:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def quiet_until(now: datetime, quiet: Quiet | None, zone_name: str) -> datetime | None:
    """The end of the quiet time that `now` lies in; None when it is no quiet time."""
    if quiet is None or quiet.start == quiet.end:
        return None
    tz = zone(zone_name)
    local = now.astimezone(tz)
    clock = local.time().replace(tzinfo=None, fold=0)
    if quiet.start < quiet.end:
        inside, day = quiet.start <= clock < quiet.end, local.date()
    else:
        inside = clock >= quiet.start or clock < quiet.end
        day = local.date() + timedelta(days=1) if clock >= quiet.start else local.date()
    if not inside:
        return None
    end = at_local(day, quiet.end, tz)
    if end <= now:  # the clock was set back into the quiet time: it ends when that hour has come a second time
        end = datetime.combine(day, quiet.end, tz).replace(fold=1).astimezone(UTC)
    return end if end > now else now + timedelta(minutes=1)


def waking_end(start: datetime, wait: timedelta, quiet: Quiet | None, zone_name: str) -> datetime:
    """The moment at which `wait` of waking time since `start` is over."""
    if quiet is None or quiet.start == quiet.end:
        return start + wait
    tz, moment, left = zone(zone_name), start, wait
    for _ in range(1000):  # a wait of years is a setting nobody means
        resting = quiet_until(moment, quiet, zone_name)
        if resting is not None:
            moment = resting
        local = moment.astimezone(tz)
        begins = at_local(local.date(), quiet.start, tz)
        if begins <= moment:
            begins = at_local(local.date() + timedelta(days=1), quiet.start, tz)
        if begins - moment >= left:
            return moment + left
        left -= begins - moment
        moment = begins
    return moment


def open_now(now: datetime, hours: Hours, zone_name: str) -> bool:
    """Whether somebody is at the shop."""
    if hours.away_until is not None and now < hours.away_until:
        return False
    local = now.astimezone(zone(zone_name))
    if local.date().isoformat() in hours.holidays:
        return False
    clock = local.time().replace(tzinfo=None)
    return any(start <= clock < end for start, end in hours.week.get(local.weekday(), ()))


def next_open(now: datetime, hours: Hours, zone_name: str) -> datetime | None:
    """When somebody is next at the shop: `now` itself inside the hours; None when no hours are set or none in 3 weeks.

    Who is away is counted as closed until the day they named."""
    if hours.away_until is not None:
        now = max(now, hours.away_until)
    if open_now(now, hours, zone_name):
        return now
    tz = zone(zone_name)
    today = now.astimezone(tz).date()
    for ahead in range(22):
        day = today + timedelta(days=ahead)
        if day.isoformat() in hours.holidays:
            continue
        for start, _ in sorted(hours.week.get(day.weekday(), ())):
            moment = at_local(day, start, tz)
            if moment > now:
                return moment
    return None


def open_end(start: datetime, wait: timedelta, hours: Hours, zone_name: str) -> datetime:
    """The moment at which `wait` of open time since `start` is over; `start + wait` where no hours are set."""
    tz, moment, left = zone(zone_name), start, wait
    for _ in range(1000):
        opens = next_open(moment, hours, zone_name)
        if opens is None:
            return moment + left
        local = opens.astimezone(tz)
        clock = local.time().replace(tzinfo=None)
        closes = max(end for begin, end in hours.week[local.weekday()] if begin <= clock < end)
        shut = at_local(local.date(), closes, tz)
        if shut - opens >= left:
            return opens + left
        left -= max(shut - opens, timedelta(0))
        moment = max(shut, opens + timedelta(minutes=1))
    return moment
