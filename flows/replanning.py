"""A failed attempt is talked over: another window, a hint to the address, a neighbour, a pick-up point, or back to the shop.

    shipped --attempt_failed--> "when shall it come again?" --a window, a neighbour, a pick-up point, a hint--> the courier is told
                                                            --no more--> back to the shop, with the reason
    damaged, too many attempts, nobody to ask: staff decide (the card)

The parcel stays `shipped` through all of it: what becomes of it is the courier's to report.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from flows import slotting
from flows.address_text import LINE_MOST
from flows.calendar import slots_for
from flows.conversation import Question
from flows.couriers import Option
from flows.echoing import Talk, noted
from flows.events import CustomerWrote, ShopReported
from flows.heard import whole
from flows.news import late, watch_day
from flows.offering import chosen, label, proposed, shown
from flows.orders import Order
from flows.reach import preferred
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import Slots, Understood

#: Windows in the first list: beside them stand the other ways out.
WINDOWS = 2
#: Pick-up points in it; the owner names the best ones first.
POINTS = 2
#: A text shorter than this helps no courier to find a door.
HINT_LEAST = 4
#: Where the customer did not want it or could not pay, nobody else shall take it in.
_THEIRS_ALONE = frozenset({"customer_refused", "no_money"})
#: Sure ones of these are no answer to when it shall come again.
_ELSEWHERE = frozenset(
    ("change_phone", "not_me", "stop", "start", "help", "order_status", "complaint", "threat", "human", "call_me", "thanks")
)  # fmt: skip


def failed(turn: Turn, order: Order, event: ShopReported) -> None:
    """The courier could not hand it over: `order` has that attempt counted. Old reports start nothing."""
    after = turn.policy.after
    turn.set(redeliveries=turn.was.redeliveries + 1)
    turn.rest(f"day:{order.id}")
    if order.slot is not None:  # that window is over; a hint to the door stays
        order = turn.put(replace(noted(order, "") if order.wish == order.slot.text else order, slot=None))
    if not after.replan or late(turn, event):
        turn.refresh(order)
        return
    way = preferred(turn, order, _template(event.reason), but=frozenset({"email"}))
    if order.attempts_failed >= after.attempts_most:
        _to_staff(turn, order, "replan.limit", event.reason)
    elif event.reason == "damaged":
        _to_staff(turn, order, "replan.damaged", event.reason)
    elif way is None or not way.two_way:
        _to_staff(turn, order, "replan.unreachable", event.reason)
    else:
        turn.note("replan.asked", order.id, by="rule", via=way.channel, reason=event.reason)
        order = replace(order, replan="open")
        order = proposed(turn, turn.put(order), options(turn, order, event.reason), _template(event.reason), way)
        turn.refresh(order)


def _template(reason: str) -> str:
    return "replan_address" if reason == "wrong_address" else "replan"


def options(turn: Turn, order: Order, reason: str) -> list[Option]:
    """What the customer can choose: real windows first, the way out last."""
    after = turn.policy.after
    found = [Option("slot", slot) for slot in slots_for(turn.policy, order, turn.now)[:WINDOWS]]
    if after.neighbour and reason not in _THEIRS_ALONE:
        found.append(Option("neighbour"))
    found += [Option("pickup", place=place) for place in after.pickup_points[:POINTS]]
    return [*found, Option("cancel")]


def _to_staff(turn: Turn, order: Order, key: str, reason: str) -> None:
    turn.note(key, order.id, by="rule", reason=reason)
    order = turn.card(turn.put(replace(order, replan="staff", offer=None)))
    turn.tell_staff(order, key, count=order.attempts_failed)


# -- the answer


def follow(turn: Turn, event: CustomerWrote, question: Question, order: Order, got: Understood) -> bool:
    """True: it was an answer, and is done."""
    if order.state != "shipped":
        return False
    option = chosen(order, question.wanted, got.slots.choice)
    if option is not None:
        take(turn, event, order, option)
    elif (slots := slotting.turned_down(turn, event, order) or got.slots).day or slots.window:
        _when(turn, event, order, slots)
    elif got.intent == "cancel" or (got.intent == "no" and not got.parts):
        take(turn, event, order, Option("cancel"), reason=got.slots.reason or "")
    elif got.sure and got.intent in _ELSEWHERE:
        return False
    elif got.slots.address or (_hints(order, turn) and len(event.text.strip()) >= HINT_LEAST and "?" not in event.text):
        hint(turn, event, order, got.slots.address or event.text)
    else:
        to_staff(turn, event, order, "reply.replan")
    return True


def _hints(order: Order, turn: Turn) -> bool:
    """Whether an address was what the courier missed: then words that are nothing else are a hint to it."""
    asked = next((n for n in reversed(turn.was.notes) if n.what == "replan.asked" and n.order_id == order.id), None)
    return asked is not None and asked.data.get("reason") == "wrong_address"


def _when(turn: Turn, event: CustomerWrote, order: Order, slots: Slots) -> None:
    slot, _ = slotting.resolved(turn, event, order, slots, "replan")
    if slot is not None:
        take(turn, event, order, Option("slot", slot))


def pressed(turn: Turn, event: Talk, order: Order, n: str, choice: int) -> None:
    """A button under the list: an older list changes nothing."""
    option = chosen(order, n, choice)
    if option is None or order.state != "shipped":
        turn.note("stale_button", order.id, by="customer", via=event.channel, verb="pick")
        answer(turn, event, "stale_button", order)
    else:
        take(turn, event, order, option)


def take(turn: Turn, event: Talk, order: Order, option: Option, reason: str = "") -> None:
    """What they chose, if it can still be kept."""
    slot = option.slot
    if slot is not None and slot not in slots_for(turn.policy, order, turn.now):
        turn.note("slot.gone", order.id, by="rule", text=slot.text)
        if not slotting.ask(turn, event, order):
            to_staff(turn, event, order, "reply.replan")
        return
    if slot is not None:
        order = _done(turn, event, replace(order, slot=slot), "slot", slot.text)
        watch_day(turn, order)
        answer(turn, event, "replan_ok", order, what=shown(slot, turn.language))
    elif option.kind == "cancel":
        order = _done(turn, event, replace(order, cancel_reason=reason), "cancel", "back to the shop", reason=reason)
        answer(turn, event, "replan_off", order)
    else:
        text = "may be left with a neighbour" if option.kind == "neighbour" else f"pick-up: {option.place}"
        order = _done(turn, event, order, option.kind, text)
        answer(turn, event, "replan_ok", order, what=label(turn, option))


def hint(turn: Turn, event: CustomerWrote, order: Order, words: str) -> None:
    """Words or a place that help the courier to find the door."""
    text = " ".join(words.split())[:LINE_MOST]
    order = _done(turn, event, order, "hint", text)
    answer(turn, event, "replan_ok", order, what=text)


def place(turn: Turn, event: CustomerWrote, order: Order) -> None:
    """A location sent as an answer."""
    assert event.location is not None
    latitude, longitude = event.location
    hint(turn, event, order, f"{latitude:.5f}, {longitude:.5f} {event.text.strip()}")


def _done(turn: Turn, event: Talk, order: Order, kind: str, text: str, reason: str = "") -> Order:
    """Noted for the courier, told to the shop and to staff."""
    turn.set(question=None)
    turn.note("replan.chosen", order.id, by="customer", via=event.channel, choice=kind, text=whole(text))
    said = order.shop_said or order.fields
    order = _hinted(order, text) if kind == "hint" else noted(order, text)
    order = turn.put(replace(order, replan=kind, offer=None, shop_said=said))
    slot = order.slot if kind == "slot" else None
    told: dict[str, Any] = {"choice": kind, "text": text}
    if slot is not None:
        told |= {"day": slot.day.isoformat(), "window": slot.hours, "courier": slot.courier}
    if reason:
        told["reason"] = reason
    turn.tell_shop(order, "replan", **told)
    turn.wake(f"news:{order.id}", turn.now + turn.policy.no_news_after)
    order = turn.card(order) if kind == "cancel" or order.card_wanted else order
    if order.card_wanted:
        turn.tell_staff(order, "replan.chosen", text=text)
    return order


def _hinted(order: Order, text: str) -> Order:
    """A hint is true of the door, whatever else is agreed later: it stays beside the wish."""
    parts = [part for part in order.fields.courier_note.split("; ") if part and part != text]
    return replace(order, fields=replace(order.fields, courier_note="; ".join([*parts, text])))
