"""Returns and exchanges after dispatch, and what is out of stock before it.

return or exchange wanted --1 | 2--> staff see the wish --Replace | Refund--> the shop is told, the customer hears what happens when
out of stock (staff) --1 something else--> a person   --2 wait--> the order stays   --3 cancel--> cancelled

The money and the new parcel are the shop's: here it is decided, told to the shop (a draft order at Shopify, else a request), and
told to the customer. What the customer is told is true by then: the shop's own request stands, the courier is asked to fetch.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows.address_text import one_line
from flows.conversation import Question
from flows.deciding import cancel
from flows.effects import Say
from flows.events import ComplaintPressed, CustomerPressed, CustomerWrote, StaffPressed
from flows.heard import SAID_KEPT, glimpse, whole
from flows.orders import BEFORE_DISPATCH, Order
from flows.reach import compose, preferred, tell
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand.model import Understood

Talk = CustomerWrote | CustomerPressed
#: Orders that the customer holds, or nearly: there is something to send back.
SENT = ("shipped", "delivered", "returned")
#: What 1 and 2 mean where we ask about a return.
WISHES = {1: "replace", 2: "refund"}
#: The parcel is with the customer, or nearly: the courier has something to fetch.
_THERE = ("shipped", "delivered")
TOLD = {"replace": "replacement_wanted", "refund": "refund_wanted"}
_TEMPLATES = {"replace": "replace_ok", "refund": "refund_ok"}


# -- the customer


def wanted(turn: Turn, event: CustomerWrote, order: Order) -> bool:
    """They want to send it back. Asks what they would like instead; False: a person has to ask (nothing was sent, or no reply
    could come that way)."""
    if order.state not in SENT or order.return_done or event.channel == "email":
        return False
    said = (*order.said, glimpse(event.text))[-SAID_KEPT:]
    turn.note("return.wanted", order.id, by="customer", via=event.channel, text=whole(event.text))
    order = turn.put(replace(order, return_wish="open", said=said))
    order = turn.card(order)
    turn.tell_staff(order, "customer.return", word="nothing", text=whole(event.text))
    turn.tell_shop(order, "returned_wanted", text=glimpse(event.text))
    turn.set(question=Question("return", event.channel, event.address, turn.now, (order.id,)))
    answer(turn, event, "return_ask", order)
    return True


def told(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """1 or 2 to `return_ask`; False: it is no answer to it."""
    wish = WISHES.get(got.slots.choice or 0)
    if wish is None or got.parts or order.state not in SENT:
        return False
    turn.set(question=None)
    turn.note("return.wish", order.id, by="customer", via=event.channel, wish=wish)
    order = turn.card(turn.put(replace(order, return_wish=wish)))
    turn.tell_staff(order, "customer.return", word=wish)
    answer(turn, event, "item_change_handed", order)
    return True


# -- staff


def decide(turn: Turn, order: Order, event: StaffPressed | ComplaintPressed, how: str) -> None:
    """Replace or refund, from the card or under a complaint: once, told to the shop with what the courier has to fetch, and to
    the customer. Where nothing has been sent yet, or it is back already, there is nothing to fetch: the shop and staff hear it, and
    the customer from them."""
    if order.return_done:
        turn.notice = f"already:{order.state}:{order.return_by}"
        return
    turn.note("return.decided", order.id, by=f"{event.role}:{event.name}", via="telegram", how=how)
    order = turn.put(replace(order, return_done=how, return_by=event.name))
    there = order.state in _THERE
    turn.tell_shop(order, TOLD[how], by=event.name, amount=order.fields.total, pickup=pickup(order) if there else "")
    if there:
        tell(turn, order, _TEMPLATES[how])
    turn.refresh(order)


def pickup(order: Order) -> str:
    """What the courier is asked: where to fetch the parcel, and the customer's wish of a time."""
    parts = ["fetch the parcel from the customer", one_line(order.fields.address), order.wish]
    return ", ".join(part for part in parts if part)


def replace_it(turn: Turn, order: Order, event: StaffPressed, _rest: str) -> None:
    decide(turn, order, event, "replace")


def refund(turn: Turn, order: Order, event: StaffPressed, _rest: str) -> None:
    decide(turn, order, event, "refund")


def may_return(turn: Turn, order: Order) -> bool:
    """Whether the card offers Replace and Refund now."""
    return bool(order.return_wish) and not order.return_done and order.state in SENT


# -- out of stock


def out_of_stock(turn: Turn, order: Order, event: StaffPressed, _rest: str) -> None:
    """Staff say that something is missing: the customer chooses. Notice "unreachable" where no answer could come."""
    found = preferred(turn, order, "out_of_stock_ask", but=frozenset({"email"}))
    if found is None or not found.two_way:
        turn.notice = "unreachable"
        return
    turn.note("stock.out", order.id, by=f"{event.role}:{event.name}", via="telegram")
    order = turn.put(replace(order, stock="asked"))
    turn.tell_shop(order, "out_of_stock", by=event.name)
    effect_id = turn.say(compose(turn, order, "out_of_stock_ask", found, "notice"))
    say = next((p.effect for p in turn.planned if p.id == effect_id), None)
    if isinstance(say, Say):
        turn.set(question=Question("stock", say.channel, say.to, turn.now, (order.id,)))
    turn.refresh(order)


def may_be_out(turn: Turn, order: Order) -> bool:
    return order.state == "confirmed" and not order.stock


def chosen(turn: Turn, event: CustomerWrote, order: Order, got: Understood) -> bool:
    """1, 2 or 3 to `out_of_stock_ask`, or a plain "cancel" or "later"; False: it is no answer to it."""
    if got.parts or order.state not in BEFORE_DISPATCH:
        return False
    choice = got.slots.choice
    if choice is None and got.sure:
        choice = {"change_items": 1, "return_or_exchange": 1, "later": 2, "cancel": 3}.get(got.intent)
    if choice not in (1, 2, 3):
        return False
    turn.set(question=None)
    turn.note("stock.answer", order.id, by="customer", via=event.channel, choice=str(choice))
    if choice == 3:
        order = cancel(turn, replace(order, cancel_reason="out_of_stock"), by="customer", via=event.channel)  # type: ignore[arg-type]
        answer(turn, event, "cancelled_by_customer", order)
        return True
    order = turn.put(replace(order, stock="swap" if choice == 1 else "wait"))
    turn.tell_shop(order, "out_of_stock", customer=order.stock)
    if choice == 1:
        to_staff(turn, event, order, "reply.change_items", template="item_change_handed")
        turn.tell_staff(turn.get(order.id) or order, "customer.swap")
        return True
    if f"ship:{order.id}" in turn.timers:  # nobody is late while it is waited for
        turn.wake(f"ship:{order.id}", turn.now + 2 * turn.policy.not_shipped_after)
    turn.tell_staff(turn.card(order), "customer.waits")
    answer(turn, event, "wait_ok", order)
    return True
