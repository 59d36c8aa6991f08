"""The customer asks why we want a deposit, why the order waits, or what we know about them: they hear the reasons, and may object.

    why / what do you know --> reasons_told (or reasons_none) --words--> a person, on the card as an objection

Told in the customer's words, without an accusation, and only what is theirs: orders found by the very number that asks are named;
of what an e-mail or an address was shared with nothing is said but that there is something, because a stranger may have typed that
e-mail, and a neighbour lives at that address. By e-mail, whose sender anybody can forge, a person answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from flows import safeguards
from flows.conversation import Conversation, Question
from flows.effects import Value
from flows.events import CustomerWrote
from flows.opening import hours_value
from flows.orders import BEFORE_DISPATCH, Order
from flows.policy import Policy
from flows.risk import Reason
from flows.risk.words import ORDERS_MOST
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import DECISIONS, Understood
from flows.why_words import KNOW, asks_why
from flows.wording import render

#: Signal -> which part of the text tells of it. What the parts are filled with is made by `told`.
_PARTS = {
    "returned": "back",
    "refused": "back",
    "not_collected": "back",
    "unreachable": "missed",
    "late_cancel": "late",
    "redeliveries": "before",
    "late_refunds": "before",
    "threats": "before",
    "open_unconfirmed": "open",
    "same_item_twice": "open",
    "impossible_phone": "details",
    "odd_phone": "details",
    "disposable_email": "details",
    "mistyped_email": "details",
    "nonsense_address": "details",
    "missing_parts": "details",
    "nonsense_name": "details",
    "big_first": "big",
    "prefix_burst": "many",
    "address_burst": "many",
    "group_orders": "many",
    "blocked_email": "person",
    "blocked_address": "person",
}
_CAREFUL = frozenset({"watch", "review", "blocked"})
#: The heaviest are told; a text with ten reasons is an indictment.
REASONS_MOST = 4
#: Sure ones of these are no objection: they are done as ever. A complaint goes to the owner.
_ELSEWHERE = DECISIONS | {
    *(
        "complaint",
        "threat",
        "stop",
        "start",
        "help",
        "order_status",
        "human",
        "call_me",
        "thanks",
        "greeting",
        "not_me",
    ),
}


def asked_why(turn: Turn, event: CustomerWrote, question: Question | None, asked: list[Order]) -> bool:
    """Answer a question about the reasons; False: it is none."""
    order = _meant(turn, asked)
    careful = order is not None and (order.verdict in _CAREFUL or bool(safeguards.wanted(turn, order)))
    open_here = question is None or question.kind in ("second", "call", "object")
    kind = asks_why(event.text, bare=careful and open_here)
    if not kind:
        return False
    if event.channel == "email":
        to_staff(turn, event, order, "reply.why")
        return True
    tell = order is not None and (careful or kind == KNOW) and not _let_off(turn, order)
    values = told(order) if order is not None and tell else {}
    turn.note("explained", order.id if order else "", by="customer", via=event.channel, parts=",".join(values))
    if order is None or not values:
        answer(turn, event, "reasons_none", order)
        return True
    if "person" in values:
        values["person"] = turn.policy.name
    answer(turn, event, "reasons_told", order, **values)
    if question is None or question.kind == "object":
        turn.set(question=Question("object", event.channel, event.address, turn.now, (order.id,)))
    return True


def written(talk: Conversation, order: Order, policy: Policy) -> str:
    """What the customer of `order` would be told, for staff who are asked by phone or at the counter."""
    let_off = order.verdict != "blocked" and talk.ruling is not None
    values: dict[str, Value] = {"order": order.id, "shop": policy.name, **hours_value(policy)}
    parts = {} if let_off else told(order)
    if "person" in parts:
        parts["person"] = policy.name
    template = "reasons_told" if parts else "reasons_none"
    language = talk.language or policy.language
    return render(template, "whatsapp", language, values | parts, script=policy.script).text


def objected(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """What they write after the reasons is read by a person, unless it clearly is something else."""
    slots = got.slots
    says = slots.choice is not None or slots.phone or slots.address or slots.day or slots.window
    if says or (got.sure and got.intent in _ELSEWHERE) or order.state not in BEFORE_DISPATCH:
        return False
    turn.set(question=None)
    turn.note("objected", order.id, by="customer", via=event.channel)
    to_staff(turn, event, order, "reply.objects")
    return True


def told(order: Order) -> dict[str, Value]:
    """The parts of `reasons_told` for this order; empty where there are none."""
    parts: dict[str, dict[str, None]] = {"person": {"": None}} if order.verdict == "blocked" else {}
    for reason in order.risk:
        part = _PARTS.get(reason.code, "before")
        if reason.orders and reason.on and "phone" not in reason.on:
            part = "door"
        if part in parts or len(parts) < REASONS_MOST:
            parts.setdefault(part, {}).update(dict.fromkeys(_filling(order, reason, part)))
    values: dict[str, Value] = {part: _joined(words) for part, words in parts.items()}
    return values | ({"big": order.fields.total} if "big" in values else {})


def _joined(words: Iterable[str]) -> str:
    return ", ".join([word for word in words if word][:ORDERS_MOST]) or "-"


def _filling(order: Order, reason: Reason, part: str) -> tuple[str, ...]:
    """What stands behind one reason, as the customer knows it: orders by number, details as they were typed; else how many."""
    fields, count = order.fields, (reason.values.get("count", "1"),)
    match part:
        case "door":
            return (fields.email or "" if "email" in reason.on else fields.address.line1,)
        case "details" if "phone" in reason.code:
            return (fields.phone_raw or fields.phone or "",)
        case "details" if "email" in reason.code:
            return (fields.email or "",)
        case "details":
            return (fields.name if reason.code == "nonsense_name" else fields.address.line1,)
        case "many":
            return count
        case _:
            return reason.orders or count


def _meant(turn: Turn, asked: list[Order]) -> Order | None:
    """The order that it is about: one with reasons before others, an open one before a closed one, the latest."""
    own = {order.seq: order for order in (*turn.orders, *asked) if order.seq}
    return max(own.values(), key=lambda o: (o.open, o.verdict in _CAREFUL, o.seq), default=None)


def _let_off(turn: Turn, order: Order) -> bool:
    """Staff have struck the past off: it is not held up to them again."""
    ruling = turn.fields.get("ruling", turn.was.ruling)
    return order.verdict != "blocked" and ruling is not None
