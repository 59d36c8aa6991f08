"""Facts for one customer's conversation. Each carries the source's own id, so that the same fact twice changes nothing.

`to` are the pointers to look under, best first; the last one is created when none is known.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from flows.desk_events import DeskEvent
from flows.effects import Outcome
from flows.event import Event
from flows.matching.reading import Reading
from flows.notice import Draft
from flows.orders import Order, OrderFields
from flows.postal import PostalAddress
from flows.risk.history import PastOrder

ShopEvent = Literal[
    "confirmed", "cancelled", "paid", "shipped", "out_for_delivery", "attempt_failed", "delivered", "returned", "lost"
]


class OrderTold(Event, frozen=True, kw_only=True, tag=True):
    """A shop told of an order: new, changed, or the same again. Source: POST/PUT /orders, Shopify and WooCommerce hooks.

    mode "new": another order under the same id is a conflict. "change": a known id gets a new version. "upsert": both.
    """

    fields: OrderFields
    mode: Literal["new", "change", "upsert"]
    source: str
    source_at: datetime | None = None  # the shop's time of this state, to refuse an older one
    cancelled: bool = False  # the shop says: cancelled
    shipped: bool = False  # the shop says: sent
    paid: bool = False  # the shop says: the whole of it is paid already
    ref: str = ""  # the platform's own id of the order, to write to it
    # what the engine looked up before deciding: this customer's closed orders, and what is going on around
    past: tuple[PastOrder, ...] = ()
    reading: Reading | None = None  # the address as read for the look-up: reading is what costs most
    on_prefix_hour: int = 1
    on_address_day: int = 1
    usual_minor: int = 0
    by: str = ""  # the colleague who typed it in, where no shop's system told it
    over_limit: str = ""  # the ceiling on first texts that this order would pass: number | prefix | hour
    burst: str = ""  # the orders that it is one of, where a ceiling holds it
    ask_at: datetime | None = None  # its turn under that ceiling
    group_orders: int = 0  # orders of the same item by this number at the other shops of the declared group


class ShopReported(Event, frozen=True, kw_only=True, tag=True):
    """What became of an order. Source: POST /orders/{id}/events, courier files."""

    order_id: str
    kind: ShopEvent
    reason: str = ""
    tracking: str = ""
    happened_at: datetime | None = None


class Attached(Struct, frozen=True, gc=False):
    """A picture, a voice note or another file in a customer's message, by the provider's own id: never an address to fetch."""

    kind: str  # content type: audio/ogg, image/jpeg …
    ref: str  # Twilio: "<message sid>/<media sid>", Meta: the media id


class CustomerWrote(Event, frozen=True, kw_only=True, tag=True):
    """The customer sent words, media or a place. Source: inbound webhooks of SMS and WhatsApp, e-mail replies."""

    channel: str  # sms | whatsapp | email
    address: str  # E.164, WhatsApp user id, e-mail
    sender: str  # our number or address that was written to
    text: str
    provider_id: str
    opt_out_type: str = ""  # Twilio's own verdict STOP | START | HELP: it has answered already
    media: tuple[str, ...] = ()  # content types: audio/ogg, image/jpeg …
    files: tuple[Attached, ...] = ()  # those of them that the provider has
    location: tuple[float, float] | None = None
    reply_to: str = ""  # provider id of our message that this one quotes
    name: str = ""  # profile name
    reaction: str = ""  # an emoji put on our message `reply_to`; "-" when taken away
    edited: bool = False
    deleted: bool = False
    order_id: str = ""  # the reply address of an e-mail binds it to this order


class CustomerPressed(Event, frozen=True, kw_only=True, tag=True):
    """A button of ours under a WhatsApp message. `payload` as we made it ("yes:<seq>:<version>"), or a stranger's text."""

    channel: str
    address: str
    sender: str
    payload: str
    title: str
    provider_id: str
    reply_to: str = ""


class CallPressed(Event, frozen=True, kw_only=True, tag=True):
    """A key was pressed in a call of ours, which asked about this order and version. Source: Twilio's <Gather>."""

    seq: int
    version: int
    digits: str
    provider_id: str


class PagePressed(Event, frozen=True, kw_only=True, tag=True):
    """A person's POST on the customer's page. The token bound it to order, version and channel."""

    order_id: str
    version: int
    channel: str  # through which message the token came
    action: Literal["confirm", "cancel", "again", "phone", "address", "time", "score", "why", "object"]
    score: int = 0  # 1 to 5
    phone: str | None = None
    phone_mobile: bool = True
    phone_raw: str = ""
    address: PostalAddress | None = None
    time: str = ""
    text: str = ""  # what is not right about the reasons


class StaffPressed(Event, frozen=True, kw_only=True, tag=True):
    """A button on a card. Source: Telegram callback query of somebody in the people table; `role` as of this moment."""

    by: int  # Telegram user id
    name: str
    role: str
    verb: str
    seq: int  # the order's number in its conversation, 0: the talk itself
    version: int
    chat: str
    message_id: int


class StaffWrote(Event, frozen=True, kw_only=True, tag=True):
    """A reply to a card or to a customer's words: goes to the customer; text that starts with // is a note."""

    by: int
    name: str
    role: str
    seq: int
    chat: str
    text: str
    complaint: int = 0  # a reply to a ping in the owner's private chat: the complaint it is about


class ComplaintPressed(Event, frozen=True, kw_only=True, tag=True):
    """A button under a ping in the owner's private chat. `role` as of this moment."""

    by: int
    name: str
    role: str
    verb: str
    complaint: int


class StaffGave(Event, frozen=True, kw_only=True, tag=True):
    """The answer of staff to what a button of a card asked them for: another phone number."""

    by: int
    name: str
    role: str
    seq: int
    version: int
    what: Literal["number"]
    text: str


class DeliveryReported(Event, frozen=True, kw_only=True, tag=True):
    """A provider's receipt. Source: Twilio status callback, Meta statuses, bounces."""

    effect_id: str  # ours, when the provider carries it back
    provider_id: str
    provider: str
    status: Literal["queued", "sent", "delivered", "read", "failed"]
    code: str = ""


class EffectSettled(Event, frozen=True, kw_only=True, tag=True):
    """What became of one attempt on the wire, or of a question to the provider about it."""

    effect_id: str
    provider: str
    outcome: Outcome


class ProviderAnswered(Event, frozen=True, kw_only=True, tag=True):
    """The provider's list was searched for a message whose fate was unknown."""

    effect_id: str  # of the message
    provider: str
    found: bool
    provider_id: str = ""
    status: str = ""
    code: str = ""


class TimerDue(Event, frozen=True, kw_only=True, tag=True):
    """A moment that the conversation itself asked for has come. Timers due later than `due` stay."""

    due: datetime


class StepFailed(Event, frozen=True, kw_only=True, tag=True):
    """The step of the timers that were due by `due` raised, and wrote nothing. `error`: the kind of the error, never its words."""

    due: datetime
    error: str


class Claimed(Event, frozen=True, kw_only=True, tag=True):
    """The outbox has a free permit for this effect: the final gate decides whether it may leave."""

    effect_id: str
    by: str  # the process that will send it


class Recovered(Event, frozen=True, kw_only=True, tag=True):
    """A process that had effects in flight is gone: what was `sending` by it is unknown now."""

    gone: tuple[str, ...] = ()  # names of gone processes; empty: everyone but `by`
    by: str = ""


class OrderHandedOver(Event, frozen=True, kw_only=True, tag=True):
    """An order moved to another number: this conversation is the new home. `moved_by` changed the number."""

    order: Order
    moved_by: Literal["customer", "staff", "shop"]
    ask: bool  # the new number has to confirm
    email: str | None = None
    language: str | None = None
    former: str = ""  # the conversation it came from
    back: bool = False  # the change of number was taken back: everything is as it was before


class OrderCalledBack(Event, frozen=True, kw_only=True, tag=True):
    """The customer took a change of number back, at the number that the order came from: let it return."""

    order_id: str
    phone: str  # that number
    channel: str  # where they wrote it
    address: str
    sender: str
    language: str = "en"


class ConsentWithdrawn(Event, frozen=True, kw_only=True, tag=True):
    """A STOP that reached a sender this shop shares: it holds here too."""

    channel: str
    address: str
    everything: bool = False


class StaffRuled(Event, frozen=True, kw_only=True, tag=True):
    """A manager blocks an order's customer for good, or lets them off. Source: /block and /unblock."""

    by: int
    name: str
    role: str
    order_id: str
    ruling: Literal["block", "let_off"]


class LimitLifted(Event, frozen=True, kw_only=True, tag=True):
    """A person decided about a whole burst of held orders, this one among them."""

    order_id: str
    burst: str
    what: Literal["ask", "cancel"]
    by: str
    role: str


class NoticeAsked(Event, frozen=True, kw_only=True, tag=True):
    """A notice for the customer of this order."""

    n: int
    order_id: str
    draft: Draft


AnyEvent = (
    OrderTold
    | ShopReported
    | CustomerWrote
    | CustomerPressed
    | CallPressed
    | PagePressed
    | StaffPressed
    | StaffWrote
    | StaffGave
    | ComplaintPressed
    | DeliveryReported
    | EffectSettled
    | ProviderAnswered
    | TimerDue
    | StepFailed
    | Claimed
    | Recovered
    | OrderHandedOver
    | OrderCalledBack
    | ConsentWithdrawn
    | StaffRuled
    | LimitLifted
    | NoticeAsked
    | DeskEvent
)
