"""The final gate: what may leave now, what later, what never; decided in the commit that sets `sending`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from flows import pointers
from flows.cards import RETRY
from flows.conversation import Contact, Conversation
from flows.decision import Decision
from flows.effects import AnyEffect, AskProvider, Open, PingOwner, Say, ShowCard, TellStaff
from flows.events import Claimed
from flows.orders import CardRef, Order, State
from flows.policy import Policy
from flows.step import step
from tests.flows.shop import ANA, GROUP, MAIL, NOW, POLICY, SHOP, TWILIO, WHATSAPP, fields

ORDER = Order(fields=fields("A1"), seq=1, received_at=NOW, rung=0)
NIGHT = NOW.replace(hour=23)
QUESTION = Say(
    channel="sms",
    to=ANA,
    sender=TWILIO.address,
    template="confirm_words",
    purpose="first",
    order_id="A1",
    seq=1,
    version=1,
    rung=0,
)
ON_WHATSAPP = replace(QUESTION, channel="whatsapp", sender=WHATSAPP.address, template="confirm", purpose="rung")


def waiting(effect: AnyEffect, **more: object) -> Open:
    usual = Open(id="e/0", effect=effect, status="planned", at=NOW, not_before=NOW, urgency=0, lane="x")
    return replace(usual, **more)


def holding(*open_: Open, order: Order = ORDER, **more: object) -> Conversation:
    return replace(
        Conversation(
            id="c1",
            shop=SHOP,
            orders=(order,),
            orders_ever=1,
            contacts=(Contact("sms", ANA), Contact("whatsapp", ANA), Contact("email", MAIL)),
            timers={"rung:A1": NOW + timedelta(hours=4)},
            open=open_,
        ),
        **more,
    )


def claim(document: Conversation, now: datetime = NOW, policy: Policy = POLICY, effect_id: str = "e/0") -> Decision:
    to = (pointers.conversation(document.id),)
    return step(document, Claimed(event_id="claim", to=to, at=now, effect_id=effect_id, by="p1"), now, policy)


def left(decision: Decision) -> bool:
    """Whether it left; then it is `sending` in the document, too."""
    assert isinstance(decision.document, Conversation)
    assert [o for o in decision.document.open if o.status == "sending"] == list(decision.perform)
    return bool(decision.perform)


def test_a_question_that_still_stands_leaves_once() -> None:
    """It leaves with who sends it and since when; claimed again, it is not given out again."""
    first = claim(holding(waiting(QUESTION)))
    assert left(first)
    assert (first.perform[0].by, first.perform[0].since, first.perform[0].tries) == ("p1", NOW, 1)
    assert isinstance(first.document, Conversation)
    assert not claim(first.document).changed


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_only_what_is_planned(status: str) -> None:
    """What is on the wire, or of unknown fate, never leaves again by itself."""
    assert not claim(holding(waiting(QUESTION, status=status))).changed


def test_not_before_its_moment_and_not_what_is_gone() -> None:
    """Too early, or settled meanwhile: nothing happens."""
    assert not claim(holding(waiting(QUESTION, not_before=NOW + timedelta(seconds=1)))).changed
    assert not claim(holding(waiting(QUESTION)), effect_id="e/9").changed


@pytest.mark.parametrize("state", ["confirmed", "cancelled", "flagged", "held", "shipped", "delivered", "ignored"])
def test_no_question_about_an_order_that_is_not_asked_about(state: State) -> None:
    """The answer came first: the question is withdrawn, and says so in the journal."""
    decision = claim(holding(waiting(QUESTION), order=replace(ORDER, state=state)))
    assert not left(decision)
    assert isinstance(decision.document, Conversation)
    assert decision.document.open == ()
    assert decision.document.notes[-1].data == {"why": "no_longer_asked"}


@pytest.mark.parametrize("order", [replace(ORDER, version=2), replace(ORDER, rung=1)])
def test_no_question_of_another_version_or_rung(order: Order) -> None:
    """A question that time has overtaken is withdrawn, and the order goes on undisturbed."""
    decision = claim(holding(waiting(QUESTION), order=order))
    assert not left(decision)
    assert isinstance(decision.document, Conversation)
    assert decision.document.orders == (order,)


@pytest.mark.parametrize("silence", ["stopped", "silenced", "dead", "paused"])
def test_a_question_that_may_not_leave_goes_to_the_next_rung_at_once(silence: str) -> None:
    """STOP, "stop everything", a dead number or a paused channel: nothing leaves there, and the order is moved on in the same commit."""
    contacts = (replace(Contact("sms", ANA), stopped=silence == "stopped", dead="x" if silence == "dead" else ""),)
    policy = replace(POLICY, paused=frozenset({"sms"})) if silence == "paused" else POLICY
    document = holding(waiting(QUESTION), contacts=contacts, silenced=silence == "silenced")
    decision = claim(document, policy=policy)
    assert not left(decision)
    assert isinstance(decision.document, Conversation)
    (order,) = decision.document.orders
    assert (order.state, order.rung) == (("flagged", 3) if silence == "silenced" else ("pending", 1))


def test_an_answer_goes_even_where_a_receipt_called_the_number_dead() -> None:
    """They have just written from it."""
    contacts = (Contact("sms", ANA, dead="twilio:30003"),)
    assert left(claim(holding(waiting(replace(QUESTION, purpose="answer")), contacts=contacts)))


@pytest.mark.parametrize(
    ("purpose", "channel", "waits"),
    [
        ("first", "sms", False),
        ("rung", "sms", True),
        ("notice", "sms", True),
        ("answer", "sms", False),
        ("rung", "email", False),
        ("notice", "email", False),
    ],
)
def test_the_customer_s_night(purpose: str, channel: str, waits: bool) -> None:
    """Follow-ups rest till nine; first texts, answers and e-mail do not."""
    to = MAIL if channel == "email" else ANA
    say = replace(QUESTION, purpose=purpose, channel=channel, to=to, template="confirm_email")
    decision = claim(holding(waiting(say)), NIGHT)
    assert left(decision) != waits
    assert isinstance(decision.document, Conversation)
    if waits:
        assert decision.document.open[0].not_before == NIGHT.replace(day=24, hour=8)


def test_whatsapp_inside_and_outside_the_window() -> None:
    """Free text within 24 h of their last word; then only a template that is approved, to who has consented or has written."""
    heard = Contact("whatsapp", ANA, heard_at=NOW - timedelta(hours=23))
    inside = claim(holding(waiting(ON_WHATSAPP), contacts=(heard,)))
    later = NOW + timedelta(hours=1)
    outside = claim(holding(waiting(ON_WHATSAPP), contacts=(heard,)), later)
    assert [d.perform[0].effect.session for d in (inside, outside)] == [True, False]  # type: ignore[union-attr]
    assert not left(claim(holding(waiting(ON_WHATSAPP)), policy=replace(POLICY, wa_templates=frozenset())))
    stranger = replace(ORDER, fields=replace(ORDER.fields, consent_whatsapp=False))
    assert not left(claim(holding(waiting(ON_WHATSAPP), order=stranger)))


@pytest.mark.parametrize(
    ("template", "state", "leaves"),
    [
        ("cancelled_by_shop", "cancelled", True),
        ("cancelled_by_shop", "flagged", False),
        ("cancelled_no_answer_link", "confirmed", False),
        ("confirmed", "confirmed", True),
        ("confirmed", "cancelled", False),
        ("missed_call", "flagged", True),
        ("missed_call", "cancelled", False),
        ("staff_message", "cancelled", True),
    ],
)
def test_what_it_says_must_still_be_true(template: str, state: State, leaves: bool) -> None:
    """A text that was put off and overtaken by an undo, a cancel or an answer does not leave any more."""
    say = replace(QUESTION, template=template, purpose="answer")
    assert left(claim(holding(waiting(say), order=replace(ORDER, state=state)))) == leaves


def test_the_card_is_built_as_it_leaves() -> None:
    """It shows the order as of now, where it stands already; two of one order are never on the wire together."""
    order = replace(ORDER, state="flagged", card=CardRef(GROUP, 7), card_wanted=True)
    decision = claim(holding(waiting(ShowCard(seq=1)), order=order))
    assert left(decision)
    card = decision.perform[0].effect.card  # type: ignore[union-attr]
    assert card is not None
    assert (card.state, card.chat, card.message_id) == ("flagged", GROUP, 7)
    other = waiting(ShowCard(seq=1), id="e/1", status="sending")
    decision = claim(holding(waiting(ShowCard(seq=1)), other, order=order))
    assert isinstance(decision.document, Conversation)
    assert not decision.perform
    assert decision.document.open[0].not_before == NOW + RETRY


def test_a_word_to_staff_waits_for_its_card() -> None:
    """It is a reply to the card: it waits while the card is on its way, goes where the card stands, and not at all without one."""
    word = TellStaff(seq=1, key="x")
    order = replace(ORDER, card=CardRef(GROUP, 7))
    went = claim(holding(waiting(word), order=order))
    assert left(went)
    assert (went.perform[0].effect.chat, went.perform[0].effect.message_id) == (GROUP, 7)  # type: ignore[union-attr]
    waits = claim(holding(waiting(word), waiting(ShowCard(seq=1), id="e/1")))
    assert isinstance(waits.document, Conversation)
    assert waits.document.open[0].not_before == NOW + RETRY
    never = claim(holding(waiting(word)))
    assert isinstance(never.document, Conversation)
    assert never.document.open == ()


@pytest.mark.parametrize(
    "effect",
    [
        PingOwner(key="owner.held"),
        AskProvider(effect_id="e/8", channel="sms", to=ANA, sender=TWILIO.address, since=NOW, text_of=QUESTION),
    ],
)
def test_the_owner_and_the_provider_can_always_be_asked(effect: AnyEffect) -> None:
    """Nothing of the customer's state holds these back."""
    assert left(claim(holding(waiting(effect), silenced=True), NIGHT))
