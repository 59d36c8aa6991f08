"""A lane keeps its sender's rate, lets first texts first, loses nothing and grants once. (engine/lanes.py)"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.lanes import Lane, Lanes
from flows.effects import Open, Say
from tests.flows.shop import NOW

_SAY = Say(channel="sms", to="+34600000001", sender="+34911000001", template="confirm_words")


def planned(n: int, *, urgency: int = 0, after_s: float = 0, at_s: float = 0) -> Open:
    return Open(
        id=f"e{n}/0",
        effect=_SAY,
        status="planned",
        at=NOW + timedelta(seconds=at_s),
        not_before=NOW + timedelta(seconds=after_s),
        urgency=urgency,
        lane="sms:x",
    )


steps = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(0, 3), st.sampled_from([0.0, 0.0, 2.0, 30.0])),
        st.tuples(st.just("grant"), st.integers(0, 3), st.just(0.0)),
        st.tuples(st.just("take"), st.just(0), st.just(0.0)),
        st.tuples(st.just("wait"), st.just(0), st.sampled_from([0.1, 0.5, 1.0, 7.0])),
    ),
    max_size=60,
)
rates = st.sampled_from([(1.0, 1), (0.5, 3), (10.0, 10), (20 / 60, 8)])


@given(steps, rates)
def test_never_faster_than_the_rate_and_nothing_lost(
    plan: list[tuple[str, int, float]], pace: tuple[float, int]
) -> None:
    """Whatever is offered and asked for: in no span of time more than burst + rate x span leave, and all of it leaves in the end."""
    rate, burst = pace
    lane, now = Lane("sms:x", rate, burst), NOW
    left, offered = [], []
    for n, (what, urgency, seconds) in enumerate(plan):
        effect = planned(n, urgency=urgency, after_s=(now - NOW).total_seconds() + seconds, at_s=n / 1000)
        if what == "offer":
            lane.offer("c", effect)
            lane.offer("c", effect)
            offered.append(effect.id)
        elif what == "grant" and lane.grant_now(effect, now):
            left.append((now, effect.id))
            offered.append(effect.id)
        elif what == "take" and (taken := lane.take(now)):
            left.append((now, taken[1]))
        elif what == "wait":
            now += timedelta(seconds=seconds)
    while (moment := lane.next_moment(now)) is not None:
        now = max(now, moment)
        if (taken := lane.take(now)) is not None:
            left.append((now, taken[1]))
        else:  # its moment has come, its permit has not
            again = lane.next_moment(now)
            assert again is not None
            assert again > now, "a pump would turn without end"
    assert sorted(i for _, i in left) == sorted(offered), "lost, or twice"
    assert len(lane) == 0
    for first in range(len(left)):
        for last in range(first, len(left)):
            span = (left[last][0] - left[first][0]).total_seconds()
            assert last - first + 1 <= burst + rate * span + 0.001, "faster than the sender may"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=40))
def test_first_texts_first_then_the_oldest(wishes: list[tuple[int, int]]) -> None:
    """Of what waits for one sender, the most urgent goes first, and of equals the one wished for first."""
    lane = Lane("sms:x", 1.0)
    effects = {f"e{n}/0": planned(n, urgency=u, at_s=at) for n, (u, at) in enumerate(wishes)}
    for effect in effects.values():
        lane.offer("c", effect)
    order, now = [], NOW
    while (taken := lane.take(now)) is not None:
        order.append(effects[taken[1]])
        now += timedelta(seconds=1)
    assert [(e.urgency, e.at) for e in order] == sorted((e.urgency, e.at) for e in effects.values())


def test_granted_once_and_never_past_those_who_wait() -> None:
    """A permit in the deciding commit is the same permit when the decision is run again; nobody gets one past a queue."""
    lane = Lane("sms:x", 1.0)
    first, second, third = planned(1), planned(2), planned(3)
    assert lane.grant_now(first, NOW)
    assert lane.grant_now(first, NOW), "the unit ran twice"
    assert not lane.grant_now(second, NOW), "the second went with the first one's permit"
    lane.offer("c", second)
    later = NOW + timedelta(seconds=1)
    assert lane.next_moment(NOW) == later
    assert not lane.grant_now(third, later)
    assert lane.take(later) == ("c", second.id)
    lane.done(first.id)
    assert not lane.granted(first.id)


def test_nothing_before_its_time() -> None:
    """What may not leave yet neither gets a permit nor stands in the way of what may."""
    lane = Lane("sms:x", 1.0)
    resting = planned(1, after_s=3600)
    assert not lane.grant_now(resting, NOW)
    lane.offer("c", resting)
    assert lane.next_moment(NOW) == resting.not_before
    assert lane.grant_now(planned(2, urgency=3), NOW)
    assert lane.take(NOW + timedelta(minutes=59)) is None
    assert lane.take(resting.not_before) == ("c", resting.id)


def test_a_long_text_costs_its_segments() -> None:
    """Three segments on a lane of one a second keep the next text back for three seconds."""
    lane = Lane("sms:x", 1.0)
    assert lane.grant_now(planned(1), NOW)
    lane.charge(2.0, NOW)
    lane.offer("c", planned(2))
    assert lane.next_moment(NOW) == NOW + timedelta(seconds=3)


def test_a_lane_that_nobody_configured() -> None:
    """Senders have the pace of the settings; a text sender without one is as slow as the slowest, a group takes 20 a minute."""
    lanes = Lanes({"sms:+1": (100.0, 10)})
    assert lanes.get("sms:+1").rate_per_s == 100.0
    assert lanes.get("sms:+2").rate_per_s == 1.0
    assert lanes.get("telegram:-100").rate_per_s == 20 / 60
    assert lanes.get("sms:+1") is lanes.get("sms:+1")
    assert len(lanes.all()) == 3
