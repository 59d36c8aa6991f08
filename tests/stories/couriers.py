"""The courier of the stories about delivery, as a shop describes it, and what a customer of the town does before them."""

from __future__ import annotations

from tests.town import Town

#: Fetches until 14:00, comes from the next day on, Monday to Saturday, in three windows; 8 December is a holiday.
COURIER = """
    - name: City Express
      windows: {mon-sat: "11:00-15:00, 15:00-18:00, 18:00-22:00"}
      cut_off: "14:00"
      holidays: [2026-12-08]
      postcodes: ["28"]
"""


def delivery(more: str = "", courier: str = "") -> str:
    """The settings' delivery block: `more` are further keys, `courier` further keys of the courier."""
    lines = "".join(f"      {line}\n" for line in courier.splitlines() if line)
    keys = "".join(f"  {line}\n" for line in more.splitlines() if line)
    return f"delivery:\n{keys}  couriers:{COURIER.rstrip()}\n{lines}"


async def confirmed(t: Town, **order: object) -> str:
    """An order with the customer's yes."""
    order_id = await t.order(**order)
    await t.sms("1")
    assert await t.state(order_id) == "confirmed"
    return order_id


async def shipped(t: Town, **order: object) -> str:
    """One that has left, told a few seconds later."""
    order_id = await confirmed(t, **order)
    await t.skip(seconds=5)
    await t.report(order_id, "shipped", tracking="https://track.example.com/1Z9")
    await t.skip(seconds=5)
    return order_id
