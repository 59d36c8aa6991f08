"""News to many, in one customer's conversation: written once, where they are best reached, through the same gate as everything.

Where it stands (asked, held, sent, failed, off) is told to the desk, which counts. An answer to it is conversation: whatever a
rule may not decide comes up for a person with the notice quoted.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows.complaint import selling_paused
from flows.couriers import Aftercare
from flows.effects import Say, TellDesk
from flows.events import CustomerPressed, CustomerWrote, DeliveryReported, NoticeAsked
from flows.notice import TEMPLATE, Choice, Draft, Noticed, State
from flows.orders import Order
from flows.reach import No, Way, compose, preferred, way
from flows.turn import Turn

#: Notices that a conversation remembers.
KEPT_MOST = 5
#: What is written so soon after a notice is taken for an answer to it.
ANSWERS_FOR = timedelta(hours=72)
#: States in which a parcel can still be told about by its day or courier.
_ON_THE_WAY = frozenset({"confirmed", "shipped"})
#: Why it could not leave on one channel although another may do.
_OTHER_WAY = frozenset({"no_template", "no_consent", "dead", "sender_gone"})


def chosen(choice: Choice, order: Order, after: Aftercare) -> bool:
    """Whether the order is one of those that are meant, as it stands now."""
    if not order.open:
        return False
    match choice.kind:
        case "open":
            return True
        case "confirmed":
            return order.state == "confirmed"
        case "orders":
            return order.id in choice.orders
        case "day":
            slot = order.slot
            return order.state in _ON_THE_WAY and slot is not None and slot.day.isoformat() == choice.value
    return order.state in _ON_THE_WAY and _courier(order, after).casefold() == choice.value.casefold()


def _courier(order: Order, after: Aftercare) -> str:
    """Who brings it: as the customer chose, or the shop's only one."""
    if order.slot is not None:
        return order.slot.courier
    return after.couriers[0].name if len(after.couriers) == 1 else ""


def look(turn: Turn, order: Order, draft: Draft, n: int) -> Say | No:
    """The message to this customer, or why there is none (a staff text key)."""
    if not chosen(draft.choice, order, turn.policy.after):
        return No("not_chosen")
    if draft.news and not order.fields.consent_news:
        return No("no_consent_news")
    if draft.news and selling_paused(turn.complaints):
        return No("complains")
    found = preferred(turn, order, TEMPLATE)
    return _why(turn, order) if found is None else _say(turn, order, draft, n, found)


def _say(turn: Turn, order: Order, draft: Draft, n: int, found: Way) -> Say:
    lang, text = draft.text_for(turn.language, turn.policy.language)
    return replace(compose(turn, order, TEMPLATE, found, "notice", text=text), lang=lang, notice=n)


def _why(turn: Turn, order: Order) -> No:
    """A stop weighs more than a missing address."""
    whys = [found.why for c in ("sms", "whatsapp", "email") if isinstance(found := way(turn, order, c, TEMPLATE), No)]
    return No("opted_out") if turn.silenced or "opted_out" in whys else No("no_way")


def asked(turn: Turn, event: NoticeAsked) -> None:
    """Write to them, once: whatever orders of theirs are meant."""
    order = turn.get(event.order_id)
    if order is None or any(k.n == event.n for k in turn.notices):
        turn.plan(TellDesk(n=event.n, was="asked", now="off"))
        return
    say = look(turn, order, event.draft, event.n)
    if isinstance(say, No):
        turn.note("notice.left_out", order.id, by="staff", why=say.why)
        turn.plan(TellDesk(n=event.n, was="asked", now="off"))
        return
    held = turn.rested(say) is not None
    effect_id = turn.say(say)
    kept = Noticed(
        n=event.n,
        order_id=order.id,
        text=str(say.values["text"]),
        effect_id=effect_id,
        channel=say.channel,
        address=say.to,
        at=turn.now,
    )
    turn.set(notices=(*turn.notices, kept)[-KEPT_MOST:])
    turn.note("notice.asked", order.id, by="staff", via=say.channel)
    if held:
        _move(turn, kept, "held")


def _move(turn: Turn, kept: Noticed, now: State, **more: str) -> None:
    """It stands elsewhere from here on; the desk hears of it."""
    if kept.state != now:
        turn.plan(TellDesk(n=kept.n, was=kept.state, now=now))
    moved = replace(kept, state=now, at=turn.now, **more)
    turn.set(notices=tuple(moved if k.n == kept.n else k for k in turn.notices))


def _of(turn: Turn, n: int) -> Noticed | None:
    return next((k for k in turn.notices if k.n == n), None)


# -- the gate


def may_not_leave(turn: Turn, say: Say) -> str:
    """Why it does not leave any more; "" where it may."""
    if not say.notice:
        return ""
    if say.notice in turn.policy.notices_stopped:
        return "notice_stopped"
    order = turn.get(say.order_id)
    return "" if order is not None and order.open else "no_longer_true"


def waits(turn: Turn, say: Say) -> None:
    """Not now: quiet hours have begun meanwhile, or nobody knows yet whether it arrived."""
    kept = _of(turn, say.notice) if say.notice else None
    if kept is not None:
        _move(turn, kept, "held")


def withdrawn(turn: Turn, say: Say, why: str) -> None:
    """The gate did not let it through."""
    kept = _of(turn, say.notice) if say.notice else None
    if kept is not None and not (why in _OTHER_WAY and _again(turn, kept, say)):
        _move(turn, kept, "off")


# -- what became of it


def sent(turn: Turn, say: Say, effect_id: str, provider_id: str) -> None:
    """The provider took it."""
    kept = _of(turn, say.notice) if say.notice else None
    if kept is not None:
        _move(turn, kept, "sent", effect_id=effect_id, provider_id=provider_id, channel=say.channel, address=say.to)


def failed(turn: Turn, say: Say) -> None:
    """It did not arrive, definitely: on another channel, once; else it has failed."""
    kept = _of(turn, say.notice)
    if kept is not None and not _again(turn, kept, say):
        _move(turn, kept, "failed")


def lost(turn: Turn, say: Say) -> None:
    """Nobody can say whether it arrived: it is not said again, for nobody shall get it twice."""
    kept = _of(turn, say.notice)
    if kept is not None:
        _move(turn, kept, "failed")


def _again(turn: Turn, kept: Noticed, say: Say) -> bool:
    order = turn.get(kept.order_id)
    if order is None or say.values.get("again") or say.notice in turn.policy.notices_stopped:
        return False
    found = preferred(turn, order, TEMPLATE, but=frozenset({say.channel}))
    if found is None:
        return False
    other = compose(turn, order, TEMPLATE, found, "notice", text=kept.text, again=1)
    effect_id = turn.say(replace(other, lang=say.lang, notice=say.notice))
    held = turn.rested(say) is not None
    _move(turn, kept, "held" if held else "asked", effect_id=effect_id, channel=found.channel, address=found.to)
    return True


def of_receipt(turn: Turn, event: DeliveryReported) -> Say | None:
    """The notice that a receipt calls failed, as it was sent; None where the receipt is about something else."""
    if event.status != "failed":
        return None
    for kept in turn.notices:
        same = (event.effect_id and kept.effect_id == event.effect_id) or (
            event.provider_id and kept.provider_id == event.provider_id
        )
        if same and kept.state == "sent":
            lang = turn.language
            return Say(
                channel=kept.channel,
                to=kept.address,
                sender="",
                template=TEMPLATE,
                values={"text": kept.text},
                lang=lang,
                purpose="notice",
                order_id=kept.order_id,
                notice=kept.n,
            )
    return None


# -- what they say to it


def lately(turn: Turn, channel: str, address: str) -> Noticed | None:
    """The notice that this address got last, where it is not long ago."""
    mine = [k for k in turn.notices if k.state == "sent" and (k.channel, k.address) == (channel, address)]
    return mine[-1] if mine and turn.now - mine[-1].at <= ANSWERS_FOR else None


def heard(turn: Turn, event: CustomerWrote | CustomerPressed) -> None:
    """They wrote after a notice: the desk counts it, once."""
    kept = lately(turn, event.channel, event.address)
    if kept is not None and not kept.answered:
        turn.plan(TellDesk(n=kept.n, answered=True))
        turn.set(notices=tuple(replace(k, answered=True) if k.n == kept.n else k for k in turn.notices))
