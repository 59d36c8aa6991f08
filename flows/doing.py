"""What a message asks for beside a yes, no or cancel: done, answered, or handed to a person with its words and tone."""

from __future__ import annotations

from flows import bargaining, changing, complaints, informing, not_theirs, reasons, returning
from flows.events import CustomerWrote
from flows.heard import whole
from flows.orders import BEFORE_DISPATCH, Order
from flows.talk import to_staff
from flows.too_late import too_late
from flows.turn import Turn
from flows.understand import understand
from flows.understand.model import Slots, Understood
from flows.which import ask_which

CHANGES = frozenset({"change_phone", "change_address", "change_time"})
#: A sure one of these is acted on; an unsure one is read by a person.
_ACTED_ON = CHANGES | {"later", "not_me", "order_status", "question", "thanks", "greeting"}
#: These the owner hears at once, with the words and the tone.
_OWNER_HEARS = frozenset({"discount", "human"})
#: Below this a guess at a change is not acted on where the words are a question.
SURE_OF_A_WISH = 0.9
#: Thanks of so many words, and pleased ones, are praise that the owner likes to read.
PRAISE_LEAST = 4
_HANDED = {"discount": "discount_handed", "call_me": "call_me_ok", "change_items": "item_change_handed"}


def doubtful(got: Understood, text: str) -> bool:
    """A question that only seems to ask for a change ("can the neighbour take it?") is a person's to answer."""
    if got.intent not in CHANGES or got.confidence >= SURE_OF_A_WISH:
        return False
    valued = got.slots.phone or got.slots.address or got.slots.day or got.slots.window
    return not valued and ("?" in text or "؟" in text)


def do(
    turn: Turn, event: CustomerWrote, intent: str, slots: Slots, asked: list[Order], *, sure: bool, tone: str = ""
) -> None:
    """One thing that they want. `asked`: the orders that this address was asked about, newest first, closed ones last."""
    order = asked[0] if asked else None
    if intent in _ACTED_ON and (sure or intent == "order_status") and _acted(turn, event, intent, slots, asked, tone):
        return
    if intent == "discount" and bargaining.haggled(turn, event, slots, asked, sure=sure):
        return
    order = (turn.get(order.id) or order) if order else None
    if intent == "return_or_exchange" and order is not None and returning.wanted(turn, event, order):
        return
    hand(turn, event, intent, order, tone)


def _acted(turn: Turn, event: CustomerWrote, intent: str, slots: Slots, asked: list[Order], tone: str) -> bool:
    order = asked[0] if asked else None
    if intent in ("thanks", "greeting"):
        informing.polite(turn, event, intent, order)
        if tone == "pleased" and len(event.text.split()) >= PRAISE_LEAST:
            complaints.praised(turn, order, event.text, event.channel)
    elif intent == "not_me":
        not_theirs.not_me(turn, event, not_theirs.meant(asked))
    elif order is None:
        return intent == "question" and informing.faq(turn, event, None)
    elif intent == "order_status":
        informing.status(turn, event, order)
    elif intent == "question":
        return informing.faq(turn, event, order)
    elif intent == "later":
        return _later(turn, event, slots, asked)
    else:
        _change(turn, event, intent, slots, asked)
    return True


def _change(turn: Turn, event: CustomerWrote, intent: str, slots: Slots, asked: list[Order]) -> None:
    pool = [o for o in asked if o.state in BEFORE_DISPATCH]
    if len(pool) > 1:
        ask_which(turn, event, intent, pool, text=event.text)
    elif pool:
        turn.note("answered", pool[0].id, by="customer", via=event.channel, intent=intent)
        changing.wished(turn, event, pool[0], intent, slots)
    elif asked[0].state == "shipped":
        to_staff(turn, event, asked[0], "reply.too_late", template="too_late_dispatched")
    else:
        too_late(turn, event, "change", asked)


def _later(turn: Turn, event: CustomerWrote, slots: Slots, asked: list[Order]) -> bool:
    pool = [o for o in asked if o.state in BEFORE_DISPATCH]
    if len(pool) != 1:
        return False
    reasons.later(turn, event, pool[0], slots)
    return True


def grave(turn: Turn, event: CustomerWrote) -> str:
    """ "threat" or "complaint" where the words hold one, else "": such words are the owner's, whoever else reads them."""
    if not event.text.strip():
        return ""
    got = understand(event.text, lang=turn.language, country=turn.policy.country)
    meant = {got.intent, *(part.intent for part in got.parts)}
    return next((intent for intent in ("threat", "complaint") if intent in meant), "")


def hand(turn: Turn, event: CustomerWrote, intent: str, order: Order | None, tone: str) -> None:
    """A person reads it: the right place of the desk, the owner where it is theirs to hear."""
    felt = tone if tone in ("angry", "pleased") else ""
    if intent == "threat":
        complaints.threatened(turn, event, order, felt)
        return
    if intent == "complaint":
        complaints.complain(turn, order, event.text, event.channel, tone=felt)
        return
    if intent in _OWNER_HEARS:
        order_id = order.id if order else ""
        turn.ping_owner(f"owner.{intent}", order_id, text=whole(event.text), order=order_id, tone=felt)
    if order is None:
        to_staff(turn, event, None, "reply.stranger", tone=felt)
    else:
        to_staff(turn, event, order, f"reply.{intent}", template=_HANDED.get(intent, "handed_over"), tone=felt)
