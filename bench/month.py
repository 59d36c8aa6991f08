"""A made-up month of a shop, carried through the real decisions: every order told, asked, answered (or not), sent, taken (or not).

Used to compare a report's figures with a second, independent count. Time runs on its own; nothing leaves the process.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from engine.ports import Tale
from flows import pointers
from flows.conversation import Conversation, Note
from flows.effects import Accepted, Say, ShowCard
from flows.events import (
    AnyEvent,
    Claimed,
    CustomerWrote,
    EffectSettled,
    OrderTold,
    ShopReported,
    StaffPressed,
    TimerDue,
)
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.policy import Hours, Policy, Sender
from flows.postal import PostalAddress
from flows.step import start, step

SHOP = "demo"
GROUP = "-100777"
SMS_FROM, WA_FROM = "+34911000001", "+34911000002"
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
#: Nothing happens later: an order without an end would be reminded of for ever.
LAST = FIRST + timedelta(days=45)

POLICY = Policy(
    shop=SHOP,
    name="Demo Shop",
    country="ES",
    zone="Europe/Madrid",
    sms=Sender("sms", "twilio", SMS_FROM),
    whatsapp=Sender("whatsapp", "twilio", WA_FROM),
    staff_chat=GROUP,
    hours=Hours(),
    wa_templates=frozenset({("confirm", lang) for lang in ("es", "en", "ar")}),
)

_YES = {"es": "SÍ", "en": "yes", "ar": "نعم"}
_REASONS = ("1", "2", "3")
_RETURNS = ("customer_refused", "not_home", "no_money", "courier_fault")


class Due(Struct, order=True):
    """Something that will happen in the month."""

    at: datetime
    n: int
    event: AnyEvent | None = None  # None: the conversation's own timer
    phone: str = ""


class Month:
    """`tales` gives the journals, as a store would."""

    def __init__(self, orders: int, seed: int = 1) -> None:
        self._dice = Random(seed)
        self._queue: list[Due] = []
        self._n = 0
        self._timers: dict[str, datetime] = {}
        self._spilled: dict[str, list[Note]] = {}
        self.documents: dict[str, Conversation] = {}
        self.told = 0
        for order in range(orders):
            self._plan_order(order)
        self._run()

    def tales(self) -> Iterator[Tale]:
        for phone, document in self.documents.items():
            yield Tale(document, [*self._spilled.get(phone, []), *document.notes])

    # -- what people do

    def _plan_order(self, n: int) -> None:
        dice = self._dice
        at = FIRST + timedelta(seconds=dice.random() * DAYS * 86400)
        phone = f"+346{dice.randrange(10**5, 10**5 + 40_000):08d}"
        lang = dice.choices(("es", "en", "ar"), (70, 20, 10))[0]
        total = Money(100 * dice.randrange(10, 90) + 90, "EUR")
        fields = OrderFields(
            id=f"M{n}",
            total=total,
            placed_at=at,
            name="Ana Ruiz",
            phone=phone,
            phone_raw=phone,
            address=PostalAddress(line1="Calle Mayor 5", city="Madrid", postcode="28013", country="ES"),
            items=(Item("Lamp", 1, "L1", total),),
            cod=dice.random() > 0.03,
            payment="cod",
            language=lang,
            consent_whatsapp=True,
        )
        to = (pointers.order(SHOP, fields.id), pointers.phone(SHOP, phone))
        told = OrderTold(event_id=f"api:{n}", to=to, at=at, opens=True, fields=fields, mode="new", source="api")
        self._at(at, phone, told)
        self._plan_answers(fields, phone, at, lang)
        self._plan_parcel(fields, phone, at)

    def _plan_answers(self, fields: OrderFields, phone: str, at: datetime, lang: str) -> None:
        dice = self._dice
        answered = at + timedelta(minutes=dice.expovariate(1 / 90))
        words = dice.choices((_YES[lang], "CANCELAR", "quiero hablar con alguien", ""), (68, 9, 3, 20))[0]
        if words:
            self._at(answered, phone, self._wrote(fields.id, phone, answered, words, "a"))
        if words == "CANCELAR":
            self._at(answered, phone, self._wrote(fields.id, phone, answered, dice.choice(_REASONS), "b"), 5)
        elif not words and dice.random() < 0.6:
            pressed = at + timedelta(hours=dice.uniform(21, 30))
            for minute, verb in enumerate(("take", dice.choice(("confirm", "no_answer", "cancel")))):
                self._at(pressed + timedelta(minutes=minute * 3), phone, self._press(fields.id, phone, pressed, verb))

    def _plan_parcel(self, fields: OrderFields, phone: str, at: datetime) -> None:
        dice = self._dice
        shipped = at + timedelta(days=dice.uniform(1.5, 2.5))
        self._at(shipped, phone, self._reported(fields.id, phone, shipped, "shipped"))
        if dice.random() < 0.1:
            self._at(
                shipped + timedelta(days=1),
                phone,
                self._reported(fields.id, phone, shipped, "attempt_failed", "not_home"),
            )
        if dice.random() < 0.85:
            back = dice.random() < 0.12
            ended = shipped + timedelta(days=dice.uniform(1.5, 4))
            why = dice.choice(_RETURNS) if back else ""
            self._at(ended, phone, self._reported(fields.id, phone, ended, "returned" if back else "delivered", why))

    def _wrote(self, order: str, phone: str, at: datetime, words: str, which: str) -> CustomerWrote:
        return CustomerWrote(
            event_id=f"sms:{order}:{which}",
            to=(pointers.phone(SHOP, phone),),
            at=at,
            channel="sms",
            address=phone,
            sender=SMS_FROM,
            text=words,
            provider_id=f"SM{order}{which}",
        )

    def _reported(self, order: str, phone: str, at: datetime, kind: str, reason: str = "") -> ShopReported:
        return ShopReported(
            event_id=f"api:{order}:{kind}",
            to=(pointers.order(SHOP, order), pointers.phone(SHOP, phone)),
            at=at,
            order_id=order,
            kind=kind,  # type: ignore[arg-type]
            reason=reason,
            happened_at=at,
        )

    def _press(self, order: str, phone: str, at: datetime, verb: str) -> StaffPressed:
        return StaffPressed(
            event_id=f"tg:{order}:{verb}",
            to=(pointers.phone(SHOP, phone),),
            at=at,
            by=222,
            name="Ben",
            role="staff",
            verb=verb,
            seq=0,  # the order's own number is known when it is pressed
            version=0,
            chat=GROUP,
            message_id=int(order[1:]),
        )

    # -- the road

    def _at(self, at: datetime, phone: str, event: AnyEvent, seconds: int = 0) -> None:
        self._n += 1
        heapq.heappush(self._queue, Due(at + timedelta(seconds=seconds), self._n, event, phone))

    def _run(self) -> None:
        while self._queue:
            due = heapq.heappop(self._queue)
            if due.at > LAST:
                return
            if due.event is not None:
                self._bring(due.phone, due.event, due.at)
            elif self._timers.get(due.phone) == due.at:
                to = (pointers.phone(SHOP, due.phone),)
                self._bring(due.phone, TimerDue(event_id=f"timer:{due.n}", to=to, at=due.at, due=due.at), due.at)

    def _bring(self, phone: str, event: AnyEvent, now: datetime) -> None:
        known = self.documents.get(phone) or start(f"{len(self.documents):016x}", SHOP, now)
        if isinstance(event, StaffPressed):
            order = known.order(f"M{event.message_id}")
            if order is None or order.card is None:
                return
            event = replace(event, seq=order.seq, version=order.version, message_id=order.card.message_id)
        decision = step(known, event, now, POLICY)
        assert isinstance(decision.document, Conversation)
        self.told += 1
        self._keep(phone, decision.document, decision.spilled)
        self._send(phone, now)
        self._wake(phone, now)

    def _keep(self, phone: str, document: Conversation, spilled: tuple[Note, ...]) -> None:
        self.documents[phone] = document
        if spilled:
            self._spilled.setdefault(phone, []).extend(spilled)

    def _send(self, phone: str, now: datetime) -> None:
        """Everything that may leave leaves at once and is accepted."""
        while ready := [o for o in self.documents[phone].open if o.status == "planned" and o.not_before <= now]:
            to = (pointers.phone(SHOP, phone),)
            claim = Claimed(event_id=f"claim:{ready[0].id}:{self._n}", to=to, at=now, effect_id=ready[0].id, by="p")
            decision = step(self.documents[phone], claim, now, POLICY)
            if not decision.changed:
                return
            self._keep(phone, decision.document, decision.spilled)  # type: ignore[arg-type]
            for open_ in decision.perform:
                self._n += 1
                outcome = Accepted(f"{GROUP}/{self._n}" if isinstance(open_.effect, ShowCard) else f"SM{self._n}")
                if isinstance(open_.effect, Say) and open_.effect.lang == "ar" and open_.effect.channel == "sms":
                    outcome = replace(outcome, segments=2)
                settled = EffectSettled(
                    event_id=f"s:{open_.id}", to=to, at=now, effect_id=open_.id, provider="twilio", outcome=outcome
                )
                after = step(self.documents[phone], settled, now, POLICY)
                self._keep(phone, after.document, after.spilled)  # type: ignore[arg-type]

    def _wake(self, phone: str, now: datetime) -> None:
        """The next timer, and the next message that had to wait."""
        document = self.documents[phone]
        moments = [m for m in (document.next_due(), document.next_send()) if m is not None]
        if moments:
            at = max(min(moments), now + timedelta(milliseconds=1))
            self._timers[phone] = at
            self._n += 1
            heapq.heappush(self._queue, Due(at, self._n, None, phone))
