"""The customer's page: a person's POST with a token that binds order, version and channel. GET never comes here."""

from __future__ import annotations

from collections.abc import Callable

from flows import explaining, polls, safeguards, slotting, verifying
from flows.address_text import difference, far
from flows.changing import address, number, time
from flows.deciding import REOPEN_WITHIN, cancel, confirm, reopen
from flows.events import PagePressed
from flows.judging import said_yes
from flows.orders import BEFORE_DISPATCH, Order
from flows.turn import Turn

#: Whoever has the mailbox need not be who has the phone.
_NOT_BY_EMAIL = frozenset({"confirm", "why", "object"})


def pressed(turn: Turn, event: PagePressed) -> None:
    """Notice: done | stale | closed | shipped | not_by_email | unknown | same | review (only staff confirm) |
    handed_over (a person reads it)."""
    order = turn.get(event.order_id)
    if order is None:
        turn.notice = "unknown"
        return
    if event.action == "score":
        polls.on_page(turn, event, order)
        return
    if event.action in _NOT_BY_EMAIL and event.channel == "email":
        turn.notice = "not_by_email"
        return
    if order.state == "cancelled" and event.action in ("confirm", "again") and event.version == order.version:
        _again(turn, order, event)
        return
    if event.action == "again":
        turn.notice = "closed" if order.state not in BEFORE_DISPATCH else "same"
        return
    if order.state not in BEFORE_DISPATCH:
        turn.notice = "shipped" if order.state in ("shipped", "delivered") else "closed"
        return
    if event.version != order.version:
        turn.notice = "stale"
        return
    turn.notice = "done"
    _ACTIONS[event.action](turn, order, event)


def _again(turn: Turn, order: Order, event: PagePressed) -> None:
    """They want it after all. A link from an e-mail never confirms, so a person reads that."""
    recent = order.decided_at is not None and turn.now - order.decided_at <= REOPEN_WITHIN
    if event.action == "confirm" and order.decided_by == "customer" and recent and not order.shop_cancelled:
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
    if safeguards.only_staff(turn, order):
        safeguards.after_page(turn, said_yes(turn, order))
        turn.notice = "review"
        return
    order = confirm(turn, slotting.kept(turn, order), by="customer", via="page")
    if not safeguards.after_page(turn, order):
        verifying.after_page(turn, turn.get(order.id) or order)


def _cancel(turn: Turn, order: Order, event: PagePressed) -> None:
    # told by message too: a forwarded or guessed link must not cancel unseen
    cancel(turn, order, by="customer", via="page", template="cancelled_by_customer")


def _phone(turn: Turn, order: Order, event: PagePressed) -> None:
    if not event.phone:
        turn.notice = "bad_number"
    elif event.phone == order.fields.phone:
        turn.notice = "same"
    else:
        mobile = event.phone_mobile
        number(turn, order, event.phone, event.phone_raw, mobile=mobile, via="page", told_here=False)


def _address(turn: Turn, order: Order, event: PagePressed) -> None:
    before, after = order.fields.address, event.address
    if after is None or after == before:
        turn.notice = "same"
    elif before.city and far(before, after):
        turn.note("handed_over", order.id, by="customer", via="page", why="reply.change_address")
        order = turn.card(order)
        turn.tell_staff(order, "customer.address_far", text=difference(before, after))
        turn.notice = "handed_over"
    else:
        address(turn, order, after, via="page")


def _time(turn: Turn, order: Order, event: PagePressed) -> None:
    text = event.time.strip()[:120]
    if not text:
        turn.notice = "bad_time"
    elif slotting.described(turn):
        if not slotting.from_page(turn, order, text):
            turn.notice = "bad_time"
    else:
        time(turn, order, text, via="page")


_ACTIONS: dict[str, Callable[[Turn, Order, PagePressed], None]] = {
    "confirm": _confirm,
    "cancel": _cancel,
    "phone": _phone,
    "address": _address,
    "time": _time,
    "why": explaining.asked_on_page,
    "object": explaining.objected_on_page,
}
