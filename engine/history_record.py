"""A closed order as it is kept: keys to look it up under, and everything else in as few bytes as it takes.

    closed(order, origin="import")     -> Closed       what a store needs: keys to hash, a payload to seal
    opened(payload)                    -> Kept         the order again
    past(here, payload)                -> PastOrder    if it is this customer's, with what matched; None for a stranger
    settled(old, new)                  -> Closed       what has to be written over an order that is kept already; None: nothing

The address is kept as it was typed, not as it was read, so that a better reader reads the whole past anew. Reading one costs
some 50 microseconds, so those of busy doors (a pick-up point) are remembered.

Weak spot: keys are what today's rules make of an order. When the rules for keys change, the past has to be keyed anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from rapidfuzz import fuzz

from flows.emails import read_email
from flows.matching.reading import Reading, read_address
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

#: Two writings of one door share its numbers (1.0) or, where one spells them out, most letters of the rest.
LEAST_ALIKE = 0.75

#: Each of two addresses has a number that the other lacks: another flat nearly always, or one side spelt out.
_OTHERS_COMPARED = 2

# Stored as positions: only ever append.
_ENDED: tuple[Ended, ...] = (
    *("delivered", "paid", "returned", "refused", "not_collected"),
    *("cancelled_by_customer", "cancelled_by_shop", "cancelled_by_rule", "lost", "ruled"),
)
_FAULTS: tuple[Fault, ...] = ("none", "customer", "courier", "shop")
assert set(_ENDED) == set(get_args(Ended)), "a new ending needs a place at the end of _ENDED"
assert set(_FAULTS) == set(get_args(Fault)), "a new fault needs a place at the end of _FAULTS"

_NUMBER = re.compile(r"\d+")
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


class _Packed(Struct, frozen=True, array_like=True):
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
_decoder = msgspec.msgpack.Decoder(_Packed)


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
    packed = _Packed(
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
    packed = _unpacked(payload)
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
    return Kept(Replayed(fields, _outcome(packed)), rest.origin, rest.said)


def past(here: Identity, payload: bytes) -> PastOrder | None:
    """The kept order if it is the customer's of `here`, with what matched; None where only a key is shared."""
    return _past(here, _unpacked(payload))


def _past(here: Identity, packed: _Packed) -> PastOrder | None:
    matched = found_by(here, _who(packed))
    return replace(_outcome(packed), matched=matched) if matched else None


def from_door(here: Identity, payloads: Iterable[bytes], most: int) -> list[PastOrder]:
    """Those of the orders from one door that are the customer's. At most `most`, which read most alike, are compared in full."""
    address = here.address
    mine = set(_NUMBER.findall(" ".join((address.house, *address.loose, *(value for _, value in address.unit)))))
    words = " ".join(address.words)
    rated = [(*_resemblance(mine, words, packed), at, packed) for at, packed in enumerate(map(_unpacked, payloads))]
    near = sorted((row for row in rated if row[1] >= LEAST_ALIKE), key=lambda row: row[:3], reverse=True)
    likely = sum(row[0] for row in near[:most])
    near = near[: max(likely, min(most, likely + _OTHERS_COMPARED))]
    return [order for *_, packed in near if (order := _past(here, packed)) is not None]


def _resemblance(mine: set[str], words: str, packed: _Packed) -> tuple[bool, float]:
    """At first sight: whether no number speaks for two doors, and how alike numbers and letters are, 0..2."""
    line = f"{packed.line1} {packed.rest.line2}"
    there = set(_NUMBER.findall(line))
    numbers = len(mine & there) / len(mine | there) if mine or there else 1.0
    return mine <= there or there <= mine, numbers + fuzz.ratio(words, line.casefold()) / 100


def settled(old: bytes, new: Closed) -> Closed | None:
    """What has to be written where `old` is kept already: None where nothing is new, or a file contradicts the service.

    What staff struck off stays struck off.
    """
    if old == new.payload:
        return None
    before, after = _unpacked(old), _unpacked(new.payload)
    if before.rest.origin == "service" and after.rest.origin == "import":
        return None
    if before.rest.cleared and not after.rest.cleared:
        after = replace(after, rest=replace(after.rest, cleared=True))
        new = replace(new, payload=_encoder.encode(after))
    return None if old == new.payload else new


def order_id_of(payload: bytes) -> str:
    """The id of the kept order."""
    return _unpacked(payload).order_id


def keys_of(payload: bytes) -> tuple[str, ...]:
    """The keys that the kept order was filed under."""
    return _who(_unpacked(payload)).keys


def theirs(here: Identity, payload: bytes) -> bool:
    """Whether the order is held about the person of `here`: by phone or mailbox, never by the address alone."""
    packed = _unpacked(payload)
    return any(m.means != "address" for m in found_by(here, _who(packed)))


def cleared(payload: bytes) -> bytes:
    """The same order, struck off by staff."""
    packed = _unpacked(payload)
    return _encoder.encode(replace(packed, rest=replace(packed.rest, cleared=True)))


def _unpacked(payload: bytes) -> _Packed:
    packed = _decoder.decode(payload)
    if packed.v > PAYLOAD_VERSION:
        raise msgspec.ValidationError("this history was written by a newer Doorstep; upgrade this one")
    return packed


def _skus(order: Replayed) -> Iterator[str]:
    named = order.outcome.skus or tuple(item.sku or item.title for item in order.fields.items)
    yield from (sku[:MOST_SKU] for sku in named[:MOST_SKUS])


def _outcome(packed: _Packed) -> PastOrder:
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


def _who(packed: _Packed) -> Identity:
    return Identity(packed.phone, _mailbox(packed.email) if packed.email else "", _read(_address(packed)))


def _address(packed: _Packed) -> PostalAddress:
    return PostalAddress(packed.line1, packed.rest.line2, packed.city, packed.region, packed.postcode, packed.country)


@lru_cache(maxsize=8192)
def _read(address: PostalAddress) -> Reading:
    return read_address(address)


@lru_cache(maxsize=8192)
def _mailbox(email: str) -> str:
    read = read_email(email)
    return read.key if read else ""


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
