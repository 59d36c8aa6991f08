"""The desk's steps about bursts of held orders: the counted card, and the presses on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from flows import floods
from flows.decision import Decision
from flows.desk import Desk, may
from flows.desk_events import HeldReported
from flows.effects import AnyEffect, Open
from flows.events import StaffPressed
from flows.policy import Policy

#: Adds one effect to the desk: (desk, effect, index of the effect in this step) -> the desk with it, and it.
Plan = Callable[[Desk, AnyEffect, int], tuple[Desk, Open]]


def reported(desk: Desk, event: HeldReported, now: datetime, policy: Policy, plan: Plan) -> Decision:
    desk = floods.reported(desk, event, now)
    return _shown(desk, event.burst, now, policy, plan, [])


def pressed(desk: Desk, event: StaffPressed, now: datetime, policy: Policy, plan: Plan) -> Decision:
    """Notice: done | stale | not_allowed."""
    if not may(event.role, "manager"):
        return Decision(document=desk, changed=False, notice="not_allowed")
    desk, burst, release = floods.pressed(desk, event)
    if not burst:
        return Decision(document=desk, changed=False, notice="stale")
    planned: list[Open] = []
    if release is not None:
        desk, open_ = plan(desk, release, 0)
        planned.append(open_)
    return replace(_shown(desk, burst, now, policy, plan, planned, at_once=True), notice="done")


def again(desk: Desk, burst: str, now: datetime, policy: Policy, plan: Plan) -> Decision:
    """The card was taken away: it is posted anew."""
    return _shown(desk, burst, now, policy, plan, [], at_once=True)


def _shown(
    desk: Desk, burst: str, now: datetime, policy: Policy, plan: Plan, planned: list[Open], *, at_once: bool = False
) -> Decision:
    wish = floods.card(desk, burst, now, at_once=at_once) if policy.staff_chat and burst in desk.floods else None
    if wish is None:
        return Decision(document=desk, planned=tuple(planned))
    desk, open_ = plan(desk, wish[0], len(planned))
    later = replace(open_, not_before=wish[1])
    desk = replace(desk, open=tuple(later if o.id == open_.id else o for o in desk.open))
    return Decision(document=desk, planned=(*planned, later))
