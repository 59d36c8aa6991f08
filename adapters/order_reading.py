"""What every shop's order has in common: text made harmless, phones looked for in turn, exact money, consent, one event.

A reader never guesses: what cannot be read is left empty and the order still counts (it goes to the e-mail rung or to
staff); only an order without an id or an amount is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.order_values import digest, text
from engine.ports import BadPayload
from flows import pointers
from flows.emails import read_email
from flows.events import OrderTold
from flows.money import Money, NotMoney, parse
from flows.orders import Item, OrderFields
from flows.phones import Phone, read_phone
from flows.pointers import Pointer
from flows.policy import Policy
from flows.postal import PostalAddress

#: More positions than this are cut: nobody reads them in a text, and a body of 2 MB must not become a document of 2 MB.
MAX_ITEMS = 200
#: More pieces of one thing than any parcel holds.
MOST_PIECES = 100_000
#: No price of the world has more digits.
_MOST_DIGITS = 20
#: Phone kinds that no text message reaches.
_MUTE = frozenset({"landline", "toll_free", "premium"})
#: What stands for placed_at where two tellings are compared: the moment of placing is not part of what an order says.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_YES = frozenset(
    {"1", "yes", "y", "true", "on", "accepted", "agree", "agreed", "granted", "si", "sí", "sim", "oui", "ja", "da", "да",
     "evet", "نعم", "ya", "tak", "ano", "igen"}
)  # fmt: skip
_NO = frozenset(
    {"0", "no", "n", "false", "off", "declined", "denied", "refused", "não", "nao", "non", "nein", "nu", "ne", "нет",
     "hayır", "لا", "tidak", "nie", "nem"}
)  # fmt: skip


class Reached(Struct, frozen=True):
    """The number found in an order. `e164` None: none given, or none that can be dialled. `raw`, as it was written, is kept
    only then: one number written in two ways is the same order."""

    e164: str | None = None
    raw: str = ""
    mobile: bool = True
    second: str | None = None  # a landline that was passed over for a number that takes texts


class Consent(Struct, frozen=True):
    """What the customer agreed to at the checkout."""

    whatsapp: bool
    news: bool = False
    polls: bool = False


def find_phone(places: Iterable[object], country: str) -> Reached:
    """Look in each place in turn, reading in the order's country: the first number that takes texts, else the first that
    can be dialled. Nothing readable: `raw` is what stood first, for staff to see."""
    return find_phone_at(((place, country) for place in places), country)


def find_phone_at(places: Iterable[tuple[object, str]], country: str) -> Reached:
    """The same, where each number belongs to an address with a country of its own: whoever pays for a present abroad writes
    their number as it is dialled at home. What cannot be read there is read in `country`, the order's."""
    raws = [(raw, home) for place, home in places if (raw := text(place))]
    read = [phone for raw, home in raws if (phone := _read_at(raw, home, country)) is not None]
    if not read:
        return Reached(raw=raws[0][0] if raws else "")
    chosen = next((phone for phone in read if takes_texts(phone)), read[0])
    passed_over = read[0].e164 if read[0].e164 != chosen.e164 else None
    return Reached(chosen.e164, mobile=takes_texts(chosen), second=passed_over)


def _read_at(raw: str, home: str, country: str) -> Phone | None:
    for each in dict.fromkeys((home or country, country)):
        if (phone := read_phone(raw, each or None)) is not None:
            return phone
    return None


def takes_texts(phone: Phone) -> bool:
    """Whether the numbering plan lets a text arrive there."""
    return phone.kind not in _MUTE


def mailbox(*values: object) -> str | None:
    """The first deliverable address, lower case."""
    for value in values:
        if isinstance(value, str) and (email := read_email(value)) is not None:
            return email.address.lower()
    return None


def amount(value: object, currency: str, name: str) -> Money:
    """An exact amount. Raises BadPayload that says which field is wrong."""
    written = f"{value:f}" if isinstance(value, Decimal) and _is_small(value) else text(value)
    if not written:
        raise BadPayload(f"{name}: no amount")
    try:
        return parse(written, currency)
    except NotMoney as error:
        raise BadPayload(f"{name}: {error}") from error


def _is_small(number: Decimal) -> bool:
    """Whether it can be written out: 1e999999999 is twelve bytes of JSON and a gigabyte of digits."""
    return number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS


def price(value: object, currency: str) -> Money | None:
    """The price of one piece, or None: a computed one (3.333333) has no exact amount, and an order stands without it."""
    try:
        return amount(value, currency, "price")
    except BadPayload:
        return None


def consent(answers: Iterable[tuple[object, object]], policy: Policy, *, news: bool = False) -> Consent:
    """From the checkout's own fields (name, value) that speak of WhatsApp, news or polls; the shop's default elsewhere."""
    whatsapp, polls = policy.consent_whatsapp, policy.consent_polls
    for name, value in answers:
        agreed = _agreed(value)
        if not isinstance(name, str) or agreed is None:
            continue
        field = name.casefold()
        if "whatsapp" in field:
            whatsapp = agreed
        elif "poll" in field or "survey" in field:
            polls = agreed
        elif "newsletter" in field or "marketing" in field:
            news = agreed
    return Consent(whatsapp, news, polls)


def _agreed(value: object) -> bool | None:
    """Yes or no; None for anything else (a field called "WhatsApp" may hold a number)."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold() if isinstance(value, str | int) else ""
    return True if word in _YES else False if word in _NO else None


def address_of(source: Mapping[str, Any], keys: Mapping[str, str], country: str) -> PostalAddress:
    """`keys`: our part -> the shop's name of it."""
    return PostalAddress(**{ours: text(source.get(theirs)) for ours, theirs in keys.items()}, country=country)


def item(title: object, quantity: object, sku: object, piece: Money | None) -> Item:
    """One position; a quantity that is no number of pieces is one piece."""
    count = 1
    if isinstance(quantity, Decimal) and _is_small(quantity):
        count = int(quantity)
    elif isinstance(quantity, int) and not isinstance(quantity, bool):
        count = quantity
    return Item(title=text(title), quantity=min(max(1, count), MOST_PIECES), sku=text(sku), price=piece)


def fingerprint(fields: OrderFields, **also: object) -> str:
    """16 hex digits that are equal exactly for tellings that say the same (placed_at apart)."""
    said = msgspec.json.encode([replace(fields, placed_at=_ANY_TIME), sorted(also.items())])
    return digest(said)


def named(shop: str, fields: OrderFields) -> tuple[Pointer, ...]:
    """Under what the order's conversation is looked for: the order, then its customer, by whom it is opened."""
    order = pointers.order(shop, fields.id)
    if fields.phone:
        return order, pointers.phone(shop, fields.phone)
    return (order, Pointer("email", fields.email, shop)) if fields.email else (order, order)


def told(
    shop: str,
    fields: OrderFields,
    now: datetime,
    *,
    event_id: str,
    source: str,
    mode: Literal["new", "change", "upsert"] = "upsert",
    source_at: datetime | None = None,
    cancelled: bool = False,
    shipped: bool = False,
    paid: bool = False,
    ref: str = "",
) -> OrderTold:
    """The one event that every shop's telling becomes. A change to an order nobody knows opens nothing."""
    return OrderTold(
        event_id=event_id, to=named(shop, fields), at=now, opens=mode != "change", fields=fields, mode=mode, source=source,
        source_at=source_at, cancelled=cancelled, shipped=shipped, paid=paid, ref=ref,
    )  # fmt: skip
