"""What one step knows of a conversation and changes of it: the orders, the addresses, the timers, the open effects, the journal.

What it wishes for stands on top of this (flows/turn.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows.complaint import Complaint
from flows.conversation import WINDOW, Contact, Conversation, Note, Question, contact_at
from flows.effects import Open
from flows.events import AnyEvent
from flows.notice import Noticed
from flows.orders import Order, order_by_id, order_by_seq
from flows.pointers import Pointer
from flows.policy import Policy
from flows.poll_rules import Poll

#: The next moment after this one, as exactly as stores keep moments.
SOONEST = timedelta(milliseconds=1)


class WorkingCopy:
    """Read at the start from `was`; nobody else sees it change."""

    __slots__ = (
        "_changed", "_orders_changed", "_was", "claims", "contacts", "event", "fields", "forward", "notes", "notice", "now", "open",
        "orders", "policy", "timers",
    )  # fmt: skip

    def __init__(self, was: Conversation, event: AnyEvent, now: datetime, policy: Policy) -> None:
        self._was = was
        self.event = event
        self.now = now
        self.policy = policy
        self.orders = list(was.orders)
        self.contacts = list(was.contacts)
        self.timers = was.timers
        self.open = list(was.open)
        self.notes: list[Note] = []
        self.claims: list[Pointer] = []
        self.fields: dict[str, object] = {}
        self.notice = ""
        self.forward = ""
        self._orders_changed: dict[str, str] = {}
        self._changed = False

    # -- reading

    @property
    def id(self) -> str:
        return self._was.id

    @property
    def was(self) -> Conversation:
        """The conversation as it was when the event came."""
        return self._was

    @property
    def question(self) -> Question | None:
        return self.fields.get("question", self._was.question)  # type: ignore[return-value]

    @property
    def language(self) -> str:
        return self.fields.get("language", self._was.language) or self.policy.language  # type: ignore[return-value]

    @property
    def name(self) -> str:
        return self.fields.get("name", self._was.name)  # type: ignore[return-value]

    @property
    def silenced(self) -> bool:
        return bool(self.fields.get("silenced", self._was.silenced))

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        return self.fields.get("complaints", self._was.complaints)  # type: ignore[return-value]

    @property
    def poll(self) -> Poll | None:
        return self.fields.get("poll", self._was.poll)  # type: ignore[return-value]

    @property
    def notices(self) -> tuple[Noticed, ...]:
        return self.fields.get("notices", self._was.notices)  # type: ignore[return-value]

    @property
    def failing(self) -> dict[str, int]:
        return self.fields.get("failing", self._was.failing)  # type: ignore[return-value]

    @property
    def talk(self) -> Order | None:
        return self.fields.get("talk", self._was.talk)  # type: ignore[return-value]

    def get(self, order_id: str) -> Order | None:
        return order_by_id(self, order_id)

    def by_seq(self, seq: int) -> Order | None:
        return order_by_seq(self, seq)

    def complaint(self, n: int) -> Complaint | None:
        return next((c for c in self.complaints if c.n == n), None)

    def open_effect(self, effect_id: str) -> Open | None:
        for open_ in self.open:
            if open_.id == effect_id:
                return open_
        return None

    def contact(self, channel: str, address: str) -> Contact | None:
        return contact_at(self.contacts, channel, address)

    def window_open(self, address: str) -> bool:
        contact = self.contact("whatsapp", address)
        return contact is not None and contact.heard_at is not None and self.now - contact.heard_at < WINDOW

    # -- changing

    def set(self, **fields: object) -> None:
        """Set plain fields of the conversation."""
        self.fields.update(fields)
        self._changed = True

    def put(self, order: Order) -> Order:
        """Store an order (by id); the talk is the one with seq 0."""
        self._changed = True
        if order.seq == 0:
            self.fields["talk"] = order
            return order
        for at, known in enumerate(self.orders):
            if known.seq == order.seq:
                self.orders[at] = order
                if known.state != order.state:
                    self._orders_changed[order.fields.id] = order.state
                return order
        self.orders.append(order)
        self._orders_changed[order.fields.id] = order.state
        return order

    def remove(self, order_id: str) -> None:
        """Take an order out of this conversation (it moved)."""
        self.orders = [o for o in self.orders if o.fields.id != order_id]
        self.rest(*(name for name in self.timers if is_of(name, {order_id})))
        self._changed = True

    def put_contact(self, contact: Contact) -> None:
        self._changed = True
        for at, known in enumerate(self.contacts):
            if known.channel == contact.channel and known.address == contact.address:
                self.contacts[at] = contact
                return
        self.contacts.append(contact)

    def hear(self, channel: str, address: str, name: str = "") -> None:
        """They have written or pressed here: the address lives, and opens WhatsApp's window."""
        known = self.contact(channel, address) or self._was.stranger(channel, address)
        self.put_contact(replace(known, heard_at=self.now, dead=""))
        self.set(last_channel=channel, last_address=address)
        if name and not self._was.name:
            self.set(name=name[:60])

    def wake(self, name: str, due: datetime) -> None:
        """Ask to be woken at `due` for `name` ("rung:<order>"); replaces an earlier wish of that name.

        Never for a moment that has come: effects are named by the moment that woke the conversation, so each comes once.
        """
        self._changed = True
        self.timers = {**self.timers, name: max(due, self.now + SOONEST)}

    def rest(self, *names: str) -> None:
        """Take wishes to be woken back."""
        if not self.timers.keys().isdisjoint(names):
            self.timers = {n: d for n, d in self.timers.items() if n not in names}
            self._changed = True

    def note(self, what: str, order_id: str = "", by: str = "", via: str = "", **data: str) -> None:
        """Write one line into the journal."""
        self._changed = True
        n = self._was.notes_ever + len(self.notes) + 1
        self.notes.append(Note(n=n, at=self.now, what=what, order_id=order_id, by=by, via=via, data=data))

    def settle(self, effect_id: str, with_: Open | None = None) -> None:
        """An open effect is done with, or (`with_`) goes on in another status."""
        self._changed = True
        self.open = [o if o.id != effect_id else with_ for o in self.open if o.id != effect_id or with_ is not None]  # type: ignore[misc]


def is_of(timer: str, orders: set[str]) -> bool:
    """Whether it is a timer of one of these orders; "complaint:1" is the complaint's, whatever an order is called."""
    kind, _, of = timer.partition(":")
    return kind not in ("complaint", "ask") and of in orders
