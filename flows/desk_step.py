"""The desk's own steps: who the people are, what the owner has to hear, and what was kept for a repair. Pure, on the same road."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from flows import (
    approvals,
    daily,
    desk_alerts,
    desk_effects,
    digests,
    flood_steps,
    floods,
    hours,
    notices,
    people,
    rhythm,
    spending,
    stuck,
    tiers,
    topics,
    wishes,
)
from flows.decision import Decision
from flows.desk import Desk
from flows.desk_events import (
    Alarmed,
    AlarmOver,
    BodyKept,
    DeskActed,
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
    ShopSet,
    SweptTo,
    TelegramHeard,
    TemplatesTold,
    TopicMade,
    WaitingListed,
)
from flows.effects import (
    AnyEffect,
    ListWaiting,
    Open,
    PingOwner,
    ShowDigest,
    ShowNotice,
)
from flows.events import (
    AnyEvent,
    Claimed,
    DeliveryReported,
    EffectSettled,
    Recovered,
    StaffPressed,
    StepFailed,
    TimerDue,
)
from flows.policy import Policy


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
            return _said(desk_effects.seen(desk, event, now), event, now, policy, daily.told(event, policy))
        case HoursCounted():
            return Decision(document=rhythm.counted(desk_effects.seen(desk, event, now), event, now))
        case MoneyBooked():
            return _booked(desk, event, now, policy)
        case TemplatesTold():
            return _templates(desk, event, now, policy)
        case LimitTold():
            return Decision(document=tiers.told(desk, event), changed=event.limit != desk.reach_limit)
        case PersonReached():
            desk, ping = tiers.reached(desk_effects.seen(desk, event, now), event, now, policy)
            return _said(desk, event, now, policy, ping if policy.staff_chat else None)
        case WaitingListed():
            desk, effect = digests.listed(desk_effects.seen(desk, event, now), event, now, policy)
            return _said(desk, event, now, policy, effect)
        case NoticeDrafted() | NoticeCounted() | NoticePressed() | NoticeHeard():
            return _notice(desk, event, now, policy, notices.took(desk, event, now, policy))
        case Escalated():
            desk = desk_alerts.matters(desk_effects.seen(desk, event, now), event.key, event.order_id)
            return _alert(desk, event, now, policy)
        case DeliveryReported(status="failed", effect_id=effect_id) if effect_id in desk.texted:
            return desk_effects.text_failed(desk, event, now, policy)
        case HeldReported():
            return flood_steps.reported(
                desk_effects.seen(desk, event, now), event, now, policy, desk_effects.planner(event, now, policy)
            )
        case StaffPressed(verb=verb) if verb in floods.VERBS:
            return flood_steps.pressed(
                desk_effects.seen(desk, event, now), event, now, policy, desk_effects.planner(event, now, policy)
            )
        case BodyKept():
            return desk_effects.kept(desk, event, now, policy)
        case Claimed():
            return desk_effects.claimed(desk, event, now, policy)
        case EffectSettled():
            return desk_effects.settled(desk, event, now, policy)
        case Recovered():
            return desk_effects.recovered(desk, event, now, policy)
        case TimerDue():
            return _due(desk, event, now, policy)
        case StepFailed():
            return _stuck(desk, event, now, policy)
    return Decision(document=desk, changed=False)


def _due(desk: Desk, event: TimerDue, now: datetime, policy: Policy) -> Decision:
    """Everything that is due, in one step: of several timers that come together, none is lost."""
    late = [name for name, due in desk.timers.items() if due <= event.due]
    if not late:
        return Decision(document=desk, changed=False)
    well = {n: times for n, times in desk.failing.items() if n not in late}
    desk = replace(desk, timers={n: d for n, d in desk.timers.items() if n not in late}, failing=well)
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
    return desk_effects.all_planned(desk, event, now, policy, effects)


def _stuck(desk: Desk, event: StepFailed, now: datetime, policy: Policy) -> Decision:
    """What was due raised: it is put off, and from the third time on the owner knows."""
    timers, failing = stuck.put_off(desk.timers, desk.failing, event.due, now)
    if timers == desk.timers:
        return Decision(document=desk, changed=False)
    told = [name for name, n in failing.items() if n == stuck.TOLD_AT and desk.failing.get(name, 0) < n]
    desk = replace(desk, timers=timers, failing=failing)
    pings = [PingOwner(key="owner.stuck", values={"shop": policy.name})] if told and policy.staff_chat else []
    return desk_effects.all_planned(desk, event, now, policy, pings)


def _notice(desk: Desk, event: AnyEvent, now: datetime, policy: Policy, done: notices.Done) -> Decision:
    """A step of a notice to many."""
    if done.desk is desk:
        return Decision(document=desk, changed=False, notice=done.notice)
    desk = _without_shown(desk_effects.seen(done.desk, event, now), done.effects)
    return desk_effects.all_planned(desk, event, now, policy, done.effects, done.notice)


def _without_shown(desk: Desk, effects: Sequence[AnyEffect]) -> Desk:
    """The message of a notice that has not left is replaced by the newer one."""
    shown = {effect.n for effect in effects if isinstance(effect, ShowNotice)}
    return replace(
        desk, open=tuple(o for o in desk.open if not (o.status == "planned" and desk_effects.of_notice(o) in shown))
    )


def _said(desk: Desk, event: AnyEvent, now: datetime, policy: Policy, effect: AnyEffect | None) -> Decision:
    """One effect, where there is something to say; a digest that has not left is replaced."""
    if effect is None or (isinstance(effect, ShowDigest) and not policy.staff_chat):
        return Decision(document=desk)
    if isinstance(effect, ShowDigest) and not effect.key:
        old = tuple(o for o in desk.open if not (desk_effects.is_digest(o) and o.status == "planned"))
        desk = replace(desk, open=old)
    desk, open_ = desk_effects.plan(desk, event, now, policy, effect)
    return Decision(document=desk, planned=(open_,))


def _alert(desk: Desk, event: AnyEvent, now: datetime, policy: Policy) -> Decision:
    """To the owners' own phones, now or with the next bundle."""
    desk, said = desk_alerts.told_now(desk, now, policy)
    return desk_effects.all_planned(desk, event, now, policy, said)


def _booked(desk: Desk, event: MoneyBooked, now: datetime, policy: Policy) -> Decision:
    """Notice: what is booked in advance, in minor units."""
    desk, ahead, ping = spending.booked(desk_effects.seen(desk, event, now), event, now, policy)
    said = _said(desk, event, now, policy, ping if policy.staff_chat else None)
    return replace(said, notice=str(ahead))


def _templates(desk: Desk, event: TemplatesTold, now: datetime, policy: Policy) -> Decision:
    told, pings = approvals.told(desk, event, now, policy)
    if told == desk:
        return Decision(document=desk, changed=False)
    desk = desk_effects.seen(told, event, now)
    planned: list[Open] = []
    for index, ping in enumerate(pings if policy.staff_chat else []):
        desk, open_ = desk_effects.plan(desk, event, now, policy, ping, index)
        planned.append(open_)
    return Decision(document=desk, planned=tuple(planned))


def _set(desk: Desk, event: ShopSet, now: datetime, policy: Policy) -> Decision:
    """Notice: done | not_allowed | unreadable."""
    found = wishes.changed(desk, event, now, now.astimezone(hours.zone(policy.zone)).date())
    if isinstance(found, wishes.Refusal):
        return Decision(document=desk, changed=False, notice=found.why)
    found = people.noted(found, f"shop.{event.what}", event.name, now, value=event.value, until=str(event.until or ""))
    found, spilled = people.spilled(desk_effects.seen(found, event, now))
    return Decision(document=found, spilled=spilled, notice="done")


def _acted(desk: Desk, event: DeskActed, now: datetime, policy: Policy) -> Decision:
    """Notice: what flows/people.py says."""
    done = people.acted(desk, event, now)
    if done.desk is desk:
        return Decision(document=desk, changed=False, notice=done.notice)
    desk, spilled = people.spilled(desk_effects.seen(done.desk, event, now))
    if not done.ping or not policy.staff_chat:
        return Decision(document=desk, spilled=spilled, notice=done.notice)
    ping = PingOwner(key=done.ping, values={"shop": policy.name, **done.values})
    desk, open_ = desk_effects.plan(desk, event, now, policy, ping)
    return Decision(document=desk, spilled=spilled, planned=(open_,), notice=done.notice)


def _people(desk: Desk, event: PeopleTold) -> Decision:
    """The first start fills the table; then the table holds, and the settings only name the group."""
    told = replace(desk, people=desk.people or event.people)
    if event.staff_chat != desk.told_chat:
        told = replace(told, staff_chat=event.staff_chat, told_chat=event.staff_chat, topics={})
    return Decision(document=told, changed=told != desk)


def _alarmed(desk: Desk, event: Alarmed, now: datetime, policy: Policy) -> Decision:
    if event.kind == "text_fault":
        desk = approvals.refused(desk, event.values, now)
    last = desk.alerts.get(event.key)
    if last is not None and (event.lasting or now - last < desk_effects.ALARM_AGAIN):
        return Decision(document=desk, changed=event.kind == "text_fault")
    desk = replace(desk_effects.seen(desk, event, now), alerts={**desk.alerts, event.key: now})
    if not policy.staff_chat:
        return Decision(document=desk)
    ping = PingOwner(key=f"owner.{event.kind}", values=dict(event.values))
    blind = event.kind in desk_alerts.BLIND
    said = desk_alerts.to_owners(desk, policy, "owner_blind", {"shop": policy.name}) if blind else []
    return desk_effects.all_planned(desk, event, now, policy, [ping, *said])
