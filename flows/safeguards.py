"""What a doubtful order is asked for beside its yes (settings: risk.ask): a second number, payment ahead, a call by staff.

    yes --prepay--> the shop's payment link      --second_number--> "is there a second number?" --> noted for the courier
    call: the yes is noted on the card; staff call, and only they confirm

Each is asked once, after the yes: who does not want the order is not bothered with more questions.
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec.structs import replace

from flows.conversation import Question
from flows.events import CustomerPressed, CustomerWrote
from flows.money import decimal_text
from flows.orders import BEFORE_DISPATCH, Order
from flows.phones import mask, read_phone, same_phone
from flows.policy import Policy
from flows.reach import Way, compose, preferred
from flows.turn import Turn

Talk = CustomerWrote | CustomerPressed
SECOND, PREPAY, CALL = "second_number", "prepay", "call"


def wanted(turn: Turn, order: Order) -> frozenset[str]:
    """What the settings ask of this order. A customer whom staff let off is asked for nothing."""
    return asks_of(turn.policy, order, let_off=turn.fields.get("ruling", turn.was.ruling) is not None)


def asks_of(policy: Policy, order: Order, *, let_off: bool) -> frozenset[str]:
    """The same, of an order as it stands."""
    more = policy.ask_more
    if not more or order.verdict == "trusted" or let_off:
        return frozenset()
    signals = {reason.code for reason in order.risk}
    return frozenset(ask for name, asks in more.items() if name == order.verdict or name in signals for ask in asks)


def only_staff(turn: Turn, order: Order) -> bool:
    """Whether the customer's yes is not enough for this order."""
    if order.state == "confirmed":
        return False
    doubtful = order.verdict == "blocked" or (order.verdict == "review" and turn.policy.on_review == "staff")
    return doubtful or CALL in wanted(turn, order)


def after_yes(turn: Turn, event: Talk, order: Order) -> bool:
    """Ask where they said yes. True: a question is open now, and another one has to wait."""
    if not wanted(turn, order):
        return False
    sender = turn.policy.sender(event.channel)
    contact = turn.contact(event.channel, event.address)
    if sender is None or turn.silenced or (contact is not None and contact.stopped):
        return after_page(turn, order)
    return _ask(turn, order, Way(event.channel, event.address, sender), "answer")


def after_page(turn: Turn, order: Order) -> bool:
    """The yes came by the page: ask by a message, on the channel that reaches them best."""
    if not wanted(turn, order):
        return False
    found = preferred(turn, order, "second_number_ask")
    return found is not None and _ask(turn, order, found, "notice")


def _ask(turn: Turn, order: Order, by: Way, purpose: str) -> bool:
    asks = wanted(turn, order)
    if PREPAY in asks:
        order = _prepay(turn, order, by, purpose)
    if SECOND not in asks or order.fields.phone2 or SECOND in order.asked_once or not by.two_way:
        return False
    order = turn.put(replace(order, asked_once=(*order.asked_once, SECOND)))
    turn.note("second_number.asked", order.id, by="rule", via=by.channel)
    turn.set(question=Question("second", by.channel, by.to, turn.now, (order.id,)))
    turn.say(compose(turn, order, "second_number_ask", by, purpose))
    return True


def _prepay(turn: Turn, order: Order, by: Way, purpose: str) -> Order:
    if not turn.policy.payment_link or order.paid or PREPAY in order.asked_once:
        return order
    found: Way | None = by
    if by.channel == "sms" and not links_allowed(turn, by.to):
        found = preferred(turn, order, "prepay_ask", but=frozenset({"sms"}))
    if found is None:
        turn.note("unreachable", order.id, template="prepay_ask")
        return order
    order = turn.put(replace(order, asked_once=(*order.asked_once, PREPAY)))
    turn.note("prepay.asked", order.id, by="rule", via=found.channel)
    turn.say(compose(turn, order, "prepay_ask", found, purpose, link=payment_link(turn.policy.payment_link, order)))
    turn.refresh(order)
    return order


def payment_link(pattern: str, order: Order) -> str:
    """The shop's payment page for this order: {order} and {amount} filled in, safe inside an address."""
    amount = decimal_text(order.fields.total)
    return pattern.replace("{order}", quote(order.id, safe="")).replace("{amount}", quote(amount, safe=""))


def links_allowed(turn: Turn, phone: str) -> bool:
    found = read_phone(phone, None)
    country = turn.policy.countries.get(found.country) if found else None
    return country is None or country.links_allowed


def second_number(turn: Turn, event: CustomerWrote, order: Order, written: str) -> bool:
    """Note the number for the courier. False: it is none that a courier could ring, or the one we know."""
    phone = read_phone(written, order.fields.address.country or turn.policy.country or None)
    if phone is None or not phone.valid or order.state not in BEFORE_DISPATCH:
        return False
    if order.fields.phone and same_phone(phone.e164, order.fields.phone):
        return False
    turn.note("second_number.given", order.id, by="customer", via=event.channel, to=mask(phone.e164))
    fields = replace(order.fields, phone2=phone.e164)
    order = turn.put(replace(order, fields=fields, shop_said=order.shop_said or order.fields))
    turn.refresh(order)
    return True
