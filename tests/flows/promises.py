"""What must always hold, as checks: of one step, of what leaves, of all attempts, and of the whole world at rest."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from engine import rendering
from flows import cards, hours
from flows.conversation import JOURNAL_TAIL, SEEN_MOST, WINDOW, Conversation, Note, one_address
from flows.deciding import REOPEN_WITHIN
from flows.decision import Decision
from flows.effects import HandOver, Open, Outcome, Refused, Say, ShowCard, TryAgain
from flows.events import (
    AnyEvent,
    CustomerPressed,
    CustomerWrote,
    OrderHandedOver,
    OrderTold,
    PagePressed,
    ShopReported,
    StaffPressed,
    TimerDue,
)
from flows.orders import CLOSED, Order
from flows.policy import Policy
from flows.reach import template_language
from flows.staff import ROLES
from flows.step import step
from flows.turn import CLOSED_KEPT
from flows.wording.catalogue import LANGUAGES
from storage import codec

STATES = {"ignored", "pending", "confirmed", "flagged", "held", "cancelled", "shipped", "delivered", "returned"}
#: Which timers mean something in which state; every open state needs the first of its kinds.
TIMERS = {
    "pending": ("rung",),
    "flagged": ("remind", "call"),
    "held": ("remind", "call", "limit"),
    "confirmed": ("ship", "still", "silent"),
    "shipped": ("news", "day"),
    "delivered": ("poll", "survey"),
}
#: Texts that are only true while the order is in one of these states.
TRUE_WHILE = {
    "confirmed": ("confirmed", "shipped", "delivered"),
    "reopened": ("confirmed", "shipped", "delivered"),
    "already_confirmed": ("confirmed", "shipped", "delivered"),
    "cancelled_by_customer": ("cancelled",),
    "cancelled_by_shop": ("cancelled",),
    "cancelled_no_answer": ("cancelled",),
    "cancelled_optout": ("cancelled",),
    "already_cancelled": ("cancelled",),
    "trusted_confirmed": ("confirmed", "shipped", "delivered"),
    "missed_call": ("pending", "flagged", "held"),
}
#: The customer's words that decide; anything else decides nothing.
DECISIVE = {"yes", "no", "cancel", "1", "2", "3", "ok", "confirm", "cancel the order", "yes, confirm"}
_PHONE = re.compile(r"\+?\d{7,}")


class Wire(Protocol):
    """One attempt, as World keeps it."""

    open: Open
    outcome: Outcome | None

    @property
    def say(self) -> Say: ...


# -- one step


def of_a_step(before: Conversation, event: AnyEvent, now: datetime, policy: Policy, got: Decision) -> None:
    after = got.document
    assert isinstance(after, Conversation)
    assert step(before, event, now, policy) == got, "two runs of one step differ"
    assert codec.read(codec.dump(after)) == after, "the document does not survive dump and load"
    if not got.changed:
        assert after == before, "a step that says unchanged has changed something"
    if not got.forward:
        _again_changes_nothing(after, event, now, policy)
    _journal(before, got)
    _sizes(after)
    _discreet(got)
    _closed_stays_closed(before, event, after, now)
    _decided_by_right(before, event, got, policy)
    if isinstance(event, StaffPressed):
        _only_staff_and_only_now(before, event, after)


def _only_staff_and_only_now(before: Conversation, event: StaffPressed, after: Conversation) -> None:
    """A stranger's press, and one on another card or version, changes nothing that an order says of itself."""
    was, order = before.by_seq(event.seq), after.by_seq(event.seq)
    if was is None or order is None:
        return
    here = was.card is not None and (event.chat, event.message_id) == (was.card.chat, was.card.message_id)
    if event.role not in ROLES or event.version != was.version or not here:
        assert replace(order, card_wanted=was.card_wanted) == was, f"{event.verb} by {event.role} counted"


def _again_changes_nothing(after: Conversation, event: AnyEvent, now: datetime, policy: Policy) -> None:
    if event.event_id in after.seen:
        return  # the store drops it
    again = step(after, event, now, policy)
    assert again.document == after, f"{type(event).__name__} twice changed something"
    assert not again.planned
    assert not again.perform


def _journal(before: Conversation, got: Decision) -> None:
    after = got.document
    assert isinstance(after, Conversation)
    lines = [*got.spilled, *after.notes]
    numbers = [n.n for n in lines]
    first = after.notes_ever - len(lines) + 1
    assert numbers == list(range(first, after.notes_ever + 1)), "the journal has a gap"
    assert lines[: len(before.notes)] == list(before.notes), "a line of the journal was lost or changed"


def _sizes(after: Conversation) -> None:
    assert len(after.seen) <= SEEN_MOST
    assert len(after.notes) <= JOURNAL_TAIL
    assert sum(o.state in CLOSED for o in after.orders) <= CLOSED_KEPT


def _discreet(got: Decision) -> None:
    assert not _PHONE.search(got.notice), f"a number in a notice: {got.notice}"
    assert len(got.notice) <= 120
    assert not got.forward or re.fullmatch(r"\+\d{7,15}", got.forward)


def _closed_stays_closed(before: Conversation, event: AnyEvent, after: Conversation, now: datetime) -> None:
    for was in before.orders:
        if was.state not in CLOSED:
            continue
        order = after.order(was.id)
        if order is None:
            told = isinstance(event, OrderTold) and (was.state == "ignored" or _taken_back(was, event))
            assert was.id in after.former or told, "a closed order vanished without a trace"
            continue
        if order.state == was.state:
            continue
        assert _may_reopen(was, order, event, now), f"{was.state} became {order.state} by {type(event).__name__}"


def _taken_back(was: Order, event: OrderTold) -> bool:
    """The shop puts an order that it cancelled itself back to work: by a later word, from where the cancel came."""
    later = event.source_at is not None and was.source_at is not None and event.source_at > was.source_at
    its_own = was.state == "cancelled" and was.decided_by == "shop" and event.source == was.source
    return its_own and later and not event.cancelled


def _may_reopen(was: Order, order: Order, event: AnyEvent, now: datetime) -> bool:
    match event:
        case CustomerWrote() | CustomerPressed() | PagePressed():
            own = was.decided_by == "customer" and not was.shop_cancelled
            fresh = was.decided_at is not None and now - was.decided_at <= REOPEN_WITHIN
            return was.state == "cancelled" and order.state == "confirmed" and own and fresh
        case StaffPressed(verb="undo"):
            return was.state == "cancelled" and was.decided_by in ("staff", "owner")
        case StaffPressed(verb=cards.CONFIRM_CANCELLED):
            return was.state == "cancelled" and not was.shop_cancelled
        case OrderTold():
            return (was.state == "ignored" and order.fields.cod) or _taken_back(was, event)
        case ShopReported():
            return was.state == "delivered" and order.state == "returned"
    return False


def _decided_by_right(before: Conversation, event: AnyEvent, got: Decision, policy: Policy) -> None:
    after = got.document
    assert isinstance(after, Conversation)
    fresh = [n for n in [*got.spilled, *after.notes] if n.n > before.notes_ever]
    for order in after.orders:
        was = before.order(order.id)
        if order.state in ("confirmed", "cancelled") and (was is None or was.state != order.state):
            noted = [n for n in fresh if n.what == "decided" and n.order_id == order.id]
            arrived = any(n.what == "order.arrived" and n.order_id == order.id for n in fresh)
            assert noted or arrived, f"{order.id} is {order.state} and the journal does not say by whom"
            for note in noted:
                _right(before, was, event, note, fresh, policy)


def _right(
    before: Conversation, was: Order | None, event: AnyEvent, note: Note, fresh: Iterable[Note], policy: Policy
) -> None:
    if any(n.what == "undone" for n in fresh):
        assert isinstance(event, StaffPressed)
        assert event.verb == "undo"
        return
    who = note.by.partition(":")[0]
    if who == "shop":
        waited = isinstance(event, OrderHandedOver) and before.early
        assert isinstance(event, OrderTold | ShopReported) or waited
    elif who == "rule":
        if isinstance(event, StaffPressed):
            assert event.verb == "no_answer"
            assert policy.calls.then == "cancel"
            assert was is not None
            assert len(was.calls) + 1 >= policy.calls.attempts
        elif isinstance(event, OrderTold):
            assert note.data["state"] == "confirmed"
            assert policy.on_trusted == "confirm"
            assert any(n.what == "assessed" and n.data["verdict"] == "trusted" for n in fresh)
        else:
            assert isinstance(event, TimerDue)
            assert policy.if_unanswered == "cancel"
    elif who in ("staff", "owner"):
        assert isinstance(event, StaffPressed)
        assert was is not None
        assert event.role in ROLES
        assert event.version == was.version
        assert was.card is not None
        assert (event.chat, event.message_id) == (was.card.chat, was.card.message_id)
    else:
        assert who == "customer"
        assert was is not None
        if note.data["state"] == "confirmed" and was.state != "cancelled":
            held_back = was.verdict == "blocked" or (was.verdict == "review" and policy.on_review == "staff")
            assert not held_back, "a customer's yes confirmed what only staff may"
        _customer_may(before, was, event, note.data["state"])


def _customer_may(before: Conversation, was: Order, event: AnyEvent, state: str) -> None:
    """An unambiguous answer from an address that was asked about this version, or a press bound to order and version."""
    match event:
        case PagePressed():
            assert event.version == was.version, "an outdated page decided"
            assert event.channel != "email" or state == "cancelled", "a page from an e-mail confirmed"
        case CustomerPressed():
            verb, _, bound = event.payload.partition(":")
            if bound:
                assert bound == f"{was.seq}:{was.version}", "an outdated button decided"
            else:
                assert verb == "again" or _hangs_under(before, was, event), (
                    "a button under an outdated question decided"
                )
        case CustomerWrote():
            words = event.text.strip().strip("!.").casefold()
            named = words == was.id.casefold() or _place_in_the_list(before, words) == was.id
            assert words in DECISIVE or named, f"{event.text!r} decided"
            mine = [a for a in was.asked if one_address(a.address, event.address) and a.status != "withdrawn"]
            back = (
                before.question
            )  # "change or cancel?", asked of who pressed a button with a no that names order and version
            asked_back = back is not None and one_address(back.address, event.address) and back.order_ids == (was.id,)
            assert mine or (asked_back and state == "cancelled"), "an address that was never asked decided"
            if state == "confirmed" and was.state != "cancelled":
                waiting = {o.id for o in before.open if o.status == "planned"}
                assert any(a.version == was.version and a.effect_id not in waiting for a in mine), (
                    "a yes to an older version, or to a question that had not left, confirmed"
                )
        case _:
            raise AssertionError(f"{type(event).__name__} decided for the customer")


def _place_in_the_list(before: Conversation, words: str) -> str:
    """The order that stands there in a list that was sent: "which one do you mean?"; "" where no such list is open."""
    question = before.question
    if question is None or question.kind != "which" or not (words.isascii() and words.isdigit()):
        return ""
    return dict(enumerate(question.order_ids, 1)).get(int(words), "")


def _hangs_under(before: Conversation, was: Order, event: CustomerPressed) -> bool:
    """Under a question about this version: by the provider's id of it, or one that has left and whose id never came."""
    waiting = {o.id for o in before.open if o.status == "planned"}
    return any(
        a.version == was.version
        and a.effect_id not in waiting
        and (a.provider_id == event.reply_to or a.status in ("planned", "unknown"))
        for a in was.asked
    )


# -- what leaves


#: What has been written already: (template, channel, names of its values, buttons).
_WRITTEN: set[tuple[object, ...]] = set()


def _can_be_written(say: Say, policy: Policy) -> None:
    """A wish without its text, or with a value that the text lacks, would end on the wire's side of the commit."""
    form = (say.template, say.channel, tuple(sorted(say.values)), say.link, say.buttons, say.session)
    if form in _WRITTEN:
        return
    for script in (None, "latin"):
        for lang in LANGUAGES:
            link = "https://x.example/c/1" if say.link else ""
            rendering.message(replace(say, lang=lang), "e1", "c1", replace(policy, script=script), link)
    _WRITTEN.add(form)


def of_leaving(before: Conversation, open_: Open, now: datetime, policy: Policy) -> None:
    """`before`: the conversation in the commit that let it leave."""
    assert open_.status == "sending"
    assert open_.since == now
    assert open_.by
    effect = open_.effect
    if isinstance(effect, ShowCard):
        _card(before, effect)
    if isinstance(effect, Say):
        _say(before, effect, now, policy)


def _card(before: Conversation, effect: ShowCard) -> None:
    assert effect.card is not None
    for button in (b for row in effect.card.buttons for b in row):
        assert len(button.data.encode()) <= 64, "Telegram takes 64 bytes of callback data"
        read = cards.read(button.data)
        assert read is not None
        assert read[1:3] == (before.id, effect.seq)
    for line in effect.card.lines:
        if line.key in ("who", "talk"):
            assert not _PHONE.search(str(line.values["phone"])), "the card shows the whole phone"


def _say(before: Conversation, say: Say, now: datetime, policy: Policy) -> None:
    contact = before.contact(say.channel, say.to)
    order = before.order(say.order_id)
    assert not before.silenced, "a message left after 'stop everything'"
    assert contact is None or not contact.stopped, "a message left after STOP"
    assert say.purpose == "answer" or contact is None or not contact.dead, "a message left for a dead address"
    assert policy.sender(say.channel) is not None
    _can_be_written(say, policy)
    if say.purpose in ("first", "rung"):
        assert order is not None
        assert (order.state, order.version, order.rung) == (order.state, say.version, say.rung), (
            "an outdated question left"
        )
        assert order.asking, "a question left about an order that is not asked about"
    stem = say.template.removesuffix("_link")
    if order is not None and stem in TRUE_WHILE:
        assert order.state in TRUE_WHILE[stem], f"{say.template} left about an order that is {order.state}"
    if say.purpose in ("rung", "notice") and say.channel != "email":
        zone = hours.zone_for(order.fields.address.country if order else "", policy)
        assert hours.quiet_until(now, policy.quiet, zone) is None, "a follow-up left in the quiet hours"
    if say.channel == "whatsapp":
        heard = contact.heard_at if contact else None
        assert say.session == (heard is not None and now - heard < WINDOW), "free text outside the window"
        assert say.session or template_language(policy, say.template, say.lang) is not None


def of_attempts(attempts: Sequence[Wire]) -> None:
    """One attempt per effect, one question per (order, version, rung, address); a second only after a definite no."""
    by_effect: dict[str, list[Wire]] = defaultdict(list)
    by_question: dict[tuple[object, ...], list[Wire]] = defaultdict(list)
    for attempt in attempts:
        if not isinstance(attempt.open.effect, Say):
            continue
        by_effect[attempt.open.id].append(attempt)
        say = attempt.say
        if say.purpose in ("first", "rung"):
            by_question[say.order_id, say.seq, say.version, say.rung, say.channel, say.to].append(attempt)
    for group in [*by_effect.values(), *by_question.values()]:
        for earlier in group[:-1]:
            assert isinstance(earlier.outcome, Refused | TryAgain), (
                f"{earlier.say.template} was tried again although the first attempt was {earlier.outcome}"
            )


# -- the whole world


def of_the_world(conversations: Sequence[Conversation]) -> None:
    for conversation in conversations:
        _timers(conversation)
        ids = [o.id for o in conversation.open]
        assert len(ids) == len(set(ids))
        seqs = [o.seq for o in conversation.orders]
        assert len(seqs) == len(set(seqs))
        assert max(seqs, default=0) <= conversation.orders_ever
    _one_home(conversations)


def _timers(conversation: Conversation) -> None:
    for order in conversation.orders:
        assert order.state in STATES
        if order.open:
            needed = TIMERS[order.state][0]
            assert f"{needed}:{order.id}" in conversation.timers, (
                f"{order.id} is {order.state} and nothing will wake it"
            )
    for name in conversation.timers:
        kind, _, about = name.partition(":")
        if kind == "ask":
            open_ = conversation.open_effect(about)
            assert open_ is not None, f"{name} would change nothing"
            assert open_.status == "unknown", f"{name} would change nothing"
            continue
        if kind == "complaint":
            waits = [c for c in conversation.complaints if c.n == int(about)]
            assert waits, f"{name} is about no complaint"
            assert waits[0].waiting, f"{name} would change nothing"
            continue
        found = conversation.order(about) if about else conversation.talk
        assert found is not None, f"{name} is about no order"
        order = found
        if kind == "taken":
            assert order.taken_by, f"{name} would change nothing"
            continue
        if kind in ("talk", "promise"):
            assert (order.talk_until if kind == "talk" else order.promise_by) is not None, (
                f"{name} would change nothing"
            )
            continue
        meant = kind in TIMERS.get(order.state, ()) or (kind == "rung" and order.asking)
        assert meant, f"{name} would change nothing: the order is {order.state}"
    for open_ in conversation.open:
        if open_.status == "unknown":
            asking = any(getattr(o.effect, "effect_id", "") == open_.id for o in conversation.open)
            assert asking or f"ask:{open_.id}" in conversation.timers, "an unknown message that nobody asks about"


def _one_home(conversations: Sequence[Conversation]) -> None:
    homes = Counter(order.id for c in conversations for order in c.orders)
    assert all(n == 1 for n in homes.values()), f"an order lives in two conversations: {homes}"
    for conversation in conversations:
        for order_id in conversation.moved:
            on_the_way = any(
                isinstance(o.effect, HandOver) and o.effect.order.id == order_id for c in conversations for o in c.open
            )
            gone = any(order_id in c.former for c in conversations)
            assert homes[order_id] or on_the_way or gone, f"{order_id} was lost on its way"
