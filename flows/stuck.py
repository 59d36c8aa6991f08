"""A timer whose step raises: put off by 1, 2, 4 … s up to an hour, and from the third time on a person is called.

A step is pure: what raised will raise again until the program is mended, or time or the customer has changed what it looks at. So it is
tried ever more rarely, and goes on by itself once it can; meanwhile the order stands before staff and the owner has heard of it. Of
several timers that came together each is put off to a moment of its own, and is then a step of its own: what is well goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows import ladder
from flows.events import StepFailed
from flows.orders import Order, Reason

if TYPE_CHECKING:
    from flows.turn import Turn

FIRST = timedelta(seconds=1)
#: Tried again no more rarely: after a mend an order waits an hour at most.
RAREST = timedelta(hours=1)
#: Failures before a person is called: the first may have been another timer's that was due in the same moment.
TOLD_AT = 3
#: Failures after which RAREST is reached: a pending order is a person's from then on, and staff are reminded of it.
GIVEN_UP_AT = 13
#: Between timers that are put off together: stores keep moments by the millisecond.
_APART = timedelta(milliseconds=1)


def again_after(failures: int) -> timedelta:
    """The wait after so many failures, from 1."""
    return min(FIRST * (1 << min(max(failures - 1, 0), 20)), RAREST)


def put_off(
    timers: Mapping[str, datetime], failing: Mapping[str, int], due: datetime, now: datetime
) -> tuple[dict[str, datetime], dict[str, int]]:
    """The timers and their failures after those of `due` have failed once more. A timer that is gone has no failures."""
    ripe = sorted((moment, name) for name, moment in timers.items() if moment <= due)
    counted = {name: failing.get(name, 0) + 1 for _, name in ripe}
    moved = {name: now + again_after(counted[name]) + place * _APART for place, (_, name) in enumerate(ripe)}
    return {**timers, **moved}, {name: n for name, n in {**failing, **counted}.items() if name in timers}


def failed(turn: Turn, event: StepFailed) -> None:
    """The step of what was due then raised: its timers wait, and who has to know is told."""
    was = turn.failing
    timers, failing = put_off(turn.timers, was, event.due, turn.now)
    if timers == turn.timers:
        return
    for name in [name for name, moment in timers.items() if moment != turn.timers[name]]:
        turn.wake(name, timers[name])
    turn.set(failing=failing)
    for name, failures in failing.items():
        if failures == was.get(name, 0):
            continue
        if failures == TOLD_AT:
            _call_a_person(turn, name, event.error)
        elif failures == GIVEN_UP_AT:
            _give_up(turn, name)


def well(turn: Turn, names: list[str]) -> None:
    """These timers have run: whoever was called hears that it goes on."""
    failing = turn.failing
    if failing.keys().isdisjoint(names):
        return
    turn.set(failing={name: n for name, n in failing.items() if name not in names})
    for name in names:
        if failing.get(name, 0) < TOLD_AT:
            continue
        order = _about(turn, name)
        turn.note("unstuck", order.id if order else "", by="rule", timer=name.partition(":")[0])
        if order is not None:
            turn.tell_staff(turn.card(order), "unstuck")


def is_stuck(turn: Turn, order: Order) -> bool:
    """Whether one of the order's timers has failed so often that a person was called."""
    return any(n >= TOLD_AT and _is_about(turn, name, order) for name, n in turn.failing.items())


def _call_a_person(turn: Turn, name: str, error: str) -> None:
    order = _about(turn, name)
    turn.note("stuck", order.id if order else "", by="rule", timer=name.partition(":")[0], error=error)
    if order is None:
        turn.ping_owner("owner.stuck")
        return
    turn.tell_staff(turn.card(order), "stuck")
    turn.ping_owner("owner.stuck", order.id, order=order.id)


def _give_up(turn: Turn, name: str) -> None:
    """For more than an hour nothing could be done: no machine will settle it, and an open order needs a timer that does."""
    order = _about(turn, name)
    if order is not None and order.state == "pending":
        ladder.flag(turn, order, Reason("stuck"))


def _about(turn: Turn, name: str) -> Order | None:
    """The order that a timer is about; None: it is nobody's alone."""
    kind, _, rest = name.partition(":")
    if kind == "ask":
        effect = turn.was.open_effect(rest)
        return turn.get(getattr(effect.effect, "order_id", "")) if effect is not None else None
    if kind == "complaint":
        seq = next((c.seq for c in turn.complaints if str(c.n) == rest), None)
        return None if seq is None else turn.by_seq(seq)
    return turn.talk if rest == "" else turn.get(rest)


def _is_about(turn: Turn, name: str, order: Order) -> bool:
    found = _about(turn, name)
    return found is not None and found.seq == order.seq
