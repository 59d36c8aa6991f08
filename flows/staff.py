"""Presses of staff on an order's card. Two presses never both count: the second is told who was first.

Rights: staff Confirm, No answer, Wrong number, Call later, Cancel, Undo, Take, Message, New number; manager
also Block. A press by somebody without the right does nothing. VERBS is the whole list: another module adds its buttons there.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from flows import bargaining, calling, digests, returning, saying, taking
from flows.cards import CANCEL_CONFIRMED, CONFIRM_CANCELLED, MORE
from flows.deciding import cancel, confirm, undo
from flows.desk import ROLES, may
from flows.events import StaffPressed, StaffRuled
from flows.judging import block, let_off
from flows.orders import ASKABLE, Order
from flows.reach import tell
from flows.turn import UNDO_GRACE, Turn

Handler = Callable[[Turn, Order, StaffPressed, str], None]


class Verb(Struct, frozen=True):
    """What a button does. `states`: of the order, in which it counts (None: any); `least`: the least role that may press it;
    `card` False: it stands under another message of ours than the card."""

    do: Handler
    states: tuple[str, ...] | None = None
    least: str = "staff"
    card: bool = True
    talk: bool = False  # it also stands on the card of a talk without an order


def pressed(turn: Turn, event: StaffPressed) -> None:
    """Notice: done | already:<state>:<name> | stale | gone | not_allowed | too_soon:<time> | nothing | shipped | sent:… | …"""
    if event.role not in ROLES:
        turn.notice = "not_allowed"
        return
    name, _, rest = event.verb.partition(".")
    verb = VERBS.get(name)
    order = turn.by_seq(event.seq)
    if order is None:
        turn.notice = "gone"
    elif name == "open":
        digests.opened(turn, order, event)
    elif not _stands(order, event, verb) or verb is None:
        turn.notice = "stale"
    elif not may(event.role, verb.least):
        turn.notice = "not_allowed"
    elif verb.card and event.version != order.version:
        turn.notice = "stale"
        turn.refresh(order)
    elif order.seq == 0 and not verb.talk:
        turn.notice = "stale"
    elif order.seq and verb.states is not None and order.state not in verb.states:
        turn.notice = f"already:{order.state}:{order.decided_name or order.decided_by or ''}"
        turn.refresh(order)
    else:
        turn.notice = "done"
        verb.do(turn, order, event, rest)


def ruled(turn: Turn, event: StaffRuled) -> None:
    """Notice: done | gone | not_allowed."""
    order = turn.get(event.order_id)
    if not may(event.role, "manager"):
        turn.notice = "not_allowed"
    elif order is None:
        turn.notice = "gone"
    else:
        turn.notice = "done"
        (block if event.ruling == "block" else let_off)(turn, order, event.name)


def _stands(order: Order, event: StaffPressed, verb: Verb | None) -> bool:
    """On the order's own card; what stands under another message of ours, at least in the card's chat."""
    if order.card is None or order.card.chat != event.chat:
        return False
    return order.card.message_id == event.message_id or (verb is not None and not verb.card)


def _who(event: StaffPressed) -> str:
    return "owner" if event.role == "owner" else "staff"


def _confirm(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    if order.seq == 0:
        _close_talk(turn, order, event)
        return
    confirm(turn, order, by=_who(event), via="call", name=event.name)  # type: ignore[arg-type]


def _bring_back(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    """A cancelled order after all: the customer, who has heard of the cancel, hears of this, too."""
    if order.shop_cancelled:
        turn.notice = f"already:{order.state}:{order.decided_name or order.decided_by or ''}"
        return
    order = confirm(turn, order, by=_who(event), via="telegram", name=event.name)  # type: ignore[arg-type]
    effect_id = tell(turn, order, "reopened")
    if effect_id:
        turn.put_off(effect_id, turn.now + UNDO_GRACE)


def _close_talk(turn: Turn, order: Order, event: StaffPressed) -> None:
    """The talk is done with."""
    if order.state != "flagged":
        turn.notice = f"already:{order.state}:{order.decided_name}"
        return
    turn.note("talk.closed", by=f"{event.role}:{event.name}", via="telegram")
    order = taking.release(turn, order)
    order = turn.put(replace(order, state="confirmed", decided_name=event.name, decided_at=turn.now))
    turn.refresh(order)


def _cancel(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    cancel(turn, order, by=_who(event), via="telegram", name=event.name, template="cancelled_by_shop")  # type: ignore[arg-type]


def _undo(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    if undo(turn, order, name=event.name, role=event.role) is None:
        turn.notice = "shipped" if order.state in ("shipped", "delivered", "returned") else "nothing"


def _let_off(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    let_off(turn, order, event.name)


def _block(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    block(turn, order, event.name)


def _take(turn: Turn, order: Order, event: StaffPressed, _: str) -> None:
    taking.take(turn, order, event)


VERBS: dict[str, Verb] = {
    "confirm": Verb(_confirm, calling.CALLABLE, talk=True),
    "no_answer": Verb(calling.no_answer, calling.CALLABLE),
    "wrong_number": Verb(calling.wrong_number, calling.CALLABLE),
    "at": Verb(calling.later, calling.CALLABLE),
    "cancel": Verb(_cancel, tuple(sorted(ASKABLE))),
    CANCEL_CONFIRMED: Verb(_cancel, ("confirmed",)),
    CONFIRM_CANCELLED: Verb(_bring_back, ("cancelled",)),
    "undo": Verb(_undo),
    "take": Verb(_take, talk=True),
    "let_off": Verb(_let_off),
    "block": Verb(_block, least="manager"),
    "deal_yes": Verb(bargaining.approve, least="manager"),
    "deal_no": Verb(bargaining.refuse, least="manager"),
    "replace": Verb(returning.replace_it, returning.SENT, least="manager"),
    "refund": Verb(returning.refund, returning.SENT, least="manager"),
    "out_of_stock": Verb(returning.out_of_stock, ("confirmed",)),
    "reply": Verb(saying.canned, talk=True),
    "unsay": Verb(saying.unsay, card=False, talk=True),
}
MORE |= {"replace": returning.may_return, "refund": returning.may_return, "out_of_stock": returning.may_be_out}
