"""Presses under a ping in the owner's private chat: take it, call, replace, refund, solved, ask staff. Each is an event and a right."""

from __future__ import annotations

from msgspec.structs import replace

from flows import complaint_stages, complaints, returning, saying, taking
from flows.complaint import Complaint
from flows.effects import TellPerson
from flows.events import ComplaintPressed
from flows.turn import Turn

#: Who may press what; a threat is the owner's alone.
RIGHTS: dict[str, tuple[str, ...]] = {
    "k_take": ("owner", "manager"),
    "k_call": ("owner", "manager"),
    "k_replace": ("owner", "manager"),
    "k_refund": ("owner", "manager"),
    "k_solved": ("owner", "manager"),
    "k_staff": ("owner", "manager"),
    "k_unsay": ("owner", "manager"),
}


def pressed(turn: Turn, event: ComplaintPressed) -> None:
    """Notice: done | taken:<name> | solved (the customer is asked) | closed | passed | wanted:<what> | already:solved |
    not_allowed | gone."""
    complaint = turn.complaint(event.complaint)
    if complaint is None:
        turn.notice = "gone"
        return
    verb, _, rest = event.verb.partition(".")
    allowed = RIGHTS.get(verb, ())
    if event.role not in allowed or (complaint.kind == "threat" and event.role != "owner"):
        turn.notice = "not_allowed"
        return
    if verb == "k_unsay":
        order = turn.by_seq(complaint.seq)
        if order is not None:
            saying.unsay(turn, order, event, rest)
        return
    if complaint.state == "solved":
        turn.notice = "already:solved"
        return
    _VERBS[verb](turn, complaint, event)


def _take(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    if complaint.taken_by and complaint.taken_by != event.name:
        turn.notice = f"taken:{complaint.taken_by}"
        return
    turn.notice = "done"
    _taken(turn, complaint, event, "taken")


def _taken(turn: Turn, complaint: Complaint, event: ComplaintPressed, what: str) -> Complaint:
    turn.note(
        f"complaint.{what}", complaint.order_id, by=f"{event.role}:{event.name}", via="telegram", n=str(complaint.n)
    )
    complaint = replace(complaint, taken_by=complaint.taken_by or event.name)
    return complaint_stages.put(turn, complaints.stepped(turn, complaint, what, event.name))


def _call(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    order = turn.by_seq(complaint.seq)
    if order is None or not order.fields.phone:
        turn.notice = "no_phone"
        return
    _taken(turn, complaint, event, "called")
    turn.plan(TellPerson(person=event.by, key="yours", values=taking.reach_of(order)))
    turn.notice = "done"


def _has(complaint: Complaint, what: str) -> bool:
    return any(step.what == what for step in complaint.history)


def _replace(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    _wanted(turn, complaint, event, "replace")


def _refund(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    _wanted(turn, complaint, event, "refund")


def _wanted(turn: Turn, complaint: Complaint, event: ComplaintPressed, how: str) -> None:
    """What the card's own button does, once for both: the shop is told, the customer hears what happens when, staff read it under
    the card."""
    order = turn.by_seq(complaint.seq)
    if order is None or not order.seq:
        turn.notice = "gone"
        return
    done = returning.TOLD.get(order.return_done) or next((w for w in returning.TOLD.values() if _has(complaint, w)), "")
    if done:  # decided once, here or on the order's card: the shop's system must not draft a second parcel
        turn.notice = f"already:{done}"
        return
    what = returning.TOLD[how]
    _taken(turn, complaint, event, what)
    returning.decide(turn, order, event, how)
    order = turn.get(order.id) or order
    if complaint.kind == "complaint":
        turn.tell_staff(turn.card(order), f"wanted.{what}", name=event.name)
    turn.notice = f"wanted:{what}"


def _solved(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    complaints.solve(turn, complaint, event.name)
    question = turn.fields.get("question")
    turn.notice = "solved" if question is not None else "closed"


def _staff(turn: Turn, complaint: Complaint, event: ComplaintPressed) -> None:
    """The group is asked to take care of it."""
    order = turn.by_seq(complaint.seq)
    if order is None or complaint.kind == "threat":
        turn.notice = "not_allowed"
        return
    _taken(turn, complaint, event, "passed")
    turn.tell_staff(turn.card(order), "complaint.passed", name=event.name, text=complaint.words[-1])
    turn.notice = "passed"


_VERBS = {
    "k_take": _take,
    "k_call": _call,
    "k_replace": _replace,
    "k_refund": _refund,
    "k_solved": _solved,
    "k_staff": _staff,
}
