"""Any event, at any time, in any order, from anybody: the promises of docs/invariants.md hold after each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from flows import pointers
from flows.cards import CANCEL_CONFIRMED, CONFIRM_CANCELLED
from flows.conversation import SEEN_FOR
from flows.effects import Accepted, AskProvider, CallBack, HandOver, Outcome, Refused, Say, TryAgain, Unknown
from flows.events import (
    ConsentWithdrawn,
    CustomerPressed,
    DeliveryReported,
    PagePressed,
    ShopReported,
    StaffGave,
    StaffPressed,
    StaffWrote,
    StepFailed,
    TimerDue,
)
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import PastOrder
from flows.stuck import GIVEN_UP_AT
from tests.flows import promises
from tests.flows.shop import ANA, BEN, CY, GROUP, MAIL, NOW, POLICIES, SHOP, fields, told, wrote
from tests.flows.world import Attempt, World

PHONES = (ANA, BEN, CY)
ORDERS = tuple(f"A{n}" for n in range(7))
WORDS = (
    "yes", "YES!", "ok", "1", "3", "cancel", "CANCEL", "no", "2", "change", "Cancel the order", "stop", "STOP",
    "my new number is 600 000 002", "not me", "undo", "tomorrow after five", "I want to complain", "call me",
    "stop everything", "start", "unstop", "help", "thanks", "where is my parcel", "", "  ", *ORDERS,
)  # fmt: skip
#: A code of every class of refusal that Twilio has, and one that nobody listed.
CODES = ("21211", "30003", "30006", "21610", "63016", "30007", "20003", "99999")
STAFF = ((222, "Ana", "staff"), (333, "Ben", "manager"), (111, "Olga", "owner"), (999, "Eve", "stranger"))
VERBS = (
    "confirm",
    "cancel",
    "no_answer",
    "undo",
    "take",
    "refund",
    CANCEL_CONFIRMED,
    CONFIRM_CANCELLED,
    "let_off",
    "block",
    "wrong_number",
    "at.29925360",
    "reply.ask_number",
    "reply.0",
    "unsay.7",
)
KINDS = (
    "confirmed", "cancelled", "paid", "shipped", "out_for_delivery", "attempt_failed", "delivered", "returned", "lost",
)  # fmt: skip

outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.just(Accepted()),
    st.builds(Refused, st.sampled_from([*CODES, "message_gone", "not_configured"])),
    st.builds(TryAgain, st.sampled_from([0.0, 5.0, 900.0, 1e7])),
    st.just(Unknown("cut")),
)
spans = st.sampled_from([1, 15, 61, 400, 1900, 3600, 4 * 3600, 11 * 3600, 25 * 3600, 8 * 86400, 40 * 86400]).map(
    lambda s: timedelta(seconds=s)
)
#: Any text at all, made a sentence that no grammar can be sure of.
nonsense = st.text(max_size=20).map(lambda text: f"zq {text}")
texts = st.one_of(st.sampled_from(WORDS), nonsense)
orders: st.SearchStrategy[OrderFields] = st.builds(
    fields,
    st.sampled_from(ORDERS),
    phone=st.sampled_from([ANA, ANA, ANA, BEN, CY, None]),
    phone_mobile=st.sampled_from([True, True, True, False]),
    email=st.sampled_from([MAIL, MAIL, None]),
    total=st.sampled_from([1990, 4990, 9990]).map(lambda minor: Money(minor, "EUR")),
    items=st.sampled_from([(Item("Lamp"),), (Item("Lamp"), Item("Bulb", 2))]),
    address=st.sampled_from(
        [fields().address, fields().address, PostalAddress(city="Dubai", country="AE"), PostalAddress()]
    ),
    cod=st.sampled_from([True, True, True, True, False]),
    consent_whatsapp=st.booleans(),
)


REFUSED = tuple(
    PastOrder(order_id=f"R{n}", placed_at=NOW, closed_at=NOW, ended="refused", fault="customer", currency="EUR")
    for n in range(3)
)
#: What else is known of an order when it comes: mostly nothing; a bad past, a ceiling that it would pass, or its end.
FLAGS: list[dict[str, object]] = [
    {},
    {},
    {},
    {},
    {"cancelled": True},
    {"shipped": True},
    {"past": REFUSED},
    {"past": REFUSED[:1]},
    {"over_limit": "number"},
    {"over_limit": "prefix", "burst": "prefix:+3460012", "ask_at": datetime(2026, 11, 22, 3, tzinfo=UTC)},
]


class Machine(RuleBasedStateMachine):
    """The world, and everybody who can do something to it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.lost: list[Attempt] = []

    @initialize(name=st.sampled_from(sorted(POLICIES)), first=orders)
    def opens(self, name: str, first: OrderFields) -> None:
        self.world.policy = POLICIES[name]
        self._told(replace(first, cod=True), mode="upsert")

    # -- the shop

    def _told(self, of: OrderFields, **more: object) -> None:
        of = replace(of, placed_at=self.world.now)
        self.world.bring(told(of, self.world.next(), self.world.now, **more))

    @rule(
        of=orders,
        mode=st.sampled_from(["upsert", "upsert", "upsert", "new", "change"]),
        flags=st.sampled_from(FLAGS),
        age=st.sampled_from([None, None, timedelta(0), timedelta(days=1)]),
    )
    def tells_of_an_order(self, of: OrderFields, mode: str, flags: dict[str, object], age: timedelta | None) -> None:
        source_at = None if age is None else self.world.now - age
        self._told(of, mode=mode, source_at=source_at, **flags)

    @rule(order=st.sampled_from(ORDERS), kind=st.sampled_from(KINDS))
    def reports(self, order: str, kind: str) -> None:
        w = self.world
        to = (pointers.order(SHOP, order),)
        w.bring(ShopReported(event_id=f"api:{w.next()}", to=to, at=w.now, order_id=order, kind=kind))  # type: ignore[arg-type]

    @precondition(lambda self: any(o.state == "confirmed" for c in self.world.conversations() for o in c.orders))
    @rule(kinds=st.sampled_from([("shipped",), ("shipped", "delivered"), ("shipped", "returned")]))
    def sends_what_is_confirmed(self, kinds: tuple[str, ...]) -> None:
        for order in [o.id for c in self.world.conversations() for o in c.orders if o.state == "confirmed"]:
            for kind in kinds:
                self.reports(order, kind)

    @rule(name=st.sampled_from(sorted(POLICIES)))
    def edits_the_settings(self, name: str) -> None:
        self.world.policy = POLICIES[name]

    # -- the customer

    @rule(
        text=texts,
        address=st.sampled_from([ANA, ANA, BEN, CY]),
        channel=st.sampled_from(["sms", "sms", "whatsapp"]),
        kind=st.sampled_from(["", "", "", "STOP", "START", "HELP"]),
        media=st.sampled_from([(), (), (), ("audio/ogg",)]),
    )
    def writes(self, text: str, address: str, channel: str, kind: str, media: tuple[str, ...]) -> None:
        w = self.world
        w.bring(wrote(text, w.next(), w.now, address, channel=channel, opt_out_type=kind, media=media))

    @precondition(lambda self: self._said())
    @rule(data=st.data(), text=st.sampled_from(["yes", "1", "cancel", "3", "no", "no", "change"]))
    def answers_what_came_last(self, data: st.DataObject, text: str) -> None:
        """The customer reads one of the last messages and answers where it came."""
        say = data.draw(st.sampled_from(self._said()[-3:])).say
        w = self.world
        to = (pointers.Pointer("email", MAIL, SHOP) if say.channel == "email" else pointers.phone(SHOP, say.to),)
        w.bring(wrote(text, w.next(), w.now, say.to, to=to, channel=say.channel, sender=say.sender))

    @rule(text=st.sampled_from(WORDS), unusual=st.sampled_from(["", "", "reaction", "edited", "deleted"]))
    def mails(self, text: str, unusual: str) -> None:
        w = self.world
        more: dict[str, object] = {"reaction": "👍"} if unusual == "reaction" else {unusual: True} if unusual else {}
        to = (pointers.Pointer("email", MAIL, SHOP),)
        w.bring(wrote(text, w.next(), w.now, MAIL, to=to, channel="email", **more))

    @precondition(lambda self: self._said("whatsapp"))
    @rule(data=st.data(), fixed=st.booleans(), verb=st.sampled_from(["", "", "again", "no"]))
    def presses(self, data: st.DataObject, fixed: bool, verb: str) -> None:
        """A button under any WhatsApp message that ever left, however old."""
        under = data.draw(st.sampled_from(self._said("whatsapp")))
        say = under.say
        verb = verb or data.draw(st.sampled_from(say.buttons or ("yes",)))
        payload = verb if fixed else f"{verb}:{say.seq}:{say.version}"
        self._press(payload, say.to, under.provider_id)

    @rule(payload=st.from_regex(r"\A(yes|cancel|again|x)?:?[0-9²]{0,3}:?[0-9]{0,3}\Z"), address=st.sampled_from(PHONES))
    def presses_something_forged(self, payload: str, address: str) -> None:
        self._press(payload, address, "")

    def _press(self, payload: str, address: str, reply_to: str) -> None:
        w = self.world
        w.bring(
            CustomerPressed(
                event_id=f"twilio:SM{w.next()}:received",
                to=(pointers.phone(SHOP, address),),
                at=w.now,
                opens=True,
                channel="whatsapp",
                address=address,
                sender="",
                payload=payload,
                title="",
                provider_id="",
                reply_to=reply_to,
            )
        )

    @precondition(lambda self: any(a.say.order_id for a in self._said()))
    @rule(
        data=st.data(),
        action=st.sampled_from(["confirm", "cancel", "phone", "address", "time"]),
        phone=st.sampled_from([*PHONES, None]),
        older=st.sampled_from([0, 0, 1]),
    )
    def uses_the_page(self, data: st.DataObject, action: str, phone: str | None, older: int) -> None:
        """The page of any message that ever left, or of the version before it."""
        w = self.world
        sent = data.draw(st.sampled_from([a for a in self._said() if a.say.order_id]))
        w.bring(
            PagePressed(
                event_id=f"page:{w.next()}",
                to=(pointers.conversation(sent.conversation),),
                at=w.now,
                order_id=sent.say.order_id,
                version=sent.say.version - older,
                channel=sent.say.channel,
                action=action,  # type: ignore[arg-type]
                phone=phone,
                address=PostalAddress(city="Toledo", country="ES"),
                time="after five",
            )
        )

    @rule(channel=st.sampled_from(["sms", "whatsapp"]), phone=st.sampled_from(PHONES), everything=st.booleans())
    def stops_at_a_shared_sender(self, channel: str, phone: str, everything: bool) -> None:
        w = self.world
        w.bring(
            ConsentWithdrawn(
                event_id=f"stop:{w.next()}",
                to=(pointers.phone(SHOP, phone),),
                at=w.now,
                opens=True,
                channel=channel,
                address=phone,
                everything=everything,
            )
        )

    # -- the staff

    @precondition(lambda self: self.world.cards)
    @rule(
        data=st.data(),
        who=st.sampled_from(STAFF),
        verb=st.sampled_from([*VERBS, *[""] * len(VERBS)]),
        newest=st.sampled_from([True, True, False]),
        forged=st.sampled_from([0, 0, 0, 1, 7]),
    )
    def press_a_card(
        self, data: st.DataObject, who: tuple[int, str, str], verb: str, newest: bool, forged: int
    ) -> None:
        """Any button of any card that was ever shown, by anybody; sometimes with numbers made up."""
        shown = self.world.cards[-4:] if newest else self.world.cards
        card, number = data.draw(st.sampled_from(shown))
        buttons = [b for row in card.buttons for b in row]
        if not buttons:
            return
        _, shown_verb, id_, seq, version = data.draw(st.sampled_from(buttons)).data.split(":")
        verb = verb or shown_verb
        w = self.world
        w.bring(
            StaffPressed(
                event_id=f"telegram:{w.next()}",
                to=(pointers.conversation(id_),),
                at=w.now,
                by=who[0],
                name=who[1],
                role=who[2],
                verb=verb,
                seq=int(seq),
                version=int(version) + forged,
                chat=GROUP,
                message_id=number,
            )
        )

    @rule(
        phone=st.sampled_from(PHONES), seq=st.integers(0, 3), text=st.sampled_from(["We will call", "// mind the dog"])
    )
    def answers_from_the_group(self, phone: str, seq: int, text: str) -> None:
        w = self.world
        w.bring(
            StaffWrote(
                event_id=f"telegram:{w.next()}",
                to=(pointers.phone(SHOP, phone),),
                at=w.now,
                by=222,
                name="Ana",
                role="staff",
                seq=seq,
                chat=GROUP,
                text=text,
            )
        )

    @rule(
        phone=st.sampled_from(PHONES),
        seq=st.sampled_from([0, 1, 1, 2]),
        version=st.sampled_from([1, 1, 2]),
        text=st.sampled_from(["600 000 002", "+33 6 12 34 56 78", "soon", ANA]),
    )
    def gives_a_number_from_the_group(self, phone: str, seq: int, version: int, text: str) -> None:
        w = self.world
        to = (pointers.phone(SHOP, phone),)
        given = {"name": "Ana", "role": "staff", "seq": seq, "version": version, "what": "number", "text": text}
        w.bring(StaffGave(event_id=f"telegram:{w.next()}", to=to, at=w.now, by=222, **given))  # type: ignore[arg-type]

    # -- the providers

    def _said(self, channel: str = "") -> list[Attempt]:
        return [
            a for a in self.world.attempts if isinstance(a.open.effect, Say) and channel in ("", a.open.effect.channel)
        ]

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        self.world.run_outbox()

    @precondition(lambda self: any(o.status == "planned" for c in self.world.conversations() for o in c.open))
    @rule(data=st.data())
    def claims_one(self, data: st.DataObject) -> None:
        """The outbox asks for one effect, due or not."""
        planned = [(c.id, o.id) for c in self.world.conversations() for o in c.open if o.status == "planned"]
        self.world.claim(*data.draw(st.sampled_from(planned)))

    @precondition(lambda self: self.world.flying)
    @rule(data=st.data(), outcome=outcomes)
    def settles_one(self, data: st.DataObject, outcome: Outcome) -> None:
        self._settle(data.draw(st.sampled_from(self.world.flying)), outcome)

    @precondition(lambda self: self.lost)
    @rule(data=st.data(), outcome=outcomes)
    def hears_from_the_dead(self, data: st.DataObject, outcome: Outcome) -> None:
        """A process that was thought dead was only slow: the outcome of its attempt comes after all."""
        attempt = data.draw(st.sampled_from(self.lost))
        self.lost.remove(attempt)
        self._settle(attempt, outcome)

    def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        if isinstance(attempt.open.effect, AskProvider) and isinstance(outcome, Accepted):
            self.world.provider_says(attempt, found=self.world.count % 2 == 0, status="sent")
        if isinstance(attempt.open.effect, HandOver | CallBack) and isinstance(outcome, Refused):
            outcome = Accepted()  # it stays inside the house, where nobody refuses it
        self.world.settle(attempt, outcome)

    @precondition(lambda self: self._said())
    @rule(
        data=st.data(),
        status=st.sampled_from(["queued", "sent", "delivered", "read", "failed"]),
        code=st.sampled_from(CODES),
        named=st.booleans(),
    )
    def sends_a_receipt(self, data: st.DataObject, status: str, code: str, named: bool) -> None:
        w = self.world
        sent = data.draw(st.sampled_from(self._said()))
        w.bring(receipt(w, sent, status, code, named=named))
        if status == "failed" and sent not in w.flying:
            sent.outcome = Refused(code)

    @precondition(lambda self: self._said())
    @rule(
        data=st.data(),
        found=st.booleans(),
        status=st.sampled_from(["sent", "failed"]),
        code=st.sampled_from(CODES),
    )
    def answers_about_one(self, data: st.DataObject, found: bool, status: str, code: str) -> None:
        sent = data.draw(st.sampled_from(self._said()))
        self.world.provider_says(sent, found=found, status=status, code=code)
        if found and status == "failed" and sent not in self.world.flying:
            sent.outcome = Refused(code)

    # -- time, crashes, repetitions

    @rule(by=spans)
    def time_goes_on(self, by: timedelta) -> None:
        self.world.now += by
        self.world.run_timers()

    @rule(by=spans)
    def an_outage(self, by: timedelta) -> None:
        """Time goes on and nobody wakes anybody."""
        self.world.now += by

    @precondition(lambda self: self.world.documents)
    @rule(data=st.data(), off=st.sampled_from([-9000, -1, 0, 1, 9000, 9_000_000]))
    def wakes_at_a_wrong_moment(self, data: st.DataObject, off: int) -> None:
        w = self.world
        id_ = data.draw(st.sampled_from(sorted(w.documents)))
        due = w.conversation(id_).next_due() or w.now
        w.bring(
            TimerDue(
                event_id=f"timer:{id_}:wrong:{w.next()}",
                to=(pointers.conversation(id_),),
                at=w.now,
                due=due + timedelta(seconds=off),
            )
        )

    @precondition(lambda self: self.world.documents)
    @rule(data=st.data(), times=st.sampled_from([1, 3, 13]))
    def a_step_raises(self, data: st.DataObject, times: int) -> None:
        """What is due raises, so often; each time all of it is put off, and at last no order of it waits for the machine."""
        w = self.world
        id_ = data.draw(st.sampled_from(sorted(w.documents)))
        for _ in range(times):
            due = w.conversation(id_).next_due()
            if due is None:
                return
            w.now = max(w.now, due)
            w.bring(
                StepFailed(
                    event_id=f"failed:{id_}:{w.next()}",
                    to=(pointers.conversation(id_),),
                    at=w.now,
                    due=due,
                    error="ZeroDivisionError",
                )
            )
            after = w.conversation(id_)
            assert all(moment > due for moment in after.timers.values()), "what raised is due still"
            for name, failures in after.failing.items():
                order = after.order(name.partition(":")[2])
                given_up = failures >= GIVEN_UP_AT and order is not None and order.state == "pending"
                assert not given_up, "a step that raises for ever is all that an order has"

    @rule()
    def crashes(self) -> None:
        self.lost += self.world.crash()

    @rule(data=st.data())
    def says_it_again(self, data: st.DataObject) -> None:
        """Any event of the last 90 days, once more: so long its id is remembered. A timer's is not: what it names is done, the first time.
        So one for a moment that had not come, which no pump sends, is not sent again when it has."""
        young = [e for e in self.world.log[-30:] if self.world.now - e.at < SEEN_FOR]
        young = [e for e in young if not isinstance(e, TimerDue) or e.due <= e.at]
        if not young:
            return
        again = data.draw(st.sampled_from(young))
        note(f"again: {again.event_id}")
        self.world.bring(again)

    # -- what must hold

    @invariant()
    def every_promise_holds(self) -> None:
        promises.of_the_world(self.world.conversations())

    def teardown(self) -> None:
        for conversation in self.world.conversations():
            for order in conversation.orders:
                event(f"ends {order.state}")


@given(st.permutations(["queued", "sent", "delivered", "read", "accepted"]), st.integers(0, 3))
def test_receipts_in_any_order_end_the_same(arriving: list[str], twice: int) -> None:
    """A provider's receipts and its first answer come in any order, and one of them again: the order ends the same."""
    ends = set()
    for sequence in (["accepted", "queued", "sent", "delivered", "read"], [*arriving, arriving[twice]]):
        world = World()
        world.bring(told(fields()))
        (conversation,) = world.conversations()
        (question,) = conversation.open
        world.claim(conversation.id, question.id)
        attempt = world.attempts[0]
        for kind in sequence:
            if kind == "accepted":
                if attempt in world.flying:
                    world.settle(attempt, Accepted())
                continue
            world.bring(receipt(world, attempt, kind))
        (conversation,) = world.conversations()
        (order,) = conversation.orders
        ends.add((order.state, order.rung, order.asked[0].status, str(conversation.timers), conversation.open))
    assert len(ends) == 1
    assert order.asked[0].status == "read"


def receipt(world: World, sent: Attempt, status: str, code: str = "", *, named: bool = True) -> DeliveryReported:
    return DeliveryReported(
        event_id=f"twilio:{sent.open.id}:{status}",
        to=(pointers.conversation(sent.conversation),),
        at=world.now,
        effect_id=sent.open.id if named else "",
        provider_id=sent.provider_id,
        provider="smtp" if sent.say.channel == "email" else "twilio",
        status=status,  # type: ignore[arg-type]
        code=code if status == "failed" else "",
    )


TestMachine = pytest.mark.timeout(3600)(Machine.TestCase)  # the long profile takes its time
TestMachine.__doc__ = "Whatever happens in whatever order, no promise of docs/invariants.md is broken."
