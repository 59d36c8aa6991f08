"""The customer's page: a person's POST with a token that binds order, version and channel. GET never comes here."""

from __future__ import annotations

from msgspec.structs import replace

from flows.deciding import REOPEN_WITHIN, cancel, confirm, reopen
from flows.events import PagePressed
from flows.judging import only_staff, said_yes
from flows.orders import BEFORE_DISPATCH, Order
from flows.phones import mask
from flows.placing import move
from flows.reach import tell
from flows.turn import Turn


def pressed(turn: Turn, event: PagePressed) -> None:
    """Notice: done | stale | closed | shipped | not_by_email | unknown | same | review (only staff confirm)."""
    order = turn.get(event.order_id)
    if order is None:
        turn.notice = "unknown"
        return
    if event.action == "confirm" and event.channel == "email":
        turn.notice = "not_by_email"
        return
    if order.state == "cancelled" and event.action == "confirm" and event.version == order.version:
        _again(turn, order)
        return
    if order.state not in BEFORE_DISPATCH:
        turn.notice = "shipped" if order.state in ("shipped", "delivered") else "closed"
        return
    if event.version != order.version:
        turn.notice = "stale"
        return
    turn.notice = "done"
    if event.action in ("phone", "address", "time"):
        order = replace(order, shop_said=order.shop_said or order.fields)
    _ACTIONS[event.action](turn, order, event)


def _again(turn: Turn, order: Order) -> None:
    recent = order.decided_at is not None and turn.now - order.decided_at <= REOPEN_WITHIN
    if order.decided_by == "customer" and recent and not order.shop_cancelled:
        reopen(turn, order, by="customer", via="page")
        turn.notice = "done"
        return
    turn.note("handed_over", order.id, by="customer", via="page", why="reply.wants_again")
    order = turn.card(order)
    turn.tell_staff(order, "customer.wants_again")
    turn.notice = "handed_over"


def _confirm(turn: Turn, order: Order, event: PagePressed) -> None:
    if order.state == "confirmed":
        turn.notice = "same"
        return
    if only_staff(turn, order):
        said_yes(turn, order)
        turn.notice = "review"
        return
    confirm(turn, order, by="customer", via="page")


def _cancel(turn: Turn, order: Order, event: PagePressed) -> None:
    # told by message too: a forwarded or guessed link must not cancel unseen
    cancel(turn, order, by="customer", via="page", template="cancelled_by_customer")


def _phone(turn: Turn, order: Order, event: PagePressed) -> None:
    if not event.phone:
        turn.notice = "bad_number"
        return
    if event.phone == order.fields.phone:
        turn.notice = "same"
        return
    order = replace(
        order,
        fields=replace(order.fields, phone=event.phone, phone_raw=event.phone_raw, phone_mobile=event.phone_mobile),
    )
    old = turn.get(order.id) or order
    move(turn, order, event.phone, moved_by="customer", ask=True)
    if old.fields.phone:
        # to the number itself, which may be a stranger's: masked, and not by e-mail, which stays with the order
        tell(turn, old, "old_number_told", but=frozenset({"email"}), number=mask(event.phone))


def _address(turn: Turn, order: Order, event: PagePressed) -> None:
    if event.address is None or event.address == order.fields.address:
        turn.notice = "same"
        return
    before, after = order.fields.address, event.address
    turn.note("address.changed", order.id, by="customer", via="page")
    order = turn.put(replace(order, fields=replace(order.fields, address=after)))
    far = (before.city.casefold(), before.country) != (after.city.casefold(), after.country)
    order = turn.card(order)
    key = "customer.address_far" if far else "customer.address"
    turn.tell_staff(order, key, text=_one_line(after))


def _one_line(address: object) -> str:
    parts = (getattr(address, f, "") for f in ("line1", "line2", "postcode", "city", "region", "country"))
    return ", ".join(p for p in parts if p)


def _time(turn: Turn, order: Order, event: PagePressed) -> None:
    text = event.time.strip()[:120]
    if not text:
        turn.notice = "bad_time"
        return
    turn.note("time.wished", order.id, by="customer", via="page", text=text)
    note = f"{order.fields.courier_note}; {text}".strip("; ")
    order = turn.put(replace(order, fields=replace(order.fields, courier_note=note)))
    order = turn.card(order)
    turn.tell_staff(order, "customer.time", text=text)


_ACTIONS = {"confirm": _confirm, "cancel": _cancel, "phone": _phone, "address": _address, "time": _time}
