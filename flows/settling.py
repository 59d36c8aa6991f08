"""What became of an attempt: accepted, refused, later, unknown; and what receipts say afterwards.

Unknown is never sent again blindly: the provider is asked after 15 s, 1, 5 and 30 minutes. Found: it was accepted. Not found at the
last look: the next channel or a person, never the same channel again.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import approvals, attachments, backoff, complaints, ladder, noticing, refusals, shop_told, tiers, undelivered
from flows.conversation import Contact
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
from flows.events import DeliveryReported, EffectSettled, ProviderAnswered, Recovered
from flows.orders import Asked, CardRef, Order
from flows.reach import compose, preferred, template_language
from flows.turn import Turn
from flows.wording.spec import SPECS

#: When the provider is asked what became of a message, counted from the attempt. Source: PLATFORMS.md D 2.3.
ASK_AFTER = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
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
    open_ = next((o for o in turn.open if o.id == event.effect_id), None)
    if open_ is None or (open_.status == "planned" and isinstance(event.outcome, TryAgain | Unknown)):
        return  # said before; only a definite yes or no still tells something of an attempt that is long over
    if isinstance(open_.effect, TellShop):
        shop_told.settled(turn, open_, event.outcome)
        return
    match event.outcome:
        case Accepted(provider_id=provider_id, segments=segments):
            _accepted(turn, open_, provider_id, segments)
        case Refused(code=code):
            _refused(turn, open_, event.provider, code)
        case TryAgain(after_s=after_s, reason=reason):
            if reason in ("no_rights", "token_refused") and isinstance(open_.effect, ShowCard | ShowMedia | TellStaff):
                turn.plan(RaiseAlarm(kind="group_muted", values={"shop": turn.policy.name}))
            _later(turn, open_, event.provider, timedelta(seconds=after_s), reason)
        case Unknown(reason=reason):
            _unknown(turn, open_, reason)


def _accepted(turn: Turn, open_: Open, provider_id: str, segments: int = 1) -> None:
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
        # the rung's wait runs from acceptance
        turn.wake(f"rung:{order.id}", turn.now + ladder.wait_of(turn, effect.rung))
    turn.put(order)


def _card_stands(turn: Turn, effect: ShowCard, provider_id: str) -> None:
    chat, _, number = provider_id.rpartition("/")
    order = turn.numbered(effect.seq)
    if order is not None and number.isdigit() and order.card != CardRef(chat, int(number)):
        turn.put(replace(order, card=CardRef(chat, int(number))))


def _refused(turn: Turn, open_: Open, provider: str, code: str) -> None:
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
            _look_again(turn, effect.effect_id)
        return
    turn.note("refused", effect.order_id, via=effect.channel, provider=provider, code=code, template=effect.template)
    failed(turn, effect, open_.id, provider, code)


def _card_gone(turn: Turn, effect: ShowCard, code: str) -> None:
    """The message that should be edited is not there any more: post the card anew."""
    order = turn.numbered(effect.seq)
    if order is not None and order.card is not None and code == "message_gone":
        turn.plan(ShowCard(seq=effect.seq))
        turn.put(replace(order, card=None))


def failed(turn: Turn, say: Say, effect_id: str, provider: str, code: str) -> None:
    """A message did not arrive, definitely. By the refusal's class: mark the address, pause the channel, go on."""
    kind = refusals.classify(provider, code)
    contact = turn.contact(say.channel, say.to) or Contact(say.channel, say.to)
    if kind == "dead":
        turn.put_contact(replace(contact, dead=f"{provider}:{code}"))
    elif kind == "said_no":
        turn.put_contact(replace(contact, stopped=True, stopped_at=turn.now))
    elif kind == "setup_fault":
        told: dict[str, str | int] = {
            "shop": turn.policy.name,
            "channel": say.channel,
            "provider": provider,
            "code": code,
        }
        turn.plan(RaiseAlarm(kind="setup_fault", values=told, pause=say.channel))
    elif kind == "text_fault":
        told = {"shop": turn.policy.name, "template": say.template, "provider": provider, "code": code}
        if say.channel == "whatsapp" and approvals.stopped_by(provider, code):
            lang = template_language(turn.policy, say.template, say.lang or turn.language)
            told |= {"language": lang} if lang else {}  # the desk stops it in this language
        turn.plan(RaiseAlarm(kind="text_fault", values=told))
    if say.notice:
        noticing.failed(turn, say)
        return
    order = turn.get(say.order_id)
    if order is None:
        undelivered.told(turn, say, code)
        return
    if say.purpose in ("first", "rung"):
        order = ladder.mark(order, say.rung, "failed", effect_id=effect_id, code=code)
        if not order.asking or order.rung != say.rung or order.version != say.version:
            turn.put(order)
        elif kind == "outside_window" and say.channel == "whatsapp" and turn.window_open(say.to):
            _same_rung_as_template(turn, order, say)
        else:
            _next_rung(turn, order, kind if refusals.known(provider, code) else "")
    elif not _elsewhere(turn, order, say, effect_id):
        undelivered.told(turn, say, code)


def _next_rung(turn: Turn, order: Order, kind: str) -> None:
    """At once after a hard failure; a phone that is only switched off keeps its time, for it may be on again by then."""
    if kind == "may_return" and f"rung:{order.id}" in turn.timers:
        turn.put(order)
    else:
        ladder.enter(turn, order, order.rung + 1)


def _same_rung_as_template(turn: Turn, order: Order, say: Say) -> None:
    """WhatsApp says the window is shut: our clock was wrong about it; ask again on this rung by template."""
    contact = turn.contact("whatsapp", say.to)
    if contact is not None:
        turn.put_contact(replace(contact, heard_at=None))
    ladder.enter(turn, order, say.rung)


def _elsewhere(turn: Turn, order: Order, say: Say, failed_id: str) -> bool:
    """What had to be said is said on another channel, once. False: there is none."""
    if say.template.startswith("status_") or say.values.get("again"):
        return False
    stem = "staff_message" if say.template == "staff_words" else say.template.removesuffix("_link")
    found = preferred(turn, order, stem, but=frozenset({say.channel}))
    if found is None:
        return False
    extra = {k: v for k, v in say.values.items() if k not in ("shop", "order", "total", "name")}
    message = compose(turn, order, stem, found, "notice", **extra)
    needed = {*SPECS[message.template].needs, "shop", *extra, *say.values}  # and nothing that it did not say there
    values = {k: v for k, v in message.values.items() if k in needed} | {"again": 1}
    message = replace(message, values=values, version=say.version, until=say.until)
    complaints.told_elsewhere(turn, failed_id, turn.say(message))
    return True


def _later(turn: Turn, open_: Open, provider: str, after: timedelta, reason: str = "") -> None:
    """Definitely not sent, may be tried again: at the moment the provider named, with the rung's own deadline as the end."""
    if reason == "not_connected":
        after = backoff.again_after(open_, after)
    elif reason == "too_many" and backoff.urgent(open_):
        open_ = replace(open_, tries=open_.tries - 1)  # the provider's own pace is no failure
    if isinstance(open_.effect, Say) and open_.tries >= TRIES_MOST:
        _refused(turn, open_, provider, "gave_up")
        return
    if isinstance(open_.effect, ShowMedia) and provider != "telegram" and open_.tries >= attachments.TRIES_MOST:
        attachments.lost(turn, open_, "gave_up")
        return
    wait = min(max(after, timedelta(seconds=1)), LATER_MOST)
    turn.rest(f"ask:{open_.id}")
    turn.settle(open_.id, replace(open_, status="planned", by="", since=None, not_before=turn.now + wait))


def _unknown(turn: Turn, open_: Open, reason: str) -> None:
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
        turn.settle(open_.id, replace(open_, status="unknown"))
        noticing.waits(turn, effect)
        if effect.purpose in ("first", "rung"):
            order = turn.get(effect.order_id)
            if order is not None:
                turn.put(ladder.mark(order, effect.rung, "unknown", effect_id=open_.id))
        turn.wake(f"ask:{open_.id}", (open_.since or turn.now) + ASK_AFTER[0])
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
        _look_again(turn, effect.effect_id)  # at the next moment, if there is one
    else:
        # HandOver, CallBack, SpreadStop: telling twice does no harm
        turn.settle(open_.id, replace(open_, status="planned", by="", not_before=turn.now + STAFF_AGAIN))


def _card_unknown(turn: Turn, open_: Open, effect: ShowCard) -> None:
    """An edit may simply be made again. A first posting is repeated too, marked: an order that no person sees is worse."""
    again = effect.card is not None and effect.card.message_id == 0
    order = turn.numbered(effect.seq)
    if order is not None and again:
        turn.put(replace(order, card_again=True))
    turn.settle(
        open_.id,
        replace(open_, effect=replace(effect, card=None), status="planned", by="", not_before=turn.now + STAFF_AGAIN),
    )


def ask_again(turn: Turn, effect_id: str) -> None:
    """The moment to ask the provider has come, or the last answer was no."""
    turn.rest(f"ask:{effect_id}")
    open_ = next((o for o in turn.open if o.id == effect_id), None)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    say = open_.effect
    sender = turn.policy.sender(say.channel)
    if sender is None or not sender.can_be_asked or open_.asked >= len(ASK_AFTER):
        _never_known(turn, open_, say)
        return
    turn.settle(open_.id, replace(open_, asked=open_.asked + 1))
    turn.plan(
        AskProvider(
            effect_id=effect_id,
            channel=say.channel,
            to=say.to,
            sender=say.sender,
            since=open_.since or open_.at,
            text_of=say,
        )
    )


def _never_known(turn: Turn, open_: Open, say: Say) -> None:
    """Nobody can say whether it arrived. The rung's own wait goes on from the attempt where nobody could be asked."""
    sender = turn.policy.sender(say.channel)
    turn.settle(open_.id)
    turn.note("never_known", say.order_id, via=say.channel, template=say.template)
    if say.notice:
        noticing.lost(turn, say)
        return
    order = turn.get(say.order_id)
    if order is None or say.purpose not in ("first", "rung"):
        if order is None or not _elsewhere(turn, order, say, open_.id):
            undelivered.told(turn, say, "never_known")
        return
    was_asked = sender is not None and sender.can_be_asked
    if was_asked and order.asking and order.rung == say.rung and order.version == say.version:
        ladder.enter(turn, order, say.rung + 1)


def answered(turn: Turn, event: ProviderAnswered) -> None:
    """The provider was asked about a message of unknown fate."""
    open_ = next((o for o in turn.open if o.id == event.effect_id), None)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    if not event.found:
        _look_again(turn, open_.id)
    elif event.status == "failed":
        _refused(turn, open_, event.provider, event.code)
    else:
        _accepted(turn, open_, event.provider_id)


def _look_again(turn: Turn, effect_id: str) -> None:
    """Not found, or the provider cannot be asked now: once more at the next moment, and after the last one never."""
    open_ = next((o for o in turn.open if o.id == effect_id), None)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    start = open_.since or open_.at
    if open_.asked >= len(ASK_AFTER):
        _never_known(turn, open_, open_.effect)
        return
    turn.wake(f"ask:{open_.id}", max(start + ASK_AFTER[open_.asked], turn.now + timedelta(seconds=1)))


def reported(turn: Turn, event: DeliveryReported) -> None:
    """A receipt. It settles what was unknown, moves on at a hard failure, and never lets a status go back."""
    open_ = next((o for o in turn.open if o.id == event.effect_id), None)
    if open_ is not None and isinstance(open_.effect, Say) and open_.status != "planned":
        if event.status == "failed":
            _refused(turn, open_, event.provider, event.code)
        else:
            _accepted(turn, open_, event.provider_id)
    noticed = noticing.of_receipt(turn, event)
    if noticed is not None:
        turn.note("failed", noticed.order_id, via=noticed.channel, provider=event.provider, code=event.code)
        failed(turn, noticed, event.effect_id, event.provider, event.code)
        return
    order, asked = _question_of(turn, event)
    if order is None or asked is None:
        return
    if _RANK[event.status] <= _RANK.get(asked.status, 0) or asked.status in ("failed", "withdrawn"):
        return
    if event.status in ("queued", "sent"):
        return
    if event.status != "failed":
        turn.note(event.status, order.id, via=asked.channel)
        order = turn.put(ladder.mark(order, asked.rung, event.status, effect_id=asked.effect_id))
        if order.reviewing:
            turn.refresh(order)  # staff see it on the card that stands already
        return
    turn.note("failed", order.id, via=asked.channel, provider=event.provider, code=event.code)
    say = Say(
        channel=asked.channel,
        to=asked.address,
        sender="",
        template="confirm",
        purpose="rung",
        order_id=order.id,
        seq=order.seq,
        version=asked.version,
        rung=asked.rung,
    )
    failed(turn, say, asked.effect_id, event.provider, event.code)


#: How far a message has come; a receipt of a lower rank comes too late. Both delivered and failed can be told of one message.
_RANK = {"planned": 0, "unknown": 0, "queued": 1, "sent": 1, "accepted": 1, "failed": 2, "delivered": 3, "read": 4}


def _question_of(turn: Turn, event: DeliveryReported) -> tuple[Order, Asked] | tuple[None, None]:
    for order in turn.orders:
        for asked in order.asked:
            if (event.effect_id and asked.effect_id == event.effect_id) or (
                event.provider_id and asked.provider_id == event.provider_id
            ):
                return order, asked
    return None, None


def recovered(turn: Turn, event: Recovered) -> None:
    """The process that had these on the wire is gone: their fate is unknown."""
    for open_ in list(turn.open):
        if open_.status == "sending" and (open_.by in event.gone or (not event.gone and open_.by != event.by)):
            _unknown(turn, open_, "crashed")
