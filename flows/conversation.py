"""A conversation: one customer at one shop. The unit of state, of locking and of commit; one document in every store.

Documents, events and effects are frozen and made of what was there before, so nothing in them can hold itself: the garbage collector
has no cycle to look for there (gc=False), which with thousands of them in memory was a tenth of an answer's time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from flows import journal
from flows.complaint import Complaint
from flows.effects import Open
from flows.events import OrderTold, ShopReported
from flows.notice import Noticed
from flows.orders import ASKABLE, Order, order_by_id, order_by_seq
from flows.phones import same_phone
from flows.poll_rules import Poll
from flows.risk.history import Ruling

#: The shape of the document; a program refuses a newer one.
VERSION = 1
#: How long WhatsApp lets us write freely after the customer's last message.
#: Source: https://www.twilio.com/docs/api/errors/63016, read 2026-11
WINDOW = timedelta(hours=24)
#: A document keeps this many journal lines; older ones move to the journal store.
JOURNAL_TAIL = 40
#: So many closed orders are remembered by their number alone, so that a late echo of one is not taken for a new order.
FORMER_MOST = 200
#: Event ids are remembered so long, and at most so many of them.
SEEN_FOR = timedelta(days=90)
SEEN_MOST = 500


class Contact(Struct, frozen=True, gc=False, omit_defaults=True):
    """One address of the customer on one channel."""

    channel: str  # sms | whatsapp | email
    address: str
    heard_at: datetime | None = None  # their last message there; opens the WhatsApp window
    dead: str = ""  # the provider's code that says: nobody there
    stopped: bool = False  # they said STOP here
    stopped_at: datetime | None = None
    reached_at: datetime | None = None  # WhatsApp: when we last wrote outside their window (flows/tiers.py)


class Question(Struct, frozen=True, gc=False, omit_defaults=True):
    """A follow-up that is open beside the ladder's questions: the last one asked counts."""

    #: what it asks for; "second" is a second number, "call" when a call suits them,
    #: "return" replace or refund, "stock" what instead of a missing article, "object" what is not right about the reasons told
    kind: Literal[
        "which", "no_what", "change_what", "number", "address", "time", "later", "why", "undo", "second", "call",
        "solved", "deal", "return", "stock", "poll_why", "slot", "still", "replan", "object",
    ]  # fmt: skip
    channel: str
    address: str
    at: datetime
    order_ids: tuple[str, ...]  # in the order they were listed
    wanted: str = ""  # "which": the intent that waits for its order; "address": missing; "undo": the change
    text: str = ""  # "which": the words that are done once the order is known


def contact_at(contacts: Iterable[Contact], channel: str, address: str) -> Contact | None:
    """What is known of that address. A number of two forms (flows/phones: Argentina) is one address, whichever form is asked for:
    who said STOP with the 9 has said it without."""
    here = [contact for contact in contacts if contact.channel == channel]
    for contact in here:
        if contact.address == address:
            return contact
    return next((contact for contact in here if one_address(contact.address, address)), None)


def one_address(a: str, b: str) -> bool:
    """Whether two addresses are one: equal, or one number in its two forms."""
    return a == b or (a.startswith("+") and b.startswith("+") and same_phone(a, b))


#: A line of its story.
Note = journal.Note


class Conversation(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="conversation"):
    id: str  # opaque
    shop: str
    v: int = VERSION
    created_at: datetime | None = None
    language: str | None = None
    name: str = ""
    contacts: tuple[Contact, ...] = ()
    orders: tuple[Order, ...] = ()
    orders_ever: int = 0
    question: Question | None = None
    timers: dict[str, datetime] = {}
    failing: dict[str, int] = {}  # timer -> how often its step has raised by now (flows/stuck.py)
    open: tuple[Open, ...] = ()
    seen: dict[str, int] = {}  # event id -> epoch seconds
    notes: tuple[Note, ...] = ()
    notes_ever: int = 0
    silenced: bool = False  # no message of ours at all, e-mail included
    ruling: Ruling | None = None  # what a person decided about this customer for good
    ruled_on: tuple[
        int, ...
    ] = ()  # seq of the orders under whose phone, e-mail and address the history keeps that word
    talk: Order | None = None  # a talk without an order: its card, as an order with seq 0
    moved: dict[str, str] = {}  # order id -> the phone it moved to
    early: tuple[OrderTold | ShopReported, ...] = ()  # about orders that are on their way here from another number
    former: dict[str, str] = {}  # closed orders that left the document: order id -> the state it ended in
    last_channel: str = ""
    last_address: str = ""
    handed_over_at: datetime | None = None  # when we last said "a person will read this"
    language_from: Literal["", "customer"] = ""  # "customer": they wrote in it, so only they change it
    stopped_before: tuple[str, ...] = ()  # channels that an erased person had said stop on: whoever is found here again
    complaints: tuple[Complaint, ...] = ()
    poll: Poll | None = None  # the last question for a score
    polled: tuple[str, ...] = ()  # orders that they were asked about
    polled_at: datetime | None = None
    review_asked: bool = False
    redeliveries: int = 0  # failed attempts of couriers, over all orders ever
    notices: tuple[Noticed, ...] = ()  # news to many that came here, the newest last
    polite_at: datetime | None = None  # when we last answered a greeting or thanks

    order = order_by_id
    by_seq = order_by_seq

    def contact(self, channel: str, address: str) -> Contact | None:
        return contact_at(self.contacts, channel, address)

    def stranger(self, channel: str, address: str) -> Contact:
        """An address that is new here. A stop that outlived its person's erasure holds for it."""
        return Contact(channel, address, stopped=channel in self.stopped_before)

    def askable(self) -> tuple[Order, ...]:
        return tuple(o for o in self.orders if o.state in ASKABLE)

    def window_open(self, address: str, now: datetime) -> bool:
        """Whether WhatsApp takes free text to this address now."""
        contact = self.contact("whatsapp", address)
        return contact is not None and contact.heard_at is not None and now - contact.heard_at < WINDOW

    def open_effect(self, effect_id: str) -> Open | None:
        for effect in self.open:
            if effect.id == effect_id:
                return effect
        return None

    def told_since(self, since: datetime | None) -> bool:
        """Whether its journal may have a line from `since` on; None asks for everything."""
        return since is None or not self.notes or self.notes[-1].at >= since

    def next_due(self) -> datetime | None:
        return min(self.timers.values(), default=None)

    def next_send(self) -> datetime | None:
        """When the outbox has to look here: the earliest planned effect, or now for one on the wire."""
        return min((o.not_before for o in self.open if o.status == "planned"), default=None)
