"""STOP and START carried out: what an opt-out takes back at once, and where the open questions go on."""

from __future__ import annotations

from msgspec.structs import replace

from flows import noticing, undelivered
from flows.conversation import Contact, one_address
from flows.effects import Say, SpreadStop
from flows.events import ConsentWithdrawn, CustomerWrote
from flows.ladder import enter
from flows.orders import Order
from flows.talk import answer
from flows.turn import Turn


def stop(turn: Turn, event: CustomerWrote, *, everything: bool) -> None:
    """STOP silences its channel; a second one, or "stop everything", silences the person."""
    contact = turn.contact(event.channel, event.address) or Contact(event.channel, event.address)
    second = any(c.stopped for c in turn.contacts)
    turn.put_contact(replace(contact, stopped=True, stopped_at=turn.now))
    everything = everything or second
    if everything:
        turn.set(silenced=True)
    turn.note("stopped", by="customer", via=event.channel, everything=str(everything).lower())
    for open_ in [o for o in turn.open if o.status == "planned"]:
        effect = open_.effect
        if isinstance(effect, Say) and effect.channel == event.channel and one_address(effect.to, event.address):
            turn.settle(open_.id)
            noticing.withdrawn(turn, effect, "opted_out")
            undelivered.told(turn, effect, "opted_out")
    if turn.policy.shares.get(event.channel):
        turn.plan(SpreadStop(channel=event.channel, address=event.address, everything=everything))


def go_on_elsewhere(turn: Turn, event: CustomerWrote) -> None:
    """The questions that were open on the stopped channel go on where there is consent."""
    for order in list(turn.orders):
        if order.asking and any(a.rung == order.rung and a.channel == event.channel for a in order.asked):
            enter(turn, order, order.rung + 1)
        elif order.state == "pending" and order.rung >= 0 and order.held_until is None:
            turn.refresh(order)


def start(turn: Turn, event: CustomerWrote, order: Order | None, *, silent: bool) -> None:
    """They want our messages again; `order` is the one that the acknowledgement may name."""
    contact = turn.contact(event.channel, event.address) or Contact(event.channel, event.address)
    turn.put_contact(replace(contact, stopped=False, stopped_at=None))
    turn.set(silenced=False)
    turn.note("started", by="customer", via=event.channel)
    if not silent:
        answer(turn, event, "started", order)


def withdrawn(turn: Turn, event: ConsentWithdrawn) -> None:
    """A STOP to a sender this shop shares with another."""
    contact = turn.contact(event.channel, event.address) or Contact(event.channel, event.address)
    turn.put_contact(replace(contact, stopped=True, stopped_at=turn.now))
    if event.everything:
        turn.set(silenced=True)
    turn.note("stopped", by="customer", via=event.channel, shared="true")
    for order in list(turn.orders):
        if order.asking and any(a.rung == order.rung and a.channel == event.channel for a in order.asked):
            enter(turn, order, order.rung + 1)
