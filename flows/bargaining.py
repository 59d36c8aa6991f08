"""A customer haggles: one bounded bargain about an order, inside the talk that they began.

    haggles --step 1--> offered --no--> step 2 … --no--> left        --yes--> taken (a new version that nobody else confirms)
            --below the floor, or again after the last step--> asked --a manager approves--> offered | --refuses--> over
    payment ahead: --yes--> awaiting --the shop says paid--> taken

Once per order; only as an answer to the customer's own words, so that the question of the ladder stays what the provider approved;
never for who is flagged. What it costs and saves is in the journal (flows/deal_books.py adds it up).
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import offers, topics, verifying
from flows.conversation import Question
from flows.deal_books import Books, books
from flows.deals import applied, lapse, may, noted
from flows.deciding import confirm
from flows.effects import Say, Value
from flows.events import CustomerPressed, CustomerWrote, StaffPressed
from flows.heard import glimpse
from flows.judging import said_yes
from flows.money import Money, NotMoney, parse
from flows.orders import ASKABLE, BEFORE_DISPATCH, Asked, Deal, Order
from flows.reach import Way, compose
from flows.safeguards import after_yes, links_allowed, only_staff, payment_link
from flows.talk import answer
from flows.turn import Turn
from flows.understand.model import Slots, Understood
from flows.verdicts import has_left
from flows.which import ask_which

Talk = CustomerWrote | CustomerPressed
#: The bargain is over, however it went.
_DONE = frozenset({"awaiting", "taken", "over"})
#: Less than this part of the total is no price that anybody means: "20k" is read as 20.
MEANT_LEAST = 10
_TEXTS = {"gift": "deal_gift", "later": "deal_later", "prepay": "deal_prepay"}


def haggled(turn: Turn, event: CustomerWrote, slots: Slots, asked: list[Order], *, sure: bool = True) -> bool:
    """They ask for a better price. True: answered; False: a person answers (where it is above the limit, with a button)."""
    here = [o for o in asked if o.state in BEFORE_DISPATCH]
    if event.channel == "email" or not turn.policy.offers.steps or not here:
        return False
    if len(here) > 1 and not sure:
        return False
    if len(here) > 1:
        ask_which(turn, event, "discount", here, text=event.text)
        return True
    order = here[0]
    deal = order.deal
    if not may(turn, order) or not has_left(turn, order, event.address) or (deal and deal.status in _DONE):
        return False
    named = _named(slots, order, event.text)
    if deal is not None and deal.status == "asked":
        _put_to_staff(turn, event, order, named or (deal.total.minor if deal.total else None))
        return False
    tried = deal.tried if deal else 0
    found = offers.next_offer(turn.policy.offers, order.fields, tried, named, _skip(turn, event)) if sure else None
    if found is None:
        _put_to_staff(turn, event, order, named)
        return False
    _offer(turn, event, order, found)
    return True


def _named(slots: Slots, order: Order, text: str) -> int | None:
    """The price that they name for the whole order, in minor units; None where they name none that is one."""
    if not slots.amount or "%" in text or "٪" in text:
        return None
    try:
        named = parse(slots.amount, order.fields.total.currency).minor
    except NotMoney:
        return None
    return named if order.fields.total.minor <= named * MEANT_LEAST and named < order.fields.total.minor else None


def _skip(turn: Turn, event: Talk) -> frozenset[str]:
    """Steps that cannot be carried out here."""
    skip = set()
    if not turn.policy.payment_link or (event.channel == "sms" and not links_allowed(turn, event.address)):
        skip.add("prepay")
    if turn.policy.later_within is None:
        skip.add("later")
    return frozenset(skip)


def _offer(turn: Turn, event: Talk, order: Order, found: offers.Proposal) -> None:
    words = (
        found.words.get(turn.language) or found.words.get(turn.policy.language) or next(iter(found.words.values()), "")
    )
    deal = Deal(
        status="offered",
        n=(order.deal.n + 1) if order.deal else 1,
        tried=found.step + 1,
        kind=found.kind,
        was=order.fields.total,
        total=found.total,
        cost=found.cost,
        gift=words,
        channel=event.channel,
        address=event.address,
    )
    order = noted(turn, turn.put(replace(order, deal=deal)), "deal.offered", "rule", event.channel)
    turn.set(question=Question("deal", event.channel, event.address, turn.now, (order.id,)))
    answer(turn, event, _TEXTS.get(deal.kind, "deal_price"), replace(order, version=deal.n), **_values(deal))
    turn.refresh(order)


def _values(deal: Deal) -> dict[str, Value]:
    if deal.kind == "gift":
        return {"gift": deal.gift}
    return {} if deal.kind == "later" or deal.total is None else {"price": deal.total}


# -- the customer's answer


def open_for(order: Order) -> bool:
    """Whether an offer waits for the customer's answer."""
    return order.deal is not None and order.deal.status == "offered" and order.state in BEFORE_DISPATCH


def answered(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """Words that come while an offer is open. False: they are no answer to it."""
    if not open_for(order):
        turn.set(question=None)
        return False
    if got.intent == "yes" and got.sure and not got.parts:
        accept(turn, event, order)
    elif got.intent == "no" and got.sure and not got.parts:
        decline(turn, event, order)
    elif got.slots.choice is not None and got.intent == "unclear":
        return haggled(turn, event, Slots(amount=str(got.slots.choice)), [order])  # a bare number is a price of theirs
    else:
        return False
    return True


def button(turn: Turn, event: Talk, verb: str, order: Order, n: str) -> None:
    """`take` and `leave` under offer number `n` about the order, pressed or typed."""
    if order.deal is None or not open_for(order) or str(order.deal.n) != n:
        answer(turn, event, "stale_button", order)
    elif verb == "take":
        accept(turn, event, order)
    else:
        decline(turn, event, order)


def accept(turn: Turn, event: Talk, order: Order) -> None:
    """Agreed: a new version with the new total, confirmed by the same word; nobody else has to confirm it again."""
    deal = order.deal
    assert deal is not None
    turn.set(question=None)
    if deal.was != order.fields.total or not may(turn, order):
        turn.put(lapse(turn, order))
        answer(turn, event, "stale_button", order)
        return
    if deal.kind == "later":
        noted(
            turn, turn.put(replace(order, deal=replace(deal, status="taken"))), "deal.agreed", "customer", event.channel
        )
        turn.set(question=Question("later", event.channel, event.address, turn.now, (order.id,)))
        answer(turn, event, "time_ask", order)
        return
    waits = deal.kind == "prepay"
    if waits:
        order = turn.put(replace(order, deal=replace(deal, status="awaiting")))
        noted(turn, order, "deal.agreed", "customer", event.channel)
    else:
        order = applied(turn, order, event.channel)
        turn.withdraw(order.id, "first", "rung")
    order = _confirmed(turn, event, order)
    turn.refresh(order)


def _confirmed(turn: Turn, event: Talk, order: Order) -> Order:
    """The yes to the offer is the yes to the order, where the customer's yes is enough."""
    deal = order.deal
    assert deal is not None
    if order.state in ASKABLE and only_staff(turn, order):
        order = said_yes(turn, order)
        return _bound(turn, event, order, answer(turn, event, "review_wait", order))
    if order.state in ASKABLE:
        turn.note("answered", order.id, by="customer", via=event.channel, intent="yes")
        order = confirm(turn, order, by="customer", via=event.channel)  # type: ignore[arg-type]
    if deal.status == "awaiting":
        price = deal.total or order.fields.total
        link = payment_link(turn.policy.payment_link, replace(order, fields=replace(order.fields, total=price)))
        answer(turn, event, "deal_pay", order, price=price, link=link)
        return order
    n = order.changes_ever
    turn.set(question=Question("undo", event.channel, event.address, turn.now, (order.id,), wanted=str(n)))
    more: dict[str, Value] = {"gift": deal.gift} if deal.gift else {}
    order = _bound(turn, event, order, answer(turn, event, "deal_done", replace(order, version=n), **more))
    if not after_yes(turn, event, order):
        order = verifying.after_yes(turn, event, turn.get(order.id) or order)
    return turn.get(order.id) or order


def _bound(turn: Turn, event: Talk, order: Order, effect_id: str) -> Order:
    """Their next words here are about this version: they have read its total."""
    asked = Asked(effect_id, event.channel, event.address, order.version, -1, turn.now, status="accepted")
    return turn.put(order.with_asked(asked))


def decline(turn: Turn, event: Talk, order: Order) -> None:
    """Not taken: the shop's next step, if it has one; else the order stays as it is."""
    deal = order.deal
    assert deal is not None
    turn.set(question=None)
    order = noted(turn, order, "deal.refused", "customer", event.channel)
    found = None
    if may(turn, order) and deal.by == "rule":
        found = offers.next_offer(turn.policy.offers, order.fields, deal.tried, None, _skip(turn, event))
    if found is not None:
        _offer(turn, event, order, found)
        return
    order = turn.put(replace(order, deal=replace(deal, status="left", tried=len(turn.policy.offers.steps))))
    _stays(turn, event, order)
    turn.refresh(order)


def _stays(turn: Turn, event: Talk, order: Order) -> None:
    answer(turn, event, "deal_no" if order.state in ASKABLE else "status_confirmed", order)


# -- above the limit: a person


def _put_to_staff(turn: Turn, event: CustomerWrote, order: Order, named: int | None) -> None:
    """What a manager may approve on the card: the price that was named, else the lowest that the shop's own bounds allow."""
    fields, last = order.fields, order.deal
    lowest = offers.floor_of(turn.policy.offers, fields)
    offered = last.total.minor if last and last.total and last.status == "offered" else fields.total.minor
    price = named if named is not None else lowest if 0 < lowest < offered else None
    deal = Deal(
        status="asked",
        n=last.n + 1 if last else 1,
        tried=len(turn.policy.offers.steps),
        kind="price",
        was=fields.total,
        total=Money(price, fields.total.currency) if price is not None else None,
        cost=fields.total.minor - price if price is not None else 0,
        channel=event.channel,
        address=event.address,
    )
    if last is None or last.status != "asked" or last.total != deal.total:
        turn.note("deal.asked", order.id, by="customer", via=event.channel, named=str(named or ""))
        turn.put(replace(order, deal=deal))
        topics.point(turn, order, topics.DEALS, "pointer.deal", text=glimpse(event.text))
    question = turn.question
    if question is not None and question.kind == "deal":
        turn.set(question=None)


def approve(turn: Turn, order: Order, event: StaffPressed, n: str) -> None:
    """A manager allows what is beyond the shop's bounds: the customer is offered it where they asked."""
    deal = order.deal
    if not _for_manager(turn, order, n) or deal is None or deal.total is None:
        return
    sender = turn.policy.sender(deal.channel)
    contact = turn.contact(deal.channel, deal.address)
    if sender is None or turn.silenced or (contact is not None and contact.stopped):
        turn.notice = "unreachable"
        return
    if deal.channel == "whatsapp" and not turn.window_open(deal.address):
        turn.notice = "window"
        return
    order = turn.put(replace(order, deal=replace(deal, status="offered", by=event.name)))
    noted(turn, order, "deal.offered", f"{event.role}:{event.name}", "telegram")
    turn.set(question=Question("deal", deal.channel, deal.address, turn.now, (order.id,)))
    _say(turn, order, Way(deal.channel, deal.address, sender), "deal_price", price=deal.total)
    turn.refresh(order)


def refuse(turn: Turn, order: Order, event: StaffPressed, n: str) -> None:
    """A manager refuses: the price stays, and the customer hears it."""
    deal = order.deal
    if not _for_manager(turn, order, n) or deal is None:
        return
    order = turn.put(replace(order, deal=replace(deal, status="over", by=event.name)))
    turn.note("deal.refused", order.id, by=f"{event.role}:{event.name}", via="telegram")
    sender = turn.policy.sender(deal.channel)
    contact = turn.contact(deal.channel, deal.address)
    stopped = turn.silenced or (contact is not None and contact.stopped)
    if sender is not None and not stopped:
        template = "deal_no" if order.state in ASKABLE else "status_confirmed"
        _say(turn, order, Way(deal.channel, deal.address, sender), template)
    turn.refresh(order)


def _for_manager(turn: Turn, order: Order, n: str) -> bool:
    """Whether the press is about what is asked for now (`deal_yes.<n>`)."""
    deal = order.deal
    now = deal is not None and deal.status == "asked" and str(deal.n) == n and deal.was == order.fields.total
    if not now or not may(turn, order):
        turn.notice = "stale"
        turn.refresh(order)
        return False
    return True


def _say(turn: Turn, order: Order, by: Way, template: str, **values: Value) -> None:
    bound = replace(order, version=order.deal.n) if template == "deal_price" and order.deal else order
    say: Say = compose(turn, bound, template, by, "answer", **values)
    buttons = ("take", "leave") if template == "deal_price" and by.channel == "whatsapp" else ()
    turn.say(replace(say, buttons=buttons))


__all__ = ["Books", "accept", "answered", "approve", "books", "decline", "haggled", "refuse"]
