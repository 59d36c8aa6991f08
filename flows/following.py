"""Answers to a question of ours that is no question of the ladder: the new number, the address, the time, why, undo.

What is no answer to it (another sure wish, a yes, a question) is read as anything else; words that are meant as one and cannot
be used go to a person.
"""

from __future__ import annotations

from flows import (
    bargaining,
    changing,
    complaints,
    explaining,
    polls,
    reasons,
    replanning,
    rest_of_address,
    returning,
    safeguards,
    slotting,
    still,
    undoing,
    verdicts,
    verifying,
)
from flows.address_text import completed
from flows.conversation import Question, one_address
from flows.events import CustomerWrote
from flows.orders import ASKABLE, BEFORE_DISPATCH, Order
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import Understood

KINDS = frozenset(
    (
        *("solved", "number", "address", "time", "later", "why", "undo", "second", "call", "deal"),
        *("return", "stock", "poll_why"),
        *("slot", "still", "replan", "object"),
    )
)
#: So many digits are an attempt at a phone number.
DIGITS_LEAST = 4
#: Sure ones of these are no answer to what was asked; any other guess about words that were asked for is only a guess.
_ELSEWHERE = frozenset(
    (
        *("cancel", "not_me", "stop", "start", "help", "order_status", "complaint", "threat", "human", "call_me"),
        *("discount", "thanks", "greeting"),
    )
)


def prompt_of(question: Question) -> str | None:
    """What flows.understand calls this question; None: words of any kind."""
    if question.kind == "poll_why":
        return None
    kinds = {
        "number": "number",
        "second": "number",
        "address": "address",
        "time": "time",
        "later": "time",
        "why": "why",
        "slot": "time",
        "replan": "time",
    }
    return kinds.get(question.kind, "confirm")


def follow(turn: Turn, event: CustomerWrote, question: Question, got: Understood) -> bool:
    """True: it was an answer, and is done."""
    if question.kind == "solved":
        return complaints.judged(turn, event, question, got)
    order = turn.get(question.order_ids[0])
    if question.kind == "poll_why":
        return polls.why(turn, event, question, got)
    if question.kind == "undo":
        return _undo(turn, event, question, order, got)
    if order is None:
        return False
    if question.kind == "object":
        return explaining.objected(turn, event, order, got)
    if question.kind == "why":
        return reasons.told(turn, event, order, got)
    if question.kind == "return":
        return returning.told(turn, event, order, got)
    if question.kind == "stock":
        return returning.chosen(turn, event, order, got)
    if question.kind == "replan":
        return replanning.follow(turn, event, question, order, got)
    if question.kind == "still":
        return _still(turn, event, order, got)
    n, choice = question.wanted, got.slots.choice
    if question.kind == "slot" and order.state in BEFORE_DISPATCH and slotting.picked(turn, event, order, n, choice):
        return True
    if order.state not in BEFORE_DISPATCH and not (question.kind == "later" and order.state == "cancelled"):
        return False
    if question.kind == "deal":
        return bargaining.answered(turn, event, order, got)
    if question.kind == "second":
        return _second(turn, event, order, got)
    if question.kind == "call":
        return _call(turn, event, order, got)
    if got.intent in ("yes", "no") and not got.parts and not got.slots.phone:
        return _never_mind(turn, event, order, got)
    match question.kind:
        case "number":
            return _number(turn, event, order, got)
        case "address":
            return _address(turn, event, question, order, got)
        case "time" | "slot":
            return _time(turn, event, order, got)
        case "later":
            return _later(turn, event, order, got)
    return False


def _undo(turn: Turn, event: CustomerWrote, question: Question, order: Order | None, got: Understood) -> bool:
    if got.sure and got.intent == "yes" and question.wanted.startswith(undoing.PHONE) and not turn.orders:
        # "yes" to "we now ask at the other number": the order is there, and so is its question
        undoing.told_again(turn, event, question)
        return True
    if got.intent != "no" or got.parts or got.slots.choice is not None:
        return rest_of_address.joined(turn, event, question, order, got)
    # a no that is not sure enough for an order is enough here: it only puts back what was
    take_back(turn, event, question, order)
    return True


def take_back(turn: Turn, event: CustomerWrote, question: Question, order: Order | None) -> None:
    if question.wanted.startswith(undoing.PHONE):
        if order is None:
            undoing.call_back(turn, event, question)
        else:
            answer(turn, event, "stale_button", order)  # it is here again already
    elif order is not None:
        undoing.undo(turn, event, order, int(question.wanted))


def offered(turn: Turn, event: CustomerWrote, question: Question, verb: str) -> None:
    """The title of a button under an offer, typed."""
    order = turn.get(question.order_ids[0])
    if order is None or order.deal is None:
        answer(turn, event, "stale_button", order)
    else:
        bargaining.button(turn, event, verb, order, str(order.deal.n))


def taken(turn: Turn, event: CustomerWrote) -> bool:
    """A yes that the sender's own list has settled already: to an offer, where one is open here."""
    question = turn.question
    order = turn.get(question.order_ids[0]) if question is not None and question.kind == "deal" else None
    if (
        question is None
        or order is None
        or not one_address(question.address, event.address)
        or not bargaining.open_for(order)
    ):
        return False
    bargaining.accept(turn, event, order)
    return True


def _still(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """Still want it? Yes, later (no money now), or no more. What is none of it is read as anything else."""
    choice = got.slots.choice
    if order.state != "confirmed" or got.parts:
        return False
    if choice == 2 or got.intent == "later" or got.slots.reason == "no_money":
        turn.rest(f"silent:{order.id}")
        reasons.later(turn, event, order, got.slots)
    elif choice == 1 or (got.sure and got.intent == "yes"):
        still.keep(turn, event, order)
    elif choice == 3 or (got.sure and got.intent == "cancel"):
        verdicts.settle(turn, event, "cancel", order, reason=got.slots.reason)
    else:
        return False
    return True


def _never_mind(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """Asked for a value, they say no: nothing changes. A yes is one to the order, if that still waits for it."""
    turn.set(question=None)
    if got.intent == "yes" and order.state in ASKABLE:
        return False
    template = {"confirmed": "status_confirmed", "cancelled": "status_cancelled"}.get(order.state, "status_pending")
    answer(turn, event, template, order)
    return True


def _unread(turn: Turn, event: CustomerWrote, order: Order, got: Understood, key: str) -> bool:
    """Asked for a value, they wrote none: another sure wish is read as that, anything else by a person."""
    if got.sure and got.intent in _ELSEWHERE:
        return False
    turn.set(question=None)
    to_staff(turn, event, order, key)
    return True


def _number(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    if got.slots.phone:
        changing.new_number(turn, event, order, got.slots.phone)
    elif sum(c.isdigit() for c in event.text) >= DIGITS_LEAST:
        changing.new_number(turn, event, order, event.text)
    else:
        return _unread(turn, event, order, got, "reply.change_phone")
    return True


def _second(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """A second number for the courier, or none. It moves nothing: the order stays with this number."""
    written = got.slots.phone or (event.text if sum(c.isdigit() for c in event.text) >= DIGITS_LEAST else "")
    if written and not safeguards.second_number(turn, event, order, written):
        answer(turn, event, "number_bad", order)
    elif not written and got.intent == "yes" and not got.parts:
        answer(turn, event, "second_number_ask", order)  # there is one, then: the question stays open for it
    elif written or (got.intent == "no" and not got.parts):
        order = turn.get(order.id) or order
        turn.set(question=None)
        answer(turn, event, "status_confirmed" if order.state == "confirmed" else "review_wait", order)
        verifying.after_yes(turn, event, order)
    else:
        return False
    return True


def _address(turn: Turn, event: CustomerWrote, question: Question, order: Order, got: Understood) -> bool:
    """Any words that are no other sure wish and no question are an address; the echo shows what became of them."""
    asks = "?" in event.text or "؟" in event.text
    if got.slots.phone or (got.sure and got.intent in _ELSEWHERE) or (asks and not got.slots.address):
        return False
    was, text = order.fields.address, got.slots.address or event.text
    if question.wanted != "missing":
        changing.new_address(turn, event, order, text)
        return True
    after = completed(was, text)
    if after is None:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_address")
    else:
        changing.put_address(turn, event, order, after)
    return True


def _time(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    if got.slots.day or got.slots.window:
        changing.new_time(turn, event, order, got.slots)
    else:
        return _unread(turn, event, order, got, "reply.change_time")
    return True


def _later(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    if got.slots.day:
        reasons.put_off(turn, event, order, got.slots)
    else:
        return _unread(turn, event, order, got, "reply.later")
    return True


def _call(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """When a call suits them: whoever calls reads it. A yes, a cancel or another sure wish needs no call."""
    if got.sure and (got.intent in ("yes", "no") or got.intent in _ELSEWHERE - {"call_me"}):
        return False
    turn.set(question=None)
    to_staff(turn, event, order, "reply.call_me", template="call_me_ok")
    return True
