"""One step: pure from outside, so that a handler may say what happens in order.

A handler gets a Turn, reads and changes the conversation through the few verbs of its working copy (flows/working_copy.py), wishes
for effects through those here, and `decision()` freezes the result. Effect ids are "<event id>/<index>": the same decision made
twice gets the same ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import digests, hours, pacing
from flows.conversation import (
    FORMER_MOST,
    JOURNAL_TAIL,
    SEEN_FOR,
    SEEN_MOST,
    Conversation,
    Note,
)
from flows.decision import Decision
from flows.effects import AnyEffect, Open, PingOwner, Remember, Say, ShowCard, TellStaff, Value
from flows.events import AnyEvent, StaffPressed
from flows.notice import TEMPLATE
from flows.orders import CLOSED, Order
from flows.policy import Policy
from flows.remembering import past_of
from flows.shop_telling import tell_shop
from flows.working_copy import WorkingCopy, is_of

#: Staff decisions reach the customer this much later, so that Undo can still take them back unseen.
UNDO_GRACE = timedelta(seconds=10)
SEEN_FOR_S = int(SEEN_FOR.total_seconds())
#: Closed orders that stay in the document: enough for second thoughts, the rest is history.
CLOSED_KEPT = 5
#: A person's own words: what becomes of the order takes them back no more than it takes back what was said on the phone; and the
#: answer to a complaint, which stands whatever becomes of the order.
SPOKEN = frozenset({"staff_message", "staff_words", TEMPLATE, "complaint_ack"})


class Turn(WorkingCopy):
    """The working copy, what is wished for on top of it, and `decision`, which puts together what changed."""

    __slots__ = ("_looked_back", "_wishes", "planned")

    def __init__(self, was: Conversation, event: AnyEvent, now: datetime, policy: Policy) -> None:
        super().__init__(was, event, now, policy)
        self.planned: list[Open] = []
        self._looked_back: set[str] = set()
        self._wishes = 0

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
            self.rest(*(name for name in self.timers if is_of(name, gone)))
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
