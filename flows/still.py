"""Second thoughts before shipping: who waits long for the dispatch, or ordered in the night, is asked once more in one tap.

confirmed --so long--> "still want it?" --yes, or no answer--> confirmed     --later--> a day of their own choice
                                        --cancel--> cancelled                 no answer is noted, never taken for a no
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from msgspec.structs import replace

from flows import hours
from flows.conversation import Question
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import Order
from flows.reach import compose, preferred
from flows.talk import answer
from flows.turn import Turn

ONCE = "still"
#: After a night's order, on the customer's clock: people are up, and the parcel has not left.
MORNING = time(10)
#: So long an answer is waited for before the silence is noted.
SILENT_AFTER = timedelta(hours=24)
BUTTONS = ("keep", "later", "cancel")


def watch(turn: Turn, order: Order) -> None:
    """After a yes: wake when it shall be asked once more, as the owner has set."""
    if ONCE in order.asked_once or order.confirmed_at is None:
        return
    after = turn.policy.after
    moments = [order.confirmed_at + after.still_after] if after.still_after is not None else []
    morning = _morning(turn, order)
    if morning is not None:
        moments.append(morning)
    if moments:
        turn.wake(f"still:{order.id}", min(moments))


def _morning(turn: Turn, order: Order) -> datetime | None:
    """The morning after an order whose placing and yes both came in the night; None for a yes by day."""
    night = turn.policy.after.still_night
    if night is None or order.confirmed_at is None or order.decided_by != "customer":
        return None
    tz = hours.zone(hours.zone_for(order.fields.address.country, turn.policy))
    placed, yes = order.fields.placed_at.astimezone(tz), order.confirmed_at.astimezone(tz)
    if not (night.holds(placed.time()) and night.holds(yes.time())):
        return None
    day = yes.date() if yes.time() < MORNING else yes.date() + timedelta(days=1)
    return hours.at_local(day, MORNING, tz)


def due(turn: Turn, order: Order) -> None:
    """Ask, if it is still confirmed, not sent and not paid."""
    turn.rest(f"still:{order.id}")
    if order.state != "confirmed" or order.paid or ONCE in order.asked_once:
        return
    order = turn.put(replace(order, asked_once=(*order.asked_once, ONCE)))
    found = preferred(turn, order, "still_want", but=frozenset({"email"}))
    if found is None:
        turn.note("unreachable", order.id, template="still_want")
        return
    turn.note("still.asked", order.id, by="rule", via=found.channel)
    say = compose(turn, order, "still_want", found, "notice")
    if found.channel == "whatsapp":
        say = replace(say, buttons=BUTTONS)
    if found.two_way:
        turn.set(question=Question("still", found.channel, found.to, turn.now, (order.id,)))
    turn.say(say)
    turn.wake(f"silent:{order.id}", turn.now + SILENT_AFTER)


def silent_due(turn: Turn, order: Order) -> None:
    """No answer: the order stays confirmed, and staff can see it."""
    turn.rest(f"silent:{order.id}")
    if order.state == "confirmed":
        turn.note("still.no_answer", order.id, by="rule")
        turn.refresh(turn.put(replace(order, still_silent=True)))


def keep(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order) -> None:
    """They still want it."""
    turn.set(question=None)
    turn.rest(f"silent:{order.id}")
    turn.note("still.kept", order.id, by="customer", via=event.channel)
    turn.refresh(turn.put(replace(order, still_silent=False)))
    answer(turn, event, "already_confirmed", order)
