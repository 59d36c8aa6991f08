"""One step's working copy: ids, journal, timers, and how little a document keeps."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.conversation import FORMER_MOST, JOURNAL_TAIL, SEEN_FOR, SEEN_MOST, Conversation, Note
from flows.effects import PingOwner, Say, ShowCard
from flows.orders import Order
from flows.step import start, step
from flows.turn import CLOSED_KEPT, Turn
from tests.flows.shop import ANA, NOW, POLICY, SHOP, TWILIO, fields, told, wrote

EMPTY = Conversation(id="c1", shop=SHOP)
SAY = Say(channel="sms", to=ANA, sender=TWILIO.address, template="confirm_words", order_id="A1", purpose="first")


def turn(was: Conversation = EMPTY, n: object = 1) -> Turn:
    return Turn(was, wrote("hello", n), NOW, POLICY)


def an_order(id_: str = "A1", seq: int = 1, **more: object) -> Order:
    return replace(Order(fields=fields(id_), seq=seq, received_at=NOW), **more)


def test_nothing_done_is_nothing_changed() -> None:
    """A turn that nobody wrote to gives the very document back."""
    decision = turn().decision(remember=False)
    assert not decision.changed
    assert decision.document is EMPTY


def test_effects_are_named_by_their_event() -> None:
    """Ids are "<event id>/<index>", and the same turn made twice gives the same ones."""
    for _ in range(2):
        t = turn()
        assert [t.plan(SAY), t.plan(ShowCard(seq=1)), t.plan(PingOwner(key="x"))] == [
            f"twilio:SM1:received/{n}" for n in range(3)
        ]
        assert [o.id for o in t.decision().planned] == [o.id for o in t.open]


def test_urgency_and_lane_come_with_the_wish() -> None:
    """A first text is the most urgent thing on its sender's lane; a card keeps the group's pace."""
    t = turn()
    t.plan(SAY)
    t.plan(ShowCard(seq=1))
    first, card = t.decision().planned
    assert (first.urgency, first.lane) == (0, f"sms:{TWILIO.address}")
    assert card.urgency > first.urgency
    assert card.lane == f"telegram:{POLICY.staff_chat}"


def test_a_notice_waits_for_the_morning_and_an_answer_does_not() -> None:
    """In the customer's quiet hours what we begin is put off to their end; an answer and an e-mail go at once."""
    night = NOW.replace(hour=22)
    for purpose, channel, waits in (("notice", "sms", True), ("answer", "sms", False), ("notice", "email", False)):
        t = Turn(EMPTY, wrote("hello"), night, POLICY)
        t.say(replace(SAY, purpose=purpose, channel=channel))
        assert (t.open[0].not_before > night) == waits


@given(st.lists(st.integers(0, 30), max_size=12))
def test_the_journal_has_no_gap(turns: list[int]) -> None:
    """Lines are numbered one by one for ever; what leaves the tail leaves as a whole, oldest first."""
    was = EMPTY
    story: list[Note] = []
    for n, lines in enumerate(turns):
        t = turn(was, n)
        for _ in range(lines):
            t.note("line")
        decision = t.decision()
        story += decision.spilled
        assert isinstance(decision.document, Conversation)
        was = decision.document
        assert len(was.notes) <= JOURNAL_TAIL
    assert [n.n for n in (*story, *was.notes)] == list(range(1, sum(turns) + 1))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_event_ids_are_kept_for_a_while_and_not_without_end(days: list[int]) -> None:
    """The newest ids are always there, at most so many, and none much older than it has to be."""
    was, now = EMPTY, NOW
    for n, pause in enumerate(days):
        now += timedelta(days=pause)
        for k in range(40):
            decision = Turn(was, wrote("x", f"{n}.{k}"), now, POLICY).decision()
            assert isinstance(decision.document, Conversation)
            was = decision.document
        assert len(was.seen) <= SEEN_MOST
        assert all(f"twilio:SM{n}.{k}:received" in was.seen for k in range(40))
        oldest = min(was.seen.values())
        assert now.timestamp() - oldest <= SEEN_FOR.total_seconds() + 1


def test_old_closed_orders_leave_their_number_behind() -> None:
    """A document keeps the last closed orders whole and of the others only the number; open ones always stay."""
    t = turn()
    t.put(an_order("open", 1))
    for seq in range(2, 30):
        t.put(an_order(f"A{seq}", seq, state="delivered"))
    document = t.decision().document
    assert isinstance(document, Conversation)
    assert [o.id for o in document.orders] == ["open", *(f"A{n}" for n in range(30 - CLOSED_KEPT, 30))]
    assert document.former == {f"A{n}": "delivered" for n in range(2, 30 - CLOSED_KEPT)}


def test_the_numbers_of_former_orders_are_bounded() -> None:
    """A customer of a thousand orders has a small document."""
    was = EMPTY
    for n in range(FORMER_MOST + 50):
        t = turn(was, n)
        t.put(an_order(f"A{n}", n + 1, state="cancelled"))
        decision = t.decision()
        assert isinstance(decision.document, Conversation)
        was = decision.document
    assert len(was.former) == FORMER_MOST
    assert "A0" not in was.former


def test_a_late_echo_of_a_former_order_asks_nobody() -> None:
    """The shop edits an order that was closed long ago: it is no new order."""
    was = replace(start("c1", SHOP, NOW), former={"A1": "delivered"})
    decision = step(was, told(fields("A1", note="edited")), NOW, POLICY)
    assert decision.notice == "same"
    assert not decision.planned
    assert decision.document.orders == ()  # type: ignore[union-attr]


def test_withdrawing_takes_back_only_what_has_not_left() -> None:
    """Planned messages of that order and purpose go; others, and what is on the wire, stay."""
    t = turn()
    t.plan(SAY)
    t.plan(replace(SAY, purpose="notice"))
    t.plan(replace(SAY, order_id="A2"))
    t.plan(SAY)
    t.settle(t.open[3].id, replace(t.open[3], status="sending"))
    assert t.withdraw("A1", "first") == 1
    assert [(o.status, o.effect.purpose) for o in t.open if isinstance(o.effect, Say)] == [
        ("planned", "notice"),
        ("planned", "first"),
        ("sending", "first"),
    ]


def test_timers_are_wishes_by_name() -> None:
    """A later wish of the same name replaces the earlier; a removed order takes its own along and nobody else's."""
    t = turn()
    t.put(an_order("A1"))
    for name in ("rung:A1", "remind:A1", "rung:A2"):
        t.wake(name, NOW)
    t.wake("rung:A1", NOW + timedelta(hours=1))
    assert t.timers["rung:A1"] == NOW + timedelta(hours=1)
    t.rest("nothing of the kind")
    t.remove("A1")
    assert set(t.timers) == {"rung:A2"}


def test_one_card_at_a_time_and_none_without_a_group() -> None:
    """However often a turn wants the card shown, it is shown once; without a staff group never."""
    t = turn()
    order = t.put(an_order())
    for _ in range(3):
        order = t.card(order)
    assert sum(isinstance(o.effect, ShowCard) for o in t.open) == 1
    alone = Turn(EMPTY, wrote("hello"), NOW, replace(POLICY, staff_chat=""))
    alone.tell_staff(alone.card(alone.put(an_order())), "x")
    alone.ping_owner("x")
    assert alone.open == []
