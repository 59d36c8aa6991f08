"""What the owner sets from Telegram lies over the settings, ends by itself, and is taken only from whom it may be taken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from flows import hours, pointers, wishes
from flows.desk import Desk, Person
from flows.desk_events import ShopSet
from flows.desk_step import step_desk
from flows.events import TimerDue
from tests.flows.shop import NOW, POLICY, SHOP

PEOPLE = (Person(1, "Olga", "owner"), Person(2, "Max", "manager"), Person(3, "Ana", "staff"))
DESK = Desk(id="d1", shop=SHOP, people=PEOPLE)


def wish(by: int, what: str, value: str = "", hours_on: float | None = None) -> ShopSet:
    until = None if hours_on is None else NOW + timedelta(hours=hours_on)
    return ShopSet(
        event_id=f"telegram:{by}:{what}:{value}", to=(pointers.desk(SHOP),), at=NOW, by=by, name="x", what=what,  # type: ignore[arg-type]
        value=value, until=until,
    )  # fmt: skip


def after(*events: ShopSet, desk: Desk = DESK) -> Desk:
    for event in events:
        decision = step_desk(desk, event, NOW, POLICY)
        assert isinstance(decision.document, Desk)
        desk = decision.document
    return desk


def test_a_pause_ends_by_itself() -> None:
    """A channel paused for an hour is paused for decisions, wakes the desk at its end, and works again then."""
    desk = after(wish(2, "pause", "sms", 1))
    assert wishes.overlaid(POLICY, desk, frozenset(), NOW).paused == {"sms"}
    due = desk.next_due()
    assert due == NOW + timedelta(hours=1)
    woken = step_desk(desk, TimerDue(event_id="t", to=(), at=due, due=due), due, POLICY).document
    assert isinstance(woken, Desk)
    assert not woken.paused
    assert wishes.overlaid(POLICY, desk, frozenset(), due).paused == frozenset(), "even before the timer has run"


def test_a_pause_without_an_end_is_taken_back() -> None:
    """Until further notice holds until somebody lets the channel work again; a fault's rest stays beside it."""
    desk = after(wish(1, "pause", "email"))
    assert wishes.overlaid(POLICY, desk, frozenset({"sms"}), NOW).paused == {"email", "sms"}
    assert not after(wish(1, "pause", "-email"), desk=desk).paused


def test_who_is_away_is_closed() -> None:
    """Away until Wednesday: nobody is at the shop before, and what is promised counts from then."""
    desk = after(wish(2, "away", hours_on=48))
    policy = wishes.overlaid(POLICY, desk, frozenset(), NOW)
    assert not hours.open_now(NOW + timedelta(hours=47), policy.hours, policy.zone)
    opens = hours.next_open(NOW, policy.hours, policy.zone)
    assert opens is None or opens >= NOW + timedelta(hours=48)
    assert after(wish(1, "away"), desk=desk).away_until is None


def test_quiet_hours_and_holidays_from_the_chat() -> None:
    """Quiet hours are replaced or switched off and come back as the settings say; a holiday closes that day."""
    for value, quiet in (("20:00-10:00", wishes.read_quiet("20:00-10:00")), ("off", None), ("settings", POLICY.quiet)):
        assert wishes.overlaid(POLICY, after(wish(1, "quiet", value)), frozenset(), NOW).quiet == quiet
    day = (NOW + timedelta(days=3)).date().isoformat()
    desk = after(wish(1, "holiday", day))
    assert day in wishes.overlaid(POLICY, desk, frozenset(), NOW).hours.holidays
    assert not after(wish(1, "holiday", f"-{day}"), desk=desk).holidays


@pytest.mark.parametrize(
    ("by", "what", "value", "hours_on", "notice"),
    [
        (3, "pause", "sms", 1.0, "not_allowed"),
        (2, "quiet", "off", None, "not_allowed"),
        (9, "away", "", 5.0, "not_allowed"),
        (1, "quiet", "25:00-9", None, "unreadable"),
        (1, "holiday", "1999-01-01", None, "unreadable"),
        (1, "pause", "telepathy", None, "unreadable"),
        (1, "away", "", -1.0, "unreadable"),
        (1, "away", "", 24 * 999.0, "unreadable"),
    ],
)
def test_what_is_not_taken(by: int, what: str, value: str, hours_on: float | None, notice: str) -> None:
    """Whoever has no right, and what cannot be meant, changes nothing and is told so."""
    decision = step_desk(DESK, wish(by, what, value, hours_on), NOW, POLICY)
    assert (decision.notice, decision.changed, decision.document) == (notice, False, DESK)


def test_old_desks_have_no_wishes() -> None:
    """A desk without wishes leaves the settings as they are, but for the group that has moved."""
    policy = wishes.overlaid(POLICY, replace(DESK, staff_chat="-100777"), frozenset(), NOW)
    assert replace(policy, staff_chat=POLICY.staff_chat) == POLICY
    assert policy.staff_chat == "-100777"
