"""Cases that the machine found, or would seldom come to: each once broke a promise, or guards one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from flows import pointers
from flows.effects import Accepted, Refused, Say, Unknown
from flows.events import CustomerPressed, DeliveryReported, PagePressed, ShopReported, StaffPressed
from flows.money import Money
from flows.orders import Order
from tests.flows.shop import ANA, BEN, GROUP, POLICY, SHOP, fields, told, wrote
from tests.flows.world import World

DEARER = Money(9990, "EUR")


def asked(**more: object) -> World:
    """A world in which one order was placed and its question has reached the phone."""
    world = World()
    world.bring(told(fields("A1", **more)))
    world.run_outbox()
    return world


def order(world: World, order_id: str = "A1") -> Order:
    (found,) = [o for c in world.conversations() for o in c.orders if o.id == order_id]
    return found


def page(world: World, action: str, version: int = 1, **more: object) -> str:
    event = PagePressed(
        event_id=f"page:{world.next()}",
        to=(pointers.order(SHOP, "A1"),),
        at=world.now,
        order_id="A1",
        version=version,
        channel="sms",
        action=action,  # type: ignore[arg-type]
    )
    decision = world.bring(replace(event, **more))
    assert decision is not None
    return decision.notice


def press(world: World, verb: str, role: str = "staff", **more: Any) -> str:
    world.run_outbox()
    card, number = world.cards[-1]
    data = card.buttons[0][0].data.split(":")
    event = StaffPressed(
        event_id=f"telegram:{world.next()}",
        to=(pointers.conversation(data[2]),),
        at=world.now,
        by=222,
        name="Ana",
        role=role,
        verb=verb,
        seq=int(data[3]),
        version=int(data[4]),
        chat=GROUP,
        message_id=number,
    )
    decision = world.bring(replace(event, **more))
    assert decision is not None
    return decision.notice


def flagged() -> World:
    world = asked()
    world.bring(wrote("what is this?", world.next()))
    assert order(world).state == "flagged"
    return world


@pytest.mark.parametrize("role", ["stranger", "", "Owner"])
@pytest.mark.parametrize("verb", ["confirm", "cancel", "no_answer", "undo", "take"])
def test_only_people_of_the_shop(role: str, verb: str) -> None:
    """Whoever is not staff, manager or owner presses in vain."""
    world = flagged()
    before = order(world)
    assert press(world, verb, role) == "not_allowed"
    assert replace(order(world), card=before.card) == before


@pytest.mark.parametrize("more", [{"version": 9}, {"message_id": 999}, {"chat": "-1"}, {"seq": 5}])
def test_a_press_is_bound_to_card_order_and_version(more: dict[str, Any]) -> None:
    """Another version, message, chat or order: nothing is decided."""
    world = flagged()
    assert press(world, "confirm", **more) in ("stale", "gone")
    assert order(world).state == "flagged"


def test_two_people_at_once() -> None:
    """One wins, and the other is told who and what."""
    world = flagged()
    assert press(world, "confirm") == "done"
    assert press(world, "confirm", name="Ben").startswith("already:confirmed:Ana")


def test_a_talk_is_closed_and_nothing_else() -> None:
    """The card of a talk without an order knows no calls and no cancels; who writes again opens it again."""
    world = World()
    world.bring(wrote("zq zq"))
    for verb in ("no_answer", "cancel", "undo", "take"):
        press(world, verb)
        assert world.conversations()[0].talk.state == "flagged"  # type: ignore[union-attr]
    assert press(world, "confirm") == "done"
    world.bring(wrote("zq zq zq", world.next()))
    assert world.conversations()[0].talk.state == "flagged"  # type: ignore[union-attr]


def test_a_yes_to_an_older_version_confirms_nothing() -> None:
    """The shop made it dearer, and the new question has not left: the yes was to the old one."""
    world = asked()
    world.bring(told(fields("A1", total=DEARER), 2))
    world.bring(wrote("yes", world.next()))
    assert order(world).state == "pending"
    world.run_outbox()
    world.bring(wrote("yes", world.next()))
    assert order(world).state == "confirmed"


def test_an_outdated_page_or_button_takes_no_cancel_back() -> None:
    """They cancelled the second version; the first one's page and button confirm neither."""
    world = asked()
    world.bring(told(fields("A1", total=DEARER), 2))
    world.run_outbox()
    world.bring(wrote("3", world.next()))
    assert order(world).state == "cancelled"
    assert page(world, "confirm", version=1) != "done"
    world.bring(button("yes:1:1", world.next()))
    assert order(world).state == "cancelled"
    assert page(world, "confirm", version=2) == "done"
    assert order(world).state == "confirmed"


def button(payload: str, n: object) -> CustomerPressed:
    return CustomerPressed(
        event_id=f"twilio:SM{n}:received",
        to=(pointers.phone(SHOP, ANA),),
        at=World().now,
        opens=True,
        channel="whatsapp",
        address=ANA,
        sender="",
        payload=payload,
        title="",
        provider_id="",
    )


@pytest.mark.parametrize("payload", ["yes:²:1", "yes:1:²", "yes:٣:1", "yes:" + "9" * 5000 + ":1", ":::", "yes:1"])
def test_a_forged_button_is_only_words(payload: str) -> None:
    """No payload breaks the step, and none that is not ours decides."""
    world = asked()
    world.bring(button(payload, world.next()))
    assert order(world).state in ("pending", "flagged")


@pytest.mark.parametrize("payload", ["yes::", "yes:1:", "cancel::1", "yes:1:1:1"])
def test_a_torn_button_decides_nothing_even_where_only_one_question_is_unsure(payload: str) -> None:
    """To the one question of unknown fate an approved template's bare verb belongs, and never a binding that is torn."""
    world = asked()
    world.now += timedelta(hours=4, minutes=1)
    world.run_timers()
    (conversation,) = world.conversations()
    for open_ in conversation.open:
        world.claim(conversation.id, open_.id)
    for attempt in list(world.flying):
        world.settle(attempt, Unknown("timeout"))
    assert [a.channel for a in order(world).asked if a.status == "unknown"] == ["whatsapp"]
    world.bring(button(payload, world.next()))
    assert order(world).state in ("pending", "flagged")
    world.bring(button("yes", world.next()))
    assert order(world).state == "confirmed"


@pytest.mark.parametrize("phone", [ANA, BEN])
def test_the_shop_takes_its_own_cancel_back(phone: str) -> None:
    """By a later word alone, to the same number or another; an older one changes nothing."""
    world = asked()
    hour = timedelta(hours=1)
    world.bring(told(fields("A1"), 2, world.now, mode="upsert", cancelled=True, source_at=world.now))
    for at, stays in ((world.now - hour, True), (world.now + hour, False)):
        world.bring(told(fields("A1", phone=phone), world.next(), world.now, mode="upsert", source_at=at))
        world.run_outbox()
        assert (order(world).state == "cancelled") is stays


def test_the_shop_repeats_what_the_customer_has_changed() -> None:
    """The next word of the shop has the old number still: the order stays where the customer moved it."""
    world = asked()
    assert page(world, "phone", phone=BEN, phone_raw=BEN) == "done"
    world.run_outbox()
    world.bring(told(fields("A1", note="leave at the door"), 2))
    assert order(world).fields.phone == BEN
    assert order(world).fields.note == "leave at the door"


def test_the_same_webhook_again_after_the_order_has_moved() -> None:
    """It is known at its new home, too."""
    world = asked()
    world.bring(told(fields("A1", total=DEARER), 2))
    world.bring(told(fields("A1", phone=BEN), 3))
    world.run_outbox()
    before = order(world)
    world.bring(told(fields("A1", total=DEARER), 2))
    assert order(world).fields == before.fields
    assert order(world).version == before.version


def test_news_that_overtakes_the_order_on_its_way() -> None:
    """The order is between two numbers as the shop sends it: it is sent when it arrives, and nobody is asked anew."""
    world = asked()
    world.bring(wrote("hello", world.next(), address=BEN))
    assert page(world, "phone", phone=BEN, phone_raw=BEN) == "done"
    world.bring(
        ShopReported(event_id="api:1", to=(pointers.order(SHOP, "A1"),), at=world.now, order_id="A1", kind="shipped")
    )
    world.run_outbox()
    assert order(world).state == "shipped"


def test_a_late_failure_leaves_a_decided_order_alone() -> None:
    """WhatsApp's window was shut, says a receipt after the customer has cancelled: the order is not asked about again."""
    world = World(policy=replace(POLICY, ladder=POLICY.ladder[1:]))
    world.bring(told(fields("A1")))
    world.run_outbox()
    world.bring(wrote("cancel", world.next(), channel="whatsapp"))
    (sent,) = [a for a in world.attempts if isinstance(a.open.effect, Say) and a.open.effect.purpose == "first"]
    world.bring(
        DeliveryReported(
            event_id="twilio:x:failed",
            to=(pointers.conversation(sent.conversation),),
            at=world.now,
            effect_id=sent.open.id,
            provider_id=sent.provider_id,
            provider="twilio",
            status="failed",
            code="63016",
        )
    )
    assert order(world).state == "cancelled"


def test_reminders_for_ever() -> None:
    """Three years of silence: the owner is still reminded, at most every eight days, and nothing overflows."""
    world = flagged()
    for _ in range(180):
        world.now += timedelta(days=8)
        world.run_timers()
    assert order(world).state == "held"
    assert order(world).reminders > 40


def test_a_provider_that_cannot_be_asked_keeps_nothing_unknown() -> None:
    """Asking is refused each time: after the last look the next rung runs, and the message is not sent again."""
    world = World()
    world.bring(told(fields("A1")))
    (conversation,) = world.conversations()
    world.claim(conversation.id, conversation.open[0].id)
    world.settle(world.flying[0], Unknown("cut"))
    for _ in range(6):
        world.now += timedelta(minutes=31)
        world.run_timers()
        (conversation,) = world.conversations()
        for open_ in conversation.open:
            if open_.status == "planned" and not isinstance(open_.effect, Say):
                world.claim(conversation.id, open_.id)
        for attempt in list(world.flying):
            world.settle(attempt, Refused("not_configured"))
    (conversation,) = world.conversations()
    assert not [o for o in conversation.open if o.status == "unknown"]
    assert order(world).rung == 1
    assert Accepted not in {type(a.outcome) for a in world.attempts}
