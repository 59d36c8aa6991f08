"""Facts for a shop's desk: its people and their wishes, faults and figures, what waits, and news to many."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flows.desk import Person
from flows.digests import Named
from flows.event import Event
from flows.notice import Counted, Draft, State
from flows.numbers.report import Report
from flows.standing import Standing


class Escalated(Event, frozen=True, kw_only=True, tag=True):
    """Something that nobody has seen in Telegram has to reach the owners' own phones."""

    key: str
    order_id: str = ""


class PeopleTold(Event, frozen=True, kw_only=True, tag=True):
    """At start: the people and the group that the settings name."""

    people: tuple[Person, ...] = ()
    staff_chat: str = ""


class GroupMoved(Event, frozen=True, kw_only=True, tag=True):
    """The staff group became a supergroup and has a new id. Source: Telegram's migrate_to_chat_id."""

    old: str
    new: str


class Alarmed(Event, frozen=True, kw_only=True, tag=True):
    """Something the owner has to hear, once: a backlog, a fault of a provider. `key` tells equal alarms."""

    key: str
    kind: str  # the staff text is "owner.<kind>"
    values: dict[str, str | int] = {}  # noqa: RUF012 -- msgspec gives each its own
    lasting: bool = False  # told once, however long it lasts, until an AlarmOver


class AlarmOver(Event, frozen=True, kw_only=True, tag=True):
    """What a lasting alarm told of is well again: should it come back, the owner hears of it anew."""

    key: str


class SweptTo(Event, frozen=True, kw_only=True, tag=True):
    """A sweep has asked a provider for everything up to this moment, and carried out what it found."""

    name: str  # of the sweep: "twilio:AC…:in"
    upto: datetime


class ShopSet(Event, frozen=True, kw_only=True, tag=True):
    """Somebody of the shop changed what shops change often. Source: the owner's private chat, /away and /pause.

    away: `until`, None: back again. quiet: "21:00-09:00", "off" or "settings". holiday: an ISO date, "-" before it takes it
    back. pause: a channel, "-" before it lets it work again; `until` None: until further notice.
    """

    by: int  # Telegram user id
    name: str
    what: Literal["away", "quiet", "holiday", "pause"]
    value: str = ""
    until: datetime | None = None


class DeskActed(Event, frozen=True, kw_only=True, tag=True):
    """Somebody of the shop changed who its people are, or Telegram says that somebody left the group. Source: /invite, /people …

    invite: `value` the role, `mark` of the code. join: `mark`, `by` the newcomer. remove, role: `person`. language: their own.
    """

    what: Literal["invite", "join", "remove", "role", "language", "left", "back"]
    by: int = 0  # Telegram user id; 0: Telegram itself says so
    name: str = ""
    person: int = 0
    value: str = ""
    mark: str = ""


class TopicMade(Event, frozen=True, kw_only=True, tag=True):
    """The bot made a topic of a forum group, in the place of `gone` where somebody had deleted that one."""

    name: str  # flows.topics.NAMES
    thread: int  # message_thread_id
    gone: int = 0


class TelegramHeard(Event, frozen=True, kw_only=True, tag=True):
    """The bot takes updates. `since`: when it last did, where presses in between may be lost; `open`: (order, state)."""

    since: datetime | None = None
    zone: str = "UTC"
    open: tuple[tuple[str, str], ...] = ()


class NumbersCounted(Event, frozen=True, kw_only=True, tag=True):
    """The shop's numbers of a day or week, as `run.py report` has them. Source: the journals, read on the desk's wish."""

    kind: Literal["daily", "weekly"]
    report: Report


class HoursCounted(Event, frozen=True, kw_only=True, tag=True):
    """So many orders came, and so many were confirmed, in these hours of the epoch. Source: one process, since it last told."""

    hours: dict[int, tuple[int, int]]


class WaitingListed(Event, frozen=True, kw_only=True, tag=True):
    """More waits for a chat than it may get at once: how much, and the most urgent of it. Source: the lanes."""

    kind: Literal["cards", "pings"]
    waiting: int
    named: tuple[Named, ...] = ()


class HeldReported(Event, frozen=True, kw_only=True, tag=True):
    """A ceiling on first texts holds one more order of a burst."""

    burst: str
    limit: str
    about: str = ""
    ask_at: datetime | None = None


class NoticeDrafted(Event, frozen=True, kw_only=True, tag=True):
    """Somebody of the shop wants to tell many customers something. Source: /notice."""

    by: int  # Telegram user id
    name: str
    chat: str
    language: str = ""
    draft: Draft


class NoticeCounted(Event, frozen=True, kw_only=True, tag=True):
    """Who a notice would go to. Source: the store, read on the desk's wish."""

    n: int
    counted: Counted


class NoticePressed(Event, frozen=True, kw_only=True, tag=True):
    """A button under a notice's message."""

    by: int
    name: str
    n: int
    verb: Literal["send", "cancel", "stop"]


class NoticeHeard(Event, frozen=True, kw_only=True, tag=True):
    """Where one customer's notice stands now, or that they answered it."""

    n: int
    was: State | Literal[""] = ""
    now: State = "sent"
    answered: bool = False


class MoneyBooked(Event, frozen=True, kw_only=True, tag=True):
    """Messages that we began have cost this much since the last booking, in minor units; less than 0: given back at the end."""

    minor: float


class TemplatesTold(Event, frozen=True, kw_only=True, tag=True):
    """The WhatsApp provider says how templates of ours stand. Source: Meta's webhook, or a look at the provider's list."""

    standings: tuple[Standing, ...]


class LimitTold(Event, frozen=True, kw_only=True, tag=True):
    """WhatsApp lets us write to so many people first within 24 hours. Source: Meta's webhook or its API; -1: to all."""

    limit: int


class PersonReached(Event, frozen=True, kw_only=True, tag=True):
    """We wrote to somebody on WhatsApp outside their window. `before`: when we did so the last time, where it may still count."""

    before: datetime | None = None


class BodyKept(Event, frozen=True, kw_only=True, tag=True):
    """A signed body could not be used and was kept for a repair."""

    route: str
    why: str


DeskEvent = (
    Escalated
    | PeopleTold
    | GroupMoved
    | Alarmed
    | AlarmOver
    | SweptTo
    | ShopSet
    | DeskActed
    | TopicMade
    | TelegramHeard
    | NumbersCounted
    | HoursCounted
    | WaitingListed
    | HeldReported
    | NoticeDrafted
    | NoticeCounted
    | NoticePressed
    | NoticeHeard
    | MoneyBooked
    | TemplatesTold
    | LimitTold
    | PersonReached
    | BodyKept
)
