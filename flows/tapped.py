"""Buttons under our messages: pressed, or typed by their title where a sender shows them as words.

What a button is bound to is flows/buttons.py; here is what follows from each.
"""

from __future__ import annotations

from flows import (
    bargaining,
    buttons,
    changing,
    following,
    not_theirs,
    noticing,
    offering,
    reasons,
    replanning,
    slotting,
    still,
    undoing,
)
from flows.conversation import Question
from flows.events import CustomerPressed, CustomerWrote
from flows.orders import BEFORE_DISPATCH, Order
from flows.talk import answer, to_staff
from flows.too_late import too_late
from flows.turn import Turn
from flows.understand import understand
from flows.understand.model import DECISIONS, Slots
from flows.verdicts import act, ask_back, asked_at, change, first, settle, within

#: What each button under an order's text asks for.

_BUTTON_ASKS = {"change_phone": "number", "change_address": "address", "change_time": "time"}


def pressed(turn: Turn, event: CustomerPressed) -> None:
    """A button of ours. A stale one answers politely and changes nothing."""
    turn.hear(event.channel, event.address)
    noticing.heard(turn, event)
    verb, order, current = buttons.bound(turn, event, lambda title: _meaning(turn, title))
    if order is None:
        to_staff(turn, event, first(asked_at(turn, event.address, event.channel)), "reply.button")
        return
    if verb == "undo":
        n = event.payload.rpartition(":")[2]  # bound to the change, not to the order's version
        undoing.undo(turn, event, order, int(n) if n.isdigit() else 0)
        return
    if verb in ("take", "leave"):
        bargaining.button(turn, event, verb, order, event.payload.rpartition(":")[2])
        return
    if verb.startswith(offering.PICK) and verb[len(offering.PICK) :].isdigit():
        listed = replanning if order.state == "shipped" else slotting
        listed.pressed(turn, event, order, event.payload.rpartition(":")[2], int(verb[len(offering.PICK) :]))
        return
    if verb == "not_me" and current:
        not_theirs.not_me(turn, event, [order])
        return
    _on_order(turn, event, verb, order, current=current)


def _on_order(turn: Turn, event: CustomerPressed, verb: str, order: Order, *, current: bool) -> None:
    """A verb that stands under an order's question or news. `current`: the order is still as it was then."""
    if order.state == "confirmed" and verb in ("yes", "again"):
        answer(turn, event, "already_confirmed", order)
    elif not current:
        turn.note("stale_button", order.id, by="customer", via=event.channel, verb=verb)
        answer(turn, event, "stale_button", order)
    elif order.state not in BEFORE_DISPATCH:
        too_late(turn, event, "yes" if verb == "again" else verb, [order])
    elif verb in ("keep", "later") and order.state == "confirmed":
        _keep_or_later(turn, event, order, verb)
    elif verb in ("yes", "again"):
        settle(turn, event, "yes", order)
    elif verb == "cancel":
        settle(turn, event, "cancel", order)
    elif verb == "no":
        ask_back(turn, event, "no_what", order)
    elif verb in _BUTTON_ASKS:
        changing.ask(turn, event, order, _BUTTON_ASKS[verb])
    elif verb == "change":
        change(turn, event, [order])
    else:
        to_staff(turn, event, order, "reply.button")


def _meaning(turn: Turn, title: str) -> str:
    got = understand(title, prompt="confirm", lang=turn.language)
    return got.intent if got.sure and got.intent in DECISIONS else ""


def typed(turn: Turn, event: CustomerWrote, question: Question | None, asked: list[Order]) -> bool:
    """Where a sender shows buttons as words, their titles are typed: "Cancel the order" is an answer like any other."""
    match buttons.titled(event.text, turn.language, turn.policy.script):
        case "":
            return False  # nearly every text
        case "undo" if question is not None and question.kind == "undo":
            following.take_back(turn, event, question, turn.get(question.order_ids[0]))
        case "take" | "leave" as verb if question is not None and question.kind == "deal":
            following.offered(turn, event, question, verb)
        case "not_me":
            not_theirs.not_me(turn, event, not_theirs.meant(asked))
        case "change_phone" | "change_address" | "change_time" as verb if len(within(asked, BEFORE_DISPATCH)) == 1:
            changing.ask(turn, event, within(asked, BEFORE_DISPATCH)[0], _BUTTON_ASKS[verb])
        case "keep" | "later" as verb if question is not None and question.kind == "still":
            order = turn.get(question.order_ids[0])
            if order is None or order.state != "confirmed":
                return False
            _keep_or_later(turn, event, order, verb)
        case "yes" | "again":
            act(turn, event, "yes", asked)
        case "cancel":
            act(turn, event, "cancel", asked)
        case "change":
            change(turn, event, asked)
        case _:
            return False
    return True


def _keep_or_later(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, verb: str) -> None:
    """One tap under "still want it?"."""
    if verb == "keep":
        still.keep(turn, event, order)
    else:
        reasons.later(turn, event, order, Slots())
