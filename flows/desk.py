"""The desk: the second aggregate, one per shop, on the same road. Staff and roles, the group's id, paused channels, alerts."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from flows.effects import Open
from flows.floods import Flood
from flows.journal import Note
from flows.notice import Notice
from flows.orders import CardRef
from flows.standing import Standing

#: From the least right to the most.
ROLES = ("staff", "manager", "owner")


def may(role: str, least: str) -> bool:
    """Whether somebody with `role` has the rights of `least`."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)


class Person(Struct, frozen=True, gc=False, omit_defaults=True):
    """Somebody of the shop, by Telegram user id."""

    telegram: int
    name: str
    role: str  # staff | manager | owner
    phone: str = ""
    email: str = ""
    language: str = ""
    left: bool = False  # is not in the staff group any more: no rights until back


class Invite(Struct, frozen=True, gc=False):
    """A code that was given out: the first who brings it joins with this role. The code itself is kept nowhere."""

    mark: str  # SHA-256 of shop and code
    role: str
    by: str
    until: datetime


class Desk(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="desk"):
    id: str
    shop: str
    v: int = 1
    people: tuple[Person, ...] = ()
    staff_chat: str = ""  # where the group is now
    told_chat: str = ""  # what the settings said when it was last set; another value there is a new wish
    # what the owner has set from Telegram (flows/wishes.py), laid over the settings
    paused: dict[str, str] = {}  # channel -> until when (ISO), "-" without an end
    away_until: datetime | None = None  # nobody is at the shop until then
    quiet: str = ""  # "21:00-09:00", "off", "" as the settings say
    holidays: tuple[str, ...] = ()  # ISO dates beside those of the settings
    alerts: dict[str, datetime] = {}  # alert key -> last told
    alerting: dict[str, str] = {}  # matters that wait to be told to the owners' own phones: key -> order
    alerted_at: datetime | None = None
    spent_on: str = ""  # the day at the shop (ISO) of what follows
    spent: float = 0.0  # booked for messages that we began, in minor units (flows/spending.py)
    spent_told: str = ""  # near | out: what the owner has heard of that day's money
    heard_at: datetime | None = None  # when the bot last took updates, to some minutes
    digests: dict[str, str] = {}  # kind -> where the digest stands, "<chat>/<message id>"; "" while it is on its way
    texted: dict[str, str] = {}  # effect id of such a text -> its number: a receipt may still say that nobody is there
    timers: dict[str, datetime] = {}
    failing: dict[str, int] = {}  # timer -> how often its step has raised by now (flows/stuck.py)
    open: tuple[Open, ...] = ()
    seen: dict[str, int] = {}
    kept: int = 0  # bodies kept for a repair
    kept_card: CardRef | None = None
    invites: tuple[Invite, ...] = ()
    notes: tuple[Note, ...] = ()  # who of the shop did what at the desk; older lines are in the journal store
    notes_ever: int = 0
    topics: dict[str, int] = {}  # flows.topics.NAMES -> the thread that the bot made for it
    floods: dict[str, Flood] = {}  # bursts of orders that a ceiling held: name -> its card
    floods_ever: int = 0
    notices: tuple[Notice, ...] = ()  # news to many: drafts, what is being sent, the last ones that were
    notices_ever: int = 0
    reached: dict[
        str, int
    ] = {}  # quarter of an hour (ISO) -> people written to on WhatsApp outside their window (flows/tiers.py)
    reach_limit: int = 0  # how many WhatsApp allows a day, as it told; -1: no limit, 0: it told nothing
    reach_told: str = ""  # near | out: what the owner has heard of it
    templates: dict[str, Standing] = {}  # WhatsApp templates that are not simply approved (flows/approvals.py)
    rhythm: dict[int, tuple[int, int]] = {}  # hour of the epoch -> orders, and confirmed ones (flows/rhythm.py)
    swept: dict[str, datetime] = {}  # sweep -> up to when the provider was asked what its webhooks never told

    def next_due(self) -> datetime | None:
        return min(self.timers.values(), default=None)

    def next_send(self) -> datetime | None:
        return min((o.not_before for o in self.open if o.status == "planned"), default=None)

    def person(self, telegram: int) -> Person | None:
        """Who this is, as far as they have rights now."""
        for person in self.people:
            if person.telegram == telegram and not person.left:
                return person
        return None

    def owners(self) -> tuple[Person, ...]:
        return tuple(p for p in self.people if p.role == "owner")
