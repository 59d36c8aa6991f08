"""What a bargain does to its order: the new total, its end, its undoing; one line of the journal for each (deal_books.py adds up)."""

from __future__ import annotations

from msgspec.structs import replace

from flows.complaint import selling_paused
from flows.deciding import rest
from flows.ladder import flag
from flows.orders import ASKABLE, BEFORE_DISPATCH, Change, Order, Reason
from flows.recording import record
from flows.turn import Turn

_FLAGGED = frozenset({"review", "blocked"})


def may(turn: Turn, order: Order) -> bool:
    """Whether the machine may offer this customer anything about this order."""
    ruling = turn.fields.get("ruling", turn.was.ruling)
    blocked = getattr(ruling, "verdict", "") == "blocked"
    watched = order.verdict == "watch" and not turn.policy.offers.to_watched
    limited = any(reason.key == "limit" for reason in order.reasons)
    flagged = order.verdict in _FLAGGED or order.reviewing or blocked or watched or limited
    flagged = flagged or selling_paused(turn.complaints)
    return bool(turn.policy.offers.steps) and not flagged and not order.paid and order.state in BEFORE_DISPATCH


def noted(turn: Turn, order: Order, what: str, by: str, via: str) -> Order:
    """One line of the books. Amounts are minor units, as text."""
    deal = order.deal
    if deal is not None and deal.was is not None and deal.total is not None:
        was, total = str(deal.was.minor), str(deal.total.minor)
        data = {"kind": deal.kind, "was": was, "total": total, "cost": str(deal.cost), "currency": deal.was.currency}
        turn.note(what, order.id, by=by, via=via, **data)
    return order


def applied(turn: Turn, order: Order, via: str) -> Order:
    """The order as agreed, in a new version: the customer's own change, with what stood there before."""
    deal = order.deal
    assert deal is not None
    order = record(turn, order, "deal")
    fields = replace(order.fields, total=deal.total or order.fields.total)
    order = replace(order, fields=fields, version=order.version + 1, deal=replace(deal, status="taken"))
    order = noted(turn, turn.put(order), "deal.accepted", "customer", via)
    turn.tell_shop(order, "deal", kind=deal.kind, gift=deal.gift)
    return order


def paid(turn: Turn, order: Order) -> Order:
    """The shop says that the order is paid: where that was agreed, the lower price holds from now on."""
    if order.deal is None or order.deal.status != "awaiting" or not order.open:
        return order
    order = applied(turn, order, "page")
    turn.refresh(order)
    return order


def overtaken(turn: Turn, known: Order, order: Order) -> Order:
    """The shop has changed total or items: what was agreed or offered about the old ones is over."""
    if known.fields.total == order.fields.total and known.fields.items == order.fields.items:
        return order
    return lapse(turn, order)


def lapse(turn: Turn, order: Order) -> Order:
    """Nothing of the bargain holds any more, and no other one begins."""
    if order.deal is None or order.deal.status in ("left", "over"):
        return order
    turn.note("deal.lapsed", order.id, by="rule", was=order.deal.status)
    question = turn.question
    if question is not None and question.kind == "deal" and order.id in question.order_ids:
        turn.set(question=None)
    return replace(order, deal=replace(order.deal, status="over"))


def taken_back(turn: Turn, order: Order, change: Change) -> Order:
    """Undone by the customer: the total is as before, and so is the question, which the bargain had answered."""
    turn.note("deal.undone", order.id, by="customer")
    deal = replace(order.deal, status="over") if order.deal else None
    order = replace(order, fields=replace(order.fields, total=change.fields.total), version=change.version, deal=deal)
    turn.tell_shop(order, "deal", kind="undone")
    if change.state not in ASKABLE or order.state != "confirmed":
        return turn.put(order)
    rest(turn, order)
    order = replace(order, decided_by=None, via=None, decided_at=None, decided_name="", before=None)
    if change.state == "pending" and 0 <= change.rung < len(turn.policy.ladder):
        turn.wake(f"rung:{order.id}", turn.now + turn.policy.ladder[change.rung].wait)
        return turn.put(replace(order, state="pending"))
    return flag(turn, replace(order, state="pending"), Reason("reply.discount"))
