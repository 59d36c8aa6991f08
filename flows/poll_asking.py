"""When a customer is asked for a score, and when not: after a delivery, each quarter or year, and after a returning customer's yes.

Never while a question about an order is open, or a complaint is: a 1 for "yes" must not be taken for a score, nor a score for a yes.
What was planned and is overtaken by such a question does not leave (the final gate asks `may_leave`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from flows import hours
from flows.complaint import selling_paused
from flows.effects import Open, Say
from flows.orders import ASKABLE, Order
from flows.poll_rules import EVERY, Poll
from flows.reach import compose, preferred
from flows.turn import Turn

#: A poll that would come between a question and its answer waits so long, and is given up after …
AGAIN = timedelta(days=1)
#: … since nobody remembers a delivery of that time ago.
STALE = timedelta(days=45)
#: So many orders are remembered as asked about.
ASKED_MOST = 50
TEMPLATES = frozenset({"poll", "poll_link", "poll_shop", "welcome_back"})
#: A follow-up question stays open for so long (as flows/answers.py has it).
_QUESTION_OPEN = timedelta(hours=48)


def delivered(turn: Turn, order: Order) -> None:
    """The parcel is there: ask later, as the settings say."""
    rules = turn.policy.polls
    agreed = order.fields.consent_polls
    if rules.after_delivery is not None and (agreed or rules.to == "everybody"):
        turn.wake(f"poll:{order.id}", turn.now + rules.after_delivery)
    if rules.every is not None and agreed:
        turn.rest(*(name for name in turn.timers if name.startswith("survey:")))
        turn.wake(f"survey:{order.id}", turn.now + EVERY[rules.every])


def due(turn: Turn, order: Order) -> None:
    """Ask about this delivery, if nothing speaks against it."""
    turn.rest(f"poll:{order.id}")
    if order.state != "delivered" or order.id in turn.was.polled:
        return
    if not _free(turn):
        if turn.now - order.received_at < STALE:
            turn.wake(f"poll:{order.id}", _waking(turn, order, turn.now + AGAIN))
        return
    quiet = _quiet(turn, order)
    if quiet is not None:
        turn.wake(f"poll:{order.id}", quiet)
    elif not _lately(turn):
        _ask(turn, order, "delivery", "poll")


def survey_due(turn: Turn, order: Order) -> None:
    """How do they like the shop? Comes again after the same time, as long as they have agreed."""
    turn.rest(f"survey:{order.id}")
    every = turn.policy.polls.every
    if every is None or not order.fields.consent_polls or order.state != "delivered":
        return
    later = _quiet(turn, order) or (None if _free(turn) else turn.now + AGAIN)
    if later is not None:
        turn.wake(f"survey:{order.id}", _waking(turn, order, later))
        return
    turn.wake(f"survey:{order.id}", turn.now + EVERY[every])
    if not _lately(turn):
        _ask(turn, order, "shop", "poll_shop")


def _free(turn: Turn) -> bool:
    """No order waits for an answer, no complaint for its end, no person talks with them."""
    asked = any(o.state in ASKABLE for o in turn.orders)
    talked = any(o.talk_until is not None and o.talk_until > turn.now for o in turn.orders)
    return not asked and not talked and not selling_paused(turn.complaints)


def _lately(turn: Turn) -> bool:
    last = turn.was.polled_at
    return last is not None and turn.now - last < turn.policy.polls.apart


def _quiet(turn: Turn, order: Order) -> datetime | None:
    return hours.quiet_until(turn.now, turn.policy.quiet, hours.zone_for(order.fields.address.country, turn.policy))


def _waking(turn: Turn, order: Order, at: datetime) -> datetime:
    zone = hours.zone_for(order.fields.address.country, turn.policy)
    return hours.quiet_until(at, turn.policy.quiet, zone) or at


def _ask(turn: Turn, order: Order, kind: Literal["delivery", "shop"], template: str) -> None:
    found = preferred(turn, order, template)
    if found is None or (kind == "shop" and not found.two_way):
        turn.note("poll.unreachable", order.id, by="rule", kind=kind)
        return
    effect_id = turn.say(compose(turn, order, template, found, "notice"))
    remember(turn, order.id, kind, effect_id, found.channel, found.to)


def remember(
    turn: Turn, order_id: str, kind: Literal["delivery", "shop", "welcome"], effect_id: str, channel: str, address: str
) -> None:
    """A question for a score is on its way."""
    turn.note("poll.asked", order_id, by="rule", via=channel, kind=kind)
    poll = Poll(
        order_id=order_id, kind=kind, effect_id=effect_id, channel=channel, address=address, asked_at=turn.now
    )  # fmt: skip
    polled = (*turn.was.polled, order_id)[-ASKED_MOST:] if kind != "shop" else turn.was.polled
    turn.set(poll=poll, polled=polled, polled_at=turn.now)


def may_leave(turn: Turn, say: Say) -> bool:
    """The final gate's question: an order's question, or one of ours beside it, that is open by now goes first; and who has
    complained since is neither greeted with an offer nor asked for a score."""
    if say.template not in TEMPLATES:
        return True
    if selling_paused(turn.complaints):
        return False
    question = turn.question
    other = question is not None and question.kind != "undo" and turn.now - question.at <= _QUESTION_OPEN
    return not other and not any(o.state in ASKABLE for o in turn.orders)


def leaves(turn: Turn, open_: Open) -> None:
    """It goes on the wire, there or on another channel: from now on a number is a score."""
    say, poll = open_.effect, turn.poll
    if not isinstance(say, Say) or say.template not in TEMPLATES or poll is None or poll.score:
        return
    if say.template != "welcome_back" or "order" in say.values:
        turn.set(poll=replace(poll, effect_id=open_.id, channel=say.channel, address=say.to, left_at=turn.now))
