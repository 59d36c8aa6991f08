"""How many people WhatsApp lets a business write to first within 24 hours (the messaging limit, a "tier"), and who waits when it is near.

    250 - 2,000 - 10,000 - 100,000 - no limit     people, in any 24 hours, outside their own 24 h windows; answers never count

Each message outside the window is told to the desk, which counts people by quarters of an hour; somebody who is written to again is
moved to the later quarter, not counted twice. What exceeds waits until there is room: news to many first, then other news, then the
ladder's later questions; the first question of an order may use nearly all. A question that would wait longer than its own step goes
by the next one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from flows.conversation import WINDOW
from flows.desk import Desk
from flows.desk_events import LimitTold, PersonReached
from flows.effects import PingOwner, Say, Value
from flows.policy import Policy
from flows.turn import Turn

#: People are counted by so long a time: a day is 96 numbers, and nobody counts a quarter of an hour too long.
SPAN = timedelta(minutes=15)
#: Which part of the limit each kind may use. The rest above the first question's is for what is on the wire at that moment.
SHARES = {"many": 0.8, "news": 0.9, "rung": 0.92, "first": 0.95}
#: From so large a part on the owner hears that the limit is near; below the second it may be told again.
NEAR, AGAIN_BELOW = 0.8, 0.6
#: A question for which there is no room: its rung is entered again, and waits there or is passed over.
FULL = "sender_full"


def kind_of(purpose: str, notice: int = 0) -> str:
    """Which share a message may use; "" for an answer, which is inside the window."""
    if notice:
        return "many"
    return {"first": "first", "rung": "rung", "notice": "news"}.get(purpose, "")


def waits_until(turn: Turn, kind: str, address: str) -> datetime | None:
    """Until when a message that we begin waits for room on WhatsApp; None: it may go."""
    until = turn.policy.reach_full.get(kind)
    if until is None or until <= turn.now or turn.window_open(address):
        return None
    contact = turn.contact("whatsapp", address)
    counted = contact is not None and contact.reached_at is not None and turn.now - contact.reached_at < WINDOW
    return None if counted else until


def leaves(turn: Turn, say: Say) -> Say:
    """The message, as it goes outside the window: when, and when this person was written to so before."""
    contact = turn.contact("whatsapp", say.to)
    return replace(say, reaches_at=turn.now, reached_before=contact.reached_at if contact is not None else None)


def taken(turn: Turn, say: Say) -> None:
    """WhatsApp took it: the person is counted from that moment."""
    contact = turn.contact(say.channel, say.to)
    if say.reaches_at is not None and contact is not None:
        turn.put_contact(replace(contact, reached_at=say.reaches_at))


# -- at the desk


def limit_of(policy: Policy, desk: Desk) -> int | None:
    """The limit: as the settings say, else as the provider told; None: there is none, or nobody knows it."""
    limit = policy.daily_recipients or desk.reach_limit
    return limit if limit > 0 else None


def told(desk: Desk, event: LimitTold) -> Desk:
    return replace(desk, reach_limit=event.limit)


def reached(desk: Desk, event: PersonReached, now: datetime, policy: Policy) -> tuple[Desk, PingOwner | None]:
    """The desk with one more person counted, and what the owner has to hear."""
    counts = {span: n for span, n in desk.reached.items() if now - _start(span) < WINDOW + SPAN}
    before = _span(event.before) if event.before is not None else ""
    if before in counts:
        counts[before] -= 1
    counts[_span(event.at)] = counts.get(_span(event.at), 0) + 1
    desk = replace(desk, reached={span: n for span, n in counts.items() if n > 0})
    limit = policy.reach_limit
    if limit is None:
        return desk, None
    used = sum(desk.reached.values())
    if used < limit * AGAIN_BELOW:
        return replace(desk, reach_told=""), None
    what = "out" if used >= limit * SHARES["first"] else "near" if used >= limit * NEAR else ""
    if not what or what == desk.reach_told or desk.reach_told == "out":
        return desk, None
    values: dict[str, Value] = {"shop": policy.name, "count": used, "limit": limit}
    key = "owner.tier_out" if what == "out" else "owner.tier_near"
    return replace(desk, reach_told=what), PingOwner(key=key, values=values)


def full(policy: Policy, desk: Desk, now: datetime) -> dict[str, datetime]:
    """Kind of message -> until when it has to wait; a kind that has room is not there."""
    limit = limit_of(policy, desk)
    if limit is None or not desk.reached:
        return {}
    counts = sorted((_start(span), n) for span, n in desk.reached.items() if now - _start(span) < WINDOW + SPAN)
    found: dict[str, datetime] = {}
    for kind, share in SHARES.items():
        used = sum(n for _, n in counts)
        for start, n in counts:
            if used < max(1, limit * share):
                break
            used -= n
            found[kind] = start + SPAN + WINDOW
    return found


def _span(at: datetime) -> str:
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0).isoformat()


def _start(span: str) -> datetime:
    return datetime.fromisoformat(span)
