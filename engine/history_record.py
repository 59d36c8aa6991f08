"""A closed order as it is kept: keys to look it up under, and everything else in as few bytes as it takes.

    closed(order, origin="import")     -> Closed       what a store needs: keys to hash, a payload to seal
    opened(payload)                    -> Kept         the order again
    settled(old, new)                  -> Closed       what has to be written over an order that is kept already; None: nothing

The address is kept as it was typed, not as it was read, so that a better reader reads the whole past anew. Whose a kept order
is: engine/history_door.py.

Weak spot: keys are what today's rules make of an order. When the rules for keys change, the past has to be keyed anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flows.emails import read_email
from flows.matching.reading import known_address
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk.backtest import Replayed
from flows.risk.history import Ended, Fault, PastOrder, Ruling
from flows.risk.identity import Identity, found_by, identity

#: Written first into every payload; a higher one belongs to a newer program. Orders are as they were in 1; 2 is a person's word.
PAYLOAD_VERSION = 2

#: Nobody reads more of these in a history, and a row of 2 MB must not be kept of a body of 2 MB.
MOST_SKUS, MOST_SKU, MOST_TEXT, MOST_ID, MOST_SAID = 20, 40, 200, 100, 200

#: Who told of the order's end. What the service itself saw is never overwritten by a file.
Origin = Literal["service", "import"]

# Stored as positions: only ever append.
_ENDED: tuple[Ended, ...] = (
    *("delivered", "paid", "returned", "refused", "not_collected"),
    *("cancelled_by_customer", "cancelled_by_shop", "cancelled_by_rule", "lost", "ruled"),
)
_FAULTS: tuple[Fault, ...] = ("none", "customer", "courier", "shop")
assert set(_ENDED) == set(get_args(Ended)), "a new ending needs a place at the end of _ENDED"
assert set(_FAULTS) == set(get_args(Fault)), "a new fault needs a place at the end of _FAULTS"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Closed(Struct, frozen=True, array_like=True):
    """One closed order, ready to be kept. `keys` and `payload` are telling: a store hashes the ones and seals the other."""

    order_id: str
    keys: tuple[str, ...]
    ended: Ended
    amount_minor: int
    currency: str
    closed_on: int  # days since 1970, for retention
    payload: bytes


class Kept(Struct, frozen=True):
    """A closed order as it was kept. `order.outcome.matched` says nothing here."""

    order: Replayed
    origin: Origin
    said: str = ""  # the customer's or courier's words about how it ended


class _Rest(Struct, frozen=True, omit_defaults=True, rename={
    "confirmed_after": "c", "attempts": "a", "unreachable": "u", "complaints": "p", "refunds": "r", "late_refunds": "l",
    "threats": "t", "cleared": "x", "skus": "k", "said": "s", "origin": "o", "phone_raw": "w", "line2": "2", "ruling": "g",
}):  # fmt: skip
    """What most orders do not have, so that it costs only those that do."""

    confirmed_after: int | None = None
    attempts: int = 1
    unreachable: bool = False
    complaints: int = 0
    refunds: int = 0
    late_refunds: int = 0
    threats: int = 0
    cleared: bool = False
    skus: tuple[str, ...] = ()
    said: str = ""
    origin: Origin = "import"
    phone_raw: str = ""
    line2: str = ""
    ruling: Ruling | None = None


class Packed(Struct, frozen=True, array_like=True):
    """A payload, decoded. The other modules of the history may look into it; nobody else needs to."""

    v: int
    order_id: str
    placed_s: int
    closed_after_s: int
    ended: int
    fault: int
    amount_minor: int
    currency: str
    phone: str
    email: str
    name: str
    line1: str
    city: str
    region: str
    postcode: str
    country: str
    rest: _Rest


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Packed)


def closed(order: Replayed, origin: Origin, said: str = "", who: Identity | None = None) -> Closed:
    """The order, ready to be kept. `who`: its identity, where it is known already (reading it costs most of the time)."""
    fields, outcome = order.fields, order.outcome
    who = who or identity(fields)
    placed, ended_at = _seconds(fields.placed_at), _seconds(outcome.closed_at)
    address = fields.address
    rest = _Rest(
        confirmed_after=None if outcome.confirmed_at is None else _seconds(outcome.confirmed_at) - placed,
        attempts=outcome.attempts,
        unreachable=outcome.unreachable,
        complaints=outcome.complaints,
        refunds=outcome.refunds,
        late_refunds=outcome.late_refunds,
        threats=outcome.threats,
        cleared=outcome.cleared,
        skus=tuple(_skus(order)),
        said=said[:MOST_SAID],
        origin=origin,
        phone_raw="" if who.phone else fields.phone_raw[:MOST_TEXT],
        line2=address.line2[:MOST_TEXT],
        ruling=outcome.ruling,
    )
    packed = Packed(
        1 if outcome.ruling is None else PAYLOAD_VERSION,
        fields.id[:MOST_ID],
        placed,
        ended_at - placed,
        _ENDED.index(outcome.ended),
        _FAULTS.index(outcome.fault),
        fields.total.minor,
        fields.total.currency,
        who.phone,
        (fields.email or "")[:MOST_TEXT],
        fields.name[:MOST_TEXT],
        address.line1[:MOST_TEXT],
        address.city[:MOST_TEXT],
        address.region[:MOST_TEXT],
        address.postcode[:MOST_TEXT],
        address.country[:2],
        rest,
    )
    payload = _encoder.encode(packed)
    return Closed(
        packed.order_id,
        who.keys,
        outcome.ended,
        fields.total.minor,
        fields.total.currency,
        ended_at // 86_400,
        payload,
    )


def opened(payload: bytes) -> Kept:
    """The order that was kept. Raises msgspec.ValidationError for a payload of a newer program, or damage."""
    packed = unpacked(payload)
    rest = packed.rest
    placed = _moment(packed.placed_s)
    fields = OrderFields(
        id=packed.order_id,
        total=Money(packed.amount_minor, packed.currency),
        placed_at=placed,
        name=packed.name,
        phone=packed.phone or None,
        phone_raw=rest.phone_raw,
        email=packed.email or None,
        address=_address(packed),
        items=tuple(Item("", sku=sku) for sku in rest.skus),
    )
    return Kept(Replayed(fields, past_order(packed)), rest.origin, rest.said)


def settled(old: bytes, new: Closed) -> Closed | None:
    """What has to be written where `old` is kept already: None where nothing is new, or a file contradicts the service.

    What staff struck off stays struck off.
    """
    if old == new.payload:
        return None
    before, after = unpacked(old), unpacked(new.payload)
    if before.rest.origin == "service" and after.rest.origin == "import":
        return None
    if before.rest.cleared and not after.rest.cleared:
        after = replace(after, rest=replace(after.rest, cleared=True))
        new = replace(new, payload=_encoder.encode(after))
    return None if old == new.payload else new


def order_id_of(payload: bytes) -> str:
    """The id of the kept order."""
    return unpacked(payload).order_id


def keys_of(payload: bytes) -> tuple[str, ...]:
    """The keys that the kept order was filed under."""
    return who_of(unpacked(payload)).keys


def theirs(here: Identity, payload: bytes) -> bool:
    """Whether the order is held about the person of `here`: by phone or mailbox, never by the address alone."""
    packed = unpacked(payload)
    return any(m.means != "address" for m in found_by(here, who_of(packed)))


def cleared(payload: bytes) -> bytes:
    """The same order, struck off by staff."""
    packed = unpacked(payload)
    return _encoder.encode(replace(packed, rest=replace(packed.rest, cleared=True)))


def unpacked(payload: bytes) -> Packed:
    """The payload's parts. Raises msgspec.ValidationError for one of a newer program, or damage."""
    packed = _decoder.decode(payload)
    if packed.v > PAYLOAD_VERSION:
        raise msgspec.ValidationError("this history was written by a newer Doorstep; upgrade this one")
    return packed


def _skus(order: Replayed) -> Iterator[str]:
    named = order.outcome.skus or tuple(item.sku or item.title for item in order.fields.items)
    yield from (sku[:MOST_SKU] for sku in named[:MOST_SKUS])


def past_order(packed: Packed) -> PastOrder:
    """How the order ended. `matched` says nothing here."""
    rest = packed.rest
    placed = _moment(packed.placed_s)
    return PastOrder(
        order_id=packed.order_id,
        placed_at=placed,
        closed_at=_moment(packed.placed_s + packed.closed_after_s),
        ended=_ENDED[packed.ended],
        fault=_FAULTS[packed.fault],
        amount_minor=packed.amount_minor,
        currency=packed.currency,
        confirmed_at=None if rest.confirmed_after is None else _moment(packed.placed_s + rest.confirmed_after),
        attempts=rest.attempts,
        unreachable=rest.unreachable,
        complaints=rest.complaints,
        refunds=rest.refunds,
        late_refunds=rest.late_refunds,
        threats=rest.threats,
        skus=rest.skus,
        matched=(),
        cleared=rest.cleared,
        ruling=rest.ruling,
    )


def typed_by(packed: Packed) -> tuple[str, ...]:
    """What `who_of` is made of: equal here, equal there."""
    return (
        *(packed.phone, packed.email, packed.line1, packed.rest.line2),
        *(packed.city, packed.region, packed.postcode, packed.country),
    )


def who_of(packed: Packed) -> Identity:
    """Who placed the order, read by today's rules."""
    return Identity(packed.phone, _mailbox(packed.email) if packed.email else "", known_address(_address(packed)))


def _address(packed: Packed) -> PostalAddress:
    return PostalAddress(packed.line1, packed.rest.line2, packed.city, packed.region, packed.postcode, packed.country)


@lru_cache(maxsize=8192)
def _mailbox(email: str) -> str:
    read = read_email(email)
    return read.key if read else ""


def _seconds(moment: datetime) -> int:
    return math.floor(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
