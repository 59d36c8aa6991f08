"""What the customer says, and what follows.

An order is decided only by an unambiguous answer to its open question from the address that was asked, or a button bound to order
and version. CANCEL cancels; NO asks what is wrong first; unsure means a person. `reply` is the one clear place where words are
understood (flows/understand).
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import buttons, consent, talk
from flows.conversation import Contact, Question
from flows.deciding import cancel, confirm
from flows.events import CustomerPressed, CustomerWrote
from flows.judging import only_staff, said_yes
from flows.optouts import go_on_elsewhere, start, stop, withdrawn
from flows.orders import ASKABLE, BEFORE_DISPATCH, Order
from flows.reach import tell
from flows.talk import answer, to_staff
from flows.too_late import too_late
from flows.turn import Turn
from flows.understand_model import DECISIONS, Understood
from flows.understood_quickly import understand  # TEMPORARY
from flows.wording import numbered

#: A follow-up question ("which order?") waits so long for its answer.
QUESTION_OPEN = timedelta(hours=48)
#: So many orders are listed when it is asked which one is meant.
LIST_MOST = 5


def wrote(turn: Turn, event: CustomerWrote) -> None:
    """Words, media or a place from the customer."""
    _hear(turn, event.channel, event.address, event.name)
    if event.reaction or event.deleted or event.edited:
        talk.unusual(turn, event)
        return
    asked = asked_at(turn, event.address)
    sender = turn.policy.sender(event.channel)
    ruling = consent.settle(
        event.text, sender, prompt_open=bool(_within(asked, BEFORE_DISPATCH)), opt_out_type=event.opt_out_type
    )
    if ruling.consent == "out":
        stop(turn, event, everything=ruling.everything)
    elif ruling.consent == "in":
        start(turn, event, _first(asked), silent=ruling.silent)
        return
    if ruling.order:
        _act(turn, event, ruling.order, asked, told_elsewhere=ruling.silent or ruling.consent == "out")
        return
    if ruling.consent == "out":
        go_on_elsewhere(turn, event)
        return
    if ruling.help:
        if not ruling.silent:
            answer(turn, event, "help", _first(asked))
        return
    reply(turn, event, asked)


def reply(turn: Turn, event: CustomerWrote, asked: list[Order]) -> None:
    """Understand the words and act on them, or hand them to a person."""
    question = turn.question
    if question is not None and (question.address != event.address or turn.now - question.at > QUESTION_OPEN):
        question = None
    prompt = (
        (None if question.kind == "change_what" else question.kind)
        if question
        else ("confirm" if asked else None)  # a late "1" is an answer too, if only to be told that it is late
    )
    if not event.text.strip() or event.media:
        to_staff(turn, event, _first(asked), "reply.media" if event.media or event.location else "reply.empty")
        return
    if _typed_button(turn, event, asked):
        return
    country = asked[0].fields.address.country if asked else ""
    got = understand(event.text, prompt=prompt, lang=turn.language, country=country or turn.policy.country)
    if got.lang and got.sure and got.lang != turn.language and turn.was.language is None:
        turn.set(language=got.lang)
    if question is not None and _follow_up(turn, event, question, got):
        return
    if got.sure and not got.parts:
        if got.intent in ("yes", "cancel", "no"):
            if got.intent == "no" and got.slots.choice == 2:
                _change(turn, event, asked)
            else:
                _act(turn, event, got.intent, asked)
            return
        if got.intent in ("change_phone", "change_address", "change_time") and _within(asked, BEFORE_DISPATCH):
            _change(turn, event, asked)
            return
        if got.intent == "stop":
            stop(turn, event, everything=got.slots.reason == "everything")
            go_on_elsewhere(turn, event)
            return
        if got.intent == "help":
            answer(turn, event, "help", _first(asked))
            return
    talk.other(turn, event, got, _first(asked))


def _typed_button(turn: Turn, event: CustomerWrote, asked: list[Order]) -> bool:
    """Where a sender shows buttons as words, their titles are typed: "Cancel the order" is an answer like any other."""
    match buttons.titled(event.text, turn.language, turn.policy.script):
        case "yes" | "again":
            _act(turn, event, "yes", asked)
        case "cancel":
            _act(turn, event, "cancel", asked)
        case "change":
            _change(turn, event, asked)
        case _:
            return False
    return True


def _hear(turn: Turn, channel: str, address: str, name: str) -> None:
    """The address lives, and opens the window."""
    known = turn.contact(channel, address) or Contact(channel, address)
    turn.put_contact(replace(known, heard_at=turn.now, dead=""))
    turn.set(last_channel=channel, last_address=address)
    if name and not turn.was.name:
        turn.set(name=name[:60])


def asked_at(turn: Turn, address: str) -> list[Order]:
    """Orders about which this address was asked, newest first; closed ones last."""
    found = [o for o in turn.orders if any(a.address == address and a.status != "withdrawn" for a in o.asked)]
    return sorted(found, key=lambda o: (not o.open, -o.seq))


def _within(orders: list[Order], states: frozenset[str]) -> list[Order]:
    return [o for o in orders if o.state in states]


def _first(orders: list[Order]) -> Order | None:
    return orders[0] if orders else None


def _act(turn: Turn, event: CustomerWrote, intent: str, asked: list[Order], *, told_elsewhere: bool = False) -> None:
    """A sure yes, no or cancel: on the one order it can mean, or ask which."""
    pool = _within(asked, ASKABLE) if intent == "yes" else _within(asked, BEFORE_DISPATCH)
    if intent == "no" and _within(asked, ASKABLE):
        pool = _within(asked, ASKABLE)
    if intent == "yes" and pool:
        known, pool = pool, [o for o in pool if _has_left(turn, o, event.address)]
        if not pool:
            turn.note("outdated_yes", known[0].id, by="customer", via=event.channel)
            answer(turn, event, "stale_button", known[0])
            return
    if len(pool) > 1 and told_elsewhere:
        # the word has shut the channel on which one could ask which: a person settles it
        to_staff(turn, event, pool[0], f"reply.{intent}")
    elif len(pool) > 1:
        _which(turn, event, intent, pool)
    elif pool:
        _settle(turn, event, intent, pool[0], told_elsewhere=told_elsewhere)
    else:
        too_late(turn, event, intent, asked)


def _has_left(turn: Turn, order: Order, address: str) -> bool:
    """Whether the question about the order as it is now has gone out to this address: a yes to an older one is none to it."""
    waiting = {o.id for o in turn.open if o.status == "planned"}
    return any(
        a.version == order.version and a.address == address and a.status != "withdrawn" and a.effect_id not in waiting
        for a in order.asked
    )


def _settle(
    turn: Turn, event: CustomerWrote | CustomerPressed, intent: str, order: Order, *, told_elsewhere: bool = False
) -> None:
    turn.set(question=None)
    turn.note("answered", order.id, by="customer", via=event.channel, intent=intent)
    via = event.channel
    if intent == "yes" and only_staff(turn, order):
        answer(turn, event, "review_wait", said_yes(turn, order))
    elif intent == "yes":
        order = confirm(turn, order, by="customer", via=via)  # type: ignore[arg-type]
        answer(turn, event, "confirmed", order)
    elif intent == "cancel":
        template = "cancelled_optout" if told_elsewhere else ""
        order = cancel(turn, order, by="customer", via=via)  # type: ignore[arg-type]
        if template:
            tell(turn, order, template, but=frozenset({event.channel}))
        else:
            answer(turn, event, "cancelled_by_customer", order)
    else:
        _ask_back(turn, event, "no_what", order)


def _ask_back(turn: Turn, event: CustomerWrote | CustomerPressed, kind: str, order: Order) -> None:
    question = Question(kind, event.channel, event.address, turn.now, (order.id,))  # type: ignore[arg-type]
    turn.set(question=question)
    answer(turn, event, kind, order)


def _change(turn: Turn, event: CustomerWrote | CustomerPressed, asked: list[Order]) -> None:
    """They want something changed: what? The page can do it, or a person reads it."""
    pool = _within(asked, BEFORE_DISPATCH)
    if len(pool) > 1 and isinstance(event, CustomerWrote):
        _which(turn, event, "change", pool)
    elif pool:
        turn.note("answered", pool[0].id, by="customer", via=event.channel, intent="change")
        _ask_back(turn, event, "change_what", pool[0])
    else:
        too_late(turn, event, "change", asked)


def _which(turn: Turn, event: CustomerWrote, intent: str, pool: list[Order]) -> None:
    listed = sorted(pool, key=lambda o: o.seq)[-LIST_MOST:]
    lines = numbered(((o.id, o.fields.total) for o in listed), turn.language, turn.policy.script)
    turn.set(
        question=Question("which", event.channel, event.address, turn.now, tuple(o.id for o in listed), wanted=intent)
    )
    answer(turn, event, "which_order", listed[0], count=len(listed), list=lines)


def _follow_up(turn: Turn, event: CustomerWrote, question: Question, got: Understood) -> bool:
    """An answer to the question asked last; False: it is none, read it as anything else."""
    orders = [o for o in (turn.get(i) for i in question.order_ids) if o is not None]
    if question.kind == "which":
        chosen = _chosen(orders, event.text, got)
        if chosen is None:
            return False
        if question.wanted == "change":
            turn.set(question=None)
            _change(turn, event, [chosen])
        else:
            _act(turn, event, question.wanted, [chosen])
        return True
    order = orders[0] if orders else None
    if order is None or order.state not in BEFORE_DISPATCH:
        return False
    if question.kind == "no_what":
        return _after_no(turn, event, order, got)
    turn.set(question=None)
    if got.sure and not got.parts and got.intent in ("yes", "cancel") and got.slots.choice is None:
        _act(turn, event, got.intent, [order])  # on second thoughts, nothing is to be changed
    else:
        to_staff(turn, event, order, "reply.change")
    return True


def _chosen(orders: list[Order], text: str, got: Understood) -> Order | None:
    """By its number in the list, or by the order's own number."""
    words = text.strip().lstrip("#").casefold()
    named = [o for o in orders if o.id.lstrip("#").casefold() == words]
    if len(named) == 1:
        return named[0]
    choice = got.slots.choice
    return orders[choice - 1] if choice is not None and 1 <= choice <= len(orders) else None


def _after_no(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """Cancel it, or change something? A second no cancels; 1 changes, 2 cancels; a yes takes the no back."""
    if got.slots.choice == 1 or (
        got.sure and got.intent in ("change_phone", "change_address", "change_time", "change_items")
    ):
        turn.set(question=None)
        _change(turn, event, [order])
        return True
    if got.slots.choice == 2 or (got.sure and not got.parts and got.intent in ("no", "cancel")):
        _settle(turn, event, "cancel", order)
        return True
    if got.sure and not got.parts and got.intent == "yes" and got.slots.choice is None:
        turn.set(question=None)
        _act(turn, event, "yes", [order])
        return True
    return False


def pressed(turn: Turn, event: CustomerPressed) -> None:
    """A button of ours. A stale one answers politely and changes nothing."""
    _hear(turn, event.channel, event.address, "")
    verb, order, current = buttons.bound(turn, event, lambda title: _meaning(turn, title))
    if order is None:
        to_staff(turn, event, _first(asked_at(turn, event.address)), "reply.button")
        return
    if order.state == "confirmed" and verb == "yes":
        answer(turn, event, "already_confirmed", order)
    elif not current:
        turn.note("stale_button", order.id, by="customer", via=event.channel, verb=verb)
        answer(turn, event, "stale_button", order)
    elif order.state not in BEFORE_DISPATCH:
        too_late(turn, event, "yes" if verb == "again" else verb, [order])
    elif verb == "yes":
        _settle(turn, event, "yes", order)
    elif verb == "cancel":
        _settle(turn, event, "cancel", order)
    elif verb == "no":
        _ask_back(turn, event, "no_what", order)
    elif verb in ("change", "change_phone", "change_address", "change_time"):
        _change(turn, event, [order])
    else:
        to_staff(turn, event, order, "reply.button")


def _meaning(turn: Turn, title: str) -> str:
    got = understand(title, prompt="confirm", lang=turn.language)
    return got.intent if got.sure and got.intent in DECISIONS else ""


#: What the one step calls.
__all__ = ["pressed", "withdrawn", "wrote"]
