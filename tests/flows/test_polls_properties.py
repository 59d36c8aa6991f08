"""A digit answers what was asked last: never a score for a yes, never a yes for a score, whatever the order of things."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.conversation import Note
from flows.effects import Say
from flows.events import ShopReported
from flows.pointers import order as order_pointer
from flows.poll_asking import TEMPLATES
from flows.poll_rules import Polls
from flows.polls import results, score_of
from tests.depth import examples
from tests.flows.shop import ANA, NOW, POLICY, SHOP, fields, told, wrote
from tests.flows.world import World

RULES = Polls(after_delivery=timedelta(days=2), to="everybody", every="quarter", welcome=True, apart=timedelta(days=1))
REST = st.lists(
    st.one_of(
        st.sampled_from(["order", "order", "arrives", "arrives"]),
        st.sampled_from(["1", "2", "3", "4", "5", "yes", "no"]),
        st.sampled_from([2, 12, 49, 49, 24 * 8]),
    ),
    max_size=10,
)
#: Most lives begin with an order that came, and a question how it was.
STEPS = st.builds(
    lambda first, rest: [*first, *rest],
    st.sampled_from(
        [[], ["order", "1", "arrives", 49], ["order", "arrives", 49, "order"], ["order", "arrives", "order", "1"]]
    ),
    REST,
)


#: Other questions that offer digits: after one of these, 2 is its answer.
MENUS = {"no_what", "change_what", "why_cancel", "which_order"}


class Life:
    """One customer with any number of orders; remembers which question for digits really left last."""

    def __init__(self) -> None:
        self.world = World(policy=replace(POLICY, polls=RULES, quiet=None, whatsapp=None, email=None))
        self.orders = 0

    def asked_last(self) -> str:
        """ "poll", "confirm" or "other": the last message to this phone that asks for an answer."""
        for attempt in reversed(self.world.attempts):
            say = attempt.open.effect
            if isinstance(say, Say):
                if say.template in MENUS:
                    return "other"
                if say.template in TEMPLATES and (say.template != "welcome_back" or "order" in say.values):
                    return "poll"
                if say.purpose in ("first", "rung"):
                    return "confirm"
        return "other"

    def notes(self) -> list[Note]:
        return self.world.notes()

    def step(self, what: str | int) -> None:
        world = self.world
        n = world.next()
        world.now += timedelta(minutes=3)
        world.run_timers()
        world.run_outbox()
        if isinstance(what, int):
            for _ in range(what):
                world.now += timedelta(hours=1)
                world.run_timers()
                world.run_outbox()
        elif what == "order":
            self.orders += 1
            world.bring(told(fields(f"{self.orders}", placed_at=world.now), n, world.now))
        elif what == "arrives":
            for kind in ("confirmed", "shipped", "delivered"):
                for order_id in {o.id for c in world.conversations() for o in c.orders if o.open}:
                    to = (order_pointer(SHOP, order_id),)
                    event = ShopReported(
                        event_id=f"{kind}:{n}:{order_id}", to=to, at=world.now, order_id=order_id, kind=kind
                    )  # type: ignore[arg-type]
                    world.bring(event)
        else:
            world.bring(wrote(what, n, world.now, ANA))
        world.run_outbox()


@settings(max_examples=examples(80))
@given(STEPS)
def test_a_digit_answers_what_was_asked_last(steps: list[str | int]) -> None:
    """After a confirm question 1, 2 and 3 are never a score; after a poll no digit decides an order; one score per poll."""
    life = Life()
    for what in steps:
        life.step(0)
        last = life.asked_last()
        before = {o.id: o.state for c in life.world.conversations() for o in c.orders}
        seen = results(life.notes()).scores
        life.step(what)
        if isinstance(what, int) or not what.isdigit():
            continue
        now = results(life.notes()).scores
        if last == "confirm" and what in "123":
            assert now == seen, f"{what} to a confirm question became a score"
        if last == "poll":
            after = {o.id: o.state for c in life.world.conversations() for o in c.orders}
            decided = [
                i for i, state in after.items() if state != before.get(i) and state in ("confirmed", "cancelled")
            ]
            assert not decided, f"{what} to a poll decided {decided}"
    found = results(life.notes())
    assert sum(found.scores.values()) <= found.asked
    for group in found.by.values():
        assert sum(count for count, _ in group.values()) == sum(found.scores.values())
        assert sum(total for _, total in group.values()) == sum(s * n for s, n in found.scores.items())
    assert life.world.now >= NOW


@given(st.text(max_size=40))
def test_only_a_number_from_one_to_five_is_a_score(text: str) -> None:
    """Any text gives 0 or a score, and a house number, a price or a date gives 0."""
    assert 0 <= score_of(text) <= 5
    for other in ("45", "10", "5 de mayo 12", "0", "6", "-", "calle 5", "1001", "12:30", "3 lamps please"):
        assert score_of(other) == 0
    for said, score in (("5", 5), ("4/5", 4), ("⭐⭐⭐", 3), ("٥", 5), ("3 of 5", 3), (" 2! ", 2), ("5 stars", 5)):
        assert score_of(said) == score
