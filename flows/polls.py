"""What a customer answers to "how was it?": a score from 1 to 5, then why. A low one is a complaint, a high one praise.

Digits mean what was asked last: a 1, 2 or 3 after a newer question about an order, or after any other question of ours, is no
score; before the poll has really left nothing is one. A score may come a month late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows import complaints
from flows.complaint import selling_paused
from flows.conversation import Note, Question
from flows.effects import PingOwner, Value
from flows.events import CustomerWrote, PagePressed
from flows.heard import whole
from flows.orders import Asked, Order
from flows.phones import same_phone
from flows.poll_rules import Poll
from flows.reach import tell
from flows.talk import answer
from flows.turn import Turn
from flows.understand import fold
from flows.understand.model import Understood

#: An answer to a poll counts for so long.
OPEN_FOR = timedelta(days=90)
#: "5", "5!", "5 stars", "4/5", "4 of 5": the number first, and hardly anything else.
_SCORE = re.compile(
    r"^\W*([1-5])(?:\s*(?:/|of|de|von|out of|из|من)\s*5)?\s*(?:stars?|estrellas?|points?|puntos?|⭐*)\W*$"
)
#: So clearly a complaint has to be heard in the words after a score that is none itself: "slower than I hoped" is read by the owner anyway.
COMPLAINT_FROM = 0.9
#: Where the digits of a confirm question mean something: yes, change, cancel.
_CONFIRMS = frozenset({1, 2, 3})


def score_of(text: str) -> int:
    """The score that these words are; 0: they are none."""
    stars = text.count("⭐") + text.count("★")
    if stars and not text.strip("⭐★️ "):
        return stars if stars <= 5 else 0
    found = _SCORE.match(fold(text))
    return int(found[1]) if found else 0


def answered(turn: Turn, event: CustomerWrote, question: Question | None) -> bool:
    """A score in the customer's words. False: they are none, read them as anything else."""
    poll = turn.poll
    score = score_of(event.text) if poll is not None else 0
    if poll is None or not score or not _open(turn, poll, event.address):
        return False
    assert poll.left_at is not None
    if question is not None and question.kind != "undo" and question.at >= poll.left_at:
        return False
    if score in _CONFIRMS and any(_newer(turn, a, poll) for o in turn.orders for a in o.asked):
        return False
    if poll.score:  # a second thought about the score, or a slip: it decides no order
        turn.note("poll.again", poll.order_id, by="customer", via=event.channel, score=str(score))
        answer(turn, event, "poll_thanks", turn.get(poll.order_id))
        return True
    _scored(turn, poll, score, event.channel, event)
    return True


def _open(turn: Turn, poll: Poll, address: str) -> bool:
    """Whether a number from there is about this poll."""
    here = address == poll.address or (
        address.startswith("+") and poll.address.startswith("+") and same_phone(address, poll.address)
    )
    return bool(here and poll.left_at and turn.now - poll.left_at <= OPEN_FOR)


def _newer(turn: Turn, asked: Asked, poll: Poll) -> bool:
    """Whether a question about an order came to that address after the poll."""
    assert poll.left_at is not None
    waiting = {o.id for o in turn.open if o.status == "planned"}
    here = asked.channel != "email" and asked.status != "withdrawn" and asked.effect_id not in waiting
    return here and asked.at >= poll.left_at


def on_page(turn: Turn, event: PagePressed, order: Order) -> None:
    """One tap on the customer's page. Notice: done | same | closed."""
    poll = turn.poll
    if poll is None or poll.order_id != order.id or not 1 <= event.score <= 5:
        turn.notice = "closed"
    elif poll.score:
        turn.notice = "same"
    else:
        turn.notice = "done"
        _scored(turn, poll, event.score, "page", None)


def _scored(turn: Turn, poll: Poll, score: int, via: str, event: CustomerWrote | None) -> None:
    rules, order = turn.policy.polls, turn.get(poll.order_id)
    turn.set(poll=replace(poll, score=score))
    month = poll.asked_at.strftime("%Y-%m")
    couriers = turn.policy.after.couriers
    turn.note(
        "poll.scored",
        poll.order_id,
        by="customer",
        via=via,
        score=str(score),
        kind=poll.kind,
        channel=poll.channel,
        courier=couriers[0].name if len(couriers) == 1 else "",
        language=turn.language,
        month=month,
    )
    if score >= rules.high:
        complaints.praised(turn, order, f"{score}/5", "poll")
        _thank(turn, order, event)
        return
    if score <= rules.low:
        complaints.complain(turn, order, f"{score}/5", "poll")
    if event is not None:
        question = Question("poll_why", event.channel, event.address, turn.now, (poll.order_id,), wanted=str(score))
        turn.set(question=question)
        answer(turn, event, "poll_why", order)


def _thank(turn: Turn, order: Order | None, event: CustomerWrote | None) -> None:
    link = turn.policy.polls.review_link
    if event is None:
        return  # the page says it
    if link and not turn.was.review_asked and not selling_paused(turn.complaints):
        turn.set(review_asked=True)
        answer(turn, event, "poll_review", order, link=link)
    else:
        answer(turn, event, "poll_thanks", order)


def why(turn: Turn, event: CustomerWrote, question: Question, got: Understood) -> bool:
    """The words after a score. False: they ask for something else."""
    if got.slots.choice is not None or (
        got.sure and got.intent in ("yes", "cancel", "stop", "start", "help", "not_me")
    ):
        return False
    turn.set(question=None)
    order_id, score = question.order_ids[0], int(question.wanted or 0)
    turn.note("poll.why", order_id, by="customer", via=event.channel, text=whole(event.text))
    order = turn.get(order_id)
    grave = got.intent == "complaint" and got.confidence >= COMPLAINT_FROM
    grave = grave or got.intent == "return_or_exchange"
    if score <= turn.policy.polls.low or grave:
        complaints.complain(turn, order, event.text, "poll", tone=got.tone)
    else:
        _read(turn, order_id, score, event.text)
    answer(turn, event, "poll_thanks", order)
    return True


def _read(turn: Turn, order_id: str, score: int, words: str) -> None:
    """They were told that a person reads it: the owner does, without a sound."""
    if turn.policy.staff_chat:
        values: dict[str, Value] = {"shop": turn.policy.name, "order": order_id, "score": score, "text": whole(words)}
        turn.plan(PingOwner(key="owner.poll_why", values=values, order_id=order_id, silent=True))


# -- the results


class Results(Struct, frozen=True):
    """Scores by what the report asks for: (count, sum of scores), so that any of them add up to the whole."""

    asked: int = 0
    scores: dict[int, int] = {}
    by: dict[
        str, dict[str, tuple[int, int]]
    ] = {}  # channel | courier | language | month | kind -> value -> (count, sum)


def results(notes: Iterable[Note]) -> Results:
    """The sum over journal lines of any number of conversations."""
    asked = 0
    scores: dict[int, int] = {}
    by: dict[str, dict[str, tuple[int, int]]] = {}
    for note in notes:
        asked += note.what == "poll.asked"
        if note.what != "poll.scored":
            continue
        score = int(note.data["score"])
        scores[score] = scores.get(score, 0) + 1
        for name in ("channel", "courier", "language", "month", "kind"):
            group = by.setdefault(name, {})
            count, total = group.get(note.data.get(name, ""), (0, 0))
            group[note.data.get(name, "")] = (count + 1, total + score)
    return Results(asked, scores, by)


__all__ = ["Results", "answered", "on_page", "results", "score_of", "tell", "why"]
