"""The one step: (conversation, event, now, policy) -> Decision. Pure and total: what a state does not expect changes nothing.

new --OrderTold--> pending --yes--> confirmed --shipped--> shipped --delivered--> delivered
                   pending --ladder's end, words no rule may decide--> flagged --nobody acts--> held
                   pending | flagged | held | confirmed --cancel--> cancelled --yes, in time--> confirmed
"""

from __future__ import annotations

from datetime import datetime

from flows import (
    answers,
    calling,
    calls_out,
    complaint_presses,
    gate,
    limits,
    noticing,
    optouts,
    pages,
    placing,
    receipts,
    saying,
    settling,
    staff,
    stuck,
    tapped,
    timers,
    undoing,
)
from flows.conversation import Conversation
from flows.decision import Decision
from flows.effects import Open
from flows.events import (
    AnyEvent,
    CallPressed,
    Claimed,
    ComplaintPressed,
    ConsentWithdrawn,
    CustomerPressed,
    CustomerWrote,
    DeliveryReported,
    EffectSettled,
    LimitLifted,
    NoticeAsked,
    OrderCalledBack,
    OrderHandedOver,
    OrderTold,
    PagePressed,
    ProviderAnswered,
    Recovered,
    ShopReported,
    StaffGave,
    StaffPressed,
    StaffRuled,
    StaffWrote,
    StepFailed,
    TimerDue,
)
from flows.permits import Permits
from flows.policy import Policy
from flows.turn import Turn


def start(conversation_id: str, shop: str, now: datetime) -> Conversation:
    """A conversation nobody has spoken in."""
    return Conversation(id=conversation_id, shop=shop, created_at=now)


def step(
    conversation: Conversation, event: AnyEvent, now: datetime, policy: Policy, permits: Permits | None = None
) -> Decision:
    """What follows from one event. Total: an event that means nothing here changes nothing but the list of events seen.

    `permits`: with them, what follows may pass the final gate in this very step; without, it is only planned.
    """
    moved = _moved_to(conversation, event)
    if moved:
        return Decision(document=conversation, changed=False, forward=moved)
    turn = Turn(conversation, event, now, policy)
    passed = _happen(turn, event)
    turn.look_back()
    if permits is not None and turn.planned:
        passed += gate.leave_at_once(turn, permits)
        turn.look_back()
    return turn.decision(remember=not isinstance(event, _NOT_REMEMBERED), perform=passed)


#: Events that a second time find nothing to do: their ids need not be kept.
_NOT_REMEMBERED = (TimerDue, StepFailed, EffectSettled, Claimed, DeliveryReported, ProviderAnswered, Recovered)


def _happen(turn: Turn, event: AnyEvent) -> tuple[Open, ...]:
    """Let the event have its effect on the turn; gives what has passed the final gate by it."""
    match event:
        case CustomerWrote():
            answers.wrote(turn, event)
        case OrderTold():
            placing.told(turn, event)
        case TimerDue():
            timers.due(turn, event)
        case StepFailed():
            stuck.failed(turn, event)
        case EffectSettled():
            settling.settled(turn, event)
        case Claimed():
            passed = gate.claim(turn, event)
            return (passed,) if passed is not None else ()
        case DeliveryReported():
            receipts.reported(turn, event)
        case CustomerPressed():
            tapped.pressed(turn, event)
        case PagePressed():
            pages.pressed(turn, event)
        case CallPressed():
            calls_out.pressed(turn, event)
        case StaffPressed():
            staff.pressed(turn, event)
        case ComplaintPressed():
            complaint_presses.pressed(turn, event)
        case StaffWrote():
            saying.wrote(turn, event)
        case StaffRuled():
            staff.ruled(turn, event)
        case StaffGave():
            calling.gave(turn, event)
        case ShopReported():
            placing.reported(turn, event)
        case ProviderAnswered():
            settling.answered(turn, event)
        case OrderHandedOver():
            placing.arrived(turn, event)
        case LimitLifted():
            limits.lifted(turn, event)
        case OrderCalledBack():
            undoing.called_back(turn, event)
        case NoticeAsked():
            noticing.asked(turn, event)
        case ConsentWithdrawn():
            optouts.withdrawn(turn, event)
        case Recovered():
            settling.recovered(turn, event)
    return ()


def _moved_to(conversation: Conversation, event: AnyEvent) -> str:
    """The phone to which the order that this event is about has moved; "" when it is here."""
    if not conversation.moved:
        return ""
    match event:
        case OrderTold(fields=fields):
            order_id = fields.id
        case PagePressed(order_id=order_id) | ShopReported(order_id=order_id) | NoticeAsked(order_id=order_id):
            pass
        case _:
            return ""
    return conversation.moved.get(order_id, "") if conversation.order(order_id) is None else ""
