"""Wishes that stay inside the house: each becomes an event of another document, named by the wish, so that twice changes nothing."""

from __future__ import annotations

from datetime import datetime

from flows import pointers
from flows.desk_events import Escalated, HeldReported
from flows.effects import CallBack, Escalate, HandOver, ReportHeld, SpreadStop
from flows.events import AnyEvent, ConsentWithdrawn, OrderCalledBack, OrderHandedOver
from flows.policy import Policy

PassedOn = HandOver | CallBack | SpreadStop | ReportHeld | Escalate


def events(effect: PassedOn, effect_id: str, conversation: str, policy: Policy, now: datetime) -> tuple[AnyEvent, ...]:
    """What others hear of it. `conversation`: whose wish it is."""
    match effect:
        case HandOver():
            return (_handed_over(effect, effect_id, conversation, policy.shop, now),)
        case CallBack():
            return (_called_back(effect, effect_id, policy.shop, now),)
        case SpreadStop():
            shops = policy.shares.get(effect.channel, ())
            return tuple(_withdrawn(effect, effect_id, shop, now) for shop in shops)
        case ReportHeld():
            return (_held(effect, effect_id, policy.shop, now),)
        case Escalate():
            return (_escalated(effect, effect_id, policy.shop, now),)


def _handed_over(effect: HandOver, effect_id: str, conversation: str, shop: str, now: datetime) -> OrderHandedOver:
    return OrderHandedOver(
        event_id=f"moved:{effect_id}",
        to=(pointers.phone(shop, effect.to_phone),),
        at=now,
        opens=True,
        order=effect.order,
        moved_by=effect.moved_by,
        ask=effect.ask,
        email=effect.email,
        language=effect.language,
        former=conversation,
        back=effect.back,
    )


def _called_back(effect: CallBack, effect_id: str, shop: str, now: datetime) -> OrderCalledBack:
    return OrderCalledBack(
        event_id=f"back:{effect_id}",
        to=(pointers.phone(shop, effect.from_phone),),
        at=now,
        order_id=effect.order_id,
        phone=effect.phone,
        channel=effect.channel,
        address=effect.address,
        sender=effect.sender,
        language=effect.language,
    )


def _withdrawn(effect: SpreadStop, effect_id: str, shop: str, now: datetime) -> ConsentWithdrawn:
    return ConsentWithdrawn(
        event_id=f"stop:{effect_id}:{shop}",
        to=(pointers.phone(shop, effect.address),),
        at=now,
        opens=True,
        channel=effect.channel,
        address=effect.address,
        everything=effect.everything,
    )


def _held(effect: ReportHeld, effect_id: str, shop: str, now: datetime) -> HeldReported:
    return HeldReported(
        event_id=f"held:{effect_id}",
        to=(pointers.desk(shop),),
        at=now,
        opens=True,
        burst=effect.burst,
        limit=effect.limit,
        about=effect.about,
        ask_at=effect.ask_at,
    )


def _escalated(effect: Escalate, effect_id: str, shop: str, now: datetime) -> Escalated:
    return Escalated(
        event_id=f"escalated:{effect_id}",
        to=(pointers.desk(shop),),
        at=now,
        opens=True,
        key=effect.key,
        order_id=effect.order_id,
    )
