"""One step's working copy of a conversation: pure from outside, so that a handler may say what happens in order.

A handler gets a Turn, changes it through these few verbs, and `decision()` freezes the result. Effect ids are
"<event id>/<index>": the same decision made twice gets the same ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import digests, hours, pacing
from flows.complaint import Complaint
from flows.conversation import (
    FORMER_MOST,
    JOURNAL_TAIL,
    SEEN_FOR,
    SEEN_MOST,
    WINDOW,
    Contact,
    Conversation,
    Note,
    Question,
    contact_at,
)
from flows.decision import Decision
from flows.effects import AnyEffect, Open, PingOwner, Remember, Say, ShowCard, TellStaff, Value
from flows.events import AnyEvent, StaffPressed
from flows.notice import TEMPLATE, Noticed
from flows.orders import CLOSED, Order
from flows.pointers import Pointer
from flows.policy import Policy
from flows.poll_rules import Poll
from flows.remembering import past_of
from flows.shop_telling import tell_shop

#: Staff decisions reach the customer this much later, so that Undo can still take them back unseen.
UNDO_GRACE = timedelta(seconds=10)
#: The next moment after this one, as exactly as stores keep moments.
SOONEST = timedelta(milliseconds=1)
SEEN_FOR_S = int(SEEN_FOR.total_seconds())
#: Closed orders that stay in the document: enough for second thoughts, the rest is history.
CLOSED_KEPT = 5


#: A person's own words: what becomes of the order takes them back no more than it takes back what was said on the phone; and the
#: answer to a complaint, which stands whatever becomes of the order.
SPOKEN = frozenset({"staff_message", "staff_words", TEMPLATE, "complaint_ack"})


class Turn:
    """The working copy. `conversation` is read at the start; what changed is put together by `decision`."""

    __slots__ = (
        "_changed", "_looked_back", "_orders_changed", "_was", "_wishes", "claims", "contacts", "event", "fields", "forward",
        "notes", "notice", "now", "open", "orders", "planned", "policy", "timers",
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
        self.planned: list[Open] = []
        self.claims: list[Pointer] = []
        self.fields: dict[str, object] = {}
        self.notice = ""
        self.forward = ""
        self._orders_changed: dict[str, str] = {}
        self._looked_back: set[str] = set()
        self._changed = False
        self._wishes = 0

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
        for order in self.orders:
            if order.fields.id == order_id:
                return order
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
        self.rest(*(name for name in self.timers if _is_of(name, {order_id})))
        self._changed = True

    def put_contact(self, contact: Contact) -> None:
        self._changed = True
        for at, known in enumerate(self.contacts):
            if known.channel == contact.channel and known.address == contact.address:
                self.contacts[at] = contact
                return
        self.contacts.append(contact)

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

    def withdraw(self, order_id: str, *purposes: str) -> int:
        """Take back messages about an order that have not left; gives how many."""
        gone = [
            o.id
            for o in self.open
            if o.status == "planned"
            and isinstance(o.effect, Say)
            and o.effect.order_id == order_id
            and o.effect.template not in SPOKEN
            and (not purposes or o.effect.purpose in purposes)
        ]
        for effect_id in gone:
            self.settle(effect_id)
        return len(gone)

    # -- wishing

    def plan(self, effect: AnyEffect, *, not_before: datetime | None = None) -> str:
        """Add an effect to the open ones; gives its id."""
        self._changed = True
        effect_id = f"{self.event.event_id}/{self._wishes}"
        self._wishes += 1
        open_ = Open(
            id=effect_id,
            effect=effect,
            status="planned",
            at=self.now,
            not_before=not_before or self.now,
            urgency=pacing.urgency(effect),
            lane=pacing.lane(effect, self.policy),
        )
        self.open.append(open_)
        self.planned.append(open_)
        return effect_id

    def card(self, order: Order) -> Order:
        """Bring the order's card up to date; posts it when it never stood. Nothing where no group is set."""
        if not self.policy.staff_chat:
            return order
        if not order.card_wanted:
            order = self.put(replace(order, card_wanted=True))
        rank = digests.rank(order, self.complaints)
        if order.card is not None and isinstance(self.event, StaffPressed):
            rank = digests.PRESSED
        waiting = next((o for o in self.open if _posts(o, order.seq)), None)
        if waiting is not None and isinstance(waiting.effect, ShowCard) and waiting.effect.rank > rank:
            self.settle(waiting.id)
            self.planned = [p for p in self.planned if p.id != waiting.id]
            waiting = None  # it has become more urgent
        if waiting is None:
            self.plan(ShowCard(seq=order.seq, rank=rank))
        return order

    def remember(self, order: Order) -> None:
        """Keep how the order ended in the shop's history."""
        self.plan(Remember(order=order, outcome=past_of(order, self.now)))

    def refresh(self, order: Order) -> None:
        """Edit the card where there is one."""
        if order.card_wanted:
            self.card(order)

    def tell_staff(self, order: Order, key: str, **values: Value) -> None:
        """Reply to the card: an edit notifies nobody."""
        if self.policy.staff_chat:
            self.plan(TellStaff(seq=order.seq, key=key, values={"order": order.id, **values}))

    def ping_owner(self, key: str, order_id: str = "", **values: Value) -> None:
        """A message to the owner's private chat."""
        if self.policy.staff_chat:
            self.plan(PingOwner(key=key, values={"shop": self.policy.name, **values}, order_id=order_id))

    def tell_shop(self, order: Order, what: str, *, not_before: datetime | None = None, **values: Value) -> None:
        """Tell the shop, wherever it wants to hear (flows/shop_telling.py); nothing where it has no such place."""
        tell_shop(self, order, what, not_before, **values)

    def unplan(self, effect_id: str) -> None:
        """An effect of this very step is not wished for any more."""
        self.planned = [p for p in self.planned if p.id != effect_id]

    def dress(self, effect_id: str, buttons: tuple[tuple[str, str], ...]) -> None:
        """Give a message planned in this step buttons: (verb, title), with titles that no catalogue has."""
        for at, open_ in enumerate(self.open):
            if open_.id == effect_id and isinstance(open_.effect, Say):
                verbs, titles = tuple(verb for verb, _ in buttons), tuple(title for _, title in buttons)
                dressed = replace(open_, effect=replace(open_.effect, buttons=verbs, titles=titles))
                self.open[at] = dressed
                self.planned = [dressed if p.id == effect_id else p for p in self.planned]

    def put_off(self, effect_id: str, until: datetime) -> None:
        """An effect planned in this step leaves no sooner than `until`."""
        for at, open_ in enumerate(self.open):
            if open_.id == effect_id:
                later = replace(open_, not_before=max(open_.not_before, until))
                self.open[at] = later
                self.planned = [later if p.id == effect_id else p for p in self.planned]

    def say(self, effect: Say) -> str:
        """Plan a message; what we begin ourselves waits for the end of the quiet hours."""
        not_before = self.now
        if effect.purpose == "notice":
            not_before = self.rested(effect) or self.now
        return self.plan(effect, not_before=not_before)

    def rested(self, effect: Say) -> datetime | None:
        """When a message of ours may go, if now is quiet time for it. E-mail wakes nobody."""
        if effect.channel == "email":
            return None
        order = self.get(effect.order_id)
        country = order.fields.address.country if order else ""
        return hours.quiet_until(self.now, self.policy.quiet, hours.zone_for(country, self.policy))

    # -- the end

    def look_back(self) -> None:
        """Orders that this step has closed go into the shop's history."""
        for order_id, state in self._orders_changed.items():
            order = self.get(order_id) if state in CLOSED and state != "ignored" else None
            if order is not None and order_id not in self._looked_back:
                self._looked_back.add(order_id)
                self.remember(order)

    def decision(self, *, remember: bool = True, perform: tuple[Open, ...] = ()) -> Decision:
        """Freeze. `remember`: keep the event's id, so that the same fact again is known. `perform`: what passed the final gate."""
        was, event = self._was, self.event
        if not self._changed and not self.notice and not self.forward and not remember:
            return Decision(document=was, changed=False)
        seen = _remember(was.seen, event.event_id, self.now) if remember else was.seen
        notes = was.notes + tuple(self.notes)
        spilled: tuple[Note, ...] = ()
        if len(notes) > JOURNAL_TAIL:
            spilled, notes = notes[: -JOURNAL_TAIL // 2], notes[-JOURNAL_TAIL // 2 :]
        orders, former = _recent(self.orders, was.former)
        if former is not was.former:
            gone = {order_id for order_id in former if order_id not in was.former}
            self.rest(*(name for name in self.timers if _is_of(name, gone)))
        if self.failing and not self.failing.keys() <= self.timers.keys():
            self.fields["failing"] = {name: n for name, n in self.failing.items() if name in self.timers}
        document = replace(
            was,
            orders=orders,
            former=former,
            contacts=tuple(self.contacts),
            timers=self.timers,
            open=tuple(self.open),
            seen=seen,
            notes=notes,
            notes_ever=was.notes_ever + len(self.notes),
            **self.fields,
        )
        return Decision(
            document=document,
            changed=self._changed or remember,
            planned=tuple(self.planned),
            perform=perform,
            claims=tuple(self.claims),
            spilled=spilled,
            orders=tuple(self._orders_changed.items()),
            notice=self.notice,
            forward=self.forward,
        )


def _is_of(timer: str, orders: set[str]) -> bool:
    """Whether it is a timer of one of these orders; "complaint:1" is the complaint's, whatever an order is called."""
    kind, _, of = timer.partition(":")
    return kind not in ("complaint", "ask") and of in orders


def _posts(open_: Open, seq: int) -> bool:
    """Whether this effect will bring that card."""
    return isinstance(open_.effect, ShowCard) and open_.effect.seq == seq and open_.status == "planned"


def _remember(seen: dict[str, int], event_id: str, now: datetime) -> dict[str, int]:
    second = int(now.timestamp())
    if len(seen) >= SEEN_MOST or (seen and second - next(iter(seen.values())) > SEEN_FOR_S):
        kept = [(e, s) for e, s in seen.items() if second - s <= SEEN_FOR_S][-(SEEN_MOST - 1) :]
        seen = dict(kept)
    return {**seen, event_id: second}


def _recent(orders: list[Order], former: dict[str, str]) -> tuple[tuple[Order, ...], dict[str, str]]:
    """The orders that stay in the document; of the others their numbers and how they ended, the newest last."""
    closed = [o for o in orders if o.state in CLOSED] if len(orders) > CLOSED_KEPT else []
    if len(closed) <= CLOSED_KEPT:
        return tuple(orders), former
    gone = {o.seq: o for o in sorted(closed, key=lambda o: o.seq)[:-CLOSED_KEPT]}
    former = former | {o.id: o.state for o in gone.values()}
    return tuple(o for o in orders if o.seq not in gone), dict(list(former.items())[-FORMER_MOST:])
