"""What an answer can mean: the intents, the slots and the shape of what `understand` gives back."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: Every intent that `understand` can give, as the public face of the service names them.
INTENTS: Final = (
    "yes",
    "no",
    "cancel",
    "change_phone",
    "change_address",
    "change_time",
    "change_items",
    "not_me",
    "discount",
    "complaint",
    "threat",
    "return_or_exchange",
    "order_status",
    "question",
    "call_me",
    "human",
    "later",
    "thanks",
    "greeting",
    "stop",
    "start",
    "help",
    "unclear",
)

#: The three answers that settle an order; sure of them are the grammar of whole messages, and two witnesses together (witness.py).
DECISIONS: Final = frozenset({"yes", "no", "cancel"})

TONES: Final = ("angry", "neutral", "pleased")

#: What `Slots.reason` can be: why somebody cancels, and "everything" for a stop that means every channel.
REASONS: Final = (
    "changed_mind",
    "no_money",
    "too_slow",
    "ordered_elsewhere",
    "wrong_item",
    "too_expensive",
    "duplicate",
    "everything",
)


class Slots(Struct, frozen=True, omit_defaults=True):
    """The values found in a message. A slot is None where the message does not say."""

    phone: str | None = None  # E.164 where the country is known or written, else the digits as written
    address: str | None = None  # the customer's own words, trimmed
    #: "today", "tomorrow", "day_after_tomorrow", "mon".."sun", "+N" (in N days), "weekend", "next_week", "next_month",
    #: a date as "MM-DD" or "YYYY-MM-DD", or "DD" (a day of the month); resolving it needs a clock and is the caller's.
    day: str | None = None
    window: str | None = None  # "HH:MM-HH:MM" on a 24 hour clock; an end may be open: "18:00-", "-12:00"
    amount: str | None = None  # a price the customer names, plain digits with at most one point: "1500", "19.90"
    reason: str | None = None  # one of REASONS
    choice: int | None = None  # the number, where the whole message is one: a menu digit or an order's number


class Part(Struct, frozen=True):
    """One more thing that the same message asks for."""

    intent: str
    text: str
    slots: Slots


class Understood(Struct, frozen=True):
    """What a message means. `sure` is true only where acting without asking again is safe."""

    intent: str
    sure: bool
    confidence: float  # 0 to 1; what the grammar reads is 1, what the classifier reads is its own estimate
    lang: str | None  # ISO 639 code of the language written, None where the words belong to many
    tone: str  # one of TONES
    slots: Slots
    parts: tuple[Part, ...]  # the other things in a message of several parts, in their order
