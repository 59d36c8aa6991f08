"""What the desk wishes for, from its plan to its end: born planned, claimed, settled, tried again, or told another way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import (
    backoff,
    desk_alerts,
    digests,
    flood_steps,
    floods,
    notices,
    pacing,
)
from flows.cards import RETRY
from flows.decision import Decision
from flows.desk import Desk
from flows.desk_events import BodyKept
from flows.effects import (
    Accepted,
    AnyEffect,
    Card,
    Line,
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
from flows.events import AnyEvent, Claimed, DeliveryReported, EffectSettled, Recovered
from flows.orders import CardRef
from flows.policy import Policy

#: The owner hears the same alarm again no sooner than this.
ALARM_AGAIN = timedelta(hours=6)
#: A ping that did not get through is tried again after so long, for so long.
PING_AGAIN = timedelta(minutes=1)
TRIES_MOST = 200
SEEN_MOST = 500


def plan(
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


def all_planned(
    desk: Desk, event: AnyEvent, now: datetime, policy: Policy, effects: Sequence[AnyEffect], notice: str = ""
) -> Decision:
    planned: list[Open] = []
    for index, effect in enumerate(effects):
        desk, open_ = plan(desk, event, now, policy, effect, index)
        planned.append(open_)
    return Decision(document=desk, planned=tuple(planned), notice=notice)


def planner(event: AnyEvent, now: datetime, policy: Policy) -> flood_steps.Plan:
    return lambda desk, effect, index: plan(desk, event, now, policy, effect, index)


def seen(desk: Desk, event: AnyEvent, now: datetime) -> Desk:
    seen = {**desk.seen, event.event_id: int(now.timestamp())}
    return replace(desk, seen=dict(list(seen.items())[-SEEN_MOST:]))


def of_notice(open_: Open) -> int:
    return open_.effect.n if isinstance(open_.effect, ShowNotice) else 0


def is_digest(open_: Open) -> bool:
    return isinstance(open_.effect, ShowDigest) and not open_.effect.key


def kept(desk: Desk, event: BodyKept, now: datetime, policy: Policy) -> Decision:
    """One counted card for everything that was kept."""
    desk = replace(seen(desk, event, now), kept=desk.kept + 1)
    if not policy.staff_chat or any(isinstance(o.effect, ShowCard) and o.status == "planned" for o in desk.open):
        return Decision(document=desk)
    desk, open_ = plan(desk, event, now, policy, ShowCard(seq=0))
    return Decision(document=desk, planned=(open_,))


def _card(desk: Desk, policy_chat: str) -> Card:
    return Card(
        state="kept",
        lines=(Line("kept", {"count": desk.kept}),),
        chat=desk.kept_card.chat if desk.kept_card else policy_chat,
        message_id=desk.kept_card.message_id if desk.kept_card else 0,
    )


def claimed(desk: Desk, event: Claimed, now: datetime, policy: Policy) -> Decision:
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
        if any(o.status != "planned" and of_notice(o) == effect.n for o in desk.open):
            later = replace(open_, not_before=now + RETRY)
            return Decision(document=_with(desk, open_.id, later))
        effect = notices.filled(desk, effect, policy)
    if isinstance(effect, ShowDigest) and not effect.key:
        effect = replace(effect, stands=desk.digests.get("cards", effect.stands))
    sending = replace(open_, effect=effect, status="sending", by=event.by, since=now, tries=open_.tries + 1)
    return Decision(document=_with(desk, open_.id, sending), perform=(sending,))


def text_failed(desk: Desk, event: DeliveryReported, now: datetime, policy: Policy) -> Decision:
    """The owner's phone was not there after all: by mail."""
    phone = desk.texted[event.effect_id]
    desk = replace(desk, texted={k: v for k, v in desk.texted.items() if k != event.effect_id})
    mail = desk_alerts.by_mail(desk, policy, phone, "owner_alert", {"shop": policy.name, "count": 1})
    if mail is None:
        return Decision(document=desk)
    desk, open_ = plan(desk, event, now, policy, mail)
    return Decision(document=desk, planned=(open_,))


def _with(desk: Desk, effect_id: str, open_: Open | None) -> Desk:
    kept = [o if o.id != effect_id else open_ for o in desk.open]
    return replace(desk, open=tuple(o for o in kept if o is not None))


def settled(desk: Desk, event: EffectSettled, now: datetime, policy: Policy) -> Decision:
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
            desk, mail = plan(desk, event, now, policy, other)
            return Decision(document=desk, planned=(mail,))
        case Refused(code=code):
            desk = _with(desk, open_.id, None)
            if isinstance(open_.effect, ShowNotice) and code == "message_gone":
                desk = notices.stands(desk, open_.effect.n, "")
                desk, shown = plan(desk, event, now, policy, ShowNotice(n=open_.effect.n, chat=open_.effect.chat))
                return Decision(document=desk, planned=(shown,))
            if isinstance(open_.effect, ShowDigest) and floods.is_card(open_.effect):
                desk = floods.shown(desk, open_.effect, "", now)
                if code == "message_gone" and open_.effect.stands:
                    burst = str(open_.effect.values["burst"])
                    return flood_steps.again(desk, burst, now, policy, planner(event, now, policy))
            elif isinstance(open_.effect, ShowDigest):
                desk = digests.stands(desk, "")
            if isinstance(open_.effect, ShowCard) and code == "message_gone" and desk.kept_card is not None:
                desk, card = plan(replace(desk, kept_card=None), event, now, policy, ShowCard(seq=0))
                return Decision(document=desk, planned=(card,))
            return Decision(document=desk)
        case TryAgain(after_s=after_s, reason=reason):
            again = _again(desk, open_, now, max(timedelta(seconds=after_s), timedelta(seconds=1)))
            if isinstance(open_.effect, PingOwner) and open_.tries == desk_alerts.TRIES_BLIND and reason != "too_many":
                return _blind(again, event, now, policy)
            return again
        case Unknown():
            return _again(desk, open_, now, backoff.again_after(open_, PING_AGAIN))


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
        desk, open_ = plan(desk, event, now, policy, say, index)
        planned.append(open_)
    return replace(again, document=desk, planned=tuple(planned))


def _again(desk: Desk, open_: Open, now: datetime, after: timedelta) -> Decision:
    if open_.tries >= TRIES_MOST:
        return Decision(document=_with(desk, open_.id, None))
    planned = replace(open_, status="planned", by="", since=None, not_before=now + after)
    return Decision(document=_with(desk, open_.id, planned), planned=(planned,))


def recovered(desk: Desk, event: Recovered, now: datetime, policy: Policy) -> Decision:
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
                desk, mail = plan(desk, event, now, policy, other, len(planned))
                planned.append(mail)
            continue
        decision = _again(desk, open_, now, PING_AGAIN)
        assert isinstance(decision.document, Desk)
        desk = decision.document
        planned += decision.planned
    return Decision(document=desk, changed=bool(gone), planned=tuple(planned))
