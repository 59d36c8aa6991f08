"""Orders as lines for a terminal: a list, or one with its whole journal."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ports import Store
from flows import pointers
from flows.conversation import Conversation
from flows.explaining import written
from flows.money import decimal_text
from flows.phones import mask
from flows.policy import Policy

MOST = 500


async def order_lines(store: Store, shops: list[str], state: str | None) -> list[str]:
    """Newest change first: shop, id, state, when."""
    lines = []
    for shop in shops:
        for row in await store.orders(shop, state, None, MOST):
            lines.append(f"{row.shop}  {row.order_id:<16} {row.state:<10} {row.updated_at:%Y-%m-%d %H:%M} UTC")
    return lines


async def reasons_told(store: Store, rules: Mapping[str, Policy], shops: list[str], order_id: str) -> list[str]:
    """The reasons behind the order's verdict as its customer would be told them; empty when the order is unknown."""
    for shop in shops:
        found = await store.load(pointers.order(shop, order_id))
        order = found.order(order_id) if isinstance(found, Conversation) else None
        if isinstance(found, Conversation) and order is not None:
            return [written(found, order, rules[shop])]
    return []


async def one_order(store: Store, shops: list[str], order_id: str) -> list[str]:
    """One order, who decided through what, and its journal, oldest line first; empty when it is unknown."""
    for shop in shops:
        found = await store.load(pointers.order(shop, order_id))
        order = found.order(order_id) if isinstance(found, Conversation) else None
        if not isinstance(found, Conversation) or order is None:
            continue
        fields = order.fields
        decided = f", decided by {order.decided_by} through {order.via}" if order.decided_by else ""
        lines = [
            f"{shop} {order.id}: {order.state} (version {order.version}){decided}",
            f"{decimal_text(fields.total)} {fields.total.currency}, {fields.name}, {mask(fields.phone) if fields.phone else 'no phone'}",
        ]
        for note in await store.journal(found.id):
            if note.order_id in ("", order_id):
                facts = " ".join(f"{k}={v}" for k, v in note.data.items())
                who = " ".join(p for p in (note.by, note.via and f"via {note.via}") if p)
                lines.append(f"{note.at:%Y-%m-%d %H:%M:%S}  {note.what:<22} {who:<28} {facts}".rstrip())
        return lines
    return []
