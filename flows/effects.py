"""Effects: wishes, imperative, frozen; id = "<event id>/<index>". They carry template names and values, never finished prose.

Longer than other modules: all that can be wished for stands on one page, which is a list and holds no logic.
An outcome says what became of one attempt: Accepted | Refused | TryAgain | Unknown. Unknown (the request left, no answer came)
is never retried blindly.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from flows.money import Money
from flows.notice import Draft, State
from flows.numbers.report import Report
from flows.orders import Order, OrderFields
from flows.risk.history import PastOrder
from flows.wording import Moment

Value = str | int | Money | Moment


class Accepted(Struct, frozen=True, gc=False, tag=True, omit_defaults=True):
    """The provider took it. `provider_id` is its own id of the message ("" where it has none); `segments` of an SMS."""

    provider_id: str = ""
    segments: int = 1


class Refused(Struct, frozen=True, gc=False, tag=True):
    """The provider said no, for good: nothing was sent."""

    code: str
    reason: str = ""


class TryAgain(Struct, frozen=True, gc=False, tag=True):
    """Definitely not sent; may be tried again after so many seconds."""

    after_s: float
    reason: str = ""


class Unknown(Struct, frozen=True, gc=False, tag=True):
    """The request left and no usable answer came."""

    reason: str = ""


Outcome = Accepted | Refused | TryAgain | Unknown


class Effect(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What every effect is: a wish with the id of its event and its place among that event's wishes."""


class Say(Effect, frozen=True, kw_only=True, tag=True):
    """Send the customer one message. Settled by EffectSettled.

    `session`: set by the final gate on WhatsApp: True inside the 24 h window (free text), False: an approved template.
    """

    channel: str
    to: str
    sender: str  # our number or address
    template: str
    values: dict[str, Value] = {}
    lang: str = "en"
    purpose: Literal["first", "rung", "answer", "notice"] = "notice"
    order_id: str = ""
    seq: int = 0
    version: int = 0
    rung: int = -1
    link: bool = False  # the text carries the customer's page of this order
    buttons: tuple[str, ...] = ()  # verbs, bound to seq and version
    titles: tuple[str, ...] = ()  # of these buttons, where no catalogue has them
    until: datetime | None = None  # what it says is not true any more from then on
    session: bool = True
    notice: int = 0  # one of a notice to many (flows/noticing.py)
    reaches_at: datetime | None = (
        None  # set by the gate outside WhatsApp's window: it counts towards the messaging limit
    )
    reached_before: datetime | None = None  # when this person was written to so the last time


class ShowCard(Effect, frozen=True, kw_only=True, tag=True):
    """Bring the order's one card in the staff group up to date; what it says is built when it leaves."""

    seq: int  # 0: the card of the talk itself
    card: Card | None = None  # filled by the final gate
    rank: int = 0  # among cards that wait; 0: an edit of what stands, below: somebody looks at it (flows/digests.py)


class TellStaff(Effect, frozen=True, kw_only=True, tag=True):
    """A short reply under the card: an edit notifies nobody, so what needs a person again is said."""

    seq: int
    key: str
    values: dict[str, Value] = {}
    chat: str = ""
    message_id: int = 0


class PointTo(Effect, frozen=True, kw_only=True, tag=True):
    """Say in a topic of the group that a card concerns it, with the way there. Only where the group is a forum."""

    seq: int
    topic: str  # flows.topics.NAMES
    key: str
    values: dict[str, Value] = {}
    chat: str = ""  # of the card, filled by the final gate
    message_id: int = 0


class ShowMedia(Effect, frozen=True, kw_only=True, tag=True):
    """Bring a customer's picture or voice note under the card, to be seen and played there."""

    seq: int
    channel: str  # through which it came: whose provider has it
    kind: str  # content type
    ref: str  # the provider's own id of it
    order_id: str = ""
    chat: str = ""  # of the card, filled by the final gate
    message_id: int = 0


class PingOwner(Effect, frozen=True, kw_only=True, tag=True):
    """A message to the owner's private chat. `silent`: it makes no sound. `lines` and `buttons` stand beneath it."""

    key: str
    values: dict[str, Value] = {}
    order_id: str = ""
    complaint: int = 0  # the complaint it is about: a reply to it goes to the customer
    lines: tuple[Line, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    silent: bool = False
    first: bool = False  # before everything else that waits for this chat
    chart: Report | None = None  # to be drawn above the lines


class TellPerson(Effect, frozen=True, kw_only=True, tag=True):
    """A message to one member of staff in private: what the group shall not read."""

    person: int  # Telegram user id
    key: str
    values: dict[str, Value] = {}


class AskProvider(Effect, frozen=True, kw_only=True, tag=True):
    """Ask the provider whether it took the message of `effect_id`. Answered by ProviderAnswered."""

    effect_id: str
    channel: str
    to: str
    sender: str
    since: datetime
    text_of: Say  # to compare texts


class HandOver(Effect, frozen=True, kw_only=True, tag=True):
    """Carry an order to another number's conversation, where it arrives as OrderHandedOver."""

    to_phone: str
    order: Order
    moved_by: Literal["customer", "staff", "shop"]
    ask: bool
    email: str | None = None
    language: str | None = None
    back: bool = False  # a change of number was taken back


class CallBack(Effect, frozen=True, kw_only=True, tag=True):
    """Ask for an order back from the number it moved to, where this arrives as OrderCalledBack."""

    order_id: str
    from_phone: str
    phone: str
    channel: str
    address: str
    sender: str
    language: str = "en"


class SpreadStop(Effect, frozen=True, kw_only=True, tag=True):
    """Tell the other shops that share this sender: the address has withdrawn its consent."""

    channel: str
    address: str
    everything: bool = False


class TellShop(Effect, frozen=True, kw_only=True, tag=True):
    """Tell the shop what became of an order, at one place. Settled by EffectSettled; may be tried again, unlike a Say
    (flows/shop_told.py). Carries the order as it was when this was wished for."""

    order_id: str
    what: str  # confirmed cancelled reopened held asking changed closed slot note … (flows/shop_telling.py)
    target: str  # callback | shopify | woocommerce
    values: dict[str, Value] = {}
    ref: str = ""  # the platform's own id of the order
    at: datetime  # when it was decided
    version: int = 1
    state: str = ""
    by: str = ""  # who decided
    via: str = ""
    fields: OrderFields
    said: OrderFields | None = None  # what the shop last told, where the customer has changed something since


class Escalate(Effect, frozen=True, kw_only=True, tag=True):
    """Nobody has seen it in Telegram: the owners are told on their own phones. Arrives at the desk as Escalated."""

    key: str  # tells equal matters
    order_id: str = ""


class RaiseAlarm(Effect, frozen=True, kw_only=True, tag=True):
    """Tell the owner of a fault that is not one customer's, once in a while; `pause`: a channel to leave alone meanwhile."""

    kind: str
    values: dict[str, str | int] = {}
    pause: str = ""
    rest_s: int = 0  # how long the pause lasts; 0: the usual


class Remember(Effect, frozen=True, kw_only=True, tag=True):
    """Keep a closed order in the shop's history. Doing it twice is doing it once."""

    order: Order
    outcome: PastOrder


class ReportHeld(Effect, frozen=True, kw_only=True, tag=True):
    """One more order of a burst is held. Arrives at the desk as HeldReported."""

    burst: str
    limit: str
    about: str = ""
    ask_at: datetime | None = None


class ReleaseHeld(Effect, frozen=True, kw_only=True, tag=True):
    """Tell every held order of a burst what a person decided about all of them, where it arrives as LimitLifted."""

    burst: str
    what: Literal["ask", "cancel"]
    since: datetime
    by: str
    role: str


class ShowDigest(Effect, frozen=True, kw_only=True, tag=True):
    """Say in the group what waits for it, the most urgent first; `stands`: "<chat>/<message id>" of the one to edit.

    With a `key` of its own it is a message by itself, and nothing is edited.
    """

    waiting: int
    key: str = ""
    values: dict[str, Value] = {}
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()
    stands: str = ""
    over: bool = False  # everything is through


class CountNumbers(Effect, frozen=True, kw_only=True, tag=True):
    """Count what became of orders since then. Answered by NumbersCounted."""

    kind: str  # daily | weekly
    since: datetime


class ListWaiting(Effect, frozen=True, kw_only=True, tag=True):
    """Look at what waits for a chat. Answered by WaitingListed."""

    kind: str  # cards | pings


class CountNotice(Effect, frozen=True, kw_only=True, tag=True):
    """Look who a notice would go to. Answered by NoticeCounted."""

    n: int
    draft: Draft


class FanOut(Effect, frozen=True, kw_only=True, tag=True):
    """Bring a notice to the conversations of these orders, where it arrives as NoticeAsked."""

    n: int
    orders: tuple[str, ...]
    draft: Draft


class TellDesk(Effect, frozen=True, kw_only=True, tag=True):
    """Where one customer's notice stands now. Arrives at the desk as NoticeHeard."""

    n: int
    was: State | Literal[""] = ""
    now: State = "sent"
    answered: bool = False


class ShowNotice(Effect, frozen=True, kw_only=True, tag=True):
    """Bring the one message of a notice up to date; what it says is filled in when it leaves (flows/notices.py)."""

    n: int
    chat: str
    key: str = ""
    values: dict[str, Value] = {}
    lines: tuple[Line, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    stands: str = ""  # "<chat>/<message id>" of the message to edit
    language: str = ""  # of whoever reads it there; "" the shop's


class Line(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of a card or notice: a staff text key with its values."""

    key: str
    values: dict[str, Value] = {}


class Button(Struct, frozen=True, gc=False):
    """A button on a card: its verb is also its staff text key ("button.<verb>")."""

    verb: str
    data: str  # callback data, at most 64 bytes
    values: dict[str, Value] = {}  # of its text


class Card(Struct, frozen=True, gc=False, omit_defaults=True):
    """A card's whole content, as staff text keys; the bot makes it words in the group's language."""

    state: str
    lines: tuple[Line, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    chat: str = ""  # where it stands already
    message_id: int = 0  # 0: not posted yet
    again: bool = False  # Telegram did not answer the first time


AnyEffect = (
    Say
    | ShowCard
    | TellStaff
    | ShowMedia
    | PointTo
    | TellPerson
    | PingOwner
    | AskProvider
    | HandOver
    | CallBack
    | SpreadStop
    | Remember
    | RaiseAlarm
    | TellShop
    | Escalate
    | ShowDigest
    | ListWaiting
    | CountNumbers
    | ReportHeld
    | ReleaseHeld
    | CountNotice
    | FanOut
    | TellDesk
    | ShowNotice
)

Status = Literal["planned", "sending", "unknown"]


class Open(Struct, frozen=True, gc=False, omit_defaults=True):
    """An effect that is not settled. Only `planned` may leave, and only through the final gate."""

    id: str
    effect: AnyEffect
    status: Status
    at: datetime  # when it was wished for
    not_before: datetime
    urgency: int  # 0 first texts … 3: what can wait
    lane: str  # the sender whose pace it keeps
    tries: int = 0
    by: str = ""  # the process that has it on the wire
    since: datetime | None = None  # when it went on the wire
    asked: int = 0  # how often the provider was asked what became of it
