"""Find orders by any part of what staff remember: a piece of the number, a name, the end of a phone.

What a store can look up, it looks up: a whole order number, phone or e-mail lies under its keyed hash. Names and parts of phones
are sealed in the documents, so for them the latest orders are opened one by one, open ones first and at most SCANNED of them;
a part of an order's number is compared over the latest rows without opening anything. Nothing is kept of what was opened.
"""

from __future__ import annotations

import asyncio

from engine.ports import OrderRow, Store
from flows import pointers
from flows.conversation import Conversation
from flows.emails import read_email
from flows.orders import Order
from flows.phones import read_phone
from flows.pointers import Pointer
from flows.policy import Policy

#: Rows whose numbers are compared.
ROWS = 5000
#: Conversations that are opened for one search: about 0.2 ms each.
SCANNED = 2000
#: So many are opened before others have their turn.
AT_ONCE = 25
#: Shorter texts are parts of everything.
SHORTEST = 2
_OPEN = ("flagged", "held", "pending", "confirmed", "shipped")


async def search(store: Store, policy: Policy, text: str, limit: int) -> list[OrderRow]:
    """At most `limit` rows, whole matches first, then the latest change first."""
    wanted = " ".join(text.split()).casefold().removeprefix("#")
    if len(wanted) < SHORTEST:
        return []
    rows = await store.orders(policy.shop, None, None, ROWS)
    found: dict[str, OrderRow] = {}
    for pointer in _whole(policy, text.strip().removeprefix("#")):
        document = await store.load(pointer)
        if isinstance(document, Conversation):
            found |= {row.order_id: row for row in rows if row.conversation == document.id and _about(row, pointer)}
    found |= {row.order_id: row for row in rows if wanted in row.order_id.casefold() and row.order_id not in found}
    if len(found) < limit:
        await _scan(store, rows, wanted, limit, found)
    return list(found.values())[:limit]


def _about(row: OrderRow, pointer: Pointer) -> bool:
    return pointer.kind != "order" or pointer.key == row.order_id


def _whole(policy: Policy, text: str) -> list[Pointer]:
    """What the text is, if it is something whole."""
    named = [pointers.order(policy.shop, text)]
    phone = read_phone(text, policy.country or None)
    if phone is not None:
        named.append(pointers.phone(policy.shop, phone.e164))
    email = read_email(text) if "@" in text else None
    if email is not None:
        named.append(Pointer("email", email.address, policy.shop))
    return named


async def _scan(store: Store, rows: list[OrderRow], wanted: str, limit: int, found: dict[str, OrderRow]) -> None:
    ranked = sorted(rows, key=lambda row: row.state not in _OPEN)  # stable: the latest change stays first
    opened: dict[str, Conversation | None] = {}
    for row in ranked:
        if len(found) >= limit or len(opened) >= SCANNED:
            return
        if row.conversation not in opened:
            document = await store.load(pointers.conversation(row.conversation))
            opened[row.conversation] = document if isinstance(document, Conversation) else None
            if len(opened) % AT_ONCE == 0:
                await asyncio.sleep(0)  # noqa: TID251 - waits for nothing: others have their turn
        conversation = opened[row.conversation]
        order = conversation.order(row.order_id) if conversation is not None else None
        if order is not None and row.order_id not in found and matches(order, wanted):
            found[row.order_id] = row


def matches(order: Order, wanted: str) -> bool:
    """Whether `wanted` (casefolded) is a part of the number, the name, the phone or the e-mail."""
    fields = order.fields
    digits = "".join(c for c in wanted if c.isdigit())
    if len(digits) >= 3 and len(digits) >= len(wanted) - 4 and digits in (fields.phone or ""):
        return True
    return any(wanted in part.casefold() for part in (order.id, fields.name, fields.email or ""))
