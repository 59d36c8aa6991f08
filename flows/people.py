"""The shop's people: who may do what, by Telegram id. On the desk's road, so that every act is in its journal with a name.

    owner --invite--> a code, once, for a day --used by a newcomer in private--> in the table
    owner --remove--> out of it, at once;    left the group --> no rights until back (an owner keeps theirs)

The table is asked at every press and every word, so a change counts from its commit on. An owner's own row is taken out by
another owner only, and the last one by nobody: a shop without an owner hears of nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows.desk import ROLES, Desk, Invite, Person
from flows.desk_events import DeskActed
from flows.journal import Note

#: A code is good for so long, and once.
INVITE_FOR = timedelta(hours=24)
INVITES_MOST = 20
PEOPLE_MOST = 200
NAME_MOST = 40
#: Lines that the desk's document keeps; older ones move to the journal store.
NOTES_KEPT = 100


class Acted(Struct, frozen=True):
    """What became of an act at the desk. `ping`: what the owners hear of it."""

    desk: Desk
    notice: str
    ping: str = ""
    values: dict[str, str] = {}


def acted(desk: Desk, event: DeskActed, now: datetime) -> Acted:
    """Notice: done | not_allowed | bad_code | known:<role> | gone | last_owner | unreadable."""
    match event.what:
        case "join":
            return _join(desk, event, now)
        case "left" | "back":
            return _moved(desk, event, now)
    who = desk.person(event.by)
    if who is None or (event.what != "language" and who.role != "owner"):
        return Acted(desk, "not_allowed")
    match event.what:
        case "invite":
            return _invite(desk, event, who, now)
        case "remove":
            return _remove(desk, event, who, now)
        case "role":
            return _role(desk, event, who, now)
    changed = _with(desk, replace(who, language=event.value))
    return Acted(noted(changed, "person.language", who.name, now, language=event.value), "done")


def _invite(desk: Desk, event: DeskActed, who: Person, now: datetime) -> Acted:
    if event.value not in ROLES or not event.mark:
        return Acted(desk, "unreadable")
    open_ = tuple(i for i in desk.invites if i.until > now)[-(INVITES_MOST - 1) :]
    invite = Invite(mark=event.mark, role=event.value, by=who.name, until=now + INVITE_FOR)
    desk = replace(desk, invites=(*open_, invite))
    return Acted(noted(desk, "person.invited", who.name, now, role=event.value), "done")


def _join(desk: Desk, event: DeskActed, now: datetime) -> Acted:
    invite = next((i for i in desk.invites if i.mark == event.mark and i.until > now), None)
    if invite is None or not event.mark or len(desk.people) >= PEOPLE_MOST:
        return Acted(desk, "bad_code")
    known = next((p for p in desk.people if p.telegram == event.by), None)
    if known is not None and not known.left:
        return Acted(desk, f"known:{known.role}")  # the code stays good for whom it was meant
    name = _free_name(desk, event.name)
    person = Person(telegram=event.by, name=name, role=invite.role, language=event.value)
    rest = tuple(p for p in desk.people if p.telegram != event.by)
    desk = replace(desk, people=(*rest, person), invites=tuple(i for i in desk.invites if i is not invite))
    desk = noted(desk, "person.joined", name, now, role=invite.role, invited_by=invite.by, id=str(event.by))
    return Acted(desk, f"joined:{invite.role}", "owner.joined", {"name": name, "role": invite.role, "by": invite.by})


def _free_name(desk: Desk, wished: str) -> str:
    """Two colleagues of one name are told apart: cards and journal name people."""
    name = " ".join(wished.split())[:NAME_MOST] or "?"
    taken = {p.name.casefold() for p in desk.people}
    return next(n for n in [name, *(f"{name} {i}" for i in range(2, PEOPLE_MOST + 2))] if n.casefold() not in taken)


def _remove(desk: Desk, event: DeskActed, who: Person, now: datetime) -> Acted:
    gone = next((p for p in desk.people if p.telegram == event.person), None)
    if gone is None:
        return Acted(desk, "gone")
    if gone.role == "owner" and (gone.telegram == who.telegram or len(desk.owners()) < 2):
        return Acted(desk, "last_owner")
    desk = replace(desk, people=tuple(p for p in desk.people if p.telegram != gone.telegram))
    desk = noted(desk, "person.removed", who.name, now, name=gone.name, role=gone.role, id=str(gone.telegram))
    return Acted(desk, "done", "owner.removed", {"name": gone.name, "by": who.name})


def _role(desk: Desk, event: DeskActed, who: Person, now: datetime) -> Acted:
    person = next((p for p in desk.people if p.telegram == event.person), None)
    if person is None or event.value not in ROLES:
        return Acted(desk, "gone" if person is None else "unreadable")
    if person.role == "owner" and event.value != "owner" and len(desk.owners()) < 2:
        return Acted(desk, "last_owner")
    desk = _with(desk, replace(person, role=event.value))
    return Acted(noted(desk, "person.role", who.name, now, name=person.name, role=event.value), "done")


def _moved(desk: Desk, event: DeskActed, now: datetime) -> Acted:
    """Somebody left the staff group, or came back. Told by Telegram, not by a person."""
    person = next((p for p in desk.people if p.telegram == event.person), None)
    left = event.what == "left"
    if person is None or person.left == left or (left and person.role == "owner"):
        return Acted(desk, "done")
    desk = noted(_with(desk, replace(person, left=left)), f"person.{event.what}", person.name, now)
    return Acted(desk, "done", f"owner.{event.what}", {"name": person.name})


def _with(desk: Desk, person: Person) -> Desk:
    return replace(desk, people=tuple(person if p.telegram == person.telegram else p for p in desk.people))


def noted(desk: Desk, what: str, by: str, now: datetime, /, **data: str) -> Desk:
    """One line more in the desk's journal."""
    note = Note(n=desk.notes_ever + 1, at=now, what=what, by=by, via="telegram", data=data)
    return replace(desk, notes=(*desk.notes, note), notes_ever=note.n)


def spilled(desk: Desk) -> tuple[Desk, tuple[Note, ...]]:
    """The desk with its latest lines, and the older ones that leave it."""
    if len(desk.notes) <= NOTES_KEPT:
        return desk, ()
    return replace(desk, notes=desk.notes[-NOTES_KEPT // 2 :]), desk.notes[: -NOTES_KEPT // 2]
