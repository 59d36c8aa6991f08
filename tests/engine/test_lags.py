"""How late the outbox is, as /metrics shows it."""

from __future__ import annotations

from datetime import timedelta

from engine.lanes import Lane
from engine.metrics import Lags
from tests.contracts.test_store import a_say
from tests.contracts.tiny import NOW


def test_the_age_is_of_the_oldest_that_may_leave() -> None:
    """What has waited longest counts from when it was wished for; what may not leave yet does not count; no number is shown."""
    lane = Lane("sms:+34911000001", 1.0)
    lane.offer("one", a_say(1, NOW))
    lane.offer("two", a_say(2, NOW + timedelta(hours=3)))
    assert lane.age_s(NOW) == 0
    later = NOW + timedelta(minutes=2)
    outbox, timers = Lags(lambda: {lane.name: lane.age_s(later)}, lambda: 7.5).collect()
    assert [(s.labels["lane"], s.value) for s in outbox.samples] == [("sms:…0001", 120.0)]
    assert [s.value for s in timers.samples] == [7.5]
