"""WhatsApp's messaging limit: people counted once in any 24 hours, each kind of message to its own share, room again as they age."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows import pointers, tiers, wishes
from flows.desk import Desk
from flows.desk_events import LimitTold, PersonReached
from flows.policy import Policy
from tests.flows.shop import NOW, POLICY, SHOP

LIMIT = 40
DESK = Desk(id="d", shop=SHOP)
SMALL = replace(POLICY, daily_recipients=LIMIT)
DAY = timedelta(hours=24)


def laid(desk: Desk, now: datetime, policy: Policy = SMALL) -> Policy:
    return wishes.overlaid(policy, desk, frozenset(), now)


def reach(desk: Desk, at: datetime, before: datetime | None = None) -> tuple[Desk, str]:
    event = PersonReached(event_id=f"r:{at.timestamp()}", to=(pointers.desk(SHOP),), at=at, before=before)
    desk, ping = tiers.reached(desk, event, at, laid(desk, at))
    return desk, ping.key if ping else ""


@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.integers(0, 7200), st.sampled_from(sorted(tiers.SHARES))),
        min_size=1,
        max_size=160,
    )
)
def test_never_more_people_in_any_24_hours_than_the_limit(sends: list[tuple[int, int, str]]) -> None:
    """Whoever is written to, however often and for whatever: in each moving day there are at most so many different people, and who is
    told to wait until a moment finds room then, unless others took it."""
    desk, now = DESK, NOW
    last: dict[int, datetime] = {}
    said: list[tuple[datetime, int]] = []
    for person, seconds, kind in sends:
        now += timedelta(seconds=seconds)
        before = last.get(person)
        counted = before is not None and now - before < DAY
        until = laid(desk, now).reach_full.get(kind)
        if until is not None and until > now and not counted:
            assert until - now <= DAY + tiers.SPAN
            assert laid(desk, until).reach_full.get(kind, until) <= until or desk.reached
            continue
        desk, _ = reach(desk, now, before)
        last[person] = now
        said.append((now, person))
    for at, _ in said:
        people = {person for moment, person in said if at - DAY < moment <= at}
        assert len(people) <= LIMIT


def test_each_kind_stops_at_its_own_share() -> None:
    """News to many wait first, then other news, then later questions, and first questions last."""
    desk, stopped = DESK, []
    for n in range(LIMIT):
        now = NOW + timedelta(seconds=n)
        for kind in sorted(laid(desk, now).reach_full):
            if kind not in stopped:
                stopped.append(kind)
        desk, _ = reach(desk, now)
    assert stopped == ["many", "news", "rung", "first"]


def test_room_comes_back_after_a_day_and_a_quarter_of_an_hour() -> None:
    """The moment that is named is one at which there is room."""
    desk = DESK
    for n in range(LIMIT):
        desk, _ = reach(desk, NOW + timedelta(seconds=n))
    until = laid(desk, NOW + timedelta(minutes=1)).reach_full["first"]
    assert DAY <= until - NOW <= DAY + 2 * tiers.SPAN
    assert laid(desk, until).reach_full == {}


def test_the_owner_hears_twice() -> None:
    """Near at four fifths, out at the end, each once; after it has eased, anew."""
    desk, heard = DESK, []
    for n in range(LIMIT):
        desk, key = reach(desk, NOW + timedelta(seconds=n))
        heard += [key] if key else []
    assert heard == ["owner.tier_near", "owner.tier_out"]
    later = NOW + timedelta(days=2)
    for n in range(LIMIT):
        desk, key = reach(desk, later + timedelta(seconds=n))
        heard += [key] if key else []
    assert heard == ["owner.tier_near", "owner.tier_out"] * 2


def test_a_limit_that_is_learnt_counts_where_the_settings_name_none() -> None:
    """What Meta tells holds; -1 is no limit; a number in the settings holds before it."""
    told = tiers.told(DESK, LimitTold(event_id="l", to=(pointers.desk(SHOP),), at=NOW, limit=250))
    assert laid(told, NOW, POLICY).reach_limit == 250
    assert laid(told, NOW).reach_limit == LIMIT
    assert laid(tiers.told(told, LimitTold(event_id="m", to=(), at=NOW, limit=-1)), NOW, POLICY).reach_limit is None
    assert laid(DESK, NOW, POLICY).reach_limit is None
