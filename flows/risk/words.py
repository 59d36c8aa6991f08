"""Each signal as a sentence in English: for the shop's own API, for exports, and as the staff's English catalogue."""

from __future__ import annotations

import re

from flows.risk.policy import Weights
from flows.risk.signals import Reason
from flows.wording.pattern import fill, parse

#: Signal -> sentence; `count`, `orders` and the like are the values of its Reason.
REASONS = {
    "returned": "Parcels that came back: {count}[ ({orders})][, last {last}]",
    "refused": "Parcels refused at the door: {count}[ ({orders})][, last {last}]",
    "not_collected": "Parcels never collected: {count}[ ({orders})][, last {last}]",
    "unreachable": "Orders where nobody could be reached: {count}[ ({orders})]",
    "late_cancel": "Orders cancelled after a yes: {count}[ ({orders})]",
    "open_unconfirmed": "Other open orders without a yes: {count}[ ({orders})]",
    "same_item_twice": "The same item is in another open order[: {orders}]",
    "group_orders": "Orders of the same item at other shops of the group: {count}",
    "impossible_phone": "No such phone number can exist",
    "odd_phone": "The phone number looks wrong: {why}",
    "disposable_email": "A throw-away e-mail address ({domain})",
    "mistyped_email": "The e-mail address may be mistyped: {domain}, meant {meant}?",
    "nonsense_address": "The address looks invented: {why}",
    "missing_parts": "The address lacks: {parts}",
    "nonsense_name": "The name looks invented:",
    "big_first": "A first order {times} times as large as usual",
    "prefix_burst": "Orders from neighbouring numbers within an hour: {count}",
    "address_burst": "Orders to this address within a day: {count}",
    "redeliveries": "Deliveries that needed several visits: {count}[ ({orders})]",
    "late_refunds": "Refunds asked for late: {count}[ ({orders})]",
    "threats": "Threats before: {count}[ ({orders})]",
}
#: A person's word that was found by something else than the phone: sentence. No signals, they have no weight.
RULINGS = {
    "blocked_email": "{by} blocked the customer with this e-mail address on {last}",
    "blocked_address": "{by} blocked a customer at this address on {last}",
}
#: What the value `why` of a reason stands for.
WHY = {
    "made_up": "invented",
    "unassigned": "in no assigned range",
    "service": "a service number",
    "mashing": "random letters",
    "placeholder": "a placeholder",
    "no_letters": "no letters in it",
}
#: What the value `parts` of a reason lists.
PARTS = {
    "street": "street",
    "house": "house number",
    "city": "town",
    "postcode": "postcode",
    "country": "country",
}
#: Orders named in a sentence; the reason itself has all of them.
ORDERS_MOST = 3


def in_words(reason: Reason) -> str:
    """The reason as a sentence. What a customer typed is not repeated in it."""
    values = {name: value for name, value in reason.values.items() if name != "text"}
    if reason.orders:
        values["orders"] = ", ".join(reason.orders[:ORDERS_MOST])
    if "why" in values:
        values["why"] = WHY.get(values["why"], values["why"])
    if "parts" in values:
        values["parts"] = ", ".join(PARTS.get(part, part) for part in values["parts"].split(", "))
    return fill(parse((REASONS | RULINGS)[reason.code]), values, lambda name: "other").rstrip(":")


def signals_table() -> str:
    """The signals with their default points, the heaviest first, as docs/history.md shows them."""
    weights = Weights()
    rows = sorted((-getattr(weights, code), code) for code in Weights.__struct_fields__)
    lines = [f"| `{code}` | {-points:g} | {_bare(REASONS[code])} |" for points, code in rows]
    return "\n".join(["| signal | points | on the card |", "|---|---|---|", *lines])


def _bare(sentence: str) -> str:
    """The sentence without its values."""
    return re.sub(r"\{\w+\}", "…", re.sub(r"\[.*?\]", "", sentence)).removesuffix(": …").rstrip(":")
