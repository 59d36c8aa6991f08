"""Who has a card: one person at a time. Who takes it gets the whole number in private; who does nothing with it gives it back.

free --Take--> taken --Give back | take_for without an act--> free
a word to the customer, a noted call and a time to call are acts: the time begins anew
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import handing
from flows.effects import TellPerson, Value
from flows.events import StaffGave, StaffPressed, StaffWrote
from flows.orders import Order
from flows.phones import address_digits
from flows.turn import Turn

#: Where WhatsApp opens a talk with a number. Source: https://faq.whatsapp.com/5913398998672934, read 2026-11
WHATSAPP_LINK = "https://wa.me/{digits}"


def take(turn: Turn, order: Order, event: StaffPressed) -> None:
    """Take a free card, or give one's own back."""
    if order.taken_by and not _mine(order, event):
        turn.notice = f"already:taken:{order.taken_by}"
        return
    who = f"{event.role}:{event.name}"
    if order.taken_by:
        turn.note("released", order.id, by=who, via="telegram")
        turn.refresh(release(turn, order))
        return
    turn.note("taken", order.id, by=who, via="telegram")
    order = handing.begin(turn, replace(order, taken_by=event.name, taken_id=event.by, taken_wrote=False))
    turn.refresh(kept_busy(turn, order))
    if order.fields.phone:
        turn.plan(TellPerson(person=event.by, key="yours", values=reach_of(order)))
    turn.notice = "yours"


def _mine(order: Order, event: StaffPressed) -> bool:
    return order.taken_id == event.by if order.taken_id else order.taken_by == event.name


def reach_of(order: Order) -> dict[str, Value]:
    """How the customer of an order is reached, unmasked: for the private chat of who has taken it."""
    phone = order.fields.phone or ""
    return {
        "order": order.id,
        "name": order.fields.name,
        "phone": phone,
        "link": WHATSAPP_LINK.format(digits=address_digits(phone)) if phone else "",
    }


def acted(turn: Turn, order: Order, event: StaffPressed | StaffWrote | StaffGave) -> Order:
    """Somebody works on the order: it is theirs where it was free, and who has it has time again."""
    if not order.taken_by:
        order = replace(order, taken_by=event.name, taken_id=event.by)
    return kept_busy(turn, order)


def kept_busy(turn: Turn, order: Order) -> Order:
    """The time to give it back begins anew."""
    turn.wake(f"taken:{order.id}", turn.now + turn.policy.take_for)
    return turn.put(order)


def release(turn: Turn, order: Order) -> Order:
    """Free again; the machine answers again."""
    turn.rest(f"taken:{order.id}")
    return handing.end(turn, turn.put(replace(order, taken_by="", taken_id=0, taken_wrote=False)))


def taken_due(turn: Turn, order: Order) -> None:
    """Nothing happened for long: the card is free again, and where it needs a person, the group hears so."""
    turn.rest(f"taken:{order.id}")
    if not order.taken_by:
        return
    name, waiting = order.taken_by, order.talk_waiting
    turn.note("given_back", order.id, by="rule", name=name)
    if order.taken_wrote and handing.quiet_until(turn, order) is not None:
        order = turn.put(replace(order, taken_by="", taken_id=0))  # the talk goes on: any colleague may answer
    else:
        order = release(turn, order)
    turn.refresh(order)
    if order.state in ("flagged", "held") or waiting:
        turn.tell_staff(turn.card(order), "given_back.waiting" if waiting else "given_back", name=name)
