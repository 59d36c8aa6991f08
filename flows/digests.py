"""When more waits for a chat than it may get: one message that names the most urgent, with a button for each; then it is kept true.

The group's digest is one message, edited a few times a minute until the cards are through. In the owner's chat each digest names the
complaints that it has not named yet, so that nobody's waits unseen behind a hundred others.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flows.effects import Button, Line, PingOwner, ShowCard, ShowDigest, Value
from flows.wording import Moment

if TYPE_CHECKING:
    from flows.complaint import Complaint
    from flows.conversation import Conversation
    from flows.desk import Desk
    from flows.desk_events import TelegramHeard, WaitingListed
    from flows.events import StaffPressed
    from flows.orders import Order
    from flows.policy import Policy
    from flows.turn import Turn

#: More than so many waiting for one chat are named in a digest.
FROM = 8
#: Named in the group's digest, with a button each; and in one of the owner's.
CARDS_NAMED, PINGS_NAMED = 8, 60
#: How often a digest is looked at again while things wait.
EVERY = {"cards": timedelta(seconds=15), "pings": timedelta(seconds=2)}
#: An edit of a card that stands goes before every new card; a new one by what it is about.
_REASONS = {"reply.complaint": 1, "owner_has_it": 1, "reply.human": 2, "reply.call_me": 2, "reply.cancel": 2}
_LAST = frozenset({"limit"})
#: The card that somebody has just pressed: before everything else of the group, who pressed waits for it.
PRESSED = -10
#: A bigger amount goes first among equals: one step for so many minor units.
_STEP_MINOR = 5_000


class Named(Struct, frozen=True, gc=False):
    """One thing that waits: its line, and the button that opens it."""

    lines: tuple[Line, ...]
    button: Button | None = None


def rank(order: Order, complaints: tuple[Complaint, ...]) -> int:
    """How soon a card is posted among those that wait; 0 goes first and is an edit of what stands."""
    if order.card is not None:
        return 0
    keys = {r.key for r in order.reasons}
    if any(c.waiting and c.seq == order.seq for c in complaints):
        kind = 1
    elif keys & _LAST:
        kind = 8
    else:
        kind = min([_REASONS.get(k, 3 if k.startswith("reply.") else 5) for k in keys], default=5)
    return kind * 10 + 9 - min(order.fields.total.minor // _STEP_MINOR, 9)


def opened(turn: Turn, order: Order, event: StaffPressed) -> None:
    """A press on the digest: this card comes next; one that stands is pointed to."""
    if order.card is not None:
        turn.tell_staff(order, "digest.here", name=event.name)
        turn.notice = "digest_here"
        return
    for open_ in list(turn.open):
        if isinstance(open_.effect, ShowCard) and open_.effect.seq == order.seq and open_.status == "planned":
            turn.settle(open_.id)
    turn.plan(ShowCard(seq=order.seq, rank=1))
    turn.notice = "digest_next"


# -- what the engine asks of a document whose effect waits


def named(document: Conversation, effect_id: str) -> Named | None:
    """What a digest says of one waiting effect; None: it is none that a digest names."""
    open_ = document.open_effect(effect_id)
    if open_ is None or open_.status != "planned":
        return None
    effect = open_.effect
    if isinstance(effect, PingOwner) and effect.complaint:
        text = str(effect.values.get("text", ""))[:40]
        return Named((Line("digest.ping", {"order": effect.order_id, "words": text}),))
    if not isinstance(effect, ShowCard):
        return None
    order = document.by_seq(effect.seq)
    if order is None or order.card is not None or not order.seq:
        return None
    values: dict[str, Value] = {"order": order.id, "total": order.fields.total, "name": order.fields.name}
    lines = (Line("digest.card", values), *(Line(f"reason.{r.key}", dict(r.values)) for r in order.reasons[-1:]))
    return Named(lines, Button("open", f"c:open:{document.id}:{order.seq}:{order.version}", {"order": order.id}))


# -- the desk


def listed(
    desk: Desk, event: WaitingListed, now: datetime, policy: Policy
) -> tuple[Desk, ShowDigest | PingOwner | None]:
    """What is said of what waits, and when it is looked at again."""
    timer = f"digest:{event.kind}"
    timers = {name: due for name, due in desk.timers.items() if name != timer}
    if event.waiting >= FROM or (event.kind == "pings" and event.named):
        timers[timer] = now + EVERY[event.kind]
    desk = replace(desk, timers=timers)
    if event.kind == "pings":
        return desk, _of_pings(event, policy)
    shown = "cards" in desk.digests
    if event.waiting < FROM and not shown:
        return desk, None
    ref = desk.digests.get("cards")
    digests = {**desk.digests}
    if event.waiting < FROM:
        digests.pop("cards", None)
    elif ref is None:
        digests["cards"] = ""
    lines = tuple(line for n in event.named[:CARDS_NAMED] for line in n.lines)
    buttons = tuple(n.button for n in event.named[:CARDS_NAMED] if n.button is not None)
    over = event.waiting < FROM
    effect = ShowDigest(
        waiting=event.waiting, lines=() if over else lines, buttons=() if over else buttons, stands=ref or "", over=over
    )
    return replace(desk, digests=digests), effect


def back(event: TelegramHeard) -> ShowDigest:
    """After an outage: from when to when presses may be lost, and what is open."""
    assert event.since is not None
    values: dict[str, Value] = {
        "since": Moment(at=event.since, zone=event.zone, style="daytime"),
        "until": Moment(at=event.at, zone=event.zone, style="daytime"),
    }
    lines = tuple(Line("digest.open", {"order": order, "state": state}) for order, state in event.open)
    return ShowDigest(waiting=len(event.open), key="digest.back", values=values, lines=lines)


def _of_pings(event: WaitingListed, policy: Policy) -> PingOwner | None:
    if len(event.named) < 2:
        return None  # the ping itself says it as soon
    lines = tuple(line for n in event.named for line in n.lines)
    return PingOwner(key="owner.digest", values={"shop": policy.name, "count": event.waiting}, lines=lines, first=True)


def stands(desk: Desk, provider_id: str) -> Desk:
    """The digest was posted or edited there."""
    if "cards" not in desk.digests:
        return desk
    return replace(desk, digests={**desk.digests, "cards": provider_id})
