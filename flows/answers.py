"""What the customer says, and what follows: words, media, a place, a reaction.

`reply` is the one clear place where words are understood (flows/understand). What decides is flows/verdicts.py, what else is
asked for flows/doing.py, what answers a question of ours flows/following.py, a button flows/tapped.py; unsure means a person.
"""

from __future__ import annotations

from datetime import timedelta

from flows import (
    attachments,
    changing,
    conditions,
    consent,
    doing,
    explaining,
    following,
    handing,
    language,
    noticing,
    polls,
    reacting,
    refusing,
    replanning,
    slotting,
    talk,
    tapped,
)
from flows.conversation import Question, one_address
from flows.events import CustomerWrote
from flows.optouts import go_on_elsewhere, start, stop
from flows.orders import BEFORE_DISPATCH, Order
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand import understand
from flows.understand.model import DECISIONS, Slots, Understood
from flows.verdicts import act, asked_at, change, first, settle, within
from flows.which import all_of_them, chosen

#: A follow-up question ("which order?") waits so long for its answer.
QUESTION_OPEN = timedelta(hours=48)
#: An offer stands until it is answered, or the parcel leaves.
_STANDS = frozenset({"deal"})
#: What the menu of changes offers as 1, 2, 3.
_MENU = {1: "number", 2: "address", 3: "time"}


def wrote(turn: Turn, event: CustomerWrote) -> None:
    """Words, media or a place from the customer."""
    turn.hear(event.channel, event.address, event.name)
    noticing.heard(turn, event)
    if event.channel == "whatsapp":  # they may hide the number next time
        turn.claims += [pointer for pointer in event.to if pointer.kind == "whatsapp_id"]
    asked = asked_at(turn, event.address, event.channel)
    if event.order_id:
        asked = [o for o in asked if o.id == event.order_id]
    if event.reaction or event.deleted or event.edited:
        _reacted(turn, event, asked)
        return
    sender = turn.policy.sender(event.channel)
    ruling = consent.settle(
        event.text, sender, prompt_open=bool(within(asked, BEFORE_DISPATCH)), opt_out_type=event.opt_out_type
    )
    if ruling.consent == "out":
        stop(turn, event, everything=ruling.everything)
    elif ruling.consent == "in":
        start(turn, event, first(asked), silent=ruling.silent)
        return
    talked = handing.talked_about(turn, asked)
    if talked is not None:
        grave = doing.grave(turn, event)
        if grave != "threat":  # those words are for the owner alone
            handing.pass_on(turn, event, talked, event.text.strip() or talk.media_text(event))
        if grave:
            doing.hand(turn, event, grave, turn.get(talked.id), "angry")
        return
    if ruling.order == "yes" and following.taken(turn, event):
        return
    if ruling.order:
        act(turn, event, ruling.order, asked, told_elsewhere=ruling.silent or ruling.consent == "out")
        return
    if ruling.consent == "out":
        go_on_elsewhere(turn, event)
        return
    if ruling.help:
        if not ruling.silent:
            answer(turn, event, "help", first(asked))
        return
    reply(turn, event, asked)


def reply(turn: Turn, event: CustomerWrote, asked: list[Order]) -> None:
    """Understand the words and act on them, or hand them to a person."""
    question = turn.question
    lapsed = question is not None and turn.now - question.at > QUESTION_OPEN and question.kind not in _STANDS
    if question is not None and (not one_address(question.address, event.address) or lapsed):
        question = None
    if event.location and not event.media and _door(turn, event, question):
        return
    if event.location and not event.media and _place(turn, event, question, asked):
        return
    if not event.text.strip() or event.media:
        _wordless(turn, event, first(asked))
        return
    if polls.answered(turn, event, question) or tapped.typed(turn, event, question, asked):
        return
    if explaining.asked_why(turn, event, question, asked):
        return
    if (question is None or question.kind in ("slot", "time")) and slotting.ruled_out(
        turn, event, within(asked, BEFORE_DISPATCH)
    ):
        return
    got = _read(turn, event.text, question, asked)
    if question is None or question.kind not in ("number", "address"):  # what is asked for there has no language
        language.follow(turn, event.text, got)
    if question is not None and _follow_up(turn, event, question, got):
        return
    _meant(turn, event, got, asked)


def _wordless(turn: Turn, event: CustomerWrote, order: Order | None) -> None:
    """A picture, a voice note, nothing at all: a person looks. What a picture says beside it may be a complaint."""
    grave = doing.grave(turn, event)
    if not grave:
        to_staff(turn, event, order, "reply.media" if event.media or event.location else "reply.empty")
        return
    doing.hand(turn, event, grave, order, "")
    shown = (turn.get(order.id) if order is not None else turn.talk) or order
    if shown is not None and grave != "threat":
        attachments.shown(turn, shown, event)


def _read(turn: Turn, text: str, question: Question | None, asked: list[Order]) -> Understood:
    """What the words mean as an answer to what was asked last."""
    prompt = "confirm" if asked else None  # a late "1" is an answer too, if only to be told that it is late
    if question is not None and question.kind in following.KINDS:
        prompt = following.prompt_of(question)
    elif question is not None:
        prompt = None if question.kind == "change_what" else question.kind
    country = (asked[0].fields.address.country if asked else "") or turn.policy.country
    if prompt == "why":
        # the text before it offered a way back: Reply YES
        back = understand(text, prompt="confirm", lang=turn.language, country=country)
        if back.sure and back.intent == "yes" and back.slots.choice is None:
            return back
    got = understand(text, prompt=prompt, lang=turn.language, country=country)
    if question is None and prompt and got.slots.choice is not None and _overtaken(turn, asked):
        return understand(text, prompt=None, lang=turn.language, country=country)
    return got


def _overtaken(turn: Turn, asked: list[Order]) -> bool:
    """Whether something else with digits was asked after the orders were: a bare 3 may be its answer, however late."""
    question, poll = turn.question, turn.poll
    later = [] if question is None else [question.at]
    if poll is not None and poll.left_at is not None:
        later.append(poll.left_at)
    if not later:
        return False
    last = max((a.at for order in asked for a in order.asked), default=None)
    return last is not None and max(later) > last


def _meant(turn: Turn, event: CustomerWrote, got: Understood, asked: list[Order]) -> None:
    """Each part of the message is done; what decides comes first. What is not sure is read by a person."""
    wants = [(got.intent, got.slots), *[(part.intent, part.slots) for part in got.parts]]
    if not got.sure or doing.doubtful(got, event.text):
        grave = next((p.intent for p in got.parts if p.intent in ("threat", "complaint")), got.intent)
        doing.do(turn, event, grave, got.slots, asked, sure=False, tone=got.tone)
        return
    if got.intent == "yes" and got.parts and any(intent == "change_phone" and slots.phone for intent, slots in wants):
        wants = wants[1:]  # the new number is asked: a yes from the old one would be told and taken back in one breath
    elif asked and conditions.unmet(turn, got, asked[0], event.text):
        wants = wants[1:]  # "only then", and then is impossible: the time is asked first, and the yes with it
    text = event.text if len(wants) > 1 else ""
    for intent, slots in wants:
        before = turn.question
        _want(turn, event, intent, slots, asked, got.tone, text)
        if len(wants) == 1:
            return
        asked = [order for was in asked if (order := turn.get(was.id)) is not None]
        opened = turn.question
        if opened is not None and opened is not before and opened.kind == "which":
            return  # the rest is done once the order is known


def _want(
    turn: Turn, event: CustomerWrote, intent: str, slots: Slots, asked: list[Order], tone: str, text: str
) -> None:
    """One sure part."""
    if intent == "no" and slots.choice == 2:
        change(turn, event, asked)
    elif intent in ("yes", "cancel", "no"):
        act(turn, event, intent, asked, reason=slots.reason, text=text)
        refusing.in_words(turn, event, asked, tone)
    elif intent == "stop":
        stop(turn, event, everything=slots.reason == "everything")
        go_on_elsewhere(turn, event)
    elif intent == "help":
        answer(turn, event, "help", first(asked))
    else:
        doing.do(turn, event, intent, slots, asked, sure=True, tone=tone)


def _reacted(turn: Turn, event: CustomerWrote, asked: list[Order]) -> None:
    """A thumbs-up on our question is a yes to it; everything else of the kind is only shown."""
    verdict, order = reacting.verdict(turn, event)
    if verdict and order is not None and order in asked and handing.quiet_until(turn, order) is None:
        act(turn, event, verdict, [order])
    else:
        reacting.shown(turn, event, asked)


def _door(turn: Turn, event: CustomerWrote, question: Question | None) -> bool:
    """A place as an answer to a courier who did not find the door."""
    order = turn.get(question.order_ids[0]) if question is not None and question.kind == "replan" else None
    if order is None or order.state != "shipped":
        return False
    replanning.place(turn, event, order)
    return True


def _place(turn: Turn, event: CustomerWrote, question: Question | None, asked: list[Order]) -> bool:
    """A location is where the parcel shall go, if it is clear which; else a person looks at it."""
    pool = within(asked, BEFORE_DISPATCH)
    named = [o for o in pool if question is not None and o.id in question.order_ids[:1]]
    if len(pool) != 1 and len(named) != 1:
        return False
    changing.place(turn, event, (named or pool)[0])
    return True


def _follow_up(turn: Turn, event: CustomerWrote, question: Question, got: Understood) -> bool:
    """An answer to the question asked last; False: it is none, read it as anything else."""
    orders = [turn.get(order_id) for order_id in question.order_ids]
    if question.kind == "which":
        return _chosen(turn, event, question, orders, got)
    if question.kind in following.KINDS:
        return following.follow(turn, event, question, got)
    order = orders[0] if orders else None
    if order is None or order.state not in BEFORE_DISPATCH:
        return False
    if question.kind == "no_what":
        return _after_no(turn, event, order, got)
    turn.set(question=None)
    if got.slots.choice in _MENU and not got.parts:
        changing.ask(turn, event, order, _MENU[got.slots.choice or 0])
    elif got.sure and got.intent not in DECISIONS:
        _meant(turn, event, got, [order])
    elif got.sure and not got.parts and got.intent in ("yes", "cancel") and got.slots.choice is None:
        act(turn, event, got.intent, [order])  # on second thoughts, nothing is to be changed
    else:
        to_staff(turn, event, order, "reply.change")
    return True


def _chosen(turn: Turn, event: CustomerWrote, question: Question, orders: list[Order | None], got: Understood) -> bool:
    """Which order was meant: what waited for that is done."""
    order = chosen(orders, event.text, got)
    if order is None and question.wanted in ("yes", "cancel") and not question.text and all_of_them(event.text):
        for one in orders:
            if one is not None and (now := turn.get(one.id)) is not None and now.state in BEFORE_DISPATCH:
                settle(turn, event, question.wanted, now)
        return True
    if order is None:
        return False
    turn.set(question=None)
    if question.text:
        _meant(turn, event, _read(turn, question.text, None, [order]), [order])
    elif question.wanted == "change":
        change(turn, event, [order])
    else:
        act(turn, event, question.wanted, [order])
    return True


def _after_no(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """Cancel it, or change something? A second no cancels; 1 changes, 2 cancels; a yes takes the no back."""
    if got.slots.choice == 1 or (got.sure and got.intent in doing.CHANGES):
        turn.set(question=None)
        if got.slots.choice == 1:
            change(turn, event, [order])
        else:
            _meant(turn, event, got, [order])
        return True
    if got.slots.choice == 2 or (got.sure and not got.parts and got.intent in ("no", "cancel")):
        settle(turn, event, "cancel", order, reason=got.slots.reason)
        return True
    if got.sure and not got.parts and got.intent == "yes" and got.slots.choice is None:
        turn.set(question=None)
        act(turn, event, "yes", [order])
        return True
    return False
