"""What became of an attempt: accepted, refused, later, unknown.

What a definite failure means for the order is flows/failing.py, a fate that nobody knows flows/unknown_fate.py, what receipts say
afterwards flows/receipts.py.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import attachments, backoff, complaints, ladder, noticing, shop_told, tiers
from flows.effects import (
    Accepted,
    AskProvider,
    Open,
    PingOwner,
    PointTo,
    RaiseAlarm,
    Refused,
    Say,
    ShowCard,
    ShowMedia,
    TellPerson,
    TellShop,
    TellStaff,
    TryAgain,
    Unknown,
)
from flows.events import EffectSettled, ProviderAnswered, Recovered
from flows.failing import failed
from flows.orders import CardRef
from flows.turn import Turn
from flows.unknown_fate import look_again, lost_sight

#: Telegram cannot be asked. Its messages to staff are repeated, marked as such, after so long.
STAFF_AGAIN = timedelta(seconds=60)
#: A group that the bot was removed from is tried again after so long.
GROUP_AGAIN = timedelta(minutes=5)
#: A definite "later" is obeyed, but never for longer than this at once.
LATER_MOST = timedelta(hours=1)
#: A message to the customer that was put off so often is given up for its channel.
TRIES_MOST = 8
#: So many messages of ours with buttons are known by the provider's id, per order.
HUNG_MOST = 5


def settled(turn: Turn, event: EffectSettled) -> None:
    """The outcome of one attempt on the wire. An effect that is no longer open was settled before: nothing happens."""
    open_ = turn.open_effect(event.effect_id)
    if open_ is None or (open_.status == "planned" and isinstance(event.outcome, TryAgain | Unknown)):
        return  # said before; only a definite yes or no still tells something of an attempt that is long over
    if isinstance(open_.effect, TellShop):
        shop_told.settled(turn, open_, event.outcome)
        return
    match event.outcome:
        case Accepted(provider_id=provider_id, segments=segments):
            accepted(turn, open_, provider_id, segments)
        case Refused(code=code):
            refused(turn, open_, event.provider, code)
        case TryAgain(after_s=after_s, reason=reason):
            if reason in ("no_rights", "token_refused") and isinstance(open_.effect, ShowCard | ShowMedia | TellStaff):
                turn.plan(RaiseAlarm(kind="group_muted", values={"shop": turn.policy.name}))
            _later(turn, open_, event.provider, timedelta(seconds=after_s), reason)
        case Unknown(reason=reason):
            _unknown(turn, open_, reason)


def accepted(turn: Turn, open_: Open, provider_id: str, segments: int = 1) -> None:
    """The provider has it; a rung's wait runs from here."""
    turn.settle(open_.id)
    turn.rest(f"ask:{open_.id}")
    complaints.went_out(turn, open_)
    effect = open_.effect
    if isinstance(effect, ShowCard):
        _card_stands(turn, effect, provider_id)
        return
    if not isinstance(effect, Say):
        return
    size = {"segments": str(segments)} if segments > 1 else {}  # one is not worth a word in every journal
    turn.note("sent", effect.order_id, via=effect.channel, template=effect.template, id=provider_id, **size)
    noticing.sent(turn, effect, open_.id, provider_id)
    tiers.taken(turn, effect)
    order = turn.get(effect.order_id)
    if order is not None and effect.purpose == "notice" and effect.buttons and provider_id:
        hung = dict(list(order.hung.items())[1 - HUNG_MOST :]) | {provider_id: effect.version}
        turn.put(replace(order, hung=hung))
    if order is None or effect.purpose not in ("first", "rung"):
        return
    order = ladder.mark(order, effect.rung, "accepted", effect_id=open_.id, provider_id=provider_id)
    if order.asking and order.rung == effect.rung and order.version == effect.version:
        turn.wake(f"rung:{order.id}", turn.now + ladder.wait_of(turn, effect.rung))
    turn.put(order)


def _card_stands(turn: Turn, effect: ShowCard, provider_id: str) -> None:
    chat, _, number = provider_id.rpartition("/")
    order = turn.by_seq(effect.seq)
    if order is not None and number.isdigit() and order.card != CardRef(chat, int(number)):
        turn.put(replace(order, card=CardRef(chat, int(number))))


def refused(turn: Turn, open_: Open, provider: str, code: str) -> None:
    """It was not sent and never will be."""
    if code == "chat_gone" and isinstance(open_.effect, ShowCard | ShowMedia | TellStaff):
        turn.plan(RaiseAlarm(kind="group_gone", values={"shop": turn.policy.name}))
        _later(turn, open_, provider, GROUP_AGAIN)  # it leaves when the bot is back in the group
        return
    if isinstance(open_.effect, ShowMedia):
        attachments.lost(turn, open_, code)
        return
    turn.settle(open_.id)
    turn.rest(f"ask:{open_.id}")
    effect = open_.effect
    if not isinstance(effect, Say):
        turn.note("refused", provider=provider, code=code, effect=type(effect).__name__)
        if isinstance(effect, ShowCard):
            _card_gone(turn, effect, code)
        if isinstance(effect, AskProvider):
            look_again(turn, effect.effect_id)
        return
    turn.note("refused", effect.order_id, via=effect.channel, provider=provider, code=code, template=effect.template)
    failed(turn, effect, open_.id, provider, code)


def _card_gone(turn: Turn, effect: ShowCard, code: str) -> None:
    """The message that should be edited is not there any more: post the card anew."""
    order = turn.by_seq(effect.seq)
    if order is not None and order.card is not None and code == "message_gone":
        turn.plan(ShowCard(seq=effect.seq))
        turn.put(replace(order, card=None))


def _later(turn: Turn, open_: Open, provider: str, after: timedelta, reason: str = "") -> None:
    """Definitely not sent, may be tried again: at the moment the provider named, with the rung's own deadline as the end."""
    if reason == "not_connected":
        after = backoff.again_after(open_, after)
    elif reason == "too_many" and backoff.urgent(open_):
        open_ = replace(open_, tries=open_.tries - 1)  # the provider's own pace is no failure
    if isinstance(open_.effect, Say) and open_.tries >= TRIES_MOST:
        refused(turn, open_, provider, "gave_up")
        return
    if isinstance(open_.effect, ShowMedia) and provider != "telegram" and open_.tries >= attachments.TRIES_MOST:
        attachments.lost(turn, open_, "gave_up")
        return
    wait = min(max(after, timedelta(seconds=1)), LATER_MOST)
    turn.rest(f"ask:{open_.id}")
    turn.settle(open_.id, replace(open_, status="planned", by="", since=None, not_before=turn.now + wait))


def _unknown(turn: Turn, open_: Open, reason: str) -> None:
    """The request left and nobody answered."""
    effect = open_.effect
    if open_.status == "unknown":
        return
    if isinstance(effect, TellShop):
        shop_told.settled(turn, open_, Unknown(reason))
        return
    turn.note(
        "unknown", effect.order_id if isinstance(effect, Say) else "", effect=type(effect).__name__, reason=reason
    )
    if isinstance(effect, Say):
        lost_sight(turn, open_)
        noticing.waits(turn, effect)
        if effect.purpose in ("first", "rung"):
            order = turn.get(effect.order_id)
            if order is not None:
                turn.put(ladder.mark(order, effect.rung, "unknown", effect_id=open_.id))
    elif isinstance(effect, ShowCard):
        _card_unknown(turn, open_, effect)
    elif isinstance(effect, TellStaff | TellPerson | PingOwner | PointTo):
        # staff would rather hear it twice than not at all; it says that it is a repetition
        again = replace(effect, values={**effect.values, "again": 1})
        after = turn.now + backoff.again_after(open_, STAFF_AGAIN)
        if open_.tries >= (backoff.URGENT_TRIES_MOST if backoff.urgent(open_) else TRIES_MOST):
            turn.settle(open_.id)
        else:
            turn.settle(open_.id, replace(open_, effect=again, status="planned", by="", not_before=after))
    elif isinstance(effect, AskProvider):
        turn.settle(open_.id)
        look_again(turn, effect.effect_id)  # at the next moment, if there is one
    else:
        # HandOver, CallBack, SpreadStop: telling twice does no harm
        turn.settle(open_.id, replace(open_, status="planned", by="", not_before=turn.now + STAFF_AGAIN))


def _card_unknown(turn: Turn, open_: Open, effect: ShowCard) -> None:
    """An edit may simply be made again. A first posting is repeated too, marked: an order that no person sees is worse."""
    again = effect.card is not None and effect.card.message_id == 0
    order = turn.by_seq(effect.seq)
    if order is not None and again:
        turn.put(replace(order, card_again=True))
    turn.settle(
        open_.id,
        replace(open_, effect=replace(effect, card=None), status="planned", by="", not_before=turn.now + STAFF_AGAIN),
    )


def answered(turn: Turn, event: ProviderAnswered) -> None:
    """The provider was asked about a message of unknown fate."""
    open_ = turn.open_effect(event.effect_id)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    if not event.found:
        look_again(turn, open_.id)
    elif event.status == "failed":
        refused(turn, open_, event.provider, event.code)
    else:
        accepted(turn, open_, event.provider_id)


def recovered(turn: Turn, event: Recovered) -> None:
    """The process that had these on the wire is gone: their fate is unknown."""
    for open_ in list(turn.open):
        if open_.status == "sending" and (open_.by in event.gone or (not event.gone and open_.by != event.by)):
            _unknown(turn, open_, "crashed")
