"""Taking back a change that the customer made: the last one, within a day, until the parcel leaves.

A change of number is taken back across two conversations: the one that the order left asks the other for it (CallBack),
and gets it back as it was, unless the new number has answered meanwhile.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import slotting
from flows.address_text import difference
from flows.conversation import Question
from flows.deals import taken_back
from flows.deciding import cancel
from flows.effects import CallBack, HandOver, Say, Value
from flows.events import CustomerPressed, CustomerWrote, OrderCalledBack
from flows.ladder import flag, staff_wait
from flows.orders import ASKABLE, BEFORE_DISPATCH, Change, Order, OrderFields, Reason
from flows.reach import tell
from flows.talk import answer
from flows.turn import Turn

#: Later a person looks at it: the parcel may be packed.
UNDO_FOR = timedelta(hours=24)
PHONE = "phone:"


def undo(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, n: int) -> None:
    """Take change number `n` of the order back, if it is the last and not too old; else say that nothing was changed."""
    change = order.changes[-1] if order.changes else None
    if change is None or change.n != n or turn.now - change.at > UNDO_FOR or order.state not in BEFORE_DISPATCH:
        turn.note("stale_undo", order.id, by="customer", via=event.channel)
        answer(turn, event, "stale_button", order)
        return
    turn.set(question=None)
    turn.note("change.undone", order.id, by="customer", via=event.channel, change=change.what)
    order = _restored(turn, event, order, change)
    answer(turn, event, "undone", order)


def _restored(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, change: Change) -> Order:
    """Only what this change touched: the shop may have told something new since."""
    was, now, slot = change.fields, order.fields, order.slot
    order = replace(order, changes=order.changes[:-1])
    if change.what == "later":
        return _not_later(turn, event, order, change)
    if change.what == "deal":
        order = taken_back(turn, order, change)
        order = turn.card(turn.put(replace(order, shop_said=_said(order))))
        turn.tell_staff(order, "customer.deal_undone")
        return order
    if change.what == "address":
        order = replace(order, fields=replace(now, address=was.address))
        text = difference(now.address, was.address)
    else:
        order = replace(order, fields=replace(now, courier_note=was.courier_note), wish=change.wish, slot=change.slot)
        text = was.courier_note or "-"
    order = turn.card(turn.put(replace(order, shop_said=_said(order))))
    turn.tell_staff(order, "customer.undone", text=text)
    turn.tell_shop(replace(order, shop_said=order.shop_said or now), "changed", changed=change.what, undone=1)
    if order.slot != slot:
        slotting.told(turn, order)
    return order


def _said(order: Order) -> OrderFields | None:
    """Nothing of the customer's own is left: what stands there is what the shop told."""
    return None if order.shop_said == order.fields else order.shop_said


def _not_later(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, change: Change) -> Order:
    turn.withdraw(order.id)
    turn.rest(f"rung:{order.id}")
    order = replace(order, version=change.version, rung=change.rung, held_until=None)
    if change.state == "cancelled":
        return cancel(turn, order, by="customer", via=event.channel)  # type: ignore[arg-type]
    if change.state == "pending" and 0 <= change.rung < len(turn.policy.ladder):
        turn.wake(f"rung:{order.id}", turn.now + turn.policy.ladder[change.rung].wait)
        return turn.put(order)
    return flag(turn, order, Reason("reply.later"))


# -- a number


def call_back(turn: Turn, event: CustomerWrote | CustomerPressed, question: Question) -> None:
    """The order has gone to another number, and they take that back: ask for it. The answer comes when it is here."""
    order_id = question.order_ids[0]
    turn.set(question=None)
    turn.note("number.back_wished", order_id, by="customer", via=event.channel)
    turn.plan(
        CallBack(
            order_id=order_id,
            from_phone=question.wanted.removeprefix(PHONE),
            phone=event.address,
            channel=event.channel,
            address=event.address,
            sender=event.sender,
            language=turn.language,
        )
    )


def told_again(turn: Turn, event: CustomerWrote, question: Question) -> None:
    """Once more where the order is now asked. It is in another conversation: only its name and number are known here."""
    values = _signed(turn, event.channel, order=question.order_ids[0], number=question.wanted.removeprefix(PHONE))
    turn.say(
        Say(
            channel=event.channel,
            to=event.address,
            sender=event.sender,
            template="new_number_ok",
            values=values,
            lang=turn.language,
            purpose="answer",
        )
    )


def _signed(turn: Turn, channel: str, **values: Value) -> dict[str, Value]:
    """With the shop's name under every mail."""
    return {"shop": turn.policy.name, **values} if channel == "email" else values


def called_back(turn: Turn, event: OrderCalledBack) -> None:
    """At the new number: let the order return as it was, unless somebody has answered here, or decided, meanwhile."""
    order = turn.get(event.order_id)
    if order is None:
        return
    change = order.changes[-1] if order.changes else None
    fits = change is not None and change.what == "phone" and change.fields.phone == event.phone
    if change is None or not fits or not order.fresh_number or order.state not in ASKABLE:
        turn.note("number.back_refused", order.id, by="rule")
        turn.tell_staff(turn.card(order), "customer.wants_number_back")
        template = "already_confirmed" if order.state == "confirmed" else "stale_button"
        turn.plan(
            Say(
                channel=event.channel,
                to=event.address,
                sender=event.sender,
                template=template,
                values=_signed(turn, event.channel, **({"order": order.id} if template == "already_confirmed" else {})),
                lang=event.language,
                purpose="answer",
            )
        )
        return
    was = change.fields
    turn.withdraw(order.id)
    turn.note("order.moved", order.id, by="customer", back="true")
    fields = replace(order.fields, phone=was.phone, phone_raw=was.phone_raw, phone_mobile=was.phone_mobile)
    back = replace(order, fields=fields, changes=order.changes[:-1], fresh_number=False)
    back = replace(back, shop_said=_said(back), version=change.version, state=change.state, rung=change.rung)
    back = replace(back, decided_by=change.decided_by, via=change.via, decided_at=change.decided_at, held_until=None)
    turn.plan(HandOver(to_phone=event.phone, order=back, moved_by="customer", ask=False, email=fields.email, back=True))
    turn.set(moved={**turn.was.moved, order.id: event.phone})
    turn.remove(order.id)


def came_back(turn: Turn, order: Order) -> None:
    """It is here again: as it was, with a timer of its own, and the customer hears it."""
    if order.state == "confirmed":
        turn.wake(f"ship:{order.id}", turn.now + turn.policy.not_shipped_after)
    elif order.state == "pending" and 0 <= order.rung < len(turn.policy.ladder):
        turn.wake(f"rung:{order.id}", turn.now + turn.policy.ladder[order.rung].wait)
    elif order.open:
        turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
    if order.state == "pending" and f"rung:{order.id}" not in turn.timers:
        order = flag(turn, order, Reason("moved"))
    turn.refresh(order)
    turn.tell_shop(replace(order, shop_said=order.shop_said or order.fields), "changed", changed="phone", undone=1)
    tell(turn, order, "undone")
