"""Changes that a customer makes in conversation or on the page: number, address, place, time. Each can be taken back.

    number   the order goes to the new number, which is asked; the old one is told and left alone
    address  noted and echoed; another town, or after dispatch: a person
    place    a location: a note for the courier
    time     a slot of a courier (flows/slotting.py), or a wish inside the shop's hours

Each keeps what stood there before (Change); NO or Undo within a day, until dispatch, brings it back (flows/undoing.py).
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import hours, slotting
from flows.address_text import LINE_MOST, corrected, difference, far, one_line, shown
from flows.addresses import missing_parts
from flows.conversation import Question, one_address
from flows.delivery_time import resolve
from flows.echoing import Talk, echoed, noted
from flows.events import CustomerPressed, CustomerWrote
from flows.opening import hours_value
from flows.orders import ASKABLE, Order
from flows.phones import mask, read_phone, same_phone
from flows.placing import move
from flows.postal import PostalAddress
from flows.reach import tell
from flows.recording import record
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import Slots

_ASKS = {"change_phone": "number", "change_address": "address", "change_time": "time"}
_TEMPLATES = {"number": "number_ask", "address": "new_address_ask", "time": "time_ask", "later": "time_ask"}


def wished(turn: Turn, event: Talk, order: Order, intent: str, slots: Slots) -> None:
    """A change that they named. With its value it is done at once, without it is asked for."""
    if intent == "change_phone" and slots.phone:
        new_number(turn, event, order, slots.phone)
    elif intent == "change_address" and slots.address:
        new_address(turn, event, order, slots.address)
    elif intent == "change_time" and (slots.day or slots.window):
        new_time(turn, event, order, slots)
    else:
        ask(turn, event, order, _ASKS[intent])


def ask(turn: Turn, event: Talk, order: Order, kind: str) -> None:
    """Ask for the new number, address or time; the next words there are the answer."""
    if kind == "time" and slotting.ask(turn, event, order):
        return
    turn.set(question=Question(kind, event.channel, event.address, turn.now, (order.id,)))  # type: ignore[arg-type]
    more = hours_value(turn.policy) if kind in ("time", "later") else {}
    answer(turn, event, _TEMPLATES[kind], order, **more)


# -- the number


def new_number(turn: Turn, event: CustomerWrote | CustomerPressed, order: Order, written: str) -> None:
    """The words name a number: move the order there, or say why not."""
    country = order.fields.address.country or turn.policy.country
    phone = read_phone(written, country or None)
    if phone is None or not phone.valid:
        turn.set(question=Question("number", event.channel, event.address, turn.now, (order.id,)))
        answer(turn, event, "number_bad", order)
    elif country and phone.country and phone.country != country:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_phone")  # a courier cannot ring it: a person decides
    elif order.fields.phone and same_phone(phone.e164, order.fields.phone):
        turn.set(question=None)
        answer(turn, event, "status_pending" if order.state in ASKABLE else "status_confirmed", order)
    else:
        here = order.fields.phone is not None and one_address(event.address, order.fields.phone)
        number(turn, order, phone.e164, written, mobile=phone.kind != "landline", via=event.channel, told_here=here)
        back = Question("undo", event.channel, event.address, turn.now, (order.id,), wanted=f"phone:{phone.e164}")
        turn.set(question=back)
        answer(turn, event, "new_number_ok", order, number=phone.e164)  # whole: a wrong digit has to be seen


def number(
    turn: Turn, order: Order, e164: str, raw: str, *, mobile: bool, via: str, told_here: bool, name: str = ""
) -> None:
    """Hand the order to the new number, which is asked. `told_here`: the old one is where the wish was written.

    `name`: of the colleague who was told the number; "": the customer gave it themselves.
    """
    old = order
    turn.note("number.changed", order.id, by=f"staff:{name}" if name else "customer", via=via, to=mask(e164))
    order = record(turn, order, "phone")
    order = replace(
        order,
        fields=replace(order.fields, phone=e164, phone_raw=raw, phone_mobile=mobile),
        fresh_number=True,
    )
    move(turn, order, e164, moved_by="staff" if name else "customer", ask=True)
    if old.fields.phone and not told_here:
        # to the number itself, which may be a stranger's: masked, and not by e-mail, which stays with the order
        tell(turn, old, "old_number_told", but=frozenset({"email"}), number=mask(e164))


# -- the address


def new_address(turn: Turn, event: Talk, order: Order, text: str) -> None:
    """The words name an address: note and echo it; another town goes to a person with the difference."""
    after = corrected(order.fields.address, text)
    if after is None:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_address")
    elif set(missing_parts(after)) <= set(missing_parts(order.fields.address)):
        put_address(turn, event, order, after)
    elif turn.question is not None and turn.question.kind == "address":
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_address")
    else:
        ask(turn, event, order, "address")  # "to my office": a courier needs more


def put_address(turn: Turn, event: Talk, order: Order, after: PostalAddress) -> None:
    before, before_slot = order.fields.address, order.slot
    if far(before, after) and before.city:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_address")
        turn.tell_staff(turn.get(order.id) or order, "customer.address_far", text=difference(before, after))
        return
    order = address(turn, order, after, via=event.channel)
    echoed(turn, event, order, "address_ok", address=shown(after))
    if before_slot is not None and order.slot is None:
        slotting.ask(turn, event, order)


def address(turn: Turn, order: Order, after: PostalAddress, *, via: str) -> Order:
    """Note the new address; staff see the difference. Another town: `far` is the caller's to ask first."""
    before = order.fields.address
    turn.note("address.changed", order.id, by="customer", via=via)
    order = record(turn, order, "address")
    order = slotting.kept(turn, turn.put(replace(order, fields=replace(order.fields, address=after))))
    order = turn.card(order)
    turn.tell_staff(order, "customer.address", text=difference(before, after))
    turn.tell_shop(order, "changed", changed="address")
    return order


def place(turn: Turn, event: CustomerWrote, order: Order) -> None:
    """A location: the courier's note has it, and the echo says so."""
    assert event.location is not None
    latitude, longitude = event.location
    point = f"{latitude:.5f}, {longitude:.5f}"
    turn.note("place.sent", order.id, by="customer", via=event.channel)
    order = record(turn, order, "place")
    label = event.text.strip()[:LINE_MOST]
    note = "; ".join(part for part in (order.fields.courier_note, f"{point} {label}".strip()) if part)
    order = turn.put(replace(order, fields=replace(order.fields, courier_note=note)))
    order = turn.card(order)
    turn.tell_staff(order, "customer.address", text=f"{one_line(order.fields.address)} → {point} {label}".strip())
    turn.tell_shop(order, "changed", changed="place")
    written = ", ".join(part for part in (shown(order.fields.address), f"({point})") if part)
    echoed(turn, event, order, "address_ok", address=written)


# -- the time


def new_time(turn: Turn, event: Talk, order: Order, slots: Slots) -> None:
    """A day or hours: a slot where couriers are described; else noted where the shop's hours have it, else asked again."""
    if slotting.described(turn):
        slotting.wished(turn, event, order, slots)
        return
    zone = hours.zone_for(order.fields.address.country, turn.policy)
    wish = resolve(slots.day, slots.window, turn.now, turn.policy.hours, zone)
    if wish is None and turn.policy.hours.week:
        turn.set(question=Question("time", event.channel, event.address, turn.now, (order.id,)))
        answer(turn, event, "time_bad", order, **hours_value(turn.policy))
    elif wish is None:
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_time")
    else:
        order = time(turn, order, wish.text, via=event.channel)
        echoed(turn, event, order, "time_ok", when=wish.shown(turn.language))


def time(turn: Turn, order: Order, wish: str, *, via: str) -> Order:
    """Note the wish for the courier, in the place of an earlier one."""
    turn.note("time.wished", order.id, by="customer", via=via, text=wish)
    order = record(turn, order, "time")
    order = turn.put(replace(noted(order, wish), slot=None))
    order = turn.card(order)
    turn.tell_staff(order, "customer.time", text=wish)
    turn.tell_shop(order, "changed", changed="time")
    return order
