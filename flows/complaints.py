"""Complaints: each reaches the owner, the customer hears at once by when a person answers, and that promise is watched.

`complain` opens one from any channel or a low poll score; `threatened` one that only the owner reads. The ping in the owner's
chat is flows/complaint_pings.py, presses under it flows/complaint_presses.py, its moments (again, by SMS, before the promise breaks)
flows/complaint_stages.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import complaint_pings, complaint_stages, hours, talk, topics
from flows.complaint import STEPS_MOST, WORDS_MOST, Complaint, Step
from flows.conversation import Question
from flows.effects import Open, PingOwner, Say, Value
from flows.events import CustomerPressed, CustomerWrote
from flows.heard import SAID_KEPT, glimpse, whole
from flows.informing import moment
from flows.ladder import flag
from flows.opening import hours_value
from flows.orders import ASKABLE, Order, Reason
from flows.reach import compose, heard, preferred, tell
from flows.turn import Turn
from flows.understand.model import Understood

#: An answer is due within this once the shop opens, however long the settings allow. Source: the shops' own request.
ANSWER_MOST = timedelta(hours=24)
#: A customer who complains again so soon after "solved" means the same matter.
SAME_MATTER = timedelta(days=7)


def complain(turn: Turn, order: Order | None, words: str, source: str, *, tone: str = "") -> Complaint:
    """A complaint about `order` (None: about no order that we know), in these words.

    From a channel (the event is the customer's own) they are answered there; from anywhere else (`source` "poll") on the
    best channel. Words about a matter that is open already join it; the customer is told anew only when a new promise is made.
    """
    order = order or _hung_on(turn)
    known = _same_matter(turn, order)
    if known is not None and known.unsolved:
        complaint = _more(turn, known, words)
    elif known is not None:
        complaint = reopen(turn, known, words)
    else:
        complaint = _open(turn, order, words, source, tone)
    return _acknowledge(turn, order, complaint, words, source, tone)


def threatened(turn: Turn, event: CustomerWrote, order: Order | None, tone: str) -> None:
    """Only the owner reads it, with the history; the group's card says no more than whose it is."""
    order = order or _hung_on(turn, "owner_has_it")
    known = _same_matter(turn, order)
    if known is not None and known.unsolved:
        complaint = _more(turn, replace(known, kind="threat"), event.text)
    else:
        complaint = _open(turn, order, event.text, event.channel, tone, kind="threat")
    if order.state in ASKABLE and order.seq:
        order = flag(turn, order, Reason("owner_has_it"))
    else:
        turn.refresh(order)
    effect = talk.answer(turn, event, "handed_over", order if order.seq else None)
    complaint_stages.put(turn, replace(complaint, ack=effect))


def praised(turn: Turn, order: Order | None, words: str, source: str) -> None:
    """Kind words and good reviews come to the owner, too, without a sound."""
    order_id = order.id if order else ""
    turn.note("praised", order_id, by="customer", via=source)
    if turn.policy.staff_chat:
        values: dict[str, Value] = {"shop": turn.policy.name, "order": order_id, "text": whole(words)}
        turn.plan(PingOwner(key="owner.praise", values=values, order_id=order_id, silent=True))


# -- opening


def _same_matter(turn: Turn, order: Order) -> Complaint | None:
    """The newest complaint about this order that is open, or was solved only lately."""
    mine = [c for c in turn.complaints if c.seq == order.seq]
    for complaint in reversed(mine):
        last = complaint.history[-1].at if complaint.history else complaint.opened_at
        if complaint.unsolved or turn.now - last < SAME_MATTER:
            return complaint
    return None


def _hung_on(turn: Turn, reason: str = "stranger") -> Order:
    """What a complaint without an order hangs on."""
    address = getattr(turn.event, "address", "") or turn.was.last_address
    return talk.talk_of(turn, address, reason)


def _open(turn: Turn, order: Order, words: str, source: str, tone: str, *, kind: str = "complaint") -> Complaint:
    complaint = Complaint(
        n=max((c.n for c in turn.complaints), default=0) + 1,
        opened_at=turn.now,
        since=turn.now,
        kind=kind,  # type: ignore[arg-type]
        seq=order.seq,
        order_id=order.id,
        words=(whole(words),),
        source=source,
        tone=tone,
        promise_by=answer_by(turn),
        history=(Step(turn.now, "opened"),),
    )
    turn.note(f"complaint.{complaint.state}", order.id, by="customer", via=source, n=str(complaint.n), kind=kind)
    complaint_stages.put(turn, complaint)
    complaint_pings.ping(turn, complaint, f"owner.{kind}")
    return complaint


def _more(turn: Turn, complaint: Complaint, words: str) -> Complaint:
    """They wrote again about it: the owner hears it; what was answered waits again."""
    words = whole(words)
    complaint = replace(complaint, words=(*complaint.words, words)[-WORDS_MOST:])
    if not complaint.waiting:
        complaint = _again(turn, complaint)
    complaint = complaint_stages.put(turn, stepped(turn, complaint, "more"))
    complaint_pings.ping(turn, complaint, "owner.complaint.more")
    return complaint


def reopen(turn: Turn, complaint: Complaint, words: str) -> Complaint:
    """Not solved after all."""
    kept = (*complaint.words, whole(words))[-WORDS_MOST:] if words.strip() else complaint.words
    complaint = complaint_stages.put(turn, stepped(turn, _again(turn, replace(complaint, words=kept)), "reopened"))
    complaint_pings.ping(turn, complaint, "owner.complaint.reopened")
    return complaint


def _again(turn: Turn, complaint: Complaint) -> Complaint:
    """It waits for a person anew, with a new promise."""
    turn.note("complaint.reopened", complaint.order_id, by="customer", n=str(complaint.n))
    return replace(
        complaint, state="reopened", since=turn.now, done=(), promise_by=answer_by(turn), pinged=False, ack="", acked=False
    )  # fmt: skip


def answer_by(turn: Turn) -> datetime:
    """By when a person answers: so much of the shop's own time, and never later than a day after it opens."""
    policy = turn.policy
    within = policy.complaints.answer_within
    start = hours.next_open(turn.now, policy.hours, policy.zone)
    if start is None:
        return max(turn.now, policy.hours.away_until or turn.now) + ANSWER_MOST
    return min(hours.open_end(start, within, policy.hours, policy.zone), start + ANSWER_MOST)


def _acknowledge(turn: Turn, order: Order, complaint: Complaint, words: str, source: str, tone: str) -> Complaint:
    """The customer hears by when; staff see the words under the card; the order's card shows the promise."""
    by = complaint.promise_by or turn.now
    new = not complaint.ack
    order = turn.put(replace(turn.get(order.id) or order, promise_by=by))
    told = {"by": moment(turn, order, by)}
    before = len(turn.planned)
    event = turn.event
    if isinstance(event, CustomerWrote | CustomerPressed):
        template = "complaint_ack" if new else "handed_over"
        talk.to_staff(turn, event, order, "reply.complaint", template=template, tone=tone, **(told if new else {}))
    else:
        _shown(turn, order, words, source)
        if new:
            values: dict[str, Value] = {**told, **hours_value(turn.policy)}
            tell(turn, order, "complaint_ack", **values)  # type: ignore[arg-type]
    if new:
        topics.point(turn, order, topics.COMPLAINTS, "pointer.complaint", text=glimpse(words))
    effects = turn.planned[before:]
    ack = next((o.id for o in effects if isinstance(o.effect, Say) and o.effect.template == "complaint_ack"), "")
    return complaint_stages.put(turn, replace(complaint, ack=ack or complaint.ack))


def _shown(turn: Turn, order: Order, words: str, source: str) -> None:
    """Words that came by no channel stand on the card and under it all the same."""
    said = whole(words)
    order = turn.put(replace(order, said=(*order.said, glimpse(said))[-SAID_KEPT:]))
    order = (
        flag(turn, order, Reason("reply.complaint"), words_follow=True)
        if order.state in ASKABLE and order.seq
        else turn.card(order)
    )
    turn.tell_staff(order, "customer.wrote", text=said, channel=source, why="reply.complaint", tone="")


# -- its history


def stepped(turn: Turn, complaint: Complaint, what: str, by: str = "") -> Complaint:
    """With one more line in its history."""
    return replace(complaint, history=(*complaint.history, Step(turn.now, what, by))[-STEPS_MOST:])


# -- what became of it


def went_out(turn: Turn, open_: Open) -> None:
    """A message was accepted: the ping that reached an owner, or the word that reached the customer."""
    effect = open_.effect
    if isinstance(effect, PingOwner) and effect.complaint:
        complaint = turn.complaint(effect.complaint)
        if complaint is not None and not complaint.pinged:
            complaint_stages.put(turn, replace(complaint, pinged=True))
    elif isinstance(effect, Say) and effect.purpose in ("answer", "notice"):
        for complaint in turn.complaints:
            if complaint.ack == open_.id and not complaint.acked:
                complaint_stages.put(turn, replace(complaint, acked=True))


def told_elsewhere(turn: Turn, failed_id: str, now_id: str) -> None:
    """What should have told the customer could not arrive; another message has taken its place."""
    for complaint in turn.complaints:
        if complaint.ack == failed_id:
            complaint_stages.put(turn, replace(complaint, ack=now_id))


def answered(turn: Turn, order: Order, name: str) -> None:
    """A person wrote to the customer about this order: what was promised is kept."""
    for complaint in turn.complaints:
        if complaint.seq == order.seq and complaint.waiting:
            _kept(turn, complaint)
            complaint = replace(complaint, state="answered", taken_by=complaint.taken_by or name, promise_by=None)
            complaint_stages.put(turn, stepped(turn, complaint, "answered", name))


def _kept(turn: Turn, complaint: Complaint) -> None:
    if complaint.promise_by is not None and turn.now <= complaint.promise_by and "broken" not in complaint.done:
        turn.note("promise.kept", complaint.order_id, by="staff", n=str(complaint.n))


def solve(turn: Turn, complaint: Complaint, name: str) -> Complaint:
    """A person says that it is settled; the customer is asked whether it is."""
    if complaint.waiting:
        _kept(turn, complaint)
    complaint = stepped(turn, replace(complaint, state="solved", promise_by=None), "solved", name)
    complaint = complaint_stages.put(turn, complaint)
    turn.note("complaint.solved", complaint.order_id, by=f"owner:{name}", via="telegram", n=str(complaint.n))
    order = turn.by_seq(complaint.seq)
    if order is None:
        return complaint
    turn.rest(f"talk:{order.id}")  # the machine has the word again: it asks, and hears the answer
    order = turn.put(replace(order, promise_by=None, talk_until=None, talk_waiting=False))
    turn.refresh(order)
    if turn.policy.complaints.ask_solved and complaint.kind == "complaint":
        found = preferred(turn, order, "solved_ask")
        if found is not None and (found.two_way or heard(turn, found.channel, found.to)):  # else no answer could come
            turn.say(compose(turn, order, "solved_ask", found, "notice"))
            asked = Question("solved", found.channel, found.to, turn.now, (order.id,), wanted=str(complaint.n))
            turn.set(question=asked)
    return complaint


def judged(turn: Turn, event: CustomerWrote, question: Question, got: Understood) -> bool:
    """The customer's answer to "is it solved?"; False: it is none."""
    complaint = turn.complaint(int(question.wanted or 0))
    if complaint is None or complaint.state != "solved":
        return False
    yes = got.slots.choice == 1 or (got.sure and got.intent in ("yes", "thanks"))
    no = got.slots.choice == 2 or got.intent in ("no", "complaint", "cancel", "threat")
    if not yes and not no:
        return False
    turn.set(question=None)
    order = turn.by_seq(complaint.seq)
    if yes:
        turn.note("complaint.thanks", complaint.order_id, by="customer", via=event.channel, n=str(complaint.n))
        complaint_stages.put(turn, stepped(turn, complaint, "thanked"))
        talk.answer(turn, event, "thanks_reply", order if order is not None and order.seq else None)
    else:
        complain(turn, order, event.text, event.channel)
    return True
