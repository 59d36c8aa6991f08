"""The final gate: may this effect leave now? Evaluated in the very commit that sets `sending`, so nothing can slip between.

Still open? Consent? Inside the window? Not done? A message that may not leave is withdrawn here, with its reason.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import cards, ladder, noticing, poll_asking, shop_telling, spending, tiers, undelivered
from flows.effects import AnyEffect, Open, PingOwner, PointTo, Say, ShowCard, ShowMedia, TellShop, TellStaff
from flows.events import Claimed
from flows.orders import ASKABLE, Order
from flows.permits import Later, Never, Permits
from flows.reach import heard, template_language
from flows.turn import Turn

#: What a text says must still be true when it leaves: the states of its order in which it may.
_SENT = frozenset({"confirmed", "shipped", "delivered"})
_TRUE_WHILE: dict[str, frozenset[str]] = {
    "confirmed": _SENT,
    "reopened": _SENT,
    "already_confirmed": _SENT,
    "trusted_confirmed": _SENT,
    "cancelled_by_customer": frozenset({"cancelled"}),
    "cancelled_by_shop": frozenset({"cancelled"}),
    "cancelled_no_answer": frozenset({"cancelled"}),
    "cancelled_optout": frozenset({"cancelled"}),
    "already_cancelled": frozenset({"cancelled"}),
    "missed_call": ASKABLE,
    "shipped_news": frozenset({"shipped"}),
    "shipped_paid": frozenset({"shipped"}),
    "out_for_delivery": frozenset({"shipped"}),
    "out_paid": frozenset({"shipped"}),
    "replan": frozenset({"shipped"}),
    "replan_address": frozenset({"shipped"}),
    "delivered_thanks": frozenset({"delivered"}),
    "still_want": frozenset({"confirmed"}),
}


#: A question for which today's money is spent: its rung is entered again, and waits there.
NO_MONEY = "money"
#: A reply waits so long for its card to be posted; then the card says the words itself.
WORDS_WAIT = timedelta(seconds=30)


def claim(turn: Turn, event: Claimed) -> Open | None:
    """Pass the effect through the gate; gives it as `sending`, or None when it may not leave (now, or ever)."""
    return _pass(turn, event.effect_id, event.by)


def leave_at_once(turn: Turn, permits: Permits) -> tuple[Open, ...]:
    """Pass what this step has planned through the gate, as far as its senders have room; gives what is `sending`."""
    granted = [o for o in turn.planned if permits.grant(o, turn.now)]
    for open_ in granted:
        turn.unplan(open_.id)
    passed = [_pass(turn, open_.id, permits.by) for open_ in granted]
    return tuple(open_ for open_ in passed if open_ is not None)


def _pass(turn: Turn, effect_id: str, by: str) -> Open | None:
    open_ = turn.open_effect(effect_id)
    if open_ is None or open_.status != "planned" or open_.not_before > turn.now:
        return None
    verdict = _judge(turn, open_.effect) if not isinstance(open_.effect, TellShop) else _judge_shop(turn, open_)
    if isinstance(verdict, Later) and _on_the_card(turn, open_):
        verdict = Never("on_the_card")
    if isinstance(verdict, Later):
        turn.settle(open_.id, replace(open_, not_before=verdict.until))
        if isinstance(open_.effect, Say):
            noticing.waits(turn, open_.effect)
        return None
    if isinstance(verdict, Never):
        turn.settle(open_.id)
        turn.note("withdrawn", _order_id(open_.effect), why=verdict.why)
        if isinstance(open_.effect, Say):
            _blocked(turn, open_, open_.effect, verdict.why)
            undelivered.told(turn, open_.effect, verdict.why)
            noticing.withdrawn(turn, open_.effect, verdict.why)
        return None
    sending = replace(open_, effect=verdict, status="sending", by=by, since=turn.now, tries=open_.tries + 1)
    turn.settle(open_.id, sending)
    poll_asking.leaves(turn, sending)
    return sending


def _on_the_card(turn: Turn, open_: Open) -> bool:
    """Words that wait long for a card that waits itself: the card will say them, and hundreds of replies must not queue."""
    effect = open_.effect
    return isinstance(effect, TellStaff) and effect.key == "customer.wrote" and turn.now - open_.at > WORDS_WAIT


def _order_id(effect: AnyEffect) -> str:
    return effect.order_id if isinstance(effect, Say | PingOwner | TellShop) else ""


def _judge_shop(turn: Turn, open_: Open) -> AnyEffect | Later | Never:
    assert isinstance(open_.effect, TellShop)
    why = shop_telling.may_leave(turn, open_, open_.effect)
    if why == "wait":
        return Later(turn.now + shop_telling.IN_TURN)
    return Never(why) if why else open_.effect


def _judge(turn: Turn, effect: AnyEffect) -> AnyEffect | Later | Never:
    if isinstance(effect, Say):
        return _judge_say(turn, effect)
    if isinstance(effect, ShowCard):
        return _judge_card(turn, effect)
    if isinstance(effect, TellStaff | ShowMedia | PointTo):
        order = turn.by_seq(effect.seq)
        if order is None:
            return Never("gone")
        if order.card is None:
            waiting = any(isinstance(o.effect, ShowCard) and o.effect.seq == effect.seq for o in turn.open)
            if not waiting:
                return Never("no_card")
            return Later(turn.now + cards.RETRY)
        return replace(effect, chat=order.card.chat, message_id=order.card.message_id)
    return effect


def _judge_card(turn: Turn, effect: ShowCard) -> AnyEffect | Later | Never:
    order = turn.by_seq(effect.seq)
    if order is None:
        return Never("gone")
    if any(isinstance(o.effect, ShowCard) and o.effect.seq == effect.seq and o.status != "planned" for o in turn.open):
        return Later(turn.now + cards.RETRY)  # its first posting is still on the wire
    return replace(effect, card=cards.build(turn, order))


def _judge_say(turn: Turn, say: Say) -> AnyEffect | Later | Never:
    policy = turn.policy
    if policy.sender(say.channel) is None:
        return Never("sender_gone")
    why = noticing.may_not_leave(turn, say)
    if why:
        return Never(why)
    contact = turn.contact(say.channel, say.to)
    if turn.silenced or (contact is not None and contact.stopped):
        return Never("opted_out")
    if contact is not None and contact.dead and say.purpose != "answer":
        return Never("dead")
    if say.until is not None and turn.now >= say.until:
        return Never("no_longer_true")
    order = turn.get(say.order_id)
    if order is not None and order.state not in _TRUE_WHILE.get(say.template.removesuffix("_link"), {order.state}):
        return Never("no_longer_true")
    if say.purpose in ("first", "rung") and not _still_asked(order, say):
        return Never("no_longer_asked")
    if say.purpose in ("rung", "notice"):
        quiet = turn.rested(say)
        if quiet is not None:
            return Later(quiet)
    if say.purpose != "answer":
        poor = spending.waits_until(policy, say.channel, turn.now)
        if poor is not None:
            return Later(poor) if say.purpose == "notice" else Never(NO_MONEY)
    if not poll_asking.may_leave(turn, say):
        return Never("no_longer_asked")
    if say.channel == "whatsapp":
        return _whatsapp(turn, say)
    return say


def _still_asked(order: Order | None, say: Say) -> bool:
    return order is not None and order.asking and (order.version, order.rung) == (say.version, say.rung)


def _whatsapp(turn: Turn, say: Say) -> Say | Later | Never:
    if turn.window_open(say.to):
        return replace(say, session=True)
    order = turn.get(say.order_id)
    # an order that is no longer here has moved: its consent was looked at when the message was planned
    consent = order is None or order.fields.consent_whatsapp or heard(turn, "whatsapp", say.to)
    lang = template_language(turn.policy, say.template, say.lang)
    if not consent:
        return Never("no_consent")
    if lang is None:
        return Never("no_template")
    crowded = tiers.waits_until(turn, tiers.kind_of(say.purpose, say.notice), say.to)
    if crowded is not None:
        return Later(crowded) if say.purpose == "notice" else Never(tiers.FULL)
    return tiers.leaves(turn, replace(say, session=False, lang=lang))


def _blocked(turn: Turn, open_: Open, say: Say, why: str) -> None:
    """A question that may not leave hands over to the next rung at once; anything else is only noted."""
    order = turn.get(say.order_id)
    if order is None or say.purpose not in ("first", "rung") or why == "no_longer_asked":
        return
    order = ladder.mark(order, say.rung, "withdrawn", effect_id=open_.id, code=why)
    if order.asking and order.rung == say.rung and order.version == say.version:
        ladder.enter(turn, order, say.rung + (why not in (NO_MONEY, tiers.FULL)))
    else:
        turn.put(order)
