"""The desk: people, alarms, the one card of kept bodies; any event in any order, twice, or over a crash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from flows import pointers
from flows.decision import Decision
from flows.desk import Desk, Person
from flows.desk_effects import ALARM_AGAIN, SEEN_MOST, TRIES_MOST
from flows.desk_events import Alarmed, BodyKept, PeopleTold
from flows.desk_step import start_desk, step_desk
from flows.effects import Accepted, Open, Outcome, PingOwner, Refused, ShowCard, TryAgain, Unknown
from flows.events import AnyEvent, Claimed, EffectSettled, Recovered, TimerDue
from storage import codec
from tests.flows.shop import GROUP, NOW, POLICY, SHOP, fields, told

TO = (pointers.desk(SHOP),)
OLGA, ANA = Person(111, "Olga", "owner"), Person(222, "Ana", "staff")
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Accepted, st.sampled_from([f"{GROUP}/7", f"{GROUP}/8", ""])),
    st.builds(Refused, st.sampled_from(["message_gone", "blocked"])),
    st.builds(TryAgain, st.sampled_from([0.0, 30.0])),
    st.just(Unknown()),
)


def alarmed(n: object, key: str = "backlog:sms") -> Alarmed:
    return Alarmed(event_id=f"alarm:{n}", to=TO, at=NOW, opens=True, key=key, kind="backlog", values={"seconds": 90})


def kept(n: object) -> BodyKept:
    return BodyKept(event_id=f"kept:{n}", to=TO, at=NOW, opens=True, route="shopify", why="no json")


def desk_of(decision: Decision) -> Desk:
    assert isinstance(decision.document, Desk)
    return decision.document


class Machine(RuleBasedStateMachine):
    """One desk, and everything that can come to it."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = start_desk("d1", SHOP)
        self.now = NOW
        self.n = 0
        self.ids: set[str] = set()
        self.told_at: dict[str, list[object]] = {}
        self.wire: list[Open] = []
        self.posted = 0

    def bring(self, event: AnyEvent) -> None:
        if event.event_id in self.desk.seen:
            return
        decision = step_desk(self.desk, event, self.now, POLICY)
        assert step_desk(self.desk, event, self.now, POLICY) == decision, "two runs differ"
        after = desk_of(decision)
        assert decision.changed or after == self.desk
        assert codec.read(codec.dump(after)) == after
        if event.event_id not in after.seen:
            again = step_desk(after, event, self.now, POLICY)
            assert again.document == after, f"{type(event).__name__} twice changed something"
        for open_ in decision.planned:
            if not open_.tries:
                assert open_.id not in self.ids, "two wishes of one name"
                self.ids.add(open_.id)
        self.desk = after
        self.wire += decision.perform

    def next(self) -> int:
        self.n += 1
        return self.n

    @rule(key=st.sampled_from(["backlog:sms", "setup:meta"]))
    def alarm(self, key: str) -> None:
        before = self.desk.alerts.get(key)
        self.bring(alarmed(self.next(), key))
        if before is not None and self.now - before < ALARM_AGAIN:
            assert self.desk.alerts[key] == before, "the owner hears the same alarm too often"

    @rule(same=st.booleans())
    def keep(self, same: bool) -> None:
        self.bring(kept("same" if same else self.next()))

    @rule(people=st.sampled_from([(OLGA,), (OLGA, ANA), ()]), chat=st.sampled_from([GROUP, "-100999", ""]))
    def tell_people(self, people: tuple[Person, ...], chat: str) -> None:
        self.bring(PeopleTold(event_id=f"people:{self.next()}", to=TO, at=self.now, people=people, staff_chat=chat))

    @precondition(lambda self: self.desk.open)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from([o.id for o in self.desk.open]))
        self.bring(Claimed(event_id=f"claim:{self.next()}", to=TO, at=self.now, effect_id=id_, by="p1"))

    @precondition(lambda self: self.wire)
    @rule(data=st.data(), outcome=outcomes)
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        open_ = data.draw(st.sampled_from(self.wire))
        self.wire.remove(open_)
        self.bring(
            EffectSettled(
                event_id=f"settled:{open_.id}:{open_.tries}",
                to=TO,
                at=self.now,
                effect_id=open_.id,
                provider="telegram",
                outcome=outcome,
            )
        )

    @rule(gone=st.sampled_from([(), ("p1",), ("p9",)]))
    def recover(self, gone: tuple[str, ...]) -> None:
        self.bring(Recovered(event_id=f"recovered:{self.next()}", to=TO, at=self.now, gone=gone, by="p2"))

    @rule(by=st.sampled_from([1, 61, 3600, 7 * 3600]))
    def wait(self, by: int) -> None:
        self.now += timedelta(seconds=by)
        self.bring(TimerDue(event_id=f"timer:{self.next()}", to=TO, at=self.now, due=self.now))

    @rule()
    def something_of_a_customer(self) -> None:
        """What is no business of the desk changes nothing there."""
        before = self.desk
        self.bring(told(fields(), self.next()))
        assert self.desk == before

    @invariant()
    def one_card_is_on_the_wire_at_most(self) -> None:
        assert sum(isinstance(o.effect, ShowCard) and o.status == "sending" for o in self.desk.open) <= 1

    @invariant()
    def people_who_were_told_stay(self) -> None:
        if self.desk.people:
            assert self.desk.people in ((OLGA,), (OLGA, ANA))

    @invariant()
    def it_stays_small(self) -> None:
        assert len(self.desk.seen) <= SEEN_MOST
        assert sum(isinstance(o.effect, ShowCard) for o in self.desk.open) <= 2
        assert len({o.id for o in self.desk.open}) == len(self.desk.open)


TestDeskMachine = pytest.mark.timeout(3600)(Machine.TestCase)
TestDeskMachine.__doc__ = "Whatever comes to the desk, it tells once, shows one card, and keeps its people."


def test_the_first_start_fills_the_table() -> None:
    """Then the table holds, whatever the settings say later."""
    first = step_desk(start_desk("d1", SHOP), people(OLGA), NOW, POLICY)
    assert desk_of(first).people == (OLGA,)
    second = step_desk(desk_of(first), people(ANA), NOW, POLICY)
    assert not second.changed
    assert desk_of(second).person(222) is None
    assert desk_of(second).owners() == (OLGA,)


def people(*who: Person) -> PeopleTold:
    return PeopleTold(event_id="people:1", to=TO, at=NOW, people=who, staff_chat=GROUP)


def test_an_alarm_is_heard_once_in_six_hours() -> None:
    """The same alarm again pings nobody until the time is over; another one does."""
    desk = desk_of(step_desk(start_desk("d1", SHOP), alarmed(1), NOW, POLICY))
    assert [o.effect for o in desk.open] == [PingOwner(key="owner.backlog", values={"seconds": 90})]
    assert not step_desk(desk, alarmed(2), NOW + ALARM_AGAIN - timedelta(seconds=1), POLICY).changed
    assert step_desk(desk, alarmed(2), NOW + ALARM_AGAIN, POLICY).planned
    assert step_desk(desk, alarmed(3, "setup:meta"), NOW, POLICY).planned


def test_kept_bodies_are_one_counted_card() -> None:
    """Three bodies: one card that says three, edited where it stands."""
    desk = desk_of(step_desk(start_desk("d1", SHOP), people(OLGA), NOW, POLICY))
    for n in range(3):
        desk = desk_of(step_desk(desk, kept(n), NOW, POLICY))
    assert [type(o.effect) for o in desk.open] == [ShowCard]
    claim = Claimed(event_id="claim:1", to=TO, at=NOW, effect_id=desk.open[0].id, by="p1")
    card = step_desk(desk, claim, NOW, POLICY).perform[0].effect.card  # type: ignore[union-attr]
    assert card is not None
    assert (card.lines[0].values, card.chat, card.message_id) == ({"count": 3}, GROUP, 0)


def test_a_card_that_somebody_deleted_is_posted_anew() -> None:
    """Telegram says the message is gone: the next one is a new message."""
    desk = desk_of(step_desk(start_desk("d1", SHOP), kept(1), NOW, POLICY))
    answers: tuple[Outcome, ...] = (Accepted(f"{GROUP}/7"), Refused("message_gone"))
    for n, outcome in enumerate(answers):
        desk = desk_of(step_desk(desk, kept(f"more{n}"), NOW, POLICY))
        effect_id = desk.open[0].id
        claim = Claimed(event_id=f"claim:{n}", to=TO, at=NOW, effect_id=effect_id, by="p1")
        desk = desk_of(step_desk(desk, claim, NOW, POLICY))
        settled = EffectSettled(
            event_id=f"settled:{n}", to=TO, at=NOW, effect_id=effect_id, provider="telegram", outcome=outcome
        )
        desk = desk_of(step_desk(desk, settled, NOW, POLICY))
    assert desk.kept_card is None
    assert [type(o.effect) for o in desk.open] == [ShowCard]


def test_a_ping_is_tried_for_hours_and_not_for_ever() -> None:
    """An owner who has shut the bot out does not keep it busy for good."""
    desk = desk_of(step_desk(start_desk("d1", SHOP), alarmed(1), NOW, POLICY))
    desk = replace(desk, open=(replace(desk.open[0], tries=TRIES_MOST, status="sending", by="p1"),))
    assert desk_of(step_desk(desk, Recovered(event_id="r", to=TO, at=NOW, by="p2"), NOW, POLICY)).open == ()


def test_without_a_group_the_desk_only_counts() -> None:
    """No Telegram: nothing is planned that nobody could carry."""
    alone = replace(POLICY, staff_chat="")
    desk = desk_of(step_desk(start_desk("d1", SHOP), kept(1), NOW, alone))
    assert desk.kept == 1
    assert desk_of(step_desk(desk, alarmed(1), NOW, alone)).open == ()
