"""Name what a piece of a message asks for, with its slots: rules where a slot proves it, else the classifier."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from flows.understand.classify import intent_of
from flows.understand.cover import Piece
from flows.understand.grammar import EMPTY, TIMING
from flows.understand.model import Slots
from flows.understand.phone_slot import find_phone
from flows.understand.time_slot import find_times
from flows.understand.values import as_address, find_address, find_amount, find_street

#: Below this the classifier's best guess is no basis for acting; above it, acting is what it would cost to ask.
SURE_FROM: Final = 0.72
#: From here on a number in the words is no reason to doubt where the parcel is asked for.
NO_DOUBT_FROM: Final = 0.9
#: Below this the guess is not even worth naming.
NAMED_FROM: Final = 0.72
#: The same where nothing was asked: shops' chats are full of questions that use the words of these. From here on a guess is right nine
#: times in ten, in English messages that the classifier had not learnt (`make eval FOLDS=1`); from 0.95 to here eight or nine.
_UNASKED_FROM: Final = dict.fromkeys(("cancel", "discount", "change_address"), 0.99)
#: and of these, where no phrase of the lexicon bears them out.
_UNASKED_UNSAID_FROM: Final = dict.fromkeys(("order_status", "human"), 0.99)
_SAYS_WHEN: Final = TIMING | EMPTY | {"send", "num", "yes", "ok", "affirm", "not"}
#: Roles that show that an answer to "where do you live?" is another thing.
_NO_ADDRESS: Final = frozenset({"yes", "affirm", "no", "cancel", "keep", "if", "maybe", "not_me", "stop", "help"})
#: What a belied guess is taken for; the others stay guesses.
_INSTEAD: Final = {"greeting": "question", "thanks": "question", "order_status": "unclear"}
#: Roles beside which "where is my parcel" may be said of something else.
_DENIES: Final = frozenset({"not", "if", "quote", "cancel", "no", "keep"})
#: Roles of the words that a wish for a lower price is made of.
_HAGGLES: Final = frozenset({"discount", "reason:too_expensive", "reason:no_money", "num"})
#: A message of nothing else ("not yet", "maybe") asks for nothing, whatever the classifier finds in it.
_SAYS_NOTHING: Final = EMPTY | {"not", "if", "maybe"}


class Span(Struct, frozen=True):
    """A stretch of a message under one language form: readable text, its tokens, their roles (numbered from 0)."""

    text: str
    folded: str
    words: list[str]
    pieces: list[Piece]
    country: str | None


class Named(Struct, frozen=True):
    """What a span asks for."""

    intent: str
    confidence: float
    slots: Slots
    sure: bool
    proved: bool = False  # by a slot, not by the classifier


def name(span: Span, prompt: str | None) -> Named:
    """The intent of a span that decides nothing, with the slots found in it."""
    phone = find_phone(span.text, span.country)
    roles = {piece.role for piece in span.pieces}
    day, window = find_times(span.words, span.pieces, span.folded)
    address = find_address(span.text, span.words, span.pieces)
    reason = next((role[7:] for role in sorted(roles) if role.startswith("reason:")), None)
    intent, confidence = _heard(span, called=phone is not None)
    if prompt == "address" and address is None and "ask" not in roles and len(span.words) > 1:
        address = as_address(span.text)
    address = address or ("street" in roles and find_street(span.text, span.words, span.pieces)) or None
    slots = Slots(phone=phone[0] if phone else None, address=address, day=day, window=window, reason=reason)
    proved = _proved(span, roles, slots, intent, prompt)
    if proved:
        return Named(proved, 1.0, _for_intent(proved, slots, span), sure=True, proved=True)
    if intent in {"question", "unclear"} and "order_status" in roles and not roles & (_DENIES | {"word"}):
        return Named(
            "order_status", max(confidence, NAMED_FROM), Slots(), sure=True
        )  # a phrase that is all they say outweighs the guess; beside other words it may be a refund's status
    if confidence < _named_from(intent, roles, prompt) or roles <= _SAYS_NOTHING:
        return Named("unclear", confidence, slots, sure=False)
    sure = confidence >= SURE_FROM and intent not in {"yes", "no", "cancel", "unclear", "stop", "start", "help"}
    if sure and _belied(intent, confidence, slots, roles, span):
        intent, sure = _INSTEAD.get(intent, intent), False
    return Named(intent, confidence, _for_intent(intent, slots, span), sure)


def _named_from(intent: str, roles: set[str], prompt: str | None) -> float:
    """How clearly an intent has to be heard for its name to be used."""
    if prompt is not None:
        return NAMED_FROM
    unsaid = NAMED_FROM if intent in roles else _UNASKED_UNSAID_FROM.get(intent, NAMED_FROM)
    return _UNASKED_FROM.get(intent, unsaid)


def _heard(span: Span, *, called: bool) -> tuple[str, float]:
    """The classifier's guess. A house's number or a postcode is neither a price nor a phone's: then the words must say it alone."""
    intent, confidence = intent_of(span.words)
    if intent not in {"discount", "change_phone"} or not any(map(str.isdigit, span.words)):
        return intent, confidence
    if called if intent == "change_phone" else find_amount(span.folded, bare=False):
        return intent, confidence
    bare = intent_of([word for word in span.words if not word.isdigit()])
    return (intent, confidence) if bare[0] == intent else bare


def _belied(intent: str, confidence: float, slots: Slots, roles: set[str], span: Span) -> bool:
    """Whether the words themselves speak against the classifier's guess, so that a person should read it."""
    asks = "ask" in roles
    if intent in {"greeting", "thanks"}:
        asking = any(piece.role == "ask" and span.words[piece.start] != "?" for piece in span.pieces)
        return asking or (asks and "word" in roles)  # "hello, do you take cards?"
    if intent == "change_phone":
        return "not_me" in roles and slots.phone is None  # "wrong number mate" has no other number to give
    if intent == "not_me":
        return asks and confidence < NO_DOUBT_FROM  # "which order is this?"
    if intent == "change_time":
        return asks and not (slots.day or slots.window)  # "free delivery ?"
    if intent == "order_status":
        dated = any(role[:4] == "day:" or role[:5] == "part:" for role in roles)
        weak = confidence < NO_DOUBT_FROM
        return weak and "num" in roles and not dated and not roles & {"order_status", "ask"}  # "it should be 39"
    if intent == "discount":
        return roles >= {"send", "not"} and not roles & _HAGGLES  # "I am no longer in Casa, deliver to Rabat"
    return False


def _proved(span: Span, roles: set[str], slots: Slots, guess: str, prompt: str | None) -> str | None:
    """The intent that a slot proves by itself."""
    asked = "ask" in roles
    if prompt == "why" and slots.reason:
        return "cancel"
    if prompt == "address" and slots.address and not roles & _NO_ADDRESS:
        return "change_address"
    if (
        slots.phone
        and (prompt == "number" or guess in {"change_phone", "call_me"} or roles & {"phone", "call_me"})
        and not asked
    ):
        return "change_phone"
    if slots.address and not asked and guess in {"change_address", "unclear", "question", "change_phone"}:
        return "change_address"
    says_when = all(
        piece.role in _SAYS_WHEN or piece.role[:4] == "day:" or piece.role[:5] == "part:" for piece in span.pieces
    )
    if slots.address and "street" in roles and not asked and not slots.window and guess not in {"complaint", "threat"}:
        return "change_address"
    if (
        ((slots.day or slots.window) or ("not" in roles and _timed(roles)))
        and (says_when or prompt == "time")
        and not asked
    ):
        return "change_time"
    return None


def _timed(roles: set[str]) -> bool:
    """Whether any word of a time or a day is there."""
    return any(role in TIMING or role[:4] == "day:" or role[:5] == "part:" for role in roles)


def _for_intent(intent: str, slots: Slots, span: Span) -> Slots:
    """The slots that belong to an intent: a day in a complaint is no delivery day."""
    if intent in {"change_time", "later", "call_me"}:
        return Slots(day=slots.day, window=slots.window, phone=slots.phone if intent == "call_me" else None)
    if intent == "change_phone":
        return Slots(phone=slots.phone)
    if intent == "change_address":
        return Slots(address=slots.address)
    if intent == "discount":
        return Slots(amount=find_amount(span.folded, bare=True))
    if intent == "cancel":
        return Slots(reason=slots.reason)
    if intent in {"return_or_exchange", "complaint", "unclear"}:
        return Slots(reason=slots.reason, phone=slots.phone, amount=find_amount(span.folded, bare=False))
    return Slots()
