"""The desk's own moments and crashes: of what comes together nothing is lost, and nobody's phone rings twice for one thing."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows.desk import Desk, Person
from flows.desk_events import Escalated
from flows.desk_step import start_desk, step_desk
from flows.effects import CountNumbers, ListWaiting, Open, Say
from flows.events import Claimed, Recovered, TimerDue
from tests.flows.shop import NOW, POLICY, SHOP
from tests.flows.test_desk_step import TO, desk_of

OLGA = Person(111, "Olga", "owner", phone="+34600000111", email="olga@example.com")


def _desk(**more: object) -> Desk:
    return replace(start_desk("d1", SHOP), people=(OLGA,), **more)


def test_timers_that_come_together_all_count() -> None:
    """After an outage the numbers of the day, both digests and the alert to the owner's own phone are due at once: each happens."""
    desk = _desk(
        alerting={"c1:1": "A1"},
        timers=dict.fromkeys(("numbers", "digest:cards", "digest:pings", "alert"), NOW - timedelta(hours=1)),
    )
    due = NOW - timedelta(hours=1)
    decision = step_desk(desk, TimerDue(event_id="timer:d1:1", to=TO, at=NOW, due=due), NOW, POLICY)
    effects = [o.effect for o in decision.planned]
    assert [e.kind for e in effects if isinstance(e, ListWaiting)] == ["cards", "pings"]
    assert any(isinstance(e, CountNumbers) for e in effects)
    assert [(e.channel, e.template) for e in effects if isinstance(e, Say)] == [("sms", "owner_alert")]
    assert len({o.id for o in decision.planned}) == len(effects)
    assert desk_of(decision).timers.keys() == {"numbers"}, "the next day's"


def test_a_text_to_an_owner_that_was_on_the_wire_at_a_crash_is_not_sent_again() -> None:
    """Nobody knows whether it left: the same goes by mail."""
    escalated = Escalated(event_id="escalated:1", to=TO, at=NOW, key="c1:1", order_id="A1")
    desk = desk_of(step_desk(_desk(), escalated, NOW, POLICY))
    (waiting,) = desk.open
    desk = desk_of(step_desk(desk, Claimed(event_id="c", to=TO, at=NOW, effect_id=waiting.id, by="p1"), NOW, POLICY))
    decision = step_desk(desk, Recovered(event_id="recovered:p2", to=TO, at=NOW, by="p2"), NOW, POLICY)
    said = [_say(o) for o in desk_of(decision).open]
    assert [(say.channel, say.to) for say in said] == [("email", "olga@example.com")]


def _say(open_: Open) -> Say:
    assert isinstance(open_.effect, Say)
    return open_.effect
