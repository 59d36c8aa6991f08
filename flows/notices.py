"""News to many, at the desk: drafted, counted, shown, sent in small parts, stopped. Each step is an event at the desk.

    /notice --counted--> draft --Send--> sending --all told--> done          Cancel: left
                                         sending --Stop--> stopped

Customers are written to in parts: the next part is asked for only when nearly all of the one before have left, so that few wait
at any moment. From the commit of Stop on the final gate lets none of them leave (`Policy.notices_stopped`, flows/noticing.py).
What was on its way at a crash is done again by its own effect, and the conversations know the events that they have seen.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows.desk import Desk, may
from flows.desk_events import NoticeCounted, NoticeDrafted, NoticeHeard, NoticePressed
from flows.effects import AnyEffect, Button, CountNotice, FanOut, Line, ShowNotice, Value
from flows.notice import Notice
from flows.policy import Policy

#: Customers asked for at once, and at most under way at a time: a Stop has to overtake no more than these, and the fastest
#: sender (80 a second) does not wait for us.
PART, WINDOW = 10, 40
#: The message in Telegram is brought up to date so often: a group takes 20 messages a minute from a bot, cards among them.
SHOW_EVERY = timedelta(seconds=20)
#: What was counted longer ago may not be true any more: it is drafted anew.
DRAFT_FOR = timedelta(hours=12)
#: Finished notices that the desk remembers.
KEPT_MOST = 10
LEAST = "manager"


class Done(Struct, frozen=True):
    """The desk after a step, what follows, and a word for whoever asked."""

    desk: Desk
    effects: tuple[AnyEffect, ...] = ()
    notice: str = ""


def took(
    desk: Desk, event: NoticeDrafted | NoticeCounted | NoticePressed | NoticeHeard, now: datetime, policy: Policy
) -> Done:
    """What follows from an event about a notice. The same desk: nothing."""
    if isinstance(event, NoticeDrafted):
        return _drafted(desk, event, now)
    known = get(desk, event.n)
    if known is None:
        return Done(desk, notice="gone")
    match event:
        case NoticeCounted():
            return _counted(desk, known, event)
        case NoticePressed():
            return _pressed(desk, known, event, now)
    return _heard(desk, known, event, now)


def get(desk: Desk, n: int) -> Notice | None:
    return next((notice for notice in desk.notices if notice.n == n), None)


def stopped(desk: Desk) -> frozenset[int]:
    """Notices of which nothing may leave any more."""
    return frozenset(n.n for n in desk.notices if n.state in ("stopped", "left"))


def _put(desk: Desk, notice: Notice) -> Desk:
    return replace(desk, notices=tuple(n if n.n != notice.n else notice for n in desk.notices))


def _drafted(desk: Desk, event: NoticeDrafted, now: datetime) -> Done:
    person = desk.person(event.by)
    if person is None or not may(person.role, LEAST):
        return Done(desk, notice="not_allowed")
    n = desk.notices_ever + 1
    notice = Notice(n=n, draft=event.draft, by=event.name, chat=event.chat, language=event.language, at=now)
    over = [k for k in desk.notices if k.state in ("done", "left", "stopped") and not k.under_way][:-KEPT_MOST]
    kept = tuple(k for k in desk.notices if k not in over)
    desk = replace(desk, notices=(*kept, notice), notices_ever=n)
    return Done(desk, (CountNotice(n=n, draft=event.draft),), "counting")


def _counted(desk: Desk, notice: Notice, event: NoticeCounted) -> Done:
    if notice.state != "counting":
        return Done(desk)
    got = event.counted
    notice = replace(
        notice,
        state="draft" if got.orders else "left",
        orders=got.orders,
        total=len(got.orders),
        channels=got.channels,
        segments=got.segments,
        left_out=got.left_out,
    )
    return Done(_put(desk, notice), (ShowNotice(n=notice.n, chat=notice.chat),))


def _pressed(desk: Desk, notice: Notice, event: NoticePressed, now: datetime) -> Done:
    """Word: done | not_allowed | stale."""
    person = desk.person(event.by)
    if person is None or not may(person.role, LEAST):
        return Done(desk, notice="not_allowed")
    match event.verb, notice.state:
        case "send", "draft" if now - notice.at <= DRAFT_FOR:
            notice = replace(notice, state="sending", at=now, by=event.name)
            return _next_part(_put(desk, notice), notice, (ShowNotice(n=notice.n, chat=notice.chat),))
        case "cancel", "draft":
            notice = replace(notice, state="left", orders=())
        case "stop", "sending":
            notice = replace(notice, state="stopped", stopped_by=event.name, orders=())
        case _:
            return Done(desk, notice="stale")
    return Done(_put(desk, notice), (ShowNotice(n=notice.n, chat=notice.chat),), "done")


def _heard(desk: Desk, notice: Notice, event: NoticeHeard, now: datetime) -> Done:
    """A conversation tells where its notice stands; then the next part goes, or all is said."""
    if event.answered:
        notice = replace(notice, answered=notice.answered + 1, dirty=True)
        return Done(_soon(_put(desk, notice), notice.n, now))
    counts = dict(notice.counts)
    if event.was:
        counts[event.was] = counts.get(event.was, 0) - 1
    counts[event.now] = counts.get(event.now, 0) + 1
    notice = replace(notice, counts=counts, dirty=True)
    return _next_part(_soon(_put(desk, notice), notice.n, now), notice)


def _next_part(desk: Desk, notice: Notice, more: tuple[AnyEffect, ...] = ()) -> Done:
    if notice.state == "sending" and notice.orders and notice.count("asked") <= WINDOW - PART:
        part, rest = notice.orders[:PART], notice.orders[PART:]
        counts = {**notice.counts, "asked": notice.count("asked") + len(part)}
        notice = replace(notice, orders=rest, counts=counts)
        more = (*more, FanOut(n=notice.n, orders=part, draft=notice.draft))
    elif notice.state == "sending" and not notice.orders and not notice.under_way:
        notice = replace(notice, state="done", dirty=False)
        more = (*more, ShowNotice(n=notice.n, chat=notice.chat))
    return Done(_put(desk, notice), more, "done")


# -- its one message


def _soon(desk: Desk, n: int, now: datetime) -> Desk:
    """Something has changed: its message says so within a while."""
    return replace(desk, timers={f"notice:{n}": now + SHOW_EVERY, **desk.timers})


def due(desk: Desk) -> Done:
    """Bring the messages of what has changed up to date."""
    changed = [n for n in desk.notices if n.dirty]
    for notice in changed:
        desk = _put(desk, replace(notice, dirty=False))
    return Done(desk, tuple(ShowNotice(n=n.n, chat=n.chat) for n in changed))


def stands(desk: Desk, n: int, provider_id: str) -> Desk:
    """Its message was posted or edited there; "": it is gone, and is posted anew with the next change."""
    notice = get(desk, n)
    return desk if notice is None else _put(desk, replace(notice, stands=provider_id))


def filled(desk: Desk, effect: ShowNotice, policy: Policy) -> ShowNotice:
    """The message as of now: what the final gate of the desk puts into the effect."""
    notice = get(desk, effect.n)
    if notice is None:
        return effect
    key = f"notice.{notice.state}" if notice.total else "notice.nobody"
    values: dict[str, Value] = {
        "shop": policy.name,
        "by": notice.by,
        "count": notice.total,
        "sent": notice.count("sent"),
        "failed": notice.count("failed"),
        "off": notice.count("off"),
        "answered": notice.answered,
        "name": notice.stopped_by,
        "more": notice.count("held"),
    }
    lines = _told(notice, policy) if notice.state in ("draft", "left") else ()
    verbs = {"draft": ("send", "cancel"), "sending": ("stop",)}.get(notice.state, ())
    row = tuple(Button(f"notice_{v}", f"d:notice:{policy.shop}:{v}.{notice.n}", {"count": notice.total}) for v in verbs)
    return replace(
        effect,
        key=key,
        values=values,
        lines=lines,
        buttons=(row,) if row else (),
        stands=notice.stands,
        language=notice.language,
    )


def _told(notice: Notice, policy: Policy) -> tuple[Line, ...]:
    """Who gets it by what, what it costs, who is left out and why, and the words."""
    lines = [Line("notice.by", {"channel": c, "count": k}) for c, k in sorted(notice.channels.items())]
    if notice.segments:
        lines.append(Line("notice.segments", {"count": notice.segments}))
    cost = policy.prices.cost(notice.segments, notice.channels.get("whatsapp", 0))
    if cost and notice.total:
        lines.append(Line("notice.cost", {"cost": f"{cost:.2f} {policy.currency}"}))
    lines += [Line("notice.left_out", {"why": why, "count": k}) for why, k in sorted(notice.left_out.items())]
    lines += [
        Line("notice.text", {"text": f"{tag}: {text}" if tag else text}) for tag, text in notice.draft.texts.items()
    ]
    if notice.draft.news:
        lines.append(Line("notice.news"))
    return tuple(lines)
