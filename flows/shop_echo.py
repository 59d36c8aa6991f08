"""The shop tells back what we wrote there: the echo of our own change is no news, and undoes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from flows.effects import TellShop
from flows.events import OrderTold
from flows.orders import Order
from flows.shop_telling import SHOPIFY, is_about
from flows.turn import Turn


def written(order: Order, effect: TellShop, stood_at: str) -> Order:
    """The platform holds what was told: its next word repeats that, and a word from before is older than this."""
    at = _moment(stood_at)
    if at is not None and (order.source_at is None or at > order.source_at):
        order = replace(order, source_at=at)
    if effect.what == "changed" and order.shop_said is not None:
        told = effect.fields
        said = replace(
            order.shop_said,
            phone=told.phone or order.shop_said.phone,
            phone_raw=told.phone_raw,
            phone_mobile=told.phone_mobile,
            address=told.address,
        )
        order = replace(order, shop_said=said)
    return order


def _moment(text: str) -> datetime | None:
    """ISO 8601; WooCommerce's "gmt" carries no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def of_our_cancel(turn: Turn, order: Order, event: OrderTold) -> bool:
    """Whether "cancelled" is only what we put there ourselves. Shopify's cancel is for good, whoever made it; elsewhere the
    customer may still come back, and a word that is on its way there will say so."""
    if event.source == SHOPIFY or event.source not in turn.policy.tells:
        return False
    if order.shop_knows.get(event.source) == "cancelled":
        return True
    return order.state == "cancelled" and any(
        is_about(o, order.id, event.source) and isinstance(o.effect, TellShop) and o.effect.what == "cancelled"
        for o in turn.open
    )
