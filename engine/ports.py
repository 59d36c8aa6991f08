"""The ports: what the engine asks of stores, channels and the desk, and the errors that may cross them.

    ServiceError
    |- OurFault                 a bug or a setting of ours
    |  |- BadSettings           .faults: every fault with its place and mend
    |- TheirFault               a payload or a provider
    |  |- BadSignature          answered 403, counted, not kept
    |  |- BadPayload            our own API: 400 with .faults; a provider with a good signature: kept, 200
    |- StoreUnavailable         nothing was written: 503, the sender comes again
    |- NewerDocument            written by a newer program: this one must not touch it

What a provider says of one message is an Outcome (flows/effects.py), never an exception.

Longer than other modules: what a new store, channel or shop has to fulfil stands on one page, and nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from flows.conversation import Conversation, Note
from flows.decision import Decision, Document
from flows.desk import Desk
from flows.effects import (
    Outcome,
    PingOwner,
    PointTo,
    Refused,
    ShowCard,
    ShowDigest,
    ShowMedia,
    ShowNotice,
    TellPerson,
    TellShop,
    TellStaff,
    TryAgain,
)
from flows.events import AnyEvent
from flows.pointers import Pointer
from flows.policy import Policy

if TYPE_CHECKING:  # the history's commands need no conversations, and conversations no address reader
    from engine.history_record import Closed
    from engine.history_record import Kept as KeptOrder
    from flows.risk.backtest import Replayed
    from flows.risk.history import PastOrder
    from flows.risk.identity import Identity

Decide = Callable[[Document | None, str, AnyEvent, datetime], Decision]


class ServiceError(Exception):
    """Base of all errors of the house."""


class OurFault(ServiceError):
    """A bug or a setting of ours."""


class TheirFault(ServiceError):
    """A payload or a provider."""


class BadSignature(TheirFault):
    """The request does not prove who sent it."""


class BadPayload(TheirFault):
    """The body cannot be understood."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class StoreUnavailable(ServiceError):
    """Nothing was written; come again."""


class NewerDocument(OurFault):
    """The document was written by a newer program."""


class Handled(Struct, frozen=True, gc=False):
    """What became of an event. `duplicate`: seen before, nothing was written. `decision` None: it concerned nobody."""

    decision: Decision | None
    duplicate: bool = False

    @property
    def notice(self) -> str:
        """The flow's word for whoever brought the event: "done" of a repeat, "gone" where it concerned nobody."""
        if self.decision is None:
            return "done" if self.duplicate else "gone"
        return self.decision.notice


class Template(Struct, frozen=True):
    """An approved WhatsApp template to send: our name, its language, the values of {{1}}, {{2}} … in order."""

    name: str
    lang: str
    variables: tuple[str, ...]


class Message(Struct, frozen=True, kw_only=True):
    """One message ready for the wire. `effect_id` is the idempotency key wherever a provider has one.

    buttons: (payload, title) pairs. session: WhatsApp's 24 h window is open, so free text may go; outside it `template` must be
    used. Inside it a template may be set too: a provider that has buttons only in templates (Twilio) takes it there as well.
    """

    effect_id: str
    conversation: str
    shop: str
    channel: str
    to: str
    sender: str
    text: str
    lang: str
    order_id: str = ""
    subject: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    template: Template | None = None
    session: bool = True
    bound: tuple[int, int] = (
        0,
        0,
    )  # voice: the order's number in its conversation, and the version, that a key is about
    reply_token: str = ""  # e-mail: binds an answer to order, version and channel (engine/tokens.py)


class Lookup(Struct, frozen=True, kw_only=True):
    """A message of unknown fate: was it taken? Matched by address, time and text (every text names its order)."""

    effect_id: str
    channel: str
    to: str
    sender: str
    text: str
    since: datetime  # the attempt began then
    until: datetime | None = None  # and not after this
    but: frozenset[str] = frozenset()  # provider ids that are known to be others


class Found(Struct, frozen=True):
    """The provider has the message."""

    provider_id: str
    status: str = ""  # queued | sent | delivered | read | failed
    code: str = ""


class Channel(Protocol):
    """One provider that carries messages. Never retries: one `send` is at most one message on the wire."""

    provider: str

    async def send(self, message: Message) -> Outcome:
        """Unknown whenever the request may have left and no usable answer came. Never raises for a provider's fault."""

    async def find(self, lookup: Lookup) -> Found | None:
        """The message, or None when the provider does not have it (or cannot be asked)."""

    async def close(self) -> None: ...


class Unanswered(TheirFault):
    """A provider could not be asked, or its answer was of no use: nothing is known, ask again."""


class Swept(Struct, frozen=True):
    """What a sweep found: the events that webhooks would have told, oldest first. What happened before `upto` is among them."""

    events: tuple[AnyEvent, ...]
    upto: datetime


class Sweeper(Protocol):
    """Finds what a provider's webhooks never told. Its events have the webhooks' own ids, so that nothing happens twice."""

    name: str  # under which the desk of `shop` keeps how far it has come
    shop: str
    provider: str  # as the owner knows it
    #: How far back it also looks once in a while and after an outage, for what changed long after it began; zero: no need.
    deep: timedelta
    #: Whether something found here means that the webhooks do not arrive (a late receipt alone does not).
    tells: bool

    async def sweep(self, since: datetime, now: datetime) -> Swept:
        """Raises Unanswered."""


class Trouble(Struct, frozen=True, kw_only=True):
    """Something outside one customer's conversation is not well. The staff text is "owner.<kind>"."""

    kind: str
    shop: str  # whose owner hears of it
    about: str = ""  # tells equal troubles of one kind
    values: dict[str, str | int] = {}
    mended: bool = False  # it was put right at once: told, but not again within some hours


class Watch(Protocol):
    """Looks at one thing that can fail in silence, and mends what can be mended."""

    name: str

    @property
    def shops(self) -> tuple[str, ...]:
        """Whose owners may hear of it."""

    async def look(self) -> tuple[Trouble, ...]:
        """What is wrong now; nothing when all is well. Raises Unanswered."""


#: What the staff's place carries out, files aside.
AtDesk = ShowCard | ShowDigest | ShowNotice | TellStaff | TellPerson | PingOwner | PointTo


class DeskPort(Protocol):
    """The staff's place: cards and notices in the group, pings in the owner's chat."""

    async def perform(self, effect: AtDesk, effect_id: str, shop: str) -> Outcome:
        """Accepted.provider_id of a ShowCard is "<chat>/<message id>"."""

    async def show_media(self, effect: ShowMedia, media: Media, effect_id: str, shop: str) -> Outcome:
        """A customer's file as a reply to the card: a voice note to be played, a picture, else a document."""


class Media(Struct, frozen=True):
    """A file that a customer sent, whole."""

    kind: str  # content type, as the provider says
    content: bytes


class MediaPort(Protocol):
    """Who has the files that customers sent over one channel."""

    provider: str

    async def fetch(self, ref: str) -> Media | Refused | TryAgain:
        """Fetching twice does no harm, so a broken-off try is a TryAgain. Refused: "gone", "too_big", "not_theirs" (the
        provider named an address that is none of its own). Reaches no other host than the provider's."""

    async def close(self) -> None: ...


class ShopPort(Protocol):
    """One place where a shop hears of decisions. One `tell` may be several requests (read, then write); each telling may come
    again after an Unknown, and then changes nothing a second time."""

    async def tell(self, telling: TellShop, effect_id: str, now: datetime) -> Outcome:
        """Refused("edited", what stands there): the shop has changed the same thing meanwhile. Never raises for a shop's fault."""

    async def close(self) -> None: ...


class OrderRow(Struct, frozen=True):
    """One line of an order list."""

    shop: str
    order_id: str
    conversation: str
    state: str
    updated_at: datetime


class Tale(Struct, frozen=True):
    """A conversation with its whole journal, oldest line first."""

    conversation: Conversation
    notes: list[Note]


class Due(Struct, frozen=True):
    """A conversation that asked to be woken."""

    conversation: str
    at: datetime


class Kept(Struct, frozen=True):
    """A body with a good signature that could not be used; replayed after a fix."""

    id: str
    route: str
    at: datetime
    why: str
    body: bytes
    headers: dict[str, str]


class Store(Protocol):
    """Where conversations live. Never reads a clock, never decides, never imports an adapter.

    One suite (tests/contracts/test_store.py) says what every backend must do.
    """

    def transact(self, event: AnyEvent, decide: Decide, now: datetime) -> Awaitable[Handled]:
        """Find by `event.to`, de-duplicate, load, decide, write: one unit, all or nothing.

        `decide(document or None, id for a new one, event, now)` is pure and may run more than once. Raises
        StoreUnavailable: nothing was written. Whatever `decide` raises comes back to this caller alone. May wait for its turn
        from the call on, before it is awaited: whoever brings many asks for all of them first.
        """

    async def load(self, pointer: Pointer) -> Document | None:
        """The document as last committed; None when nobody is known by that name."""

    async def due(self, now: datetime, limit: int) -> list[Due]:
        """Conversations with a timer due at or before `now`, oldest first."""

    async def next_due(self) -> datetime | None:
        """The earliest moment any conversation asked for."""

    async def sendable(self, now: datetime, limit: int, after: tuple[datetime, str] | None = None) -> list[Due]:
        """Conversations with an effect that is planned for `now` or earlier, oldest first; `after`: page on."""

    async def in_flight(self) -> list[str]:
        """Conversations that have an effect on the wire (by whatever process)."""

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]:
        """Orders of one shop, newest change first."""

    async def journal(self, conversation: str) -> list[Note]:
        """The whole story, oldest first: moved lines and the document's tail."""

    async def tales(self, shop: str, after: str, limit: int, since: datetime | None = None) -> tuple[list[Tale], str]:
        """Conversations of one shop with their journals, by id, from the one after `after` ("": the first) on; and the id to go
        on from, "" when that was all. At most `limit` conversations of all shops are looked at. `since`: those with a line
        from then on, the others' journals are not read. Read-only, for reports."""

    async def keep(self, kept: Kept) -> bool:
        """Keep a body (encrypted). False when the same one is kept already."""

    async def kept(self, limit: int = 100) -> list[Kept]: ...

    async def drop_kept(self, ids: Iterable[str]) -> None: ...

    async def counts(self) -> dict[str, int]:
        """Orders by state, open effects, and such, for metrics."""

    async def close(self) -> None: ...


class Appended(Struct, frozen=True):
    """What became of orders that were appended: new, kept before with other facts, kept before just so, erased for good."""

    new: int = 0
    changed: int = 0
    same: int = 0
    erased: int = 0


class ImportMark(Struct, frozen=True):
    """How far an import has come. `source` names the file and how it is read; an empty `state` takes the mark away."""

    source: bytes
    state: bytes = b""


class History(Protocol):
    """The shop's past: closed orders, found by phone, e-mail and address keys. A store keeps keys hashed and orders sealed."""

    async def append_history(self, shop: str, orders: Sequence[Closed], mark: ImportMark | None = None) -> Appended:
        """Keep closed orders, and the mark with them, in one commit. One row for each order id: told again, it is the same
        row; what the service itself saw is not overwritten by a file. Raises StoreUnavailable: nothing was written."""

    async def history(self, shop: str, who: Identity) -> tuple[PastOrder, ...]:
        """Orders that are this customer's by phone, e-mail or address, each with what matched. Under a key that is shared
        by hundreds (a pick-up point) only the latest are looked at."""

    async def usual_amount(self, shop: str, currency: str) -> int:
        """The shop's median order in minor units, within 2 %; 0 while too few are known."""

    async def history_counts(self, shop: str) -> dict[str, int]:
        """Orders kept, by how they ended."""

    async def clear_history(self, shop: str, order_ids: Sequence[str]) -> int:
        """Strike orders off for good: they say nothing bad any more, whatever is imported later. How many there were."""

    async def export_history(self, shop: str, who: Identity) -> list[KeptOrder]:
        """Everything kept about this person, found by phone or e-mail."""

    async def erase_history(self, shop: str, who: Identity) -> int:
        """Make those rows unreadable, for good: a later import of them counts as erased. How many there were."""

    def replay_history(self, shop: str) -> Iterator[Replayed]:
        """Every order kept of the shop, in no order, read as it goes."""

    async def import_mark(self, shop: str, source: bytes) -> bytes | None:
        """The state of an import that was broken off; None where there is none."""


class PageView(Struct, frozen=True):
    """What a page token leads to. `channel`: through which message it was sent (an e-mail's token never confirms)."""

    conversation: Conversation
    order_id: str
    version: int
    channel: str
    current: bool  # the version is still the order's


class Front(Protocol):
    """What the engine offers to the rooms that receive: adapters and bot."""

    policies: dict[str, Policy]

    def now(self) -> datetime:
        """Business time, aware UTC."""

    async def handle(self, event: AnyEvent) -> Handled:
        """Carry the event down the one road; returns after the commit. Raises StoreUnavailable: answer 503."""

    async def keep(self, route: str, body: bytes, headers: dict[str, str], why: str) -> None:
        """Keep a signed body that could not be used, show it as one counted card; capped per hour."""

    async def page(self, token: str) -> PageView | None:
        """What a page token leads to; None for an unknown or ended one. Changes nothing."""

    async def order(self, shop: str, order_id: str) -> Conversation | None:
        """The conversation that holds the order now."""

    async def by_id(self, conversation_id: str) -> Conversation | None:
        """One conversation by its id, as last committed."""

    async def orders(self, shop: str, state: str | None, since: datetime | None, limit: int) -> list[OrderRow]: ...

    async def search(self, shop: str, text: str, limit: int) -> list[OrderRow]:
        """Orders of which `text` is any part: of the number, the customer's name, phone or e-mail; newest change first."""

    async def desk(self, shop: str) -> Desk:
        """Staff, roles and the group of a shop, as last committed."""

    async def journal(self, conversation: str) -> list[Note]: ...

    def count(self, name: str, **labels: str) -> None:
        """Add one to a counter of /metrics."""
