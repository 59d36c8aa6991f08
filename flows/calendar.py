"""When a courier can really come: its days and windows, cut-off, lead, holidays and area, for one address, from one moment.

The parcel is fetched on the first fetching day whose cut-off (the shop's clock) is still ahead. The courier is there at the
earliest on its `lead_days`-th delivery day after that. A slot is a whole window on a delivery day, on the customer's clock: it is
never cut to a wish, since nobody has promised less than the window. A window whose beginning or end the clock skips on that day
(a change to summer time) is none. Pure: no clock, no I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flows import hours
from flows.couriers import Area, Courier, Slot
from flows.orders import Order
from flows.policy import Policy
from flows.postal import PostalAddress

#: Couriers that fetch on no day within this are not waited for.
FETCHED_WITHIN = 30


def slots_for(policy: Policy, order: Order, now: datetime) -> tuple[Slot, ...]:
    """Every slot that a courier of the shop can keep for this order from this moment, earliest first."""
    zone = hours.zone_for(order.fields.address.country, policy)
    again = order.state == "shipped"
    found: dict[tuple[date, time, time], Slot] = {}
    for courier in serving(policy, order.fields.address):
        for slot in slots(courier, now, policy.zone, zone, policy.hours.holidays, again=again):
            found.setdefault((slot.day, slot.start, slot.end), slot)  # two couriers at once: the one named first
    return tuple(sorted(found.values(), key=lambda slot: (begins(slot), ends(slot))))


def serving(policy: Policy, address: PostalAddress) -> list[Courier]:
    """The couriers that go to this address, in the shop's order."""
    return [c for c in policy.after.couriers if goes_to(c.area, address, policy.country)]


def slots(
    courier: Courier, now: datetime, shop_zone: str, zone: str, closed: frozenset[str], *, again: bool = False
) -> Iterator[Slot]:
    """`closed`: ISO dates on which the shop hands nothing over. `again`: the parcel lies with the courier already."""
    fetched = fetches(courier, now, shop_zone, closed, again=again)
    if fetched is None:
        return
    loaded = hours.at_local(fetched, courier.cut_off, hours.zone(shop_zone))
    tz = hours.zone(zone)
    last = now.astimezone(tz).date() + timedelta(days=courier.ahead_days)
    day = _after(courier, fetched, courier.again_days if again else courier.lead_days, tz)
    while day is not None and day <= last:
        for start, end in sorted(courier.week.get(day.weekday(), ())):
            if not (_exists(day, start, tz) and _exists(day, end, tz)):
                continue
            slot = Slot(day, start, end, courier.name, zone)
            if max(loaded, now) <= begins(slot) < ends(slot):
                yield slot
        day = _after(courier, day, 1, tz)


def fetches(
    courier: Courier, now: datetime, shop_zone: str, closed: frozenset[str] = frozenset(), *, again: bool = False
) -> date | None:
    """The day on which the courier takes what is ready now; None where it never does."""
    tz = hours.zone(shop_zone)
    days = frozenset(courier.week) if again or courier.collects is None else courier.collects
    rests = courier.holidays if again else courier.holidays | closed
    today = now.astimezone(tz).date()
    for ahead in range(FETCHED_WITHIN):
        day = today + timedelta(days=ahead)
        if day.weekday() not in days or day.isoformat() in rests:
            continue
        gone = hours.at_local(day, courier.cut_off, tz)
        if gone > now and gone.astimezone(tz).date() == day:  # a zone that leaps over the date line has no such day
            return day
    return None


def _after(courier: Courier, day: date, count: int, tz: ZoneInfo) -> date | None:
    """The `count`-th delivery day after `day`; with 0 the first from `day` on. None where there is none in reach."""
    left = count
    for ahead in range(0 if count == 0 else 1, FETCHED_WITHIN + 7 * (count + 1)):
        then = day + timedelta(days=ahead)
        if (
            courier.week.get(then.weekday())
            and then.isoformat() not in courier.holidays
            and _exists(then, time(12), tz)
        ):
            left -= 1
            if left <= 0:
                return then
    return None


def begins(slot: Slot) -> datetime:
    """Aware UTC."""
    return hours.at_local(slot.day, slot.start, hours.zone(slot.zone))


def ends(slot: Slot) -> datetime:
    """Aware UTC."""
    return hours.at_local(slot.day, slot.end, hours.zone(slot.zone))


def _exists(day: date, clock: time, tz: ZoneInfo) -> bool:
    local = datetime.combine(day, clock, tz)
    return local.astimezone(UTC).astimezone(tz).replace(tzinfo=None) == local.replace(tzinfo=None)


# -- where


def goes_to(area: Area, address: PostalAddress, home: str) -> bool:
    """Whether the courier goes there. What the address does not say cannot fit."""
    if (address.country or home).upper() not in (area.countries or {home}):
        return False
    if not area.postcodes and not area.cities:
        return True
    code = _code(address.postcode)
    by_code = bool(code) and any(_fits(wanted, code) for wanted in area.postcodes)
    return by_code or (bool(address.city) and plain(address.city) in area.cities)


def plain(name: str) -> str:
    """A town's name without case and accents: "Málaga" and "MALAGA" are one."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def _code(postcode: str) -> str:
    return "".join(postcode.upper().split()).replace("-", "")


@lru_cache(maxsize=1024)
def _fits(wanted: str, code: str) -> bool:
    """A range of codes of one length, a pattern with * and ?, else a beginning."""
    first, _, last = "".join(wanted.split()).partition("-")
    if first.isdigit() and last.isdigit() and len(first) == len(last):
        return len(code) == len(first) and first <= code <= last
    pattern = _code(wanted)
    if "*" in pattern or "?" in pattern:
        return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), code) is not None
    return code.startswith(pattern)
