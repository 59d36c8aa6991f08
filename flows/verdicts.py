"""A sure yes, no or cancel: the one order that it can mean, and what follows for it.

An order is decided only by an unambiguous answer to its open question from the address that was asked, or by a button bound to
order and version. CANCEL cancels; NO asks what is wrong first.
"""

from __future__ import annotations

from flows import news, not_theirs, reasons, safeguards, slotting, verifying
from flows.conversation import Question
from flows.deciding import REOPEN_WITHIN, cancel, confirm
from flows.events import CustomerPressed, CustomerWrote
from flows.judging import said_yes
from flows.orders import ASKABLE, BEFORE_DISPATCH, GREETING, Asked, Order
from flows.phones import same_phone
from flows.reach import tell
from flows.talk import answer, to_staff
from flows.too_late import after_cancel, too_late
from flows.turn import Turn
from flows.which import ask_which


def asked_at(turn: Turn, address: str, channel: str = "") -> list[Order]:
    """Orders about which this address was asked, newest first; closed ones last.

    A WhatsApp user id without a number is the phone's owner: it leads to this conversation only because a message that
    carried both has shown it.
    """
    hidden = channel == "whatsapp" and not address.startswith("+")
    found = [o for o in turn.orders if any(a.status != "withdrawn" and _reaches(a, address, hidden) for a in o.asked)]
    return sorted(found, key=lambda o: (not o.open, -o.seq)) if len(found) > 1 else found


def _reaches(asked: Asked, address: str, hidden: bool) -> bool:
    if asked.address == address:
        return True
    if hidden:
        return asked.channel in ("sms", "whatsapp")
    return address.startswith("+") and asked.address.startswith("+") and same_phone(asked.address, address)


def within(orders: list[Order], states: frozenset[str]) -> list[Order]:
    return [o for o in orders if o.state in states]


def first(orders: list[Order]) -> Order | None:
    return orders[0] if orders else None


def act(
    turn: Turn,
    event: CustomerWrote,
    intent: str,
    asked: list[Order],
    *,
    told_elsewhere: bool = False,
    reason: str | None = None,
    text: str = "",
) -> None:
    """A sure yes, no or cancel: on the one order it can mean, or ask which."""
    if intent == "yes" and event.channel == "email":
        _yes_by_mail(turn, event, asked)
        return
    back = way_back(turn, asked) if intent == "yes" else None
    if back is not None:
        turn.set(question=None)
        after_cancel(turn, event, "yes", back)
        return
    pool = within(asked, ASKABLE) if intent == "yes" else within(asked, BEFORE_DISPATCH)
    if intent == "no" and within(asked, ASKABLE):
        pool = within(asked, ASKABLE)
    if intent == "yes" and pool:
        known, pool = pool, [o for o in pool if has_left(turn, o, event.address)]
        if not pool:
            turn.note("outdated_yes", known[0].id, by="customer", via=event.channel)
            answer(turn, event, "stale_button", known[0])
            return
    if len(pool) > 1 and told_elsewhere:
        # the word has shut the channel on which one could ask which: a person settles it
        to_staff(turn, event, pool[0], f"reply.{intent}")
    elif len(pool) > 1:
        ask_which(turn, event, intent, pool, text=text)
    elif pool and intent == "no" and (pool[0].fresh_number or _greeted(pool[0], event)):
        not_theirs.not_me(turn, event, pool)  # what they answer was: is this number yours? is this order?
    elif pool:
        settle(turn, event, intent, pool[0], told_elsewhere=told_elsewhere, reason=reason)
    else:
        too_late(turn, event, intent, asked)


def way_back(turn: Turn, asked: list[Order]) -> Order | None:
    """The order that they have cancelled themselves, where nothing was asked or agreed since: "changed your mind? Reply YES" is
    what was said last, so a yes is one to that."""
    mine = [
        (order.decided_at, order.seq, order)
        for order in asked
        if order.state == "cancelled" and order.decided_by == "customer" and order.decided_at is not None
        if turn.now - order.decided_at <= REOPEN_WITHIN and not order.shop_cancelled
    ]
    if not mine:
        return None
    at, _, newest = max(mine)
    since = [a.at for o in asked if o.open for a in o.asked] + [o.confirmed_at for o in asked if o.confirmed_at]
    return None if any(moment > at for moment in since) else newest


def _greeted(order: Order, event: CustomerWrote) -> bool:
    """Whether all that this address heard of the order is the greeting of a good customer: "not yours? Reply NO"."""
    rungs = {
        asked.rung for asked in order.asked if _reaches(asked, event.address, hidden=not event.address.startswith("+"))
    }
    return order.state == "confirmed" and order.decided_by == "rule" and rungs == {GREETING}


def has_left(turn: Turn, order: Order, address: str) -> bool:
    """Whether the question about the order as it is now has gone out to this address: a yes to an older one is none to it."""
    waiting = [o.id for o in turn.open if o.status == "planned"]
    hidden = not address.startswith("+") and "@" not in address
    for asked in order.asked:
        left = asked.version == order.version and asked.status != "withdrawn" and asked.effect_id not in waiting
        if left and _reaches(asked, address, hidden):
            return True
    return False


def _yes_by_mail(turn: Turn, event: CustomerWrote, asked: list[Order]) -> None:
    """No order is confirmed by e-mail: the courier needs a phone that answers. The mail says so, with the page."""
    order = first(asked)
    if order is not None and order.state in ASKABLE:
        answer(turn, event, "confirm_email", order)
    elif order is not None and order.state == "cancelled":
        theirs = order.decided_by == "customer"
        to_staff(turn, event, order, "reply.wants_again", template="handed_over" if theirs else "reopen_handed")
    else:
        too_late(turn, event, "yes", asked)


def settle(
    turn: Turn,
    event: CustomerWrote | CustomerPressed,
    intent: str,
    order: Order,
    *,
    told_elsewhere: bool = False,
    reason: str | None = None,
) -> None:
    turn.set(question=None)
    turn.note("answered", order.id, by="customer", via=event.channel, intent=intent)
    via = event.channel
    if intent == "yes" and safeguards.only_staff(turn, order):
        order = said_yes(turn, order)
        answer(turn, event, "review_wait", order)
        safeguards.after_yes(turn, event, order)
    elif intent == "yes":
        order = confirm(turn, slotting.kept(turn, order), by="customer", via=via)  # type: ignore[arg-type]
        answer(turn, event, "status_confirmed" if order.paid else "confirmed", order, **news.plan(turn, order))
        if not safeguards.after_yes(turn, event, order):
            verifying.after_yes(turn, event, turn.get(order.id) or order)
    elif intent == "cancel":
        order = cancel(turn, order, by="customer", via=via)  # type: ignore[arg-type]
        if told_elsewhere:  # the text names SMS as the channel that is shut
            template = "cancelled_optout" if event.channel == "sms" else "cancelled_by_customer"
            tell(turn, order, template, but=frozenset({event.channel}))
        else:
            answer(turn, event, "cancelled_by_customer", order)
            reasons.after_cancel(turn, event, order, reason)
    else:
        ask_back(turn, event, "no_what", order)


def ask_back(turn: Turn, event: CustomerWrote | CustomerPressed, kind: str, order: Order) -> None:
    question = Question(kind, event.channel, event.address, turn.now, (order.id,))  # type: ignore[arg-type]
    turn.set(question=question)
    answer(turn, event, kind, order)


def change(turn: Turn, event: CustomerWrote | CustomerPressed, asked: list[Order]) -> None:
    """They want something changed: what? The page can do it, or a person reads it."""
    pool = within(asked, BEFORE_DISPATCH)
    if len(pool) > 1 and isinstance(event, CustomerWrote):
        ask_which(turn, event, "change", pool)
    elif pool:
        turn.note("answered", pool[0].id, by="customer", via=event.channel, intent="change")
        ask_back(turn, event, "change_what", pool[0])
    else:
        too_late(turn, event, "change", asked)
