"""Orders in: new, changed, the same again; and what the shop says became of them.

An update that equals what we know is no version. A changed order is a new version; what was answered for an older one is asked
again only when the shop (not this customer, through us) changed the amount upwards, the items, the address or the phone.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import deals, language, limits, news, pointers, slotting, still, undoing, welcoming
from flows.deciding import rest
from flows.effects import HandOver
from flows.events import OrderHandedOver, OrderTold
from flows.ladder import begin, flag
from flows.orders import BEFORE_DISPATCH, Order, OrderFields, Reason
from flows.pointers import Pointer
from flows.reach import tell
from flows.shop_echo import of_our_cancel
from flows.shop_reports import on_its_way, paid, remember_event, reported, shipped, shop_cancelled, show_late
from flows.turn import Turn


def told(turn: Turn, event: OrderTold) -> None:
    """The shop told of an order. Notice: accepted | same | conflict | unknown | stale."""
    known = turn.get(event.fields.id)
    if known is None and event.fields.id in turn.was.former:
        # long closed, and known by its number alone: a late echo, never a new order
        turn.notice = "same"
        return
    if known is None and on_its_way(turn, event):
        return
    if known is None:
        if event.mode == "change":
            turn.notice = "unknown"
            return
        _new(turn, event)
        return
    if event.mode == "new":
        turn.notice = "same" if (known.shop_said or known.fields).same_as(event.fields) else "conflict"
        return
    if event.event_id in known.shop_events:  # it came before the order moved here
        turn.notice = "same"
        return
    _again(turn, known, event)


def _new(turn: Turn, event: OrderTold) -> None:
    fields = event.fields
    order = Order(
        fields=fields,
        seq=turn.was.orders_ever + 1,
        received_at=turn.now,
        source=event.source,
        source_at=event.source_at,
        shop_ref=event.ref,
        shop_events=(event.event_id,),
    )
    turn.set(orders_ever=turn.was.orders_ever + 1)
    turn.claims.append(pointers.order(turn.was.shop, fields.id))
    _know(turn, fields)
    turn.note(
        "order.placed",
        fields.id,
        by=f"staff:{event.by}" if event.by else "shop",
        via=event.source,
        total=str(fields.total.minor),
    )
    turn.notice = "accepted"
    if event.cancelled:
        turn.note("decided", fields.id, by="shop", via="api", state="cancelled", was="")
        turn.put(
            replace(order, state="cancelled", decided_by="shop", via="api", decided_at=turn.now, shop_cancelled=True)
        )
        return
    if not fields.cod:
        ignore(turn, order)
        return
    order = turn.put(order)
    if event.paid:
        order = paid(turn, order)
    order = welcoming.known(turn, order, event)
    if event.shipped:
        news.shipped(turn, shipped(turn, order, ""))
        return
    limits.arrived(turn, order, event)


def ignore(turn: Turn, order: Order) -> Order:
    """Not cash on delivery: nothing to ask."""
    turn.note("order.ignored", order.id, by="rule", payment=order.fields.payment)
    rest(turn, order)
    return turn.put(replace(order, state="ignored", ignored_why=f"payment is {order.fields.payment or 'not stated'!s}"))


def _know(turn: Turn, fields: OrderFields) -> None:
    """Learn the customer's addresses, name and language from an order."""
    shop = turn.was.shop
    if fields.phone:
        turn.claims.append(pointers.phone(shop, fields.phone))
        for channel in ("sms", "whatsapp"):
            if turn.contact(channel, fields.phone) is None:
                turn.put_contact(turn.was.stranger(channel, fields.phone))
    if fields.email:
        turn.claims.append(Pointer("email", fields.email, shop))
    if fields.email and turn.contact("email", fields.email) is None:
        turn.put_contact(turn.was.stranger("email", fields.email))
    if fields.name and not turn.was.name:
        turn.set(name=fields.name)
    language.of_an_order(turn, fields)


def _again(turn: Turn, known: Order, event: OrderTold) -> None:
    """The same order told again: equal, stale, changed, cancelled or sent."""
    if event.source_at and known.source_at and event.source_at < known.source_at:
        turn.notice = "stale"
        return
    anew = _wanted_anew(known, event)
    known = remember_event(
        turn, replace(known, source_at=event.source_at or known.source_at, shop_ref=event.ref or known.shop_ref), event
    )
    if event.cancelled and of_our_cancel(turn, known, event):
        turn.notice = "same"
        return
    if event.cancelled:
        shop_cancelled(turn, known)
        return
    if event.paid and not known.paid:
        known = paid(turn, known)
    if anew and not event.shipped:
        turn.notice = "accepted"
        _changed(turn, replace(known, shop_cancelled=False), _merged(known, event.fields), anew=True)
        return
    if event.shipped and known.state in BEFORE_DISPATCH:
        news.shipped(turn, shipped(turn, replace(known, fields=_merged(known, event.fields)), ""))
        turn.notice = "accepted"
        return
    fields = _merged(known, event.fields)
    if known.shop_said is not None:
        known = turn.put(replace(known, shop_said=event.fields))
    if known.fields.same_as(fields):
        turn.notice = "same"
        return
    turn.notice = "accepted"
    if known.state not in BEFORE_DISPATCH and known.state != "ignored":
        turn.note("order.changed_late", known.id, by="shop", state=known.state)
        turn.put(replace(known, fields=fields))
        show_late(turn, known, "changed")
        return
    _changed(turn, known, fields)


#: What a customer can change in conversation or on the page, and the shop's next word repeats as it was.
_CUSTOMERS = (("total",), ("phone", "phone_raw", "phone_mobile"), ("phone2",), ("address",), ("courier_note",))


def _merged(known: Order, told_: OrderFields) -> OrderFields:
    """What the order says now: the shop's word, but for what the customer has changed since and the shop only repeats.

    A shop's body may leave out what it once said (the courier's note): an absent wish takes nothing back.
    """
    fields = replace(
        told_, placed_at=known.fields.placed_at, courier_note=told_.courier_note or known.fields.courier_note
    )
    if known.shop_said is None:
        return fields
    for names in _CUSTOMERS:
        if getattr(told_, names[0]) == getattr(known.shop_said, names[0]):
            fields = replace(fields, **{name: getattr(known.fields, name) for name in names})
    return fields


def _wanted_anew(known: Order, event: OrderTold) -> bool:
    """Whether the shop takes its own cancel back: a payment that failed and is cash at the door now, an order put back to
    work. Its word has to be a later one, and to come from where the cancel came."""
    if known.state != "cancelled" or known.decided_by != "shop" or event.cancelled or event.source != known.source:
        return False
    return event.source_at is not None and known.source_at is not None and event.source_at > known.source_at


def _changed(turn: Turn, known: Order, fields: OrderFields, *, anew: bool = False) -> None:
    ask = anew or asks_again(known.fields, fields)
    moves = bool(fields.phone and fields.phone != known.fields.phone and known.fields.phone)
    turn.note("order.changed", known.id, by="shop", ask=str(ask).lower())
    order = deals.overtaken(turn, known, replace(known, fields=fields, version=known.version + 1))
    _know(turn, replace(fields, phone=None) if moves else fields)
    if not fields.cod:
        turn.withdraw(order.id)
        ignore(turn, order)
        return
    if moves:
        move(turn, order, fields.phone or "", moved_by="shop", ask=True)
        return
    if not ask and known.state != "ignored":
        # the question that is open keeps its meaning: what it was asked about has not grown
        turn.refresh(turn.put(replace(order, version=known.version)))
        return
    restart(turn, slotting.kept(turn, order))


def asks_again(was: OrderFields, now: OrderFields) -> bool:
    """Whether an answer given for `was` no longer covers `now`: dearer, other items, other address or phone."""
    return (
        now.total.currency != was.total.currency
        or now.total.minor > was.total.minor
        or _what(now) != _what(was)
        or now.address != was.address
        or now.phone != was.phone
        or (now.email != was.email and not now.phone)
    )


def _what(fields: OrderFields) -> list[tuple[str, str, int]]:
    return sorted((i.sku, i.title, i.quantity) for i in fields.items)


def restart(turn: Turn, order: Order) -> Order:
    """Ask anew, from the first rung, about a version that nobody has answered for."""
    rest(turn, order)
    turn.withdraw(order.id, "first", "rung")
    order = turn.put(
        replace(
            order,
            state="pending",
            decided_by=None,
            via=None,
            decided_at=None,
            decided_name="",
            before=None,
            rung=-1,
            reasons=(),
            skipped=(),
            held_until=None,
            reviewing=False,
            ignored_why="",
            calls=(),
            call_after=None,
        )
    )
    order = begin(turn, order)
    turn.refresh(order)
    if order.shop_knows and order.state == "pending":
        turn.tell_shop(order, "asking")
    return order


def move(turn: Turn, order: Order, phone: str, *, moved_by: str, ask: bool) -> None:
    """Hand the order over to the conversation of another number (its own, or a new one)."""
    turn.withdraw(order.id)
    rest(turn, order)
    moved = replace(order, fields=replace(order.fields, phone=phone))
    turn.plan(
        HandOver(
            to_phone=phone,
            order=moved,
            moved_by=moved_by,  # type: ignore[arg-type]
            ask=ask,
            email=order.fields.email,
            language=turn.language,
        )
    )
    turn.set(moved={**turn.was.moved, order.id: phone})
    turn.note("order.moved", order.id, by=moved_by)
    turn.remove(order.id)


def arrived(turn: Turn, event: OrderHandedOver) -> None:
    """An order came from another number's conversation; it arrives once, whatever is repeated."""
    if turn.get(event.order.id) is not None:
        return
    turn.set(orders_ever=turn.was.orders_ever + 1)
    if event.order.id in turn.was.moved:
        turn.set(moved={k: v for k, v in turn.was.moved.items() if k != event.order.id})
    version = event.order.version + (not event.back)
    order = replace(event.order, seq=turn.was.orders_ever + 1, version=version, card=event.order.card)
    turn.claims.append(pointers.order(turn.was.shop, order.id))
    _know(turn, order.fields)
    if turn.was.language is None and event.language:
        turn.set(language=event.language)
    turn.note("order.arrived", order.id, by=event.moved_by)
    order = turn.put(order)
    if event.moved_by != "shop" and not event.back:
        turn.tell_shop(order, "changed", changed="phone")
    if event.back:
        undoing.came_back(turn, order)
    elif event.ask and (order.open or order.state == "ignored"):
        restart(turn, order)
    elif order.state == "confirmed":
        turn.wake(f"ship:{order.id}", turn.now + turn.policy.not_shipped_after)
        still.watch(turn, order)
        turn.refresh(order)
    else:
        flag(turn, order, Reason("moved"))
    _catch_up(turn, order.id)


def _catch_up(turn: Turn, order_id: str) -> None:
    """What the shop said of the order while it was on its way here."""
    mine = [e for e in turn.was.early if (e.fields.id if isinstance(e, OrderTold) else e.order_id) == order_id]
    if not mine:
        return
    turn.set(early=tuple(e for e in turn.was.early if e not in mine))
    for event in mine:
        if isinstance(event, OrderTold):
            told(turn, event)
        else:
            reported(turn, event)


__all__ = ["arrived", "asks_again", "begin", "move", "reported", "restart", "tell", "told"]
