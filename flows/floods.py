"""Bursts of held orders at the desk: one counted card for each, kept true, with two buttons that decide about all of it.

Only a manager or the owner may: one press texts or cancels them all. Cancelling asks once more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flows.effects import Button, Line, ReleaseHeld, ShowDigest, Value
from flows.wording import Moment

if TYPE_CHECKING:
    from flows.desk import Desk
    from flows.desk_events import HeldReported
    from flows.events import StaffPressed

#: Staff text key of a digest that is a burst's card; its value "burst" says which.
KEY = "flood"
ASK, CANCEL, SURELY = "flood_ask", "flood_cancel", "flood_surely"
VERBS = frozenset({ASK, CANCEL, SURELY})
#: The card is brought up to date no oftener than this.
EVERY = timedelta(seconds=30)
#: After so long without another one, the next order begins a burst of its own.
OVER = timedelta(hours=24)
#: Bursts known at once; the oldest goes first.
MOST = 50
_DONE = {"ask": "flood.asked", "cancel": "flood.cancelled"}
#: So many digits of a prefix are shown.
SHOWN = 6


class Flood(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One burst of orders that a ceiling held."""

    n: int  # its buttons are bound to it
    limit: str  # number | prefix | hour | silent
    since: datetime
    last: datetime
    about: str = ""  # the digits that its numbers share
    count: int = 0
    until: datetime | None = None  # the last of it is asked then
    stands: str = ""  # its card, "<chat>/<message id>"
    shown_at: datetime | None = None
    sure: bool = False  # somebody pressed Cancel all, and is asked once more
    done: str = ""  # ask | cancel
    by: str = ""


def reported(desk: Desk, event: HeldReported, now: datetime) -> Desk:
    """One more order of a burst."""
    known = desk.floods.get(event.burst)
    ever = desk.floods_ever
    if known is None or known.done or now - known.last > OVER:
        ever += 1
        known = Flood(n=ever, limit=event.limit, about=event.about, since=event.at, last=now)
    moments = [m for m in (known.until, event.ask_at) if m is not None]
    known = replace(known, count=known.count + 1, last=now, until=max(moments, default=None))
    floods = {name: flood for name, flood in desk.floods.items() if name != event.burst} | {event.burst: known}
    return replace(desk, floods=dict(list(floods.items())[-MOST:]), floods_ever=ever)


def card(desk: Desk, burst: str, now: datetime, *, at_once: bool = False) -> tuple[ShowDigest, datetime] | None:
    """The wish to show a burst's card, and when; None where one waits already. What it says is filled in when it leaves."""
    if any(_of(o.effect) == burst and o.status == "planned" for o in desk.open):
        return None
    shown = desk.floods[burst].shown_at
    not_before = now if shown is None or at_once else max(now, shown + EVERY)
    return ShowDigest(waiting=0, key=KEY, values={"burst": burst}), not_before


def _of(effect: object) -> str:
    return str(effect.values.get("burst", "")) if isinstance(effect, ShowDigest) and is_card(effect) else ""


def is_card(effect: ShowDigest) -> bool:
    """Whether the digest is a burst's card."""
    return effect.key.partition(".")[0] == KEY


def filled(desk: Desk, effect: ShowDigest, zone: str) -> ShowDigest:
    """The card as it is now."""
    flood = desk.floods.get(_of(effect))
    if flood is None:
        return effect
    values: dict[str, Value] = {"burst": _of(effect), "about": flood.about[:SHOWN]}
    lines: tuple[Line, ...] = ()
    if flood.done:
        lines = (Line(_DONE[flood.done], {"name": flood.by}),)
    elif flood.sure:
        lines = (Line("flood.sure", {"count": flood.count}),)
    elif flood.limit != "silent" and flood.until is not None:
        lines = (Line("flood.turn", {"until": Moment(at=flood.until, zone=zone, style="daytime")}),)
    return replace(
        effect,
        key=f"{KEY}.{flood.limit}",
        waiting=flood.count,
        values=values,
        lines=lines,
        buttons=_buttons(desk, flood),
        stands=flood.stands,
    )


def _buttons(desk: Desk, flood: Flood) -> tuple[Button, ...]:
    if flood.done:
        return ()
    verbs = [SURELY if flood.sure else CANCEL]
    if flood.limit != "silent":
        verbs = [ASK, *verbs]
    return tuple(Button(verb, f"c:{verb}:{desk.id}:{flood.n}:1", {"count": flood.count}) for verb in verbs)


def shown(desk: Desk, effect: ShowDigest, stands: str, now: datetime) -> Desk:
    """It stands there; "": it is gone."""
    flood = desk.floods.get(_of(effect))
    if flood is None:
        return desk
    return replace(desk, floods=desk.floods | {_of(effect): replace(flood, stands=stands, shown_at=now)})


def pressed(desk: Desk, event: StaffPressed) -> tuple[Desk, str, ReleaseHeld | None]:
    """The desk after the press, the burst whose card changes, and what is done to its orders."""
    found = next(((name, flood) for name, flood in desk.floods.items() if flood.n == event.seq), None)
    if found is None or found[1].done:
        return desk, "", None
    burst, flood = found
    if event.verb == CANCEL and not flood.sure:
        return replace(desk, floods=desk.floods | {burst: replace(flood, sure=True)}), burst, None
    if event.verb == SURELY and not flood.sure:
        return desk, "", None
    what = "ask" if event.verb == ASK else "cancel"
    flood = replace(flood, done=what, by=event.name)
    release = ReleaseHeld(burst=burst, what=what, since=flood.since, by=event.name, role=event.role)  # type: ignore[arg-type]
    return replace(desk, floods=desk.floods | {burst: flood}), burst, release
