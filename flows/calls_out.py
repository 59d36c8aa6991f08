"""The voice rung: the customer hears the question on the phone and presses a key. 1 confirms, 2 is for a person, 3 cancels.

A press counts for the order and version that the call asked about; anything else goes to a person. Silence and an answering
machine are no answer.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import safeguards, slotting, verifying
from flows.deciding import cancel, confirm
from flows.events import CallPressed
from flows.heard import SAID_KEPT
from flows.judging import said_yes
from flows.ladder import flag
from flows.orders import ASKABLE, BEFORE_DISPATCH, Order, Reason
from flows.turn import Turn

YES, PERSON, CANCEL = "1", "2", "3"


def pressed(turn: Turn, event: CallPressed) -> None:
    """Notice: the text that the caller hears next (voice_ok, voice_cancelled, voice_staff)."""
    order = next((o for o in turn.orders if o.seq == event.seq), None)
    if order is None:
        turn.notice = "voice_staff"
        return
    turn.note("call.pressed", order.id, by="customer", via="call", key=event.digits[:4])
    current = order.version == event.version and order.state in BEFORE_DISPATCH
    if current and event.digits == YES and order.state == "confirmed":
        turn.notice = "voice_ok"
    elif current and event.digits == YES:
        _yes(turn, order)
    elif current and event.digits == CANCEL:
        # told by message too, with the way back: a wrong key must not cancel unseen
        cancel(turn, order, by="customer", via="call", template="cancelled_by_customer")
        turn.notice = "voice_cancelled"
    elif order.state == "cancelled" and event.digits == CANCEL:
        turn.notice = "voice_cancelled"
    else:
        _to_a_person(turn, order, event)


def _yes(turn: Turn, order: Order) -> None:
    if safeguards.only_staff(turn, order):
        safeguards.after_page(turn, said_yes(turn, order))
        turn.notice = "voice_staff"
        return
    order = confirm(turn, slotting.kept(turn, order), by="customer", via="call")
    turn.notice = "voice_ok"
    if not safeguards.after_page(turn, order):
        verifying.after_page(turn, turn.get(order.id) or order)


def _to_a_person(turn: Turn, order: Order, event: CallPressed) -> None:
    said = f"☎ {event.digits[:4]}"
    order = turn.put(replace(order, said=(*order.said, said)[-SAID_KEPT:]))
    turn.note("handed_over", order.id, by="customer", via="call", why="reply.voice")
    order = flag(turn, order, Reason("reply.voice")) if order.state in ASKABLE else turn.card(order)
    turn.tell_staff(order, "customer.wrote", text=said, channel="voice", why="reply.voice")
    turn.notice = "voice_staff"
