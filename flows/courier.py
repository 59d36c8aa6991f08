"""What the courier is told about an order: who opens the door, how to reach them, and when to be careful.

Practical advice only: not what the customer did before, not how often, and no order of the past.
"""

from __future__ import annotations

from flows.money import decimal_text
from flows.orders import Order

#: Signal -> what the courier can do about it. What is no help at the door (an e-mail, a burst) is none of the courier's business.
_CARE = {
    "threats": "do not argue at the door, call the shop instead",
    "refused": "call before coming, hand over against payment only",
    "returned": "call before coming, hand over against payment only",
    "not_collected": "call before coming and agree on a time",
    "redeliveries": "call before coming and agree on a time",
    "missing_parts": "the address may be incomplete, call before coming",
    "nonsense_address": "the address may be incomplete, call before coming",
}
#: More advice than this is not read.
ADVICE_MOST = 2


def courier_note(order: Order) -> str:
    """One line in English, with the customer's own wish last; "" where there is nothing to say."""
    fields = order.fields
    parts = [f"Hand to {fields.name}"] if fields.name else []
    if fields.phone2:
        parts.append(f"second number {fields.phone2}")
    if order.paid:
        parts.append("paid already, nothing to collect")
    if order.deal is not None and order.deal.status == "taken" and not order.paid and order.deal.was != fields.total:
        parts.append(f"agreed price {decimal_text(fields.total)} {fields.total.currency}")
    if order.deal is not None and order.deal.status == "taken" and order.deal.gift:
        parts.append(f"put in the gift: {order.deal.gift}")
    if order.verdict in ("watch", "review", "blocked"):
        advice = dict.fromkeys(_CARE[code] for code in _CARE if any(reason.code == code for reason in order.risk))
        parts += list(advice)[:ADVICE_MOST]
    if fields.courier_note:
        parts.append(fields.courier_note)
    return "; ".join(parts)
