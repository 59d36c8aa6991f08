"""An order as Doorstep knows it: what the shop said, what was asked, who decided.

State: ignored | pending | confirmed | flagged | held | cancelled | shipped | delivered | returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from flows.couriers import Offer, Slot
from flows.money import Money
from flows.postal import PostalAddress
from flows.risk.assessment import Bought, Verdict
from flows.risk.signals import Reason as RiskReason

State = Literal["ignored", "pending", "confirmed", "flagged", "held", "cancelled", "shipped", "delivered", "returned"]
Who = Literal["customer", "staff", "owner", "shop", "rule"]
Via = Literal["sms", "whatsapp", "email", "page", "call", "telegram", "api", "automatic"]

CLOSED: frozenset[str] = frozenset({"ignored", "cancelled", "delivered", "returned"})
#: An answer to "is this order right?" still means something here.
ASKABLE: frozenset[str] = frozenset({"pending", "flagged", "held"})
#: The parcel has not left: the customer may still change their mind.
BEFORE_DISPATCH: frozenset[str] = frozenset({"pending", "flagged", "held", "confirmed"})


class Item(Struct, frozen=True, gc=False, omit_defaults=True):
    title: str
    quantity: int = 1
    sku: str = ""
    price: Money | None = None  # of one piece


class OrderFields(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a shop tells of an order, parsed: two tellings are the same order when all fields but `placed_at` are equal."""

    id: str
    total: Money
    placed_at: datetime  # aware UTC
    name: str = ""
    phone: str | None = None  # E.164 in the order's country; None: none given, or none that can be dialled
    phone_raw: str = ""  # as the shop wrote it
    phone_mobile: bool = True  # False: the numbering plan says landline, no text can arrive
    phone2: str | None = None
    email: str | None = None  # canonical lower case
    address: PostalAddress = PostalAddress()
    items: tuple[Item, ...] = ()
    payment: str = "cod"  # the shop's own label
    cod: bool = True  # the label means cash on delivery
    language: str | None = None
    note: str = ""
    courier_note: str = ""
    consent_whatsapp: bool = False
    consent_news: bool = False
    consent_polls: bool = False

    def same_as(self, other: OrderFields) -> bool:
        """Equal after parsing; the moment of placing is not part of what an order says."""
        return self == other or replace(self, placed_at=other.placed_at) == other


#: The rung of a greeting: it asks nothing, but an answer to it is one.
GREETING = -1


class Asked(Struct, frozen=True, gc=False, omit_defaults=True):
    """A ladder question that went out (or was tried): its address may answer it while the order is askable."""

    effect_id: str
    channel: str  # sms | whatsapp | email
    address: str
    version: int
    rung: int
    at: datetime
    provider_id: str = ""
    status: str = "planned"  # planned | accepted | delivered | read | failed | unknown | withdrawn
    code: str = ""  # the provider's code when it failed


#: Questions kept with an order; what was asked before is in the journal, and nobody answers the thirtieth last.
ASKED_MOST = 30


class Skipped(Struct, frozen=True, gc=False):
    """A rung that could not be tried, and why (a staff text key: no_phone, not_mobile, dead, opted_out, no_template …)."""

    channel: str
    why: str
    at: datetime


class Reason(Struct, frozen=True, gc=False, omit_defaults=True):
    """Why an order needs a person: a staff text key with its values."""

    key: str
    values: dict[str, str] = {}


class Call(Struct, frozen=True, gc=False):
    """One unanswered call by staff."""

    at: datetime
    by: str


class CardRef(Struct, frozen=True, gc=False):
    """Where the order's one card stands in the staff group."""

    chat: str
    message_id: int


class Before(Struct, frozen=True, gc=False):
    """What Undo goes back to."""

    state: State
    decided_by: Who | None
    via: Via | None
    by: str  # who pressed, a person's name
    at: datetime
    name: str = ""  # of the person who had decided before


class Change(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Something that the customer changed, with all that stood there before: until dispatch it can be taken back."""

    n: int  # 1, 2 … within the order: an Undo button is bound to it
    what: Literal["phone", "address", "time", "place", "later", "deal"]
    at: datetime
    fields: OrderFields
    wish: str = ""
    slot: Slot | None = None
    version: int = 1
    state: State = "pending"
    rung: int = -1
    decided_by: Who | None = None
    via: Via | None = None
    decided_at: datetime | None = None


class Deal(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The one bargain about an order (flows/bargaining.py): what is offered, or what became of it."""

    #: asked: staff decide; offered: the customer decides; awaiting: agreed, once it is paid ahead; left: offered, not taken;
    #: taken: agreed; over: nothing more is offered
    status: Literal["asked", "offered", "awaiting", "taken", "left", "over"]
    n: int = 1  # counts what was offered or asked for: a button is bound to it
    tried: int = 0  # the shop's steps that are done with
    kind: str = ""
    was: Money | None = None  # the total that it was about
    total: Money | None = None  # the total with it
    cost: int = 0  # to the shop, in minor units
    gift: str = ""  # as the customer was told
    by: str = "rule"  # or the person who approved it
    channel: str = ""  # where it was offered
    address: str = ""


class Order(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One order inside its customer's conversation."""

    fields: OrderFields
    seq: int  # 1, 2, … inside the conversation: short enough for a button
    version: int = 1
    state: State = "pending"
    received_at: datetime
    source: str = "api"  # api | shopify | woocommerce | csv
    source_at: datetime | None = None  # the shop's own time of last change, to refuse what is older
    ignored_why: str = ""
    decided_by: Who | None = None
    via: Via | None = None
    decided_at: datetime | None = None
    confirmed_at: datetime | None = None  # the latest yes, whoever gave it
    decided_name: str = ""  # the staff member's name, when a person decided
    rung: int = -1  # index into the policy's ladder; -1: not asked yet
    first_asked_at: datetime | None = None
    asked: tuple[Asked, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    held_until: datetime | None = None  # quiet hours: the question waits till then
    reasons: tuple[Reason, ...] = ()
    calls: tuple[Call, ...] = ()
    call_after: datetime | None = None
    taken_by: str = ""
    taken_id: int = 0  # the Telegram id behind that name
    taken_wrote: bool = False  # who has it has written to the customer, not only looked
    card: CardRef | None = None
    card_wanted: bool = False
    card_again: bool = False  # Telegram did not answer the first posting: it was posted once more, and says so
    said: tuple[str, ...] = ()  # the customer's last words about it, newest last, for the card
    before: Before | None = None
    paid: bool = False
    tracking: str = ""
    refusal_told: bool = False  # the owner has heard that the customer does not want it
    ended: str = ""  # why it was returned or failed: customer_refused, not_home …
    attempts_failed: int = 0
    reminders: int = 0
    shop_cancelled: bool = False  # the shop has processed a cancel: no way back by a text
    #: What the shop last said, where the customer has changed something since: its next word repeats the old phone and address
    shop_said: OrderFields | None = None
    shop_events: tuple[str, ...] = ()  # ids of the shop's last events about it: they travel with an order that moves
    good_address: int = 0  # mark (flows/postal) of the address that nothing is missing in, as read when the order came
    verdict: Verdict = "normal"  # what the customer's past says (flows/risk)
    risk: tuple[RiskReason, ...] = ()
    bought: Bought | None = None
    changes: tuple[Change, ...] = ()  # the customer's last changes, newest last
    changes_ever: int = 0
    wish: str = ""  # when the customer wants it: the part of the courier's note that a new wish replaces
    fresh_number: bool = False  # the customer gave this number, and nobody has answered from it yet
    disowned: tuple[str, ...] = ()  # addresses whose owner says: not my order
    asked_once: tuple[str, ...] = ()  # what is asked only once: "address" (its missing parts), "why" (a cancel)
    cancel_reason: str = ""  # why the customer cancelled: flows.understand REASONS, or "other"
    talk_until: datetime | None = None  # a person talks with the customer: the machine keeps quiet about this order
    talk_waiting: bool = False  # the customer's words came after the last of that person
    promise_by: datetime | None = None  # by then a person answers a complaint
    return_wish: Literal["", "open", "replace", "refund"] = ""  # they want to send it back, and what instead
    return_done: str = ""  # replace | refund: decided by staff
    return_by: str = ""
    stock: Literal["", "asked", "swap", "wait"] = ""  # something in it is out of stock: what the customer chose
    shop_ref: str = ""  # the platform's own id of it (Shopify's gid, WooCommerce's id)
    shop_knows: dict[str, str] = {}  # place -> the last word about its state that was taken there
    shop_untold: tuple[str, ...] = ()  # "<place>:<what>" that a place will not hear of
    deal: Deal | None = None
    last_order: str = ""  # the customer's last good order before this one
    returning: dict[str, str] = {}  # language -> the offer that they are entitled to as a returning customer
    slot: Slot | None = None  # when the courier comes, as the customer chose
    offer: Offer | None = None  # the list that they choose from now
    offers_ever: int = 0
    news: tuple[str, ...] = ()  # what the customer has heard: shipped, today:<day>, delivered
    courier_at: datetime | None = None  # of the courier's latest report, by its own clock
    replan: str = ""  # what came of the last failed attempt: open, slot, neighbour, pickup, hint, cancel, staff
    still_silent: bool = False  # asked once more before dispatch, and gave no answer
    hung: dict[str, int] = {}  # provider's id of a message with buttons -> what they are bound to
    burst: str = ""  # held by a ceiling as one of these: staff see them as a whole (flows/burst.py)
    reviewing: bool = False  # flagged by the past, and still asked by the ladder: a yes is noted, only staff confirm

    def with_asked(self, asked: Asked) -> Order:
        """One more question has gone out about it."""
        return replace(self, asked=(*self.asked, asked)[-ASKED_MOST:])

    @property
    def id(self) -> str:
        return self.fields.id

    @property
    def open(self) -> bool:
        return self.state not in CLOSED

    @property
    def asking(self) -> bool:
        """The ladder is at work: pending, or flagged by the customer's past and asked all the same."""
        return self.state == "pending" or (self.state == "flagged" and self.reviewing)


class Holds(Protocol):
    """What has the orders of one customer: a conversation, and a step's working copy of it."""

    @property
    def orders(self) -> Sequence[Order]: ...

    @property
    def talk(self) -> Order | None: ...


def order_by_id(held: Holds, order_id: str) -> Order | None:
    """The order that the shop calls so."""
    for order in held.orders:
        if order.fields.id == order_id:
            return order
    return None


def order_by_seq(held: Holds, seq: int) -> Order | None:
    """The order with this number in the conversation; 0: the talk."""
    if seq == 0:
        return held.talk
    for order in held.orders:
        if order.seq == seq:
            return order
    return None
