"""No slot is ever offered that the courier cannot serve, and every one that it can is: against an oracle that walks the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flows import calendar
from flows.couriers import Aftercare, Area, Courier, Slot
from flows.orders import Order
from flows.policy import Hours
from flows.postal import PostalAddress
from tests.depth import examples
from tests.flows.shop import POLICY, fields

#: Whole and half hours of summer time, quarter-hour offsets, changes at midnight, a day that never was (Apia, 30 December 2011).
ZONES = (
    "UTC", "Europe/Madrid", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo",
    "Pacific/Apia", "Africa/Casablanca", "Asia/Tehran", "Pacific/Kiritimati", "America/Sao_Paulo", "Asia/Beirut",
)  # fmt: skip
#: Days on which the clock is changed there.
CHANGES = (
    ("Europe/Madrid", "2026-03-29"), ("Europe/Madrid", "2026-10-25"), ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"), ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Santiago", "2026-04-05"), ("America/Santiago", "2026-09-06"), ("Africa/Cairo", "2026-04-24"),
    ("Pacific/Apia", "2011-12-30"), ("America/Sao_Paulo", "2017-10-15"), ("Asia/Tehran", "2021-03-22"),
    ("Asia/Beirut", "2026-03-29"), ("Africa/Casablanca", "2026-02-15"),
)  # fmt: skip
STEP = timedelta(minutes=15)
QUARTERS = [time(h, m) for h in range(24) for m in (0, 15, 30, 45)]

NAIVE = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2026-12-20")
whenever = st.tuples(st.sampled_from(ZONES), st.datetimes(*NAIVE))
#: Some days before a change of the clock, where it is changed.
before_a_change = st.builds(
    lambda change, minutes: (change[0], datetime.fromisoformat(change[1]) - timedelta(minutes=minutes)),
    st.sampled_from(CHANGES),
    st.integers(-720, 5 * 1440),
)
clocks = st.sampled_from(QUARTERS) | st.sampled_from(QUARTERS[:16])  # the small hours, when clocks are changed
spans = st.tuples(clocks, clocks).filter(lambda span: span[0] < span[1])
weeks = st.dictionaries(st.integers(0, 6), st.lists(spans, min_size=1, max_size=2, unique=True).map(tuple), min_size=1)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Courier, datetime, str, str, frozenset[str], bool]:
    """A courier, a moment, the shop's zone, the customer's, the shop's holidays, and whether it is a second attempt."""
    zone, at = draw(whenever | before_a_change)
    now = at.replace(second=0, microsecond=0, tzinfo=UTC)
    near = st.integers(-1, 9).map(lambda n: (now.date() + timedelta(days=n)).isoformat())
    courier = Courier(
        name="C",
        week=draw(weeks),
        collects=draw(st.none() | st.frozensets(st.integers(0, 6), min_size=1)),
        cut_off=draw(st.sampled_from(QUARTERS[:92])),
        lead_days=draw(st.integers(0, 3)),
        again_days=draw(st.integers(0, 2)),
        ahead_days=draw(st.integers(1, 9)),
        holidays=draw(st.frozensets(near, max_size=4)),
    )
    shop = draw(st.just(zone) | st.sampled_from(ZONES))
    return courier, now, shop, zone, draw(st.frozensets(near, max_size=2)), draw(st.booleans())


# -- the oracle: nothing but a clock that ticks every quarter of an hour


def _ticks(since: datetime, days: int) -> Iterator[datetime]:
    start = since.replace(minute=0, second=0)
    return (start + STEP * n for n in range(days * 96))


def _loaded(
    courier: Courier, now: datetime, shop: str, closed: frozenset[str], again: bool
) -> tuple[date, datetime] | None:
    """The day on which the parcel is fetched, and the moment: the first tick of that day at or past the cut-off."""
    fetching = set(courier.week) if again or courier.collects is None else set(courier.collects)
    past: set[date] = set()
    for tick in _ticks(now - timedelta(days=2), 36):
        local = tick.astimezone(ZoneInfo(shop))
        if local.time() < courier.cut_off or local.date() in past:
            continue
        past.add(local.date())
        off = courier.holidays if again else courier.holidays | closed
        if tick > now and local.weekday() in fetching and local.date().isoformat() not in off:
            return local.date(), tick
    return None


def _delivers(courier: Courier, day: date) -> bool:
    return day.weekday() in courier.week and day.isoformat() not in courier.holidays


def _possible(
    courier: Courier, now: datetime, shop: str, zone: str, closed: frozenset[str], again: bool
) -> set[tuple[date, time, time]]:
    """Every (day, window) that really comes, after the parcel is there, no further ahead than the shop allows."""
    loaded = _loaded(courier, now, shop, closed, again)
    if loaded is None:
        return set()
    fetched, at = loaded
    lead = courier.again_days if again else courier.lead_days
    last = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=courier.ahead_days)
    shown: dict[date, dict[time, datetime]] = {}  # what the customer's clock shows, and when first
    for tick in _ticks(now - timedelta(days=2), courier.ahead_days + 5):
        local = tick.astimezone(ZoneInfo(zone))
        shown.setdefault(local.date(), {}).setdefault(local.time(), tick)
    found = set()
    for day, clock in shown.items():
        driven = sum(_delivers(courier, d) for d in shown if fetched < d <= day)
        if not fetched <= day <= last or not _delivers(courier, day) or driven < lead:
            continue
        for start, end in courier.week[day.weekday()]:
            if start in clock and end in clock and at <= clock[start] < clock[end]:
                found.add((day, start, end))
    return found


#: A courier of Samoa on the eve of the day that the island left out.
LEFT_OUT = Courier(name="C", week=dict.fromkeys((0, 4), ((time(0), time(0, 15)),)), cut_off=time(0), ahead_days=8)


@example((LEFT_OUT, datetime(2011, 12, 30, tzinfo=UTC), "Pacific/Apia", "Pacific/Apia", frozenset(), False))
@settings(max_examples=examples(500))
@given(cases())
@pytest.mark.long
def test_offered_is_exactly_what_can_be_served(case: tuple[Courier, datetime, str, str, frozenset[str], bool]) -> None:
    """Over calendars, holidays, zones and clock changes: the slots are those of the oracle, none more, none less."""
    courier, now, shop, zone, closed, again = case
    offered = list(calendar.slots(courier, now, shop, zone, closed, again=again))
    event(f"slots: {min(len(offered), 3)}")
    assert {(s.day, s.start, s.end) for s in offered} == _possible(*case)
    assert len({(s.day, s.start, s.end) for s in offered}) == len(offered)
    assert all(calendar.begins(s) > now and s.zone == zone for s in offered)


DAYTIME = Courier(name="Day", week=dict.fromkeys(range(5), ((time(9), time(14)), (time(15), time(20)))))
NIGHT = Courier(name="Night", week={5: ((time(1), time(4)),), 6: ((time(1), time(4)), (time(2, 30), time(3, 30)))})


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-23T10:59:00+00:00", "2026-11-24 09:00-14:00"),  # one minute before the cut-off of noon in Madrid
        ("2026-11-23T11:00:00+00:00", "2026-11-25 09:00-14:00"),  # at the cut-off it has gone
        ("2026-11-27T10:00:00+00:00", "2026-11-30 09:00-14:00"),  # fetched on Friday, there on Monday
        ("2026-11-28T10:00:00+00:00", "2026-12-01 09:00-14:00"),  # on Saturday nothing is fetched
    ],
)
def test_the_cut_off_and_the_lead(now: str, first: str) -> None:
    """What is ready before the cut-off comes on the next delivery day, and what is not a delivery day later."""
    offered = calendar.slots(DAYTIME, datetime.fromisoformat(now), "Europe/Madrid", "Europe/Madrid", frozenset())
    assert next(offered).text == first


def test_a_window_that_the_clock_skips_is_none() -> None:
    """On the night of summer time in Madrid, 02:30 does not come; the window around it does, and the days before are whole."""
    now = datetime(2026, 3, 25, 10, tzinfo=UTC)
    week = NIGHT.week | {2: ((time(9), time(10)),), 3: ((time(9), time(10)),)}
    courier = replace(NIGHT, week=week)
    offered = [s.text for s in calendar.slots(courier, now, "Europe/Madrid", "Europe/Madrid", frozenset())]
    assert "2026-03-29 01:00-04:00" in offered
    assert "2026-03-29 02:30-03:30" not in offered


@pytest.mark.parametrize(
    ("area", "address", "goes"),
    [
        (Area(), PostalAddress(country="ES"), True),
        (Area(), PostalAddress(), True),  # no country said: the shop's
        (Area(), PostalAddress(country="PT"), False),
        (Area(frozenset({"PT"})), PostalAddress(country="PT"), True),
        (Area(frozenset({"PT"})), PostalAddress(country="ES"), False),
        (Area(postcodes=("28",)), PostalAddress(country="ES", postcode="28013"), True),
        (Area(postcodes=("28",)), PostalAddress(country="ES", postcode="08013"), False),
        (Area(postcodes=("28",)), PostalAddress(country="ES"), False),  # what is not said cannot fit
        (Area(postcodes=("08001-08042",)), PostalAddress(country="ES", postcode="08042"), True),
        (Area(postcodes=("08001-08042",)), PostalAddress(country="ES", postcode="08043"), False),
        (Area(postcodes=("08001-08042",)), PostalAddress(country="ES", postcode="0804"), False),
        (Area(frozenset({"GB"}), ("SW1? *",)), PostalAddress(country="GB", postcode="sw1a 1aa"), True),
        (Area(frozenset({"GB"}), ("SW1? *",)), PostalAddress(country="GB", postcode="SW2A 1AA"), False),
        (Area(frozenset({"PL"}), ("00-9",)), PostalAddress(country="PL", postcode="00-950"), True),
        (Area(cities=frozenset({"malaga"})), PostalAddress(country="ES", city="MÁLAGA"), True),
        (Area(cities=frozenset({"malaga"})), PostalAddress(country="ES", city="Madrid"), False),
        (Area(postcodes=("28",), cities=frozenset({"toledo"})), PostalAddress(country="ES", city="Toledo"), True),
    ],
)
def test_where_a_courier_goes(area: Area, address: PostalAddress, goes: bool) -> None:
    """The country has to fit, and where postcodes or towns are named, one of them."""
    assert calendar.goes_to(area, address, "ES") is goes


def test_the_slots_of_an_order() -> None:
    """Of all couriers that go there, on the customer's clock; the shop's holidays stop the fetching; two at once are one."""
    here = replace(DAYTIME, name="Here", area=Area(postcodes=("28",)))
    far = replace(DAYTIME, name="Canaries", area=Area(postcodes=("35",)))
    policy = replace(
        POLICY, after=Aftercare(couriers=(far, here, DAYTIME)), hours=Hours(holidays=frozenset({"2026-11-23"}))
    )
    order = Order(fields=fields(), seq=1, received_at=datetime(2026, 11, 23, 8, tzinfo=UTC))
    found = calendar.slots_for(policy, order, order.received_at)
    assert found[0] == Slot(date(2026, 11, 25), time(9), time(14), "Here", "Europe/Madrid")
    assert {slot.courier for slot in found} == {"Here"}
    assert list(found) == sorted(found, key=calendar.begins)
