"""The moments of a complaint that waits for a person; each runs once, and the next one is always a timer of the conversation.

0         the customer's answer and the owner's ping leave
2 min     no ping has reached an owner (Telegram is down): by SMS, else e-mail, to the owners at once
8 min     the customer has not been reached where they wrote (the channel is busy): another channel
15 min    nobody has taken it: the owner is pinged again
30 min    nobody has taken it: by SMS or e-mail; then after one, two, four hours …
30 min before the promise: whoever has it is reminded;  10 min before: by SMS or e-mail;  at the promise: broken, and said so
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import complaint_pings, hours
from flows.complaint import KEPT_MOST, Complaint
from flows.effects import Escalate, Say
from flows.reach import tell
from flows.turn import Turn

#: A ping that nobody's Telegram took within this has to go another way.
BLIND_AFTER = timedelta(minutes=2)
#: The fallback channel gets this part of the time in which the customer has to hear something.
FALLBACK_AT = 0.8
#: Escalations after the first: so long after it, then twice as long.
ESCALATE_AGAIN = timedelta(hours=1)
ESCALATIONS_MOST = 6
#: The last call before a promise breaks.
LAST_CALL = timedelta(minutes=10)
#: A broken promise is told again after so long, ever more rarely.
BROKEN_AGAIN = timedelta(hours=4)
BROKEN_MOST = 5


def moments(complaint: Complaint, turn: Turn) -> dict[str, datetime]:
    """Stage -> when it runs, of those that have not."""
    if not complaint.waiting:
        return {}
    rules, since = turn.policy.complaints, complaint.since
    found: dict[str, datetime] = {}
    if complaint.ack and not complaint.acked:
        found["ack"] = since + rules.acknowledge_within * FALLBACK_AT
    if not complaint.taken_by:
        if not complaint.pinged:
            found["blind"] = since + BLIND_AFTER
        found["ping"] = since + rules.ping_again
        found |= _doubling("escalate", since + rules.escalate_after, ESCALATE_AGAIN, ESCALATIONS_MOST)
    if complaint.promise_by is not None:
        span = complaint.promise_by - since
        found["remind"] = complaint.promise_by - min(rules.remind_before, span / 2)
        found["last_call"] = complaint.promise_by - min(LAST_CALL, span / 4)
        found |= _doubling("broken", complaint.promise_by, BROKEN_AGAIN, BROKEN_MOST)
    return {stage: at for stage, at in found.items() if stage not in complaint.done}


def _doubling(stage: str, first: datetime, then: timedelta, times: int) -> dict[str, datetime]:
    return {stage: first} | {f"{stage}{n}": first + then * (2**n - 1) for n in range(1, times)}


def put(turn: Turn, complaint: Complaint) -> Complaint:
    """Store it (by its number) and ask to be woken for its next moment."""
    kept = [c for c in turn.complaints if c.n != complaint.n]
    while len(kept) >= KEPT_MOST:
        kept.remove(next((c for c in kept if not c.unsolved), kept[0]))
    turn.set(complaints=tuple(sorted([*kept, complaint], key=lambda c: c.n)))
    _wake(turn, complaint)
    return complaint


def _wake(turn: Turn, complaint: Complaint) -> None:
    """The conversation's timer for this complaint."""
    coming = moments(complaint, turn)
    if coming:
        turn.wake(f"complaint:{complaint.n}", min(coming.values()))
    else:
        turn.rest(f"complaint:{complaint.n}")


def due(turn: Turn, n: int) -> None:
    """Every stage whose moment has come; of several escalations that were missed together, one runs."""
    turn.rest(f"complaint:{n}")
    complaint = turn.complaint(n)
    if complaint is None:
        return
    ripe = sorted((at, stage) for stage, at in moments(complaint, turn).items() if at <= turn.now)
    families: set[str] = set()
    for _, stage in ripe:
        complaint = replace(complaint, done=(*complaint.done, stage))
        family = stage.rstrip("0123456789")
        if family not in families:
            families.add(family)
            complaint = _run(turn, complaint, family, first=family == stage)
    put(turn, complaint)


def _run(turn: Turn, complaint: Complaint, family: str, *, first: bool) -> Complaint:
    match family:
        case "ack":
            return _elsewhere(turn, complaint)
        case "ping":
            complaint_pings.ping(turn, complaint, "owner.complaint.again")
        case "blind" | "escalate" | "last_call":
            _escalate(turn, complaint)
        case "remind":
            _remind(turn, complaint)
        case "broken":
            _broken(turn, complaint, first=first)
    return complaint


def _escalate(turn: Turn, complaint: Complaint) -> None:
    """To the owners' own phones; at night it waits for the morning."""
    rest = hours.quiet_until(turn.now, turn.policy.quiet, turn.policy.zone)
    turn.note("complaint.escalated", complaint.order_id, by="rule", n=str(complaint.n))
    turn.plan(Escalate(key=f"{turn.id}:{complaint.n}", order_id=complaint.order_id), not_before=rest)


def _remind(turn: Turn, complaint: Complaint) -> None:
    turn.note("promise.reminded", complaint.order_id, by="rule", n=str(complaint.n))
    complaint_pings.ping(turn, complaint, "owner.promise.soon")
    order = turn.by_seq(complaint.seq)
    if order is not None and complaint.kind == "complaint":
        turn.tell_staff(turn.card(order), "promise.soon")


def _broken(turn: Turn, complaint: Complaint, *, first: bool) -> None:
    if first:
        turn.note("promise.broken", complaint.order_id, by="rule", n=str(complaint.n))
    complaint_pings.ping(turn, complaint, "owner.promise")
    order = turn.by_seq(complaint.seq)
    if order is not None and complaint.kind == "complaint":
        turn.tell_staff(turn.card(order), "promise.broken")


def _elsewhere(turn: Turn, complaint: Complaint) -> Complaint:
    """What should have told the customer has not left, or nobody knows: another channel says it, once."""
    open_ = turn.open_effect(complaint.ack)
    order = turn.by_seq(complaint.seq)
    say = open_.effect if open_ is not None else None
    if open_ is None or not isinstance(say, Say) or order is None:
        return complaint
    values = {k: v for k, v in say.values.items() if k in ("by", "hours")}
    fallback = tell(turn, order, "complaint_ack", but=frozenset({say.channel}), **values)
    if not fallback:
        return complaint  # there is no other way: it keeps its place in the line
    if open_.status == "planned":
        turn.settle(open_.id)
    turn.note("complaint.fallback", complaint.order_id, by="rule", via=say.channel)
    return replace(complaint, ack=fallback)
