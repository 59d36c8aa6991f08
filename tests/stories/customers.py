"""The past that a story's customer has with the shop: closed orders, as the service itself would have kept them."""

from __future__ import annotations

from datetime import timedelta

from engine.history_record import Closed, closed
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk.backtest import Replayed
from flows.risk.history import Ended, Fault, PastOrder
from tests.town import ANA_PHONE, Town

HOME = PostalAddress("Calle Mayor 1", city="Madrid", postcode="28013", country="ES")


def past(
    t: Town,
    order_id: str,
    ended: Ended,
    *,
    days_ago: float = 30,
    fault: Fault = "none",
    phone: str = ANA_PHONE,
    email: str | None = "ana@example.com",
    address: PostalAddress = HOME,
    euros: float = 60,
) -> Closed:
    """One order that closed so many days before the town's clock; by default Ana's, at her door."""
    end = t.clock.now() - timedelta(days=days_ago)
    placed = end - timedelta(days=4)
    total = Money(round(euros * 100), "EUR")
    fields = OrderFields(
        id=order_id, total=total, placed_at=placed, name="Ana Ruiz", phone=phone, email=email, address=address,
        items=(Item("Lamp", sku="L1"),),
    )  # fmt: skip
    outcome = PastOrder(
        order_id=order_id, placed_at=placed, closed_at=end, ended=ended, fault=fault, amount_minor=total.minor,
        currency="EUR", confirmed_at=placed + timedelta(hours=1), skus=("L1",),
    )  # fmt: skip
    return closed(Replayed(fields, outcome), "service")


async def remembered(t: Town, *orders: Closed) -> None:
    """They are in the shop's history."""
    assert (await t.house.store.append_history("demo", orders)).new == len(orders)


async def good_customer(t: Town) -> None:
    """Ana took and paid four orders."""
    await remembered(t, *(past(t, f"P{n}", "paid", days_ago=200 - 50 * n, euros=70 + 5 * n) for n in range(4)))


async def lived(t: Town, reason: str = "", **order: object) -> str:
    """An order as it goes: placed, confirmed by the customer, sent, and (`reason`) brought back or delivered and paid."""
    order_id = await t.order(**order)
    if await t.state(order_id) == "pending":
        await t.sms("YES", phone=(await t.get(order_id)).fields.phone or ANA_PHONE)
    assert await t.state(order_id) in ("confirmed", "flagged"), await t.state(order_id)
    await t.report(order_id, "shipped")
    if reason:
        await t.report(order_id, "returned", reason=reason)
    else:
        await t.report(order_id, "delivered")
        await t.report(order_id, "paid")
    return order_id
