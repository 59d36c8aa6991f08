"""The shop hears of each decision once at each place, whatever becomes of the attempts."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows.effects import Accepted, Outcome, Refused, TellShop, TryAgain, Unknown
from flows.shop_told import AGAIN, GIVE_UP
from tests.flows.shop import NOW, POLICY, fields, told, wrote
from tests.flows.world import Attempt, World

TELLING = replace(POLICY, tells=frozenset(["callback", "shopify"]), quiet=None)


def a_world() -> World:
    world = World(policy=TELLING)
    world.bring(told(fields()))
    settle_others(world)
    return world


def settle_others(world: World) -> None:
    """Whatever leaves and is no telling is accepted."""
    for _ in range(20):
        for conversation in world.conversations():
            for open_ in conversation.open:
                if open_.status == "planned" and open_.not_before <= world.now:
                    world.claim(conversation.id, open_.id)
        others = [a for a in world.flying if not isinstance(a.open.effect, TellShop)]
        if not others:
            return
        for attempt in others:
            world.settle(attempt, Accepted())


def tellings(world: World, target: str) -> list[Attempt]:
    return [a for a in world.attempts if isinstance(a.open.effect, TellShop) and a.open.effect.target == target]


def taken(world: World, target: str) -> list[str]:
    """What the place has taken, in order."""
    return [a.open.effect.what for a in tellings(world, target) if isinstance(a.outcome, Accepted)]  # type: ignore[union-attr]


def flying(world: World) -> list[Attempt]:
    return [a for a in world.flying if isinstance(a.open.effect, TellShop)]


def test_both_places_hear_of_a_yes() -> None:
    """An order of Shopify's tells Shopify and the callback; each hears it in a request of its own."""
    world = a_world()
    world.bring(wrote("yes"))
    settle_others(world)
    assert sorted(a.open.effect.target for a in flying(world)) == ["callback", "shopify"]  # type: ignore[union-attr]
    assert {a.open.lane for a in flying(world)} == {"shop:demo:callback", "shop:demo:shopify"}
    for attempt in flying(world):
        world.settle(attempt, Accepted())
    assert taken(world, "callback") == taken(world, "shopify") == ["confirmed"]


def test_an_order_of_the_api_tells_the_callback_alone() -> None:
    """What did not come from a platform is not told to one."""
    world = World(policy=TELLING)
    world.bring(told(fields(), source="api"))
    settle_others(world)
    world.bring(wrote("yes"))
    settle_others(world)
    assert [a.open.effect.target for a in flying(world)] == ["callback"]  # type: ignore[union-attr]


@pytest.mark.parametrize("outcome", [TryAgain(0.0, "http_503"), Unknown("cut")])
def test_the_schedule(outcome: Outcome) -> None:
    """A shop that is down is tried ten times over 75 hours, then given up, and the owner hears of it once."""
    world = World(policy=replace(TELLING, tells=frozenset(["callback"])))
    world.bring(told(fields()))
    settle_others(world)
    world.bring(wrote("yes"))
    for _ in range(len(AGAIN) + 3):
        settle_others(world)
        for attempt in flying(world):
            world.settle(attempt, outcome)
        (conversation,) = world.conversations()
        due = [o.not_before for o in conversation.open if isinstance(o.effect, TellShop)]
        if due:
            world.now = max(world.now, due[0])
    attempts = tellings(world, "callback")
    assert [b.at - a.at for a, b in itertools.pairwise(attempts)] == list(AGAIN)
    assert attempts[-1].at - attempts[0].at == GIVE_UP == timedelta(hours=75, minutes=35, seconds=5)
    (conversation,) = world.conversations()
    notes = [n.data["outcome"] for n in conversation.notes if n.what == "shop.told"]
    assert notes == ["later" if isinstance(outcome, TryAgain) else "unknown", "gave_up"]
    alarms = [a for a in world.attempts if getattr(a.open.effect, "kind", "") == "shop_untold"]
    assert len(alarms) == 1


def test_being_asked_to_wait_is_no_failure() -> None:
    """A place that throttles is obeyed to the second, and the try does not count."""
    world = a_world()
    world.bring(wrote("yes"))
    settle_others(world)
    attempt = next(a for a in flying(world) if a.open.effect.target == "shopify")  # type: ignore[union-attr]
    world.settle(attempt, TryAgain(42.0, "throttled"))
    (conversation,) = world.conversations()
    waiting = next(o for o in conversation.open if o.id == attempt.open.id)
    assert (waiting.not_before - world.now, waiting.tries) == (timedelta(seconds=42), 0)


outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.just(Accepted()),
    st.just(Refused("invalid", "no")),
    st.sampled_from([TryAgain(0.0, "http_503"), TryAgain(7.0, "throttled"), Unknown("cut")]),
)


@given(st.lists(st.one_of(st.sampled_from(["cancel", "yes", "wait", "crash"]), outcomes), max_size=25))
def test_never_told_twice(happenings: list[str | Outcome]) -> None:
    """Whatever order decisions, outcomes and crashes come in: a place takes no word about the state twice in a row, at most
    one telling of an order is on the wire to it, and at the end it knows the state as it is."""
    world = a_world()
    world.bring(wrote("yes", "first"))
    settle_others(world)
    for n, happening in enumerate(happenings):
        if happening == "wait":
            world.now += timedelta(minutes=31)
        elif happening == "crash":
            world.crash()
        elif isinstance(happening, str):
            world.bring(wrote(happening, n, world.now))
        elif flying(world):
            world.settle(flying(world)[0], happening)
        settle_others(world)
        on_wire = [a.open.effect.target for a in flying(world)]  # type: ignore[union-attr]
        assert len(on_wire) == len(set(on_wire))
    for _ in range(60):
        for attempt in flying(world):
            world.settle(attempt, Accepted())
        world.now += timedelta(minutes=31)
        settle_others(world)
    for target in ("callback", "shopify"):
        words = [w for w in taken(world, target) if w != "closed"]
        refused = any(isinstance(a.outcome, Refused) for a in tellings(world, target))
        uncertain = any(isinstance(a.outcome, Unknown) or a.outcome is None for a in tellings(world, target))
        if not uncertain:
            assert all(a != b for a, b in itertools.pairwise(words)), words
        (order,) = (o for c in world.conversations() for o in c.orders)
        if not refused and words:
            assert words[-1] in (("cancelled",) if order.state == "cancelled" else ("confirmed", "reopened")), (
                words,
                order.state,
            )


def test_taken_back_before_it_left() -> None:
    """A yes, a cancel and a yes while the shop cannot be reached: it hears the last word alone."""
    world = a_world()
    world.bring(wrote("yes", 1))
    settle_others(world)
    for attempt in list(flying(world)):
        world.settle(attempt, TryAgain(0.0, "down"))
    world.bring(wrote("cancel", 2))
    world.bring(wrote("yes", 3))
    world.now = NOW + timedelta(hours=1)
    settle_others(world)
    for _ in range(5):
        for attempt in list(flying(world)):
            world.settle(attempt, Accepted())
        settle_others(world)
    assert taken(world, "callback") == taken(world, "shopify") == ["reopened"]
