"""Answers that once went to the wrong order, timers that were lost, words that never left: each was found by reading."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from flows import pointers
from flows.cards import CONFIRM_CANCELLED
from flows.complaint import Complaint
from flows.effects import Accepted, AskProvider, PingOwner, Refused, Say, TellDesk, TellStaff, Unknown
from flows.events import ComplaintPressed, CustomerPressed, NoticeAsked, ShopReported, StaffGave, StaffWrote
from flows.money import Money
from flows.notice import Choice, Draft
from flows.offers import Offers, Step
from flows.orders import Order
from flows.policy import Calls
from flows.poll_rules import Polls
from flows.postal import PostalAddress
from flows.risk import PastOrder
from flows.step import start
from flows.turn import Turn
from tests.flows.shop import ANA, BEN, CY, GATEWAY, MAIL, NOW, POLICIES, POLICY, SHOP, fields, told, wrote
from tests.flows.test_machine import REFUSED
from tests.flows.test_who_decides import asked, flagged, order, press
from tests.flows.world import World


def says(world: World, text: str, **more: object) -> None:
    world.bring(wrote(text, world.next(), world.now, **more))  # type: ignore[arg-type]


def last(world: World) -> Say:
    """The newest message that is planned or has left."""
    planned = [o.effect for c in world.conversations() for o in c.open if isinstance(o.effect, Say)]
    return (planned or [a.open.effect for a in world.attempts if isinstance(a.open.effect, Say)])[-1]  # type: ignore[return-value]


def refuse_all(world: World, code: str, *templates: str) -> None:
    """The provider refuses what is planned of these templates; everything else that may leave arrives."""
    for conversation in world.conversations():
        for open_ in conversation.open:
            if open_.status == "planned" and open_.not_before <= world.now:
                world.claim(conversation.id, open_.id)
    for attempt in list(world.flying):
        bad = isinstance(attempt.open.effect, Say) and attempt.say.template in templates
        world.settle(attempt, Refused(code) if bad else Accepted())


# -- which order


def test_a_number_of_the_list_means_what_the_list_said() -> None:
    """An order of the list that has moved away meanwhile leaves a gap: the number after it means no other order."""
    world = asked()
    world.bring(told(fields("A2", total=Money(1990, "EUR")), "A2"))
    world.bring(told(fields("A3", total=Money(2990, "EUR")), "A3"))
    world.run_outbox()
    says(world, "yes")
    assert last(world).template == "which_order"
    world.bring(told(fields("A1", phone=BEN), "moved"))  # the shop gives A1 another number
    world.run_outbox()
    says(world, "2")
    assert order(world, "A2").state == "confirmed"
    assert order(world, "A3").state == "pending"


def test_a_number_of_the_list_is_no_order_number() -> None:
    """Where the shop's own numbers are as short as the list's, the list counts, as the question says."""
    world = World()
    for order_id in ("2", "1"):
        world.bring(told(fields(order_id), order_id))
    world.run_outbox()
    says(world, "yes")
    assert "1) 2," in str(last(world).values["list"])
    says(world, "1")
    assert (order(world, "2").state, order(world, "1").state) == ("confirmed", "pending")


# -- timers


def test_an_order_called_as_a_complaint_is_numbered_takes_no_timer_of_it() -> None:
    """The shop's order "1" moves to another number; the timer of the customer's complaint 1 stays."""
    world = World()
    world.bring(told(fields("1"), 1))
    world.bring(told(fields("A2"), 2))
    world.run_outbox()
    says(world, "yes")
    says(world, "2")
    says(world, "I want to complain, this is terrible service")
    (conversation,) = world.conversations()
    assert "complaint:1" in conversation.timers
    world.bring(told(fields("1", phone=BEN), 3))
    conversation = world.conversation(conversation.id)
    assert conversation.order("1") is None
    assert "complaint:1" in conversation.timers


def test_a_closed_order_that_leaves_takes_no_timer_of_a_complaint() -> None:
    """The same where the order "1" leaves the document because it is old."""
    was = replace(
        start("c1", SHOP, NOW),
        orders=tuple(
            Order(fields=fields(str(n)), seq=n, state="cancelled", received_at=NOW) for n in range(1, 7)
        ),
        orders_ever=6,
        complaints=(Complaint(n=1, opened_at=NOW, since=NOW),),
        timers={"complaint:1": NOW + timedelta(hours=1), "poll:1": NOW + timedelta(hours=1)},
    )  # fmt: skip
    turn = Turn(was, wrote("x"), NOW, POLICY)
    turn.set(name="x")
    after = turn.decision().document
    assert "1" in after.former  # type: ignore[union-attr]
    assert after.timers.keys() == {"complaint:1"}  # type: ignore[union-attr]


# -- calls


def test_calls_to_the_old_number_do_not_count_against_the_new_one() -> None:
    """One unanswered call at a wrong number and one at the right one are not two at the right one."""
    world = flagged()
    world.policy = replace(POLICY, calls=Calls(2, timedelta(hours=1), "cancel"))
    assert press(world, "no_answer") == "done"
    given = StaffGave(
        event_id=f"telegram:{world.next()}", to=(pointers.phone(SHOP, ANA),), at=world.now, by=222, name="Ana",
        role="staff", seq=1, version=order(world).version, what="number", text=CY,
    )  # fmt: skip
    world.bring(given)
    world.run_outbox()
    says(world, "what is this?", address=CY)
    world.now += timedelta(hours=5)
    assert press(world, "no_answer") == "done"
    assert order(world).state == "flagged"
    assert len(order(world).calls) == 1


# -- taken back


def test_undo_of_a_confirm_after_a_cancel_is_the_cancel_again() -> None:
    """Staff bring a cancelled order back by mistake: Undo makes it cancelled as it was, and nobody is asked anything."""
    world = flagged()
    says(world, "cancel")
    world.run_outbox()
    assert order(world).state == "cancelled"
    assert press(world, CONFIRM_CANCELLED) == "done"
    assert order(world).state == "confirmed"
    assert press(world, "undo") == "done"
    now = order(world)
    assert (now.state, now.decided_by, now.via) == ("cancelled", "customer", "sms")
    (conversation,) = world.conversations()
    assert not [name for name in conversation.timers if name.endswith(":A1")]


def test_a_second_press_on_order_it_again_says_how_it_stands() -> None:
    """The button under a cancellation, pressed twice, confirms once and bothers nobody."""
    world = asked()
    says(world, "cancel")
    world.run_outbox()
    for _ in range(2):
        world.bring(
            CustomerPressed(
                event_id=f"twilio:SM{world.next()}:received", to=(pointers.phone(SHOP, ANA),), at=world.now,
                channel="whatsapp", address=ANA, sender="", payload="again:1:1", title="", provider_id="",
            )
        )  # fmt: skip
    assert order(world).state == "confirmed"
    assert last(world).template == "already_confirmed"


def test_yes_after_a_cancel_means_the_cancelled_order() -> None:
    """ "Changed your mind? Reply YES": with another order confirmed before, a yes takes up the cancelled one."""
    world = World(replace(POLICY, sms=GATEWAY))
    world.bring(told(fields("A1")))
    world.run_outbox()
    says(world, "yes")
    world.now += timedelta(hours=1)
    world.bring(told(fields("A2"), "A2", world.now))
    world.run_outbox()
    says(world, "cancel")
    says(world, "2")
    assert order(world, "A2").state == "cancelled"
    world.run_outbox()
    says(world, "yes")
    assert (order(world).state, order(world, "A2").state) == ("confirmed", "confirmed")


def test_yes_after_a_cancel_confirms_no_other_order() -> None:
    """The way back from a cancel is offered last: a yes to it is no yes to an order that was asked about before."""
    world = World(replace(POLICY, sms=GATEWAY))
    world.bring(told(fields("A1")))
    world.run_outbox()
    world.bring(told(fields("A2"), "A2", world.now))
    world.run_outbox()
    says(world, "cancel")
    says(world, "2")
    assert order(world, "A2").state == "cancelled"
    world.now += timedelta(minutes=2)
    world.run_outbox()
    says(world, "yes")
    assert (order(world).state, order(world, "A2").state) == ("pending", "confirmed")


# -- another channel


def test_a_question_by_mail_that_bounces_goes_nowhere_else() -> None:
    """What is written for a mailbox alone has no form for a phone."""
    world = asked()
    world.bring(
        wrote("yes", world.next(), world.now, MAIL, to=(pointers.Pointer("email", MAIL, SHOP),), channel="email")
    )
    refuse_all(world, "5.1.1", "confirm_email")
    world.run_outbox()


def test_a_colleagues_words_that_whatsapp_refuses_go_by_text() -> None:
    """Sent in an approved template that is refused after all: the same words leave as a text."""
    world = asked()
    world.policy = replace(POLICY, wa_templates=POLICY.wa_templates | {("staff_words", "en")})
    world.bring(wrote("what is this?", world.next(), world.now, channel="whatsapp", sender="+34911000002"))
    world.run_outbox()
    world.now += timedelta(hours=30)
    world.run_timers()
    world.run_outbox()
    written = StaffWrote(
        event_id=f"telegram:{world.next()}", to=(pointers.phone(SHOP, ANA),), at=world.now, by=222, name="Ana",
        role="staff", seq=1, chat="-100123", text="We have it in blue, too.",
    )  # fmt: skip
    world.bring(written)
    world.now += timedelta(seconds=11)
    refuse_all(world, "63016", "staff_words")
    world.run_outbox()
    assert (last(world).channel, last(world).template) == ("sms", "staff_message")
    assert last(world).values["text"] == "We have it in blue, too."


@pytest.mark.parametrize("word", ["cancel"])
def test_a_cancel_that_shuts_whatsapp_is_told_by_text(word: str) -> None:
    """Where the sender takes CANCEL as an opt-out on WhatsApp, too, the cancellation is told by SMS, in a text that there is."""
    assert POLICY.whatsapp is not None
    policy = replace(POLICY, whatsapp=replace(POLICY.whatsapp, opt_out=frozenset({"cancel"})))
    world = asked()
    world.policy = policy
    world.bring(wrote(word, world.next(), world.now, channel="whatsapp", sender="+34911000002"))
    assert order(world).state == "cancelled"
    assert last(world).channel == "sms"
    world.run_outbox()


# -- true


def test_who_has_said_yes_is_not_told_that_a_yes_is_waited_for() -> None:
    """An order that only staff confirm: after the yes every question about it is answered with how it stands."""
    world = World(replace(POLICY, on_review="staff"))
    world.bring(told(fields("A1"), past=REFUSED))
    world.run_outbox()
    says(world, "yes")
    assert [r.key for r in order(world).reasons][-1] == "said_yes"
    world.run_outbox()
    says(world, "where is my order?")
    assert last(world).template == "review_wait"


def test_a_parcel_that_came_back_is_not_called_cancelled() -> None:
    """Who asks for a returned order wants it perhaps: a person reads that."""
    world = asked()
    says(world, "yes")
    for kind in ("shipped", "returned"):
        world.bring(
            ShopReported(
                event_id=f"api:{world.next()}", to=(pointers.order(SHOP, "A1"),), at=world.now, order_id="A1", kind=kind
            )  # type: ignore[arg-type]
        )
    world.run_outbox()
    says(world, "where is my order?")
    assert last(world).template == "handed_over"


# -- the books of others


@pytest.mark.parametrize("text", ["STOP", "not me"])
def test_a_notice_that_a_stop_takes_back_is_counted_off(text: str) -> None:
    """News to many that wait for the morning, and are taken back by the customer's own word: the desk hears of it, else it
    would wait for them for ever."""
    world = World(replace(POLICY, sms=GATEWAY))
    world.bring(told(fields("A1")))
    world.run_outbox()
    world.now = NOW.replace(hour=21)
    draft = Draft(choice=Choice("open"), texts={"": "We open on Sunday."})
    world.bring(
        NoticeAsked(
            event_id="notice:1", to=(pointers.order(SHOP, "A1"),), at=world.now, n=1, order_id="A1", draft=draft
        )
    )
    assert moves(world)[-1] == ("asked", "held")
    says(world, text)
    assert moves(world)[-1] == ("held", "off")


def moves(world: World) -> list[tuple[str, str]]:
    told_ = [o.effect for c in world.conversations() for o in c.open if isinstance(o.effect, TellDesk)]
    return [(t.was, t.now) for t in told_ if not t.answered]


def test_a_question_to_the_provider_that_cannot_be_put_is_put_four_times_at_most() -> None:
    """Nobody can ask what became of a message: after the last moment the ladder goes on, and nothing is asked for ever."""
    world = World()
    world.bring(told(fields("A1")))
    asks = 0
    for _ in range(40):
        for conversation in world.conversations():
            for open_ in conversation.open:
                if open_.status == "planned" and isinstance(open_.effect, Say | AskProvider):
                    world.claim(conversation.id, open_.id)
        for attempt in list(world.flying):
            asks += isinstance(attempt.open.effect, AskProvider)
            good = not isinstance(attempt.open.effect, AskProvider) and asks >= 4
            world.settle(attempt, Accepted() if good else Unknown("bug"))
        world.now += timedelta(minutes=1)
        world.run_timers()
    assert asks == 4
    assert order(world).rung == 1


# -- a colleague's words


def colleague_writes(world: World, text: str, seq: int = 1) -> None:
    world.bring(
        StaffWrote(
            event_id=f"telegram:{world.next()}", to=(pointers.phone(SHOP, ANA),), at=world.now, by=222, name="Ana",
            role="staff", seq=seq, chat="-100123", text=text,
        )
    )  # fmt: skip


def undelivered(world: World) -> list[str]:
    """What the group hears of words that did not arrive."""
    told_ = [o.effect for c in world.conversations() for o in c.open if isinstance(o.effect, TellStaff)]
    return [str(t.values["code"]) for t in told_ if t.key == "undelivered"]


@pytest.mark.parametrize("how", ["refused", "stopped", "never_known"])
def test_words_that_reach_nobody_are_told_to_who_wrote_them(how: str) -> None:
    """A reply to a card that the provider refuses, that a STOP overtakes, or of which nobody knows what became, with no other
    way left: the group reads so under the card, once."""
    world = World(replace(POLICY, whatsapp=None, email=None))
    world.bring(told(fields("A1")))
    world.run_outbox()
    says(world, "what is this?")
    world.run_outbox()
    colleague_writes(world, "A lamp that you ordered on Monday.")
    assert not undelivered(world)
    if how == "stopped":
        says(world, "STOP")
    world.now += timedelta(seconds=11)
    if how == "refused":
        refuse_all(world, "30006", "staff_message")
    elif how == "never_known":
        (said,) = [o for c in world.conversations() for o in c.open if isinstance(o.effect, Say)]
        world.claim(world.conversations()[0].id, said.id)
        world.settle(world.flying[-1], Unknown("cut"))
        for _ in range(12):
            world.now += timedelta(minutes=31)
            world.run_timers()
            for attempt in list(world.flying):
                world.provider_says(attempt, found=False)
                world.settle(attempt, Accepted())
            for conversation in world.conversations():
                for open_ in conversation.open:
                    if isinstance(open_.effect, AskProvider) and open_.status == "planned":
                        world.claim(conversation.id, open_.id)
    assert undelivered(world) == [{"refused": "30006", "stopped": "opted_out", "never_known": "never_known"}[how]]


def test_words_to_a_stranger_that_reach_nobody_are_told_too() -> None:
    """The same in a talk without an order."""
    world = World(replace(POLICY, whatsapp=None, email=None))
    says(world, "what is this?")
    world.run_outbox()
    colleague_writes(world, "We do.", seq=0)
    world.now += timedelta(seconds=11)
    refuse_all(world, "30006", "staff_message")
    assert undelivered(world) == ["30006"]


# -- one number in two forms

PLAIN, WITH_9 = "+541123456789", "+5491123456789"
ARGENTINA = replace(POLICY, country="AR", countries=POLICY.countries | {"AR": POLICY.countries["ES"]}, sms=GATEWAY)


def argentine(**more: object) -> World:
    world = World(ARGENTINA)
    home = PostalAddress(line1="Florida 1", city="Buenos Aires", country="AR")
    world.bring(told(fields("A1", phone=PLAIN, address=home, **more)))
    world.run_outbox()
    return world


def writes_with_9(world: World, text: str, **more: object) -> None:
    world.bring(wrote(text, world.next(), world.now, WITH_9, to=(pointers.phone(SHOP, PLAIN),), **more))  # type: ignore[arg-type]


def test_a_stop_from_a_number_with_its_9_holds_without_it() -> None:
    """An Argentine mobile is stored as it is dialled at home; the provider tells it with a 9. STOP is of the person, not the form."""
    world = argentine()
    writes_with_9(world, "STOP")
    world.run_outbox()
    world.bring(told(order(world).fields, "again", fields=replace(order(world).fields, id="A2")))
    world.run_outbox()
    for _ in range(4):
        world.now += timedelta(hours=12)
        world.run_timers()
        world.run_outbox()
    texts = [a for a in world.attempts if isinstance(a.open.effect, Say) and a.say.channel == "sms"]
    assert len(texts) == 1, "the question before it"


def test_an_answer_from_a_number_with_its_9_is_one_to_what_was_asked_without_it() -> None:
    """A question that we began at the stored form is answered from the other one."""
    world = argentine()
    writes_with_9(world, "yes")
    world.run_outbox()
    world.now += timedelta(hours=1)
    assert order(world).state == "confirmed"
    for kind in ("shipped", "attempt_failed"):
        world.policy = replace(ARGENTINA, after=POLICIES["couriers"].after)
        to = (pointers.order(SHOP, "A1"),)
        event = ShopReported(event_id=f"api:{world.next()}", to=to, at=world.now, order_id="A1", kind=kind)  # type: ignore[arg-type]
        world.bring(event)
    world.run_outbox()
    assert last(world).template == "replan"
    writes_with_9(world, "1")
    assert order(world).replan == "slot"


# -- at the right hour


@pytest.mark.parametrize(("age", "leaves"), [(timedelta(minutes=2), True), (timedelta(hours=5), False)])
def test_a_good_customer_is_greeted_at_night_only_about_a_fresh_order(age: timedelta, leaves: bool) -> None:
    """Their order is confirmed at once at any hour; the word of it wakes nobody about an order of the afternoon, which came late."""
    world = World()
    world.now = NOW.replace(hour=22)
    past = tuple(
        PastOrder(order_id=f"G{n}", placed_at=NOW, closed_at=NOW, ended="paid", amount_minor=4990, currency="EUR")
        for n in range(4)
    )
    world.bring(told(fields("A1", placed_at=world.now - age), past=past))
    world.run_outbox()
    assert (order(world).state, order(world).decided_by) == ("confirmed", "rule")
    assert bool([a for a in world.attempts if isinstance(a.open.effect, Say)]) == leaves
    world.now += timedelta(hours=12)
    world.run_outbox()
    assert [a.say.template for a in world.attempts if isinstance(a.open.effect, Say)] == ["trusted_confirmed"]


# -- true


def test_who_closes_a_threat_is_not_told_that_the_customer_is_asked() -> None:
    """Solved under a threat closes it, and says no more than that."""
    world = asked()
    says(world, "I will sue you and call the police")
    (conversation,) = world.conversations()
    assert conversation.complaints[-1].kind == "threat"
    assert owner_presses(world, "k_solved") == "closed"


def owner_presses(world: World, verb: str) -> str:
    event = ComplaintPressed(
        event_id=f"telegram:{world.next()}", to=(pointers.order(SHOP, "A1"),), at=world.now, by=111, name="Olga",
        role="owner", verb=verb, complaint=1,
    )  # fmt: skip
    decision = world.bring(event)
    assert decision is not None
    return decision.notice


def test_a_refund_for_a_parcel_that_is_back_promises_no_courier() -> None:
    """Nothing is there to be fetched: the shop and staff are told, and the customer hears it from them."""
    world = asked()
    says(world, "yes")
    for kind in ("shipped", "returned"):
        to = (pointers.order(SHOP, "A1"),)
        event = ShopReported(event_id=f"api:{world.next()}", to=to, at=world.now, order_id="A1", kind=kind)  # type: ignore[arg-type]
        world.bring(event)
    says(world, "I want to complain, this is terrible service")
    world.run_outbox()
    before = len(world.attempts)
    assert owner_presses(world, "k_refund") == "wanted:refund_wanted"
    world.run_outbox()
    assert not [a for a in world.attempts[before:] if isinstance(a.open.effect, Say)]


def test_what_a_person_is_said_to_read_a_person_reads() -> None:
    """The reason for a middling score: "a person reads it", so the owner gets it, without a sound."""
    world = World(replace(POLICY, sms=GATEWAY, polls=Polls(after_delivery=timedelta(days=1), to="everybody")))
    world.bring(told(fields("A1")))
    world.run_outbox()
    says(world, "yes")
    for kind in ("shipped", "delivered"):
        to = (pointers.order(SHOP, "A1"),)
        event = ShopReported(event_id=f"api:{world.next()}", to=to, at=world.now, order_id="A1", kind=kind)  # type: ignore[arg-type]
        world.bring(event)
    world.now += timedelta(days=1, hours=1)
    world.run_timers()
    world.run_outbox()
    says(world, "3")
    assert last(world).template == "poll_why"
    world.run_outbox()
    says(world, "It was a bit small")
    (ping,) = [o.effect for c in world.conversations() for o in c.open if isinstance(o.effect, PingOwner)]
    assert (ping.key, ping.silent, ping.values["text"]) == ("owner.poll_why", True, "It was a bit small")


def test_a_wished_day_is_told_as_people_say_it() -> None:
    """Where is my order: the wish stands there as a weekday and a date, not as the courier's note has it."""
    world = asked()
    says(world, "yes")
    says(world, "please bring it on friday between 5 and 7 pm")
    assert order(world).wish == "2026-11-27 17:00-19:00"
    world.run_outbox()
    says(world, "where is my order?")
    assert last(world).values["delivery"] == "Fri, Nov 27 17:00-19:00"


# -- a price


@pytest.mark.parametrize(("text", "price"), [("last price 30k?", 47400), ("last price 46000?", 47400)])
def test_a_price_that_nobody_means_is_none(text: str, price: int) -> None:
    """ "30k" is read as 30: it is no offer of thirty rupees for staff to approve, but haggling without a price."""
    world = World(replace(POLICY, sms=GATEWAY, offers=Offers(steps=(Step("percent", points=520),))))
    world.bring(told(fields("A1", total=Money(50_000, "JPY"))))
    world.run_outbox()
    says(world, text)
    deal = order(world).deal
    assert deal is not None
    assert (deal.status, deal.total) == ("offered", Money(price, "JPY"))


@pytest.mark.parametrize("kind", ["shipped", "delivered", "returned", "cancelled"])
def test_the_answer_to_a_complaint_leaves_whatever_becomes_of_the_order(kind: str) -> None:
    """It waits for its sender, and the order moves on meanwhile: the customer hears all the same by when a person answers."""
    world = asked()
    says(world, "yes")
    world.run_outbox()
    says(world, "I want to complain, this is terrible service")
    to = (pointers.order(SHOP, "A1"),)
    event = ShopReported(event_id=f"api:{world.next()}", to=to, at=world.now, order_id="A1", kind=kind)  # type: ignore[arg-type]
    world.bring(event)
    world.run_outbox()
    assert "complaint_ack" in [a.say.template for a in world.attempts if isinstance(a.open.effect, Say)]
