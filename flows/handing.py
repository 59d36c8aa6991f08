"""A person talks with the customer: the machine keeps quiet about that order until it is released or the talk has run out.

Take on a card, or a reply to it, begins the talk; each word of staff prolongs it; Give back, a decision, or the time ends it.
Meanwhile the customer's words go to that person, and no question of the ladder leaves. STOP is obeyed all the same, and a
button bound to order and version still means what it says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import attachments, complaints
from flows.events import CustomerWrote
from flows.heard import SAID_KEPT, glimpse, whole
from flows.orders import Order
from flows.turn import Turn

#: Staff who write nothing for so long have gone: the machine takes over again.
TALK_FOR = timedelta(hours=3)


def begin(turn: Turn, order: Order) -> Order:
    """Staff have the word, from now on for TALK_FOR."""
    until = turn.now + TALK_FOR
    if order.seq:
        turn.wake(f"talk:{order.id}", until)
    return turn.put(replace(order, talk_until=until, talk_waiting=False))


def end(turn: Turn, order: Order) -> Order:
    """Released: the machine answers again."""
    turn.rest(f"talk:{order.id}")
    if order.talk_until is None:
        return order
    return turn.put(replace(order, talk_until=None, talk_waiting=False))


def quiet_until(turn: Turn, order: Order) -> datetime | None:
    """Till when the machine keeps quiet about the order; None: it need not."""
    return order.talk_until if order.talk_until is not None and order.talk_until > turn.now else None


def talked_about(turn: Turn, asked: list[Order]) -> Order | None:
    """The order about which a person talks with whoever wrote: of those asked here, else of any."""
    mine = [*asked, *turn.orders]
    if turn.talk is not None:
        mine.append(turn.talk)
    for order in mine:
        if order.talk_until is not None and quiet_until(turn, order) is not None:
            return order
    return None


def pass_on(turn: Turn, event: CustomerWrote, order: Order, words: str) -> None:
    """The words go to the person who has the talk; nothing is decided, and the machine says nothing."""
    turn.note("passed_on", order.id, by="customer", via=event.channel, text=whole(words))
    said = (*order.said, glimpse(words))[-SAID_KEPT:]
    order = turn.card(turn.put(replace(order, said=said, talk_waiting=True)))
    turn.tell_staff(order, "customer.wrote", text=whole(words), channel=event.channel, why="")
    attachments.shown(turn, order, event)


def talk_due(turn: Turn, order: Order) -> None:
    """Nobody has written for long. What the customer said last may still wait for an answer."""
    waiting = order.talk_waiting
    turn.rest(f"talk:{order.id}")
    turn.note("talk.over", order.id, by="rule")
    order = replace(order, talk_until=None, talk_waiting=False, taken_by="", taken_id=0, taken_wrote=False)
    order = turn.put(order)
    turn.rest(f"taken:{order.id}")
    turn.refresh(order)
    if waiting:
        turn.tell_staff(turn.card(order), "talk.over")


def kept(turn: Turn, order: Order, name: str) -> Order:
    """A person has answered: what was promised about this order is kept."""
    complaints.answered(turn, order, name)
    turn.rest(f"promise:{order.id}")
    return turn.put(replace(order, promise_by=None)) if order.promise_by is not None else order


def promise_due(turn: Turn, order: Order) -> None:
    """A promise of a document from before complaints had timers of their own."""
    turn.rest(f"promise:{order.id}")
    if order.promise_by is None:
        return
    turn.note("promise.broken", order.id, by="rule")
    order = turn.put(replace(order, promise_by=None))
    turn.ping_owner("owner.promise", order.id, order=order.id)
    turn.tell_staff(turn.card(order), "promise.broken")
