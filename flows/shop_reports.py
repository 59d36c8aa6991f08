"""What the shop and its couriers say became of an order."""

from __future__ import annotations

from msgspec.structs import replace

from flows import deals, news, poll_asking, refusing, replanning
from flows.deciding import cancel, confirm, rest
from flows.events import OrderTold, ShopReported
from flows.orders import BEFORE_DISPATCH, Order
from flows.turn import Turn

#: So many events wait for orders that are on their way; a hand-over takes moments.
EARLY_MOST = 10
#: So many ids of the shop's events are kept with an order; what comes again after more than these is a rare thing indeed.
SHOP_EVENTS_MOST = 20


def on_its_way(turn: Turn, event: OrderTold | ShopReported) -> bool:
    """Keeps an event that was sent on from where its order lived, and has overtaken the order: it counts on arrival."""
    if any(pointer.kind in ("order", "conversation") for pointer in event.to):
        return False
    turn.set(early=(*turn.was.early, event)[-EARLY_MOST:])
    turn.notice = "accepted"
    return True


def remember_event(turn: Turn, order: Order, event: OrderTold | ShopReported) -> Order:
    """The order with this event's id: a repetition is known wherever the order lives by then."""
    return turn.put(replace(order, shop_events=(*order.shop_events, event.event_id)[-SHOP_EVENTS_MOST:]))


def reported(turn: Turn, event: ShopReported) -> None:
    """What the shop or courier says became of an order. Notice: accepted | same | odd | unknown."""
    order = turn.get(event.order_id)
    if order is None:
        if not on_its_way(turn, event):
            turn.notice = "unknown"
        return
    if event.event_id in order.shop_events:
        turn.notice = "same"
        return
    order = remember_event(turn, order, event)
    turn.notice = "accepted"
    match event.kind:
        case "paid":
            paid(turn, order)
        case "confirmed" if order.state in ("pending", "flagged", "held"):
            confirm(turn, order, by="shop", via="api")
        case "cancelled" if order.state in BEFORE_DISPATCH or order.state == "cancelled":
            shop_cancelled(turn, order)
        case "shipped" if order.state in BEFORE_DISPATCH:
            news.shipped(turn, shipped(turn, order, event.tracking), event)
        case "out_for_delivery" | "attempt_failed" if order.state == "shipped":
            _on_the_road(turn, order, event)
        case "delivered" if (
            order.state == "shipped" or order.state in BEFORE_DISPATCH
        ):  # reports may overtake "shipped"
            news.delivered(turn, _end(turn, order, "delivered", ""), event)
        case "returned" if order.state in ("shipped", "delivered") or order.state in BEFORE_DISPATCH:
            _end(turn, order, "returned", event.reason or "other")
            refusing.at_the_door(turn, order.id, event)
        case "lost" if order.state == "shipped" or order.state in BEFORE_DISPATCH:
            _end(turn, order, "returned", "courier_fault")
        case kind if kind == order.state:
            turn.notice = "same"
        case _:
            turn.notice = "odd"
            turn.note("order.odd_event", order.id, by="shop", via="api", kind=event.kind, state=order.state)
            show_late(turn, order, event.kind)


def paid(turn: Turn, order: Order) -> Order:
    """The money is there: the mark, and what hangs on it."""
    turn.note("order.paid", order.id, by="shop", via="api")
    order = deals.paid(turn, turn.put(replace(order, paid=True)))
    if order.state == "delivered":
        turn.remember(order)
    return order


def _on_the_road(turn: Turn, order: Order, event: ShopReported) -> None:
    """Out for delivery, or a failed attempt. What the courier reports late is counted, but starts nothing any more."""
    failed = event.kind == "attempt_failed"
    turn.note(f"courier.{event.kind}", order.id, by="shop", via="api", reason=event.reason)
    turn.wake(f"news:{order.id}", turn.now + turn.policy.no_news_after)
    at = event.happened_at or turn.now
    overtaken = order.courier_at is not None and at < order.courier_at
    order = turn.put(
        replace(
            order,
            attempts_failed=order.attempts_failed + failed,
            tracking=event.tracking or order.tracking,
            courier_at=at if order.courier_at is None else max(at, order.courier_at),
        )
    )
    if overtaken:
        turn.refresh(order)
    elif failed:
        turn.withdraw(order.id, "notice")  # "it comes today" is no longer true
        replanning.failed(turn, order, event)
        refusing.at_the_door(turn, order.id, event)
    else:
        news.today(turn, order, event)


def shop_cancelled(turn: Turn, order: Order) -> None:
    if order.state == "cancelled":
        turn.notice = "same"
        if not order.shop_cancelled:
            turn.note("order.cancel_processed", order.id, by="shop", via="api")
            turn.put(replace(order, shop_cancelled=True))
        return
    turn.notice = "accepted"
    if order.state in BEFORE_DISPATCH:
        asked = any(a.status not in ("planned", "failed", "withdrawn") for a in order.asked)
        cancel(
            turn,
            replace(order, shop_cancelled=True),
            by="shop",
            via="api",
            template="cancelled_by_shop" if asked else "",
        )
    elif order.open:
        turn.note("order.odd_event", order.id, by="shop", via="api", kind="cancelled", state=order.state)
        show_late(turn, order, "cancelled")


def shipped(turn: Turn, order: Order, tracking: str) -> Order:
    unasked = order.state != "confirmed"
    rest(turn, order)
    turn.withdraw(order.id)
    turn.wake(f"news:{order.id}", turn.now + turn.policy.no_news_after)
    turn.note("order.shipped", order.id, by="shop", via="api", was=order.state)
    order = turn.put(replace(order, state="shipped", tracking=tracking or order.tracking, reminders=0))
    if unasked and order.card_wanted:
        turn.tell_staff(order, "shipped_unconfirmed")
    turn.refresh(order)
    return order


def _end(turn: Turn, order: Order, state: str, reason: str) -> Order:
    rest(turn, order)
    turn.withdraw(order.id)
    turn.note(f"order.{state}", order.id, by="shop", via="api", reason=reason)
    order = turn.put(replace(order, state=state, ended=reason))
    turn.refresh(order)
    if state == "delivered":
        poll_asking.delivered(turn, order)
    else:
        turn.rest(f"poll:{order.id}", f"survey:{order.id}")
    return order


def show_late(turn: Turn, order: Order, kind: str) -> None:
    """Staff see what the state does not allow."""
    order = turn.card(replace(turn.get(order.id) or order))
    turn.tell_staff(order, "odd_event", kind=kind, state=order.state)
