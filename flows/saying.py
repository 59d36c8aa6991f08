"""What staff say to a customer: a reply to a card, or a ready-made text with one press.

It goes where the customer last wrote, ten seconds later: until then Undo takes it back and nobody has read it. Where WhatsApp's
window is shut it goes another way, and who wrote it is told so. A text that begins with // is a note for colleagues.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import handing, taking
from flows.conversation import Question
from flows.effects import Say, Value
from flows.events import ComplaintPressed, StaffPressed, StaffWrote
from flows.heard import whole
from flows.opening import hours_value
from flows.orders import BEFORE_DISPATCH, Order
from flows.phones import mask
from flows.reach import Way, compose, heard, preferred, template_language
from flows.turn import UNDO_GRACE, Turn
from flows.wording.spec import SPECS

#: A text that begins so is a note for colleagues (docs/desk.md)
NOTE = "//"
#: Ready-made questions in the customer's language: verb -> (template, the kind of the answer that is then waited for).
ASKS = {
    "ask_number": ("number_ask", "number"),
    "ask_address": ("new_address_ask", "address"),
    "ask_time": ("time_ask", "time"),
}
#: Characters of staff's words inside an approved template, whose whole text has 1024. What is longer goes another way.
WORDS_MOST = 700
#: So many texts of the shop's own are on offer.
REPLIES_MOST = 6


def wrote(turn: Turn, event: StaffWrote) -> None:
    """A reply to the card. Notice: sent:<channel>:<how>:<to> | noted | unreachable | window | gone."""
    order = turn.by_seq(event.seq)
    if order is None:
        turn.notice = "gone"
        return
    complaint = turn.complaint(event.complaint) if event.complaint else None
    if complaint is not None and complaint.kind == "threat" and event.role != "owner":
        turn.notice = "not_allowed"
        return
    text = event.text.strip()
    who = f"{event.role}:{event.name}"
    if text.startswith(NOTE):
        turn.note("staff.note", order.id, by=who, via="telegram", text=whole(text[len(NOTE) :]))
        turn.notice = "noted"
        return
    if _send(turn, order, text):
        turn.note("staff.wrote", order.id, by=who, via="telegram", text=whole(text))
        _has_the_word(turn, order, event)


def _has_the_word(turn: Turn, order: Order, event: StaffWrote | StaffPressed) -> None:
    """What reached the customer begins or prolongs the talk, and keeps a promise."""
    order = handing.begin(turn, handing.kept(turn, order, event.name))
    turn.refresh(taking.acted(turn, replace(order, taken_wrote=True), event))


def _send(turn: Turn, order: Order, text: str) -> bool:
    """Plan the text on the best way that is open now, and say in `notice` which; False where there is none."""
    found = _where(turn, order)
    how = ""
    if found is not None and found.channel == "whatsapp" and not turn.window_open(found.to):
        fits = order.seq and len(_one_line(text)) <= WORDS_MOST
        if fits and template_language(turn.policy, "staff_words", turn.language) is not None:
            how = "template"
        else:
            found, how = preferred(turn, order, "staff_message", but=frozenset({"whatsapp"})), "window"
            if found is None:
                turn.notice = "window"
                return False
    if found is None:
        turn.notice = "unreachable"
        return False
    template = "staff_words" if how == "template" else "staff_message"
    message = compose(turn, order, template, found, "answer", text=text)
    values: dict[str, Value] = {"text": _one_line(text) if how == "template" else text}
    if how == "template" or found.channel == "email":  # which the subject of a mail names
        values |= {"shop": turn.policy.name} | ({"order": order.fields.id} if order.seq else {})
    turn.plan(replace(message, values=values, link=False), not_before=turn.now + UNDO_GRACE)
    turn.notice = f"sent:{found.channel}:{how}:{_shown(found)}"
    return True


def _one_line(text: str) -> str:
    """As a variable of an approved template may be: WhatsApp refuses line breaks, tabs and runs of spaces in it."""
    return " ".join(text.split())


def _shown(found: Way) -> str:
    """Whom it goes to, as the group may read it."""
    return mask(found.to) if found.to.startswith("+") else found.to.partition("@")[0][:2] + "…"


def _where(turn: Turn, order: Order) -> Way | None:
    was = turn.was
    if was.last_channel and was.last_address:
        sender = turn.policy.sender(was.last_channel)
        contact = turn.contact(was.last_channel, was.last_address)
        if sender is not None and contact is not None and not contact.stopped and not turn.silenced:
            return Way(was.last_channel, was.last_address, sender)
    return preferred(turn, order, "staff_message")


# -- with one press


def own_replies(turn: Turn) -> tuple[tuple[str, str], ...]:
    """(title, text) of the shop's own ready-made texts, in the customer's language, else in the shop's."""
    known = turn.policy.replies
    mine = known.get(turn.language) or known.get(turn.language.split("-")[0]) or known.get(turn.policy.language) or {}
    return tuple(mine.items())[:REPLIES_MOST]


def canned(turn: Turn, order: Order, event: StaffPressed, which: str) -> None:
    """A ready-made text: the shop's own by its number, or a question of ours, whose answer is then understood."""
    who = f"{event.role}:{event.name}"
    if which.isascii() and which.isdigit():
        replies = own_replies(turn)
        if int(which) >= len(replies):
            turn.notice = "stale"
            turn.refresh(order)
            return
        title, text = replies[int(which)]
        if _send(turn, order, text):
            turn.note("staff.wrote", order.id, by=who, via="telegram", text=whole(text), reply=title)
            _has_the_word(turn, order, event)
        else:
            turn.refresh(order)
        return
    asks = ASKS.get(which)
    if asks is None or order.state not in BEFORE_DISPATCH or not order.seq:
        turn.notice = "stale"
        turn.refresh(order)
        return
    order = handing.end(turn, order)  # the answer is the machine's to understand
    _ask(turn, order, who, *asks)
    turn.refresh(order)


def _ask(turn: Turn, order: Order, who: str, template: str, kind: str) -> None:
    found = _where(turn, order)
    if found is not None and found.channel == "whatsapp" and not turn.window_open(found.to):
        found = preferred(turn, order, template, but=frozenset({"whatsapp"}))
    answers = found is not None and (found.two_way or heard(turn, found.channel, found.to))
    if found is None or not (answers or SPECS[template].may):  # no answer could come, and no page takes it
        turn.notice = "unreachable"
        return
    more = hours_value(turn.policy) if kind == "time" else {}
    message = compose(turn, order, template, found, "answer", **more)
    turn.plan(message, not_before=turn.now + UNDO_GRACE)
    turn.set(question=Question(kind, found.channel, found.to, turn.now, (order.id,)))  # type: ignore[arg-type]
    turn.note("staff.asked", order.id, by=who, via="telegram", asked=kind)
    turn.notice = f"sent:{found.channel}::{_shown(found)}"


def unsay(turn: Turn, order: Order, event: StaffPressed | ComplaintPressed, update: str) -> None:
    """Take back what has not left yet. `update`: the Telegram update that said it."""
    mark = f"telegram:{update}/"
    waiting = [o for o in turn.open if o.id.startswith(mark) and o.status == "planned" and isinstance(o.effect, Say)]
    if not update.isascii() or not update.isdigit() or not waiting:
        turn.notice = "too_late_said"
        return
    for open_ in waiting:
        turn.settle(open_.id)
    turn.note("staff.unsaid", order.id, by=f"{event.role}:{event.name}", via="telegram")
    turn.notice = "unsaid"
