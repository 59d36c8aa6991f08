"""What a provider's receipts say of a message after it was taken. A status never goes back."""

from __future__ import annotations

from flows import ladder, noticing, settling
from flows.effects import Say
from flows.events import DeliveryReported
from flows.failing import failed
from flows.orders import Asked, Order
from flows.turn import Turn

#: How far a message has come; a receipt of a lower rank comes too late. Both delivered and failed can be told of one message.
_RANK = {"planned": 0, "unknown": 0, "queued": 1, "sent": 1, "accepted": 1, "failed": 2, "delivered": 3, "read": 4}


def reported(turn: Turn, event: DeliveryReported) -> None:
    """A receipt. It settles what was unknown, moves on at a hard failure, and never lets a status go back."""
    open_ = turn.open_effect(event.effect_id)
    if open_ is not None and isinstance(open_.effect, Say) and open_.status != "planned":
        if event.status == "failed":
            settling.refused(turn, open_, event.provider, event.code)
        else:
            settling.accepted(turn, open_, event.provider_id)
    noticed = noticing.of_receipt(turn, event)
    if noticed is not None:
        turn.note("failed", noticed.order_id, via=noticed.channel, provider=event.provider, code=event.code)
        failed(turn, noticed, event.effect_id, event.provider, event.code)
        return
    order, asked = _question_of(turn, event)
    if order is None or asked is None:
        return
    if _RANK[event.status] <= _RANK.get(asked.status, 0) or asked.status in ("failed", "withdrawn"):
        return
    if event.status in ("queued", "sent"):
        return
    if event.status != "failed":
        turn.note(event.status, order.id, via=asked.channel)
        order = turn.put(ladder.mark(order, asked.rung, event.status, effect_id=asked.effect_id))
        if order.reviewing:
            turn.refresh(order)  # staff see it on the card that stands already
        return
    turn.note("failed", order.id, via=asked.channel, provider=event.provider, code=event.code)
    say = Say(
        channel=asked.channel,
        to=asked.address,
        sender="",
        template="confirm",
        purpose="rung",
        order_id=order.id,
        seq=order.seq,
        version=asked.version,
        rung=asked.rung,
    )
    failed(turn, say, asked.effect_id, event.provider, event.code)


def _question_of(turn: Turn, event: DeliveryReported) -> tuple[Order, Asked] | tuple[None, None]:
    for order in turn.orders:
        for asked in order.asked:
            if (event.effect_id and asked.effect_id == event.effect_id) or (
                event.provider_id and asked.provider_id == event.provider_id
            ):
                return order, asked
    return None, None
