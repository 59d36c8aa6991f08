"""The customer asks why we want a deposit, why the order waits, or what we know about them: they hear the reasons, and may object.

    why / what do you know --> reasons_told (or reasons_none) --words--> a person, on the card as an objection

Told in the customer's words, without an accusation, and only what is theirs: orders found by the very number that asks are named;
of what an e-mail or an address was shared with nothing is said but that there is something, because a stranger may have typed that
e-mail, and a neighbour lives at that address. By e-mail, whose sender anybody can forge, a person answers.

On the customer's page the same is told to whoever holds the link that came to the number, so details are concealed there as
everything on that page is; what they object is read by a person, too. A link from an e-mail tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from msgspec.structs import replace

from flows import safeguards
from flows.conversation import Conversation, Question
from flows.effects import Value
from flows.events import CustomerWrote, PagePressed
from flows.heard import SAID_KEPT, glimpse, whole
from flows.ladder import flag
from flows.opening import hours_value
from flows.orders import ASKABLE, BEFORE_DISPATCH, Order
from flows.orders import Reason as Mark
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
#: What may be shown of a detail that was typed: (which, as it was typed) -> as it is shown.
Conceal = Callable[[Literal["phone", "email", "name", "address"], str], str]

_OBJECTS = "reply.objects"
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
    careful = order is not None and _careful(order, turn.policy, let_off=_ruled(turn))
    open_here = question is None or question.kind in ("second", "call", "object")
    kind = asks_why(event.text, bare=careful and open_here)
    if not kind:
        return False
    if event.channel == "email":
        to_staff(turn, event, order, "reply.why")
        return True
    tell = order is not None and (careful or kind == KNOW) and not _let_off(order, ruled=_ruled(turn))
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


def asked_on_page(turn: Turn, order: Order, event: PagePressed) -> None:
    """They want to know why: the page says it (`for_page`), the journal has that it was told."""
    del event
    ruled = _ruled(turn)
    tell = _careful(order, turn.policy, let_off=ruled) and not _let_off(order, ruled=ruled)
    turn.note("explained", order.id, by="customer", via="page", parts=",".join(told(order)) if tell else "")


def objected_on_page(turn: Turn, order: Order, event: PagePressed) -> None:
    """What is not right, in their words: a person reads it."""
    said = whole(event.text.strip())
    if not said:
        turn.notice = "same"
        return
    turn.note("objected", order.id, by="customer", via="page")
    turn.note("handed_over", order.id, by="customer", via="page", why=_OBJECTS, text=said)
    order = turn.put(replace(order, said=(*order.said, glimpse(said))[-SAID_KEPT:]))
    if order.state in ASKABLE:
        order = flag(turn, order, Mark(_OBJECTS), words_follow=True)
    else:
        order = turn.card(order)
    turn.tell_staff(order, "customer.wrote", text=said, why=_OBJECTS)
    turn.notice = "handed_over"


def written(talk: Conversation, order: Order, policy: Policy) -> str:
    """What the customer of `order` would be told, for staff who are asked by phone or at the counter."""
    parts = {} if _let_off(order, ruled=talk.ruling is not None) else told(order)
    return _text(order, policy, talk.language or policy.language, parts)


def for_page(talk: Conversation, order: Order, policy: Policy, language: str, conceal: Conceal) -> str:
    """The same on the customer's page, with what `conceal` leaves of details; of an order that nobody looks at twice, that."""
    ruled = talk.ruling is not None
    tell = _careful(order, policy, let_off=ruled) and not _let_off(order, ruled=ruled)
    return _text(order, policy, language, told(order, conceal) if tell else {})


def _text(order: Order, policy: Policy, language: str, parts: dict[str, Value]) -> str:
    values: dict[str, Value] = {"order": order.id, "shop": policy.name, **hours_value(policy)}
    if "person" in parts:
        parts["person"] = policy.name
    template = "reasons_told" if parts else "reasons_none"
    return render(template, "whatsapp", language, values | parts, overrides=policy.overrides, script=policy.script).text


def objected(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """What they write after the reasons is read by a person, unless it clearly is something else."""
    slots = got.slots
    says = slots.choice is not None or slots.phone or slots.address or slots.day or slots.window
    if says or (got.sure and got.intent in _ELSEWHERE) or order.state not in BEFORE_DISPATCH:
        return False
    turn.set(question=None)
    turn.note("objected", order.id, by="customer", via=event.channel)
    to_staff(turn, event, order, _OBJECTS)
    return True


def told(order: Order, conceal: Conceal = lambda kind, typed: typed) -> dict[str, Value]:
    """The parts of `reasons_told` for this order; empty where there are none. `conceal`: what may be shown of a detail."""
    parts: dict[str, dict[str, None]] = {"person": {"": None}} if order.verdict == "blocked" else {}
    for reason in order.risk:
        part = _PARTS.get(reason.code, "before")
        if reason.orders and reason.on and "phone" not in reason.on:
            part = "door"
        if part in parts or len(parts) < REASONS_MOST:
            parts.setdefault(part, {}).update(dict.fromkeys(_filling(order, reason, part, conceal)))
    values: dict[str, Value] = {part: _joined(words) for part, words in parts.items()}
    return values | ({"big": order.fields.total} if "big" in values else {})


def _joined(words: Iterable[str]) -> str:
    return ", ".join([word for word in words if word][:ORDERS_MOST]) or "-"


def _filling(order: Order, reason: Reason, part: str, conceal: Conceal) -> tuple[str, ...]:
    """What stands behind one reason, as the customer knows it: orders by number, details as they were typed; else how many."""
    fields, count = order.fields, (reason.values.get("count", "1"),)
    match part:
        case "door":
            by_email = "email" in reason.on
            return (conceal("email", fields.email or "") if by_email else conceal("address", fields.address.line1),)
        case "details" if "phone" in reason.code:
            return (conceal("phone", fields.phone_raw or fields.phone or ""),)
        case "details" if "email" in reason.code:
            return (conceal("email", fields.email or ""),)
        case "details" if reason.code == "nonsense_name":
            return (conceal("name", fields.name),)
        case "details":
            return (conceal("address", fields.address.line1),)
        case "many":
            return count
        case _:
            return reason.orders or count


def _meant(turn: Turn, asked: list[Order]) -> Order | None:
    """The order that it is about: one with reasons before others, an open one before a closed one, the latest."""
    own = {order.seq: order for order in (*turn.orders, *asked) if order.seq}
    return max(own.values(), key=lambda o: (o.open, o.verdict in _CAREFUL, o.seq), default=None)


def _careful(order: Order, policy: Policy, *, let_off: bool) -> bool:
    return order.verdict in _CAREFUL or bool(safeguards.asks_of(policy, order, let_off=let_off))


def _ruled(turn: Turn) -> bool:
    return turn.fields.get("ruling", turn.was.ruling) is not None


def _let_off(order: Order, *, ruled: bool) -> bool:
    """Staff have struck the past off: it is not held up to them again."""
    return order.verdict != "blocked" and ruled
