"""One record of a shop's file -> one closed order, or the reason why not. Pure, so that it runs in any process.

plan = Plan(Reading(…))                      once per file: columns, styles, shop
read_row(plan, cells)     -> Closed          raises TheirFault with the reason in plain words
read_chunk(reading, rows) -> bytes           many of them, for a worker process; `opened_chunk` undoes it
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache

import msgspec
from babel import Locale, UnknownLocaleError
from msgspec import Struct

from engine.history_cells import ADDRESS, NAMES, Cells, Plan, Reading
from engine.history_columns import normal
from engine.history_outcomes import Outcome, Told, outcome, outcome_of
from engine.history_record import MOST_SAID, MOST_TEXT, Closed, closed
from engine.history_values import BadValue, amount, whole
from engine.ports import TheirFault
from flows.emails import read_email
from flows.matching.reading import read_address
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.phones import read_phone
from flows.postal import PostalAddress
from flows.risk.backtest import Replayed
from flows.risk.history import PastOrder
from flows.risk.identity import Identity

_MOST_COUNT = 1000


class Row(Struct, frozen=True, array_like=True):
    """A record on its way: its line, its cells, and the item cells of further lines of the same order."""

    line: int
    cells: list[str]
    items: list[str] = []


class Rejected(Struct, frozen=True, array_like=True):
    """A record that cannot be kept, and why."""

    line: int
    reason: str
    cells: list[str]


class Chunk(Struct, frozen=True, array_like=True):
    """What became of some records, in order."""

    closed: list[Closed]
    rejected: list[Rejected]


_rows = msgspec.msgpack.Decoder(list[Row])
_chunks = msgspec.msgpack.Decoder(Chunk)


def read_chunk(reading: Reading, rows: bytes) -> bytes:
    """The orders and the refused rows of a chunk. Bytes both ways: what passes between processes is packed once."""
    return msgspec.msgpack.encode(read_rows(reading, _rows.decode(rows)))


def opened_chunk(raw: bytes) -> Chunk:
    return _chunks.decode(raw)


def read_rows(reading: Reading, rows: list[Row]) -> Chunk:
    """The orders and the refused rows."""
    kept: list[Closed] = []
    rejected: list[Rejected] = []
    plan = Plan(reading)
    for row in rows:
        try:
            kept.append(read_row(plan, row.cells, row.items))
        except TheirFault as error:
            rejected.append(Rejected(row.line, str(error), row.cells))
    return Chunk(kept, rejected)


def read_row(plan: Plan, cells: list[str], items: list[str] | None = None) -> Closed:
    """The order of one record. Raises TheirFault with the reason."""
    reading, cell = plan.reading, Cells(plan, cells)
    placed = cell.date("placed")
    if placed is None:
        raise BadValue("no date of the order")
    told = _told(cell) if plan.ends else Told(status=cell.text("status"), reason=cell.text("reason"))
    ended = outcome(told, reading.extra) if reading.extra else outcome_of(told)
    currency = _currency(cell.text("currency") or reading.currency)
    written = cell.text("total")
    total = amount(written, currency, comma=reading.comma) if written else Money(0, currency)
    fields, who = _who(cell, placed, total, items or [])
    kept = closed(Replayed(fields, _past(cell, fields, ended)), "import", told.reason[:MOST_SAID], who)
    if not kept.keys:
        raise BadValue("nobody to recognise: no phone, no e-mail, and too little of an address")
    return kept


def _told(cell: Cells) -> Told:
    return Told(
        status=cell.text("status"),
        financial=cell.text("financial"),
        fulfilment=cell.text("fulfilment"),
        reason=cell.text("reason"),
        tags=cell.text("tags"),
        cancelled_by=cell.text("cancelled_by"),
        cancelled=bool(cell.text("cancelled")),
        fulfilled=bool(cell.text("fulfilled")),
        refunded=cell.text("refunded").strip(" 0.,-") != "",
    )


def _who(cell: Cells, placed: datetime, total: Money, items: list[str]) -> tuple[OrderFields, Identity]:
    reading = cell.reading
    line1, line2, house, city, region, postcode, country = cell.of_parcel(
        ADDRESS, "line1", alone=cell.plan.of_one_address
    )
    if house and house not in line1:
        line1 = f"{line1} {house}".strip()
    country = _country(country, reading.language) or reading.country
    raw = cell.text("phone")
    phone = read_phone(raw, country or None) if raw else None
    email = cell.text("email")
    mailbox = read_email(email) if email else None
    address = PostalAddress(line1, line2, city, region, postcode, country if line1 or city or postcode else "")
    read = read_address(address)
    who = Identity(phone.e164 if phone else "", mailbox.key if mailbox else "", read)
    if not (who.phone or who.email or read.words or read.house):
        raise BadValue("nobody to recognise: " + ("; ".join(_unread(raw, email)) or "no phone, e-mail or address"))
    first, last = cell.of_parcel(NAMES, "first_name", alone=cell.plan.of_one_person)
    name = f"{first} {last}".strip() or cell.text("name")
    skus = [sku for sku in (cell.text("sku") or cell.text("item"), *items) if sku]
    fields = OrderFields(
        id=_id(cell, placed, who, total),
        total=total,
        placed_at=placed,
        name=name[:MOST_TEXT],
        phone=who.phone or None,
        phone_raw=raw,
        email=mailbox.address if mailbox else None,
        address=address,
        items=tuple(Item("", sku=sku) for sku in dict.fromkeys(skus)),
    )
    return fields, who


def _unread(phone: str, email: str) -> list[str]:
    found = [f"the phone {phone[:40]!r} is no number"] if phone else []
    return [*found, f"the e-mail {email[:60]!r} is no address"] if email else found


def _id(cell: Cells, placed: datetime, who: Identity, total: Money) -> str:
    """The order's number as the shop's hooks name it (without #), or one made of the row itself where it has none."""
    number = cell.text("id").lstrip("#").strip()
    if number:
        return number
    if "id" in cell.reading.columns:
        raise BadValue("no order number")
    told = f"{placed.isoformat()}|{'|'.join(who.keys)}|{total.minor}"
    return f"row-{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}"


def _past(cell: Cells, fields: OrderFields, ended: Outcome) -> PastOrder:
    placed = fields.placed_at
    closed_at = next((at for at in map(cell.date, _CLOSING[ended.ended[:9]]) if at is not None), placed)
    refunds = 0
    counted = cell.plan.counts
    if counted:
        refunds = whole(cell.text("refunds"), _MOST_COUNT) or int(cell.text("refunded").strip(" 0.,-") != "")
    return PastOrder(
        order_id=fields.id,
        placed_at=placed,
        closed_at=max(closed_at, placed),
        ended=ended.ended,
        fault=ended.fault,
        amount_minor=fields.total.minor,
        currency=fields.total.currency,
        confirmed_at=cell.date("confirmed"),
        attempts=max(1, whole(cell.text("attempts"), _MOST_COUNT)) if counted else 1,
        unreachable=ended.unreachable,
        complaints=whole(cell.text("complaints"), _MOST_COUNT) if counted else 0,
        refunds=refunds,
    )


#: Which date closed the order, likeliest first, by how it ended.
_CLOSING: dict[str, tuple[str, ...]] = {
    "cancelled": ("cancelled", "ended"),
    **dict.fromkeys(("paid", "delivered"), ("ended", "paid_at", "fulfilled")),
    **dict.fromkeys(("returned", "refused", "not_colle", "lost"), ("ended", "cancelled", "fulfilled")),
}


def _currency(text: str) -> str:
    code = text.strip().upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise BadValue(f"currency {text[:12]!r} is not a three-letter ISO 4217 code")
    return code


#: Codes that people write and ISO 3166 gives to nobody.
_CODES = {"UK": "GB", "EL": "GR"}


def _country(text: str, language: str) -> str:
    """ISO alpha-2 of a code or of a name in English or the shop's language; empty where neither is known."""
    plain = text.strip()
    if len(plain) == 2 and plain.isascii() and plain.isalpha():
        return _CODES.get(plain.upper(), plain.upper())
    return _names(language).get(normal(plain), "") if plain else ""


@cache
def _names(language: str) -> dict[str, str]:
    """Names of countries, from CLDR through babel. Two languages only: one is some megabytes in memory."""
    found: dict[str, str] = {"usa": "US", "uae": "AE", "ksa": "SA", "england": "GB", "scotland": "GB"}
    for known in {"en", language or "en"}:
        try:
            names = Locale.parse(known).territories.items()
        except (UnknownLocaleError, ValueError):
            continue
        for code, name in names:
            if len(code) == 2 and code.isalpha():
                found.setdefault(normal(name), code)
    return found
