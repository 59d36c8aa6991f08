"""The desk's own steps: who the people are, what the owner has to hear, and what was kept for a repair. Pure, on the same road."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import (
    approvals,
    daily,
    desk_alerts,
    digests,
    flood_steps,
    floods,
    hours,
    notices,
    pacing,
    people,
    rhythm,
    spending,
    tiers,
    topics,
    wishes,
)
from flows.cards import RETRY
from flows.decision import Decision
from flows.desk import Desk
from flows.effects import (
    Accepted,
    AnyEffect,
    Card,
    Line,
    ListWaiting,
    Open,
    PingOwner,
    Refused,
    Say,
    ShowCard,
    ShowDigest,
    ShowNotice,
    TryAgain,
    Unknown,
)
from flows.events import (
    Alarmed,
    AlarmOver,
    AnyEvent,
    BodyKept,
    Claimed,
    DeliveryReported,
    DeskActed,
    EffectSettled,
    Escalated,
    GroupMoved,
    HeldReported,
    HoursCounted,
    LimitTold,
    MoneyBooked,
    NoticeCounted,
    NoticeDrafted,
    NoticeHeard,
    NoticePressed,
    NumbersCounted,
    PeopleTold,
    PersonReached,
    Recovered,
    ShopSet,
    StaffPressed,
    SweptTo,
    TelegramHeard,
    TemplatesTold,
    TimerDue,
    TopicMade,
    WaitingListed,
)
from flows.orders import CardRef
from flows.policy import Policy

#: The owner hears the same alarm again no sooner than this.
ALARM_AGAIN = timedelta(hours=6)
#: A ping that did not get through is tried again after so long, for so long.
PING_AGAIN = timedelta(minutes=1)
TRIES_MOST = 200
SEEN_MOST = 500


def start_desk(desk_id: str, shop: str) -> Desk:
    return Desk(id=desk_id, shop=shop)


def step_desk(desk: Desk, event: AnyEvent, now: datetime, policy: Policy) -> Decision:
    """What follows from one event at the desk. Total."""
    match event:
        case PeopleTold():
            return _people(desk, event)
        case GroupMoved() if desk.staff_chat == event.old:
            return Decision(document=replace(desk, staff_chat=event.new, topics={}))
        case Alarmed():
            return _alarmed(desk, event, now, policy)
        case ShopSet():
            return _set(desk, event, now, policy)
        case TopicMade():
            with_it, notice = topics.made(desk, event)
            return Decision(document=with_it, changed=with_it is not desk, notice=notice)
        case DeskActed():
            return _acted(desk, event, now, policy)
        case AlarmOver(key=key):
            alerts = {known: at for known, at in desk.alerts.items() if known != key}
            return Decision(document=replace(desk, alerts=alerts), changed=key in desk.alerts)
        case SweptTo(name=name, upto=upto):
            on = name not in desk.swept or upto > desk.swept[name]
            swept = {**desk.swept, name: upto} if on else desk.swept
            return Decision(document=replace(desk, swept=swept), changed=on)
        case TelegramHeard():
            desk = daily.timed(replace(desk, heard_at=event.at), now, policy)
            return _said(desk, event, now, policy, digests.back(event) if event.since and event.open else None)
        case NumbersCounted():
            return _said(_seen(desk, event, now), event, now, policy, daily.told(event, policy))
        case HoursCounted():
            return Decision(document=rhythm.counted(_seen(desk, event, now), event, now))
        case MoneyBooked():
            return _booked(desk, event, now, policy)
        case TemplatesTold():
            return _templates(desk, event, now, policy)
        case LimitTold():
            return Decision(document=tiers.told(desk, event), changed=event.limit != desk.reach_limit)
        case PersonReached():
            desk, ping = tiers.reached(_seen(desk, event, now), event, now, policy)
            return _said(desk, event, now, policy, ping if policy.staff_chat else None)
        case WaitingListed():
            desk, effect = digests.listed(_seen(desk, event, now), event, now, policy)
            return _said(desk, event, now, policy, effect)
        case NoticeDrafted() | NoticeCounted() | NoticePressed() | NoticeHeard():
            return _notice(desk, event, now, policy, notices.took(desk, event, now, policy))
        case Escalated():
            desk = desk_alerts.matters(_seen(desk, event, now), event.key, event.order_id)
            return _alert(desk, event, now, policy)
        case DeliveryReported(status="failed", effect_id=effect_id) if effect_id in desk.texted:
            return _text_failed(desk, event, now, policy)
        case HeldReported():
            return flood_steps.reported(_seen(desk, event, now), event, now, policy, _planner(event, now, policy))
        case StaffPressed(verb=verb) if verb in floods.VERBS:
            return flood_steps.pressed(_seen(desk, event, now), event, now, policy, _planner(event, now, policy))
        case BodyKept():
            return _kept(desk, event, now, policy)
        case Claimed():
            return _claimed(desk, event, now, policy)
        case EffectSettled():
            return _settled(desk, event, now, policy)
        case Recovered():
            return _recovered(desk, event, now, policy)
        case TimerDue():
            return _due(desk, event, now, policy)
    return Decision(document=desk, changed=False)


def _due(desk: Desk, event: TimerDue, now: datetime, policy: Policy) -> Decision:
    """Everything that is due, in one step: of several timers that come together, none is lost."""
    late = [name for name, due in desk.timers.items() if due <= event.due]
    if not late:
        return Decision(document=desk, changed=False)
    desk = replace(desk, timers={n: d for n, d in desk.timers.items() if n not in late})
    effects: list[AnyEffect] = []
    if any(name.startswith("notice:") for name in late):
        done = notices.due(desk)
        desk = _without_shown(done.desk, done.effects)
        effects += done.effects
    if "wishes" in late:
        desk = wishes.ended(desk, now)
    if daily.TIMER in late:
        desk = daily.timed(desk, now, policy)
        effects.append(daily.asked(now, policy))
    effects += [ListWaiting(kind=name.partition(":")[2]) for name in late if name.startswith("digest:")]
    if desk_alerts.TIMER in late:
        desk, said = desk_alerts.told_now(desk, now, policy)
        effects += said
    return _all_planned(desk, event, now, policy, effects)


def _all_planned(
    desk: Desk, event: AnyEvent, now: datetime, policy: Policy, effects: Sequence[AnyEffect], notice: str = ""
) -> Decision:
    planned: list[Open] = []
    for index, effect in enumerate(effects):
        desk, open_ = _plan(desk, event, now, policy, effect, index)
        planned.append(open_)
    return Decision(document=desk, planned=tuple(planned), notice=notice)


def _notice(desk: Desk, event: AnyEvent, now: datetime, policy: Policy, done: notices.Done) -> Decision:
    """A step of a notice to many."""
    if done.desk is desk:
        return Decision(document=desk, changed=False, notice=done.notice)
    desk = _without_shown(_seen(done.desk, event, now), done.effects)
    return _all_planned(desk, event, now, policy, done.effects, done.notice)


def _without_shown(desk: Desk, effects: Sequence[AnyEffect]) -> Desk:
    """The message of a notice that has not left is replaced by the newer one."""
    shown = {effect.n for effect in effects if isinstance(effect, ShowNotice)}
    return replace(desk, open=tuple(o for o in desk.open if not (o.status == "planned" and _of_notice(o) in shown)))


def _of_notice(open_: Open) -> int:
    return open_.effect.n if isinstance(open_.effect, ShowNotice) else 0


def _said(desk: Desk, event: AnyEvent, now: datetime, policy: Policy, effect: AnyEffect | None) -> Decision:
    """One effect, where there is something to say; a digest that has not left is replaced."""
    if effect is None or (isinstance(effect, ShowDigest) and not policy.staff_chat):
        return Decision(document=desk)
    if isinstance(effect, ShowDigest) and not effect.key:
        old = tuple(o for o in desk.open if not (_is_digest(o) and o.status == "planned"))
        desk = replace(desk, open=old)
    desk, open_ = _plan(desk, event, now, policy, effect)
    return Decision(document=desk, planned=(open_,))


def _is_digest(open_: Open) -> bool:
    return isinstance(open_.effect, ShowDigest) and not open_.effect.key


def _alert(desk: Desk, event: AnyEvent, now: datetime, policy: Policy) -> Decision:
    """To the owners' own phones, now or with the next bundle."""
    desk, said = desk_alerts.told_now(desk, now, policy)
    return _all_planned(desk, event, now, policy, said)


def _booked(desk: Desk, event: MoneyBooked, now: datetime, policy: Policy) -> Decision:
    """Notice: what is booked in advance, in minor units."""
    desk, ahead, ping = spending.booked(_seen(desk, event, now), event, now, policy)
    said = _said(desk, event, now, policy, ping if policy.staff_chat else None)
    return replace(said, notice=str(ahead))


def _templates(desk: Desk, event: TemplatesTold, now: datetime, policy: Policy) -> Decision:
    told, pings = approvals.told(desk, event, now, policy)
    if told == desk:
        return Decision(document=desk, changed=False)
    desk = _seen(told, event, now)
    planned: list[Open] = []
    for index, ping in enumerate(pings if policy.staff_chat else []):
        desk, open_ = _plan(desk, event, now, policy, ping, index)
        planned.append(open_)
    return Decision(document=desk, planned=tuple(planned))


def _set(desk: Desk, event: ShopSet, now: datetime, policy: Policy) -> Decision:
    """Notice: done | not_allowed | unreadable."""
    found = wishes.changed(desk, event, now, now.astimezone(hours.zone(policy.zone)).date())
    if isinstance(found, wishes.Refusal):
        return Decision(document=desk, changed=False, notice=found.why)
    found = people.noted(found, f"shop.{event.what}", event.name, now, value=event.value, until=str(event.until or ""))
    found, spilled = people.spilled(_seen(found, event, now))
    return Decision(document=found, spilled=spilled, notice="done")


def _acted(desk: Desk, event: DeskActed, now: datetime, policy: Policy) -> Decision:
    """Notice: what flows/people.py says."""
    done = people.acted(desk, event, now)
    if done.desk is desk:
        return Decision(document=desk, changed=False, notice=done.notice)
    desk, spilled = people.spilled(_seen(done.desk, event, now))
    if not done.ping or not policy.staff_chat:
        return Decision(document=desk, spilled=spilled, notice=done.notice)
    ping = PingOwner(key=done.ping, values={"shop": policy.name, **done.values})
    desk, open_ = _plan(desk, event, now, policy, ping)
    return Decision(document=desk, spilled=spilled, planned=(open_,), notice=done.notice)


def _text_failed(desk: Desk, event: DeliveryReported, now: datetime, policy: Policy) -> Decision:
    """The owner's phone was not there after all: by mail."""
    phone = desk.texted[event.effect_id]
    desk = replace(desk, texted={k: v for k, v in desk.texted.items() if k != event.effect_id})
    mail = desk_alerts.by_mail(desk, policy, phone, "owner_alert", {"shop": policy.name, "count": 1})
    if mail is None:
        return Decision(document=desk)
    desk, open_ = _plan(desk, event, now, policy, mail)
    return Decision(document=desk, planned=(open_,))


def _people(desk: Desk, event: PeopleTold) -> Decision:
    """The first start fills the table; then the table holds, and the settings only name the group."""
    told = replace(desk, people=desk.people or event.people)
    if event.staff_chat != desk.told_chat:
        told = replace(told, staff_chat=event.staff_chat, told_chat=event.staff_chat, topics={})
    return Decision(document=told, changed=told != desk)


def _plan(
    desk: Desk, event: AnyEvent, now: datetime, policy: Policy, effect: AnyEffect, index: int = 0
) -> tuple[Desk, Open]:
    open_ = Open(
        id=f"{event.event_id}/{index}",
        effect=effect,
        status="planned",
        at=now,
        not_before=now,
        urgency=pacing.urgency(effect),
        lane=pacing.lane(effect, policy),
    )
    return replace(desk, open=(*desk.open, open_)), open_


def _planner(event: AnyEvent, now: datetime, policy: Policy) -> flood_steps.Plan:
    return lambda desk, effect, index: _plan(desk, event, now, policy, effect, index)


def _seen(desk: Desk, event: AnyEvent, now: datetime) -> Desk:
    seen = {**desk.seen, event.event_id: int(now.timestamp())}
    return replace(desk, seen=dict(list(seen.items())[-SEEN_MOST:]))


def _alarmed(desk: Desk, event: Alarmed, now: datetime, policy: Policy) -> Decision:
    if event.kind == "text_fault":
        desk = approvals.refused(desk, event.values, now)
    last = desk.alerts.get(event.key)
    if last is not None and (event.lasting or now - last < ALARM_AGAIN):
        return Decision(document=desk, changed=event.kind == "text_fault")
    desk = replace(_seen(desk, event, now), alerts={**desk.alerts, event.key: now})
    if not policy.staff_chat:
        return Decision(document=desk)
    ping = PingOwner(key=f"owner.{event.kind}", values=dict(event.values))
    blind = event.kind in desk_alerts.BLIND
    said = desk_alerts.to_owners(desk, policy, "owner_blind", {"shop": policy.name}) if blind else []
    return _all_planned(desk, event, now, policy, [ping, *said])


def _kept(desk: Desk, event: BodyKept, now: datetime, policy: Policy) -> Decision:
    """One counted card for everything that was kept."""
    desk = replace(_seen(desk, event, now), kept=desk.kept + 1)
    if not policy.staff_chat or any(isinstance(o.effect, ShowCard) and o.status == "planned" for o in desk.open):
        return Decision(document=desk)
    desk, open_ = _plan(desk, event, now, policy, ShowCard(seq=0))
    return Decision(document=desk, planned=(open_,))


def _card(desk: Desk, policy_chat: str) -> Card:
    return Card(
        state="kept",
        lines=(Line("kept", {"count": desk.kept}),),
        chat=desk.kept_card.chat if desk.kept_card else policy_chat,
        message_id=desk.kept_card.message_id if desk.kept_card else 0,
    )


def _claimed(desk: Desk, event: Claimed, now: datetime, policy: Policy) -> Decision:
    open_ = next((o for o in desk.open if o.id == event.effect_id), None)
    if open_ is None or open_.status != "planned" or open_.not_before > now:
        return Decision(document=desk, changed=False)
    effect = open_.effect
    if isinstance(effect, ShowCard):
        if any(isinstance(o.effect, ShowCard) and o.status != "planned" for o in desk.open):
            later = replace(open_, not_before=now + RETRY)  # its first posting is still on the wire: one card, not two
            return Decision(document=_with(desk, open_.id, later))
        effect = replace(effect, card=_card(desk, desk.staff_chat))
    if isinstance(effect, ShowDigest) and floods.is_card(effect):
        if any(
            o.status == "sending" and isinstance(o.effect, ShowDigest) and floods.is_card(o.effect) for o in desk.open
        ):
            return Decision(document=_with(desk, open_.id, replace(open_, not_before=now + RETRY)))
        effect = floods.filled(desk, effect, policy.zone)
    if isinstance(effect, ShowNotice):
        if any(o.status != "planned" and _of_notice(o) == effect.n for o in desk.open):
            later = replace(open_, not_before=now + RETRY)
            return Decision(document=_with(desk, open_.id, later))
        effect = notices.filled(desk, effect, policy)
    if isinstance(effect, ShowDigest) and not effect.key:
        effect = replace(effect, stands=desk.digests.get("cards", effect.stands))
    sending = replace(open_, effect=effect, status="sending", by=event.by, since=now, tries=open_.tries + 1)
    return Decision(document=_with(desk, open_.id, sending), perform=(sending,))


def _with(desk: Desk, effect_id: str, open_: Open | None) -> Desk:
    kept = [o if o.id != effect_id else open_ for o in desk.open]
    return replace(desk, open=tuple(o for o in kept if o is not None))


def _settled(desk: Desk, event: EffectSettled, now: datetime, policy: Policy) -> Decision:
    open_ = next((o for o in desk.open if o.id == event.effect_id), None)
    if open_ is None or (open_.status == "planned" and isinstance(event.outcome, TryAgain | Unknown)):
        return Decision(document=desk, changed=False)
    match event.outcome:
        case Accepted(provider_id=provider_id):
            chat, _, number = provider_id.rpartition("/")
            if isinstance(open_.effect, ShowDigest) and not open_.effect.key:
                desk = digests.stands(desk, provider_id)
            elif isinstance(open_.effect, ShowDigest):
                desk = floods.shown(desk, open_.effect, provider_id, now)
            if isinstance(open_.effect, ShowNotice):
                desk = notices.stands(desk, open_.effect.n, provider_id)
            if isinstance(open_.effect, ShowCard) and number.isdigit():
                desk = replace(desk, kept_card=CardRef(chat, int(number)))
            return Decision(document=_with(desk_alerts.texted(desk, open_), open_.id, None))
        case Unknown() | Refused() if isinstance(open_.effect, Say):
            desk = _with(desk, open_.id, None)
            other = desk_alerts.fallback(desk, policy, open_)
            if other is None:
                return Decision(document=desk)
            desk, mail = _plan(desk, event, now, policy, other)
            return Decision(document=desk, planned=(mail,))
        case Refused(code=code):
            desk = _with(desk, open_.id, None)
            if isinstance(open_.effect, ShowNotice) and code == "message_gone":
                desk = notices.stands(desk, open_.effect.n, "")
                desk, shown = _plan(desk, event, now, policy, ShowNotice(n=open_.effect.n, chat=open_.effect.chat))
                return Decision(document=desk, planned=(shown,))
            if isinstance(open_.effect, ShowDigest) and floods.is_card(open_.effect):
                desk = floods.shown(desk, open_.effect, "", now)
                if code == "message_gone" and open_.effect.stands:
                    burst = str(open_.effect.values["burst"])
                    return flood_steps.again(desk, burst, now, policy, _planner(event, now, policy))
            elif isinstance(open_.effect, ShowDigest):
                desk = digests.stands(desk, "")
            if isinstance(open_.effect, ShowCard) and code == "message_gone" and desk.kept_card is not None:
                desk, card = _plan(replace(desk, kept_card=None), event, now, policy, ShowCard(seq=0))
                return Decision(document=desk, planned=(card,))
            return Decision(document=desk)
        case TryAgain(after_s=after_s, reason=reason):
            again = _again(desk, open_, now, max(timedelta(seconds=after_s), timedelta(seconds=1)))
            if isinstance(open_.effect, PingOwner) and open_.tries == desk_alerts.TRIES_BLIND and reason != "too_many":
                return _blind(again, event, now, policy)
            return again
        case Unknown():
            return _again(desk, open_, now, PING_AGAIN)


def _blind(again: Decision, event: EffectSettled, now: datetime, policy: Policy) -> Decision:
    """What the owner should read in Telegram does not arrive there: their own phones ring, at most every few hours."""
    desk = again.document
    assert isinstance(desk, Desk)
    last = desk.alerts.get("blind")
    if last is not None and now - last < ALARM_AGAIN:
        return again
    desk = replace(desk, alerts={**desk.alerts, "blind": now})
    planned = list(again.planned)
    for index, say in enumerate(desk_alerts.to_owners(desk, policy, "owner_blind", {"shop": policy.name})):
        desk, open_ = _plan(desk, event, now, policy, say, index)
        planned.append(open_)
    return replace(again, document=desk, planned=tuple(planned))


def _again(desk: Desk, open_: Open, now: datetime, after: timedelta) -> Decision:
    if open_.tries >= TRIES_MOST:
        return Decision(document=_with(desk, open_.id, None))
    planned = replace(open_, status="planned", by="", since=None, not_before=now + after)
    return Decision(document=_with(desk, open_.id, planned), planned=(planned,))


def _recovered(desk: Desk, event: Recovered, now: datetime, policy: Policy) -> Decision:
    """What was on the wire at a crash: Telegram's is sent again, a text to an owner's phone goes by mail instead."""
    gone = [
        o for o in desk.open if o.status == "sending" and (o.by in event.gone or (not event.gone and o.by != event.by))
    ]
    planned: list[Open] = []
    for open_ in gone:
        if isinstance(open_.effect, Say):
            desk = _with(desk, open_.id, None)
            other = desk_alerts.fallback(desk, policy, open_)
            if other is not None:
                desk, mail = _plan(desk, event, now, policy, other, len(planned))
                planned.append(mail)
            continue
        decision = _again(desk, open_, now, PING_AGAIN)
        assert isinstance(decision.document, Desk)
        desk = decision.document
        planned += decision.planned
    return Decision(document=desk, changed=bool(gone), planned=tuple(planned))
