"""What the three places that a shop hears at have in common: the body of a telling, its line in a note, what an answer means."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from adapters.exchange import again_after
from adapters.replied import Answer
from flows.effects import Outcome, TellShop, TryAgain, Unknown, Value
from flows.money import Money, exponent
from flows.orders import OrderFields
from flows.shop_told import THROTTLED, UNAUTHORIZED
from flows.wording import Moment

#: Begins every line that we write into a shop's note, so that it is known again when the shop tells its note back.
OURS = "Doorstep: "
_MARKED = re.compile(r"^Doorstep: .*\[#[0-9a-f]{8}\]$")
#: Parts of an order that a customer can change, and a place that hears of a change is told.
CHANGEABLE = ("phone", "phone2", "email", "courier_note")


def name_of(shop: str, effect_id: str) -> str:
    """32 hex digits that stay the same at every try of one telling and differ between any two."""
    return hashlib.sha256(f"{shop}\0{effect_id}".encode()).hexdigest()[:32]


def mark(shop: str, effect_id: str) -> str:
    """Ends the line of a telling: it is written only where it does not stand already."""
    return f"[#{name_of(shop, effect_id)[:8]}]"


def line(telling: TellShop, shop: str, effect_id: str) -> str:
    """One line for the people who read the order's note: who decided what, through what, with the values in words."""
    words = [telling.what.replace("_", " ")]
    if telling.by and telling.what in ("confirmed", "cancelled", "reopened", "closed"):
        words.append(f"by {telling.by}" + (f" through {telling.via}" if telling.via else ""))
    parts = [" ".join(words)]
    if telling.what == "changed":
        parts = [f"the customer changed the {telling.values.get('changed', 'order')}"]
        if telling.fields.courier_note and telling.values.get("changed") in ("time", "place"):
            parts.append(telling.fields.courier_note)
    else:
        parts += [f"{name.replace('_', ' ')} {spoken(value)}" for name, value in telling.values.items()]
    stamp = telling.at.strftime("%Y-%m-%d %H:%M UTC")
    text = " ".join(f"{OURS}{stamp} {', '.join(parts)}".split())
    return f"{text[:400]} {mark(shop, effect_id)}"


def without_ours(note: str) -> str:
    """A shop's note without the lines that we wrote there: they are no news."""
    if OURS not in note:
        return note
    return "\n".join(each for each in note.splitlines() if not _MARKED.match(each.strip())).strip()


def spoken(value: Value) -> str:
    if isinstance(value, Money):
        return f"{amount(value)} {value.currency}"
    if isinstance(value, Moment):
        return value.at.strftime("%Y-%m-%d %H:%M UTC")
    return " ".join(str(value).split())


def amount(money: Money) -> str:
    """ "49.90": exact, with as many digits as the currency has."""
    digits = exponent(money.currency)
    if not digits:
        return str(money.minor)
    sign, minor = ("-" if money.minor < 0 else ""), abs(money.minor)
    return f"{sign}{minor // 10**digits}.{minor % 10**digits:0{digits}d}"


def plain(value: Value) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Money):
        return {"amount": amount(value), "currency": value.currency}
    return value.at.isoformat() if isinstance(value, Moment) else value


def contents(telling: TellShop, shop: str) -> dict[str, Any]:
    """The body's `data`: the same at every try."""
    said: dict[str, Any] = {
        "shop": shop,
        "order": telling.order_id,
        "version": telling.version,
        "state": telling.state,
        "decided_by": telling.by or None,
        "via": telling.via or None,
    }
    said |= {name: plain(value) for name, value in telling.values.items()}
    if telling.what == "changed":
        said |= {name: getattr(telling.fields, name) for name in CHANGEABLE}
        said["address"] = address(telling.fields)
    return said


def address(fields: OrderFields) -> dict[str, str]:
    place = fields.address
    return {name: getattr(place, name) for name in ("line1", "line2", "city", "region", "postcode", "country")}


def failure(answer: Answer) -> Outcome:
    """What an answer that is no success means; a 5xx may have been done, and everything here may be tried again."""
    if answer.status == 429:
        return TryAgain(again_after(answer.retry_after_s), THROTTLED)
    if answer.status in (401, 403):
        return TryAgain(0.0, UNAUTHORIZED)
    if answer.status >= 500:
        if answer.retry_after_s is not None:
            return TryAgain(answer.retry_after_s, f"http_{answer.status}")
        return Unknown(f"http_{answer.status}")
    return TryAgain(0.0, f"http_{answer.status}")
