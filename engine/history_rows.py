"""One record of a shop's file -> one closed order, or the reason why not. Pure, so that it runs in any process.

reading = Reading_(…)                        once per file: columns, styles, shop
read_row(reading, cells)  -> Closed          raises TheirFault with the reason in plain words
read_chunk(reading, rows) -> bytes           many of them, for a worker process; `opened_chunk` undoes it
"""

from __future__ import annotations

import hashlib
from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale, UnknownLocaleError
from msgspec import Struct

from engine.history_columns import normal
from engine.history_outcomes import Outcome, Told, outcome, outcome_of
from engine.history_record import MOST_SAID, MOST_TEXT, Closed, closed
from engine.history_values import BadValue, DateStyle, amount, moment, whole
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

#: No name, street or number is longer; a longer cell is refused with its row rather than cut in silence.
MOST_CELL = 2000
_MOST_COUNT = 1000


class Reading(Struct, frozen=True):
    """How the rows of one file are read. `dates` by field; `extra`: status in normal form -> "ended:fault"."""

    columns: dict[str, tuple[int, ...]]
    ranks: dict[int, int]
    dates: dict[str, DateStyle]
    comma: bool | None
    country: str
    currency: str
    zone: str
    now: datetime
    language: str = ""
    extra: dict[str, str] = {}


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
    for row in rows:
        try:
            kept.append(read_row(reading, row.cells, row.items))
        except TheirFault as error:
            rejected.append(Rejected(row.line, str(error), row.cells))
    return Chunk(kept, rejected)


def read_row(reading: Reading, cells: list[str], items: list[str] | None = None) -> Closed:
    """The order of one record. Raises TheirFault with the reason."""
    cell = _Cells(reading, cells)
    placed = cell.date("placed")
    if placed is None:
        raise BadValue("no date of the order")
    told = _told(cell) if cell.says(_OF_PARTS) else Told(status=cell.text("status"), reason=cell.text("reason"))
    ended = outcome(told, reading.extra) if reading.extra else outcome_of(told)
    currency = _currency(cell.text("currency") or reading.currency)
    written = cell.text("total")
    total = amount(written, currency, comma=reading.comma) if written else Money(0, currency)
    fields, who = _who(cell, placed, total, items or [])
    kept = closed(Replayed(fields, _past(cell, fields, ended)), "import", told.reason[:MOST_SAID], who)
    if not kept.keys:
        raise BadValue("nobody to recognise: no phone, no e-mail, and too little of an address")
    return kept


#: Columns about the end of an order that most files do not have.
_OF_PARTS = frozenset(("financial", "fulfilment", "tags", "cancelled_by", "cancelled", "fulfilled", "refunded"))


def _told(cell: _Cells) -> Told:
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


class _Cells:
    """The cells of one record by field."""

    def __init__(self, reading: Reading, cells: list[str]) -> None:
        self.reading = reading
        self.columns = reading.columns
        self.cells = cells
        self.zone = _zone(reading.zone)

    def says(self, fields: frozenset[str]) -> bool:
        """Whether the file has a column for any of them."""
        return not fields.isdisjoint(self.columns)

    def text(self, field: str) -> str:
        """The first cell of the field that says something. Raises BadValue for one that is no cell of an order."""
        places = self.columns.get(field)
        if places is None:
            return ""
        for at in places:
            if text := self._at(at, field):
                return text
        return ""

    def _at(self, at: int, field: str) -> str:
        text = self.cells[at].strip() if at < len(self.cells) else ""
        if len(text) > MOST_CELL:
            raise BadValue(f"{field} has {len(text):,} characters")
        return text[1:] if text[:1] == "'" and text[1:2] in "=+-@" else text  # as our own rejects are written

    def date(self, field: str) -> datetime | None:
        text = self.text(field)
        if not text:
            return None
        return moment(text, self.reading.dates.get(field, "dmy"), self.zone, self.reading.now)

    def of_parcel(self, fields: tuple[str, ...], lead: str) -> list[str]:
        """The fields from one address: the parcel's where its `lead` is filled, else the customer's, else the bill's."""
        ranks, columns = self.reading.ranks, self.columns
        if all(len(columns.get(field, ())) < 2 for field in fields):
            return [self.text(field) for field in fields]
        chosen = next((ranks.get(at, 1) for at in columns.get(lead, ()) if self._at(at, lead)), None)
        found = []
        for field in fields:
            places = columns.get(field, ())
            same = [at for at in places if chosen is None or ranks.get(at, 1) == chosen] or places
            found.append(next((text for at in same if (text := self._at(at, field))), ""))
        return found


_ADDRESS = ("line1", "line2", "house", "city", "region", "postcode", "country")


def _who(cell: _Cells, placed: datetime, total: Money, items: list[str]) -> tuple[OrderFields, Identity]:
    reading = cell.reading
    line1, line2, house, city, region, postcode, country = cell.of_parcel(_ADDRESS, "line1")
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
    first, last = cell.of_parcel(("first_name", "last_name"), "first_name")
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


def _id(cell: _Cells, placed: datetime, who: Identity, total: Money) -> str:
    """The order's number as the shop's hooks name it (without #), or one made of the row itself where it has none."""
    number = cell.text("id").lstrip("#").strip()
    if number:
        return number
    if "id" in cell.reading.columns:
        raise BadValue("no order number")
    told = f"{placed.isoformat()}|{'|'.join(who.keys)}|{total.minor}"
    return f"row-{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}"


def _past(cell: _Cells, fields: OrderFields, ended: Outcome) -> PastOrder:
    placed = fields.placed_at
    closed_at = next((at for at in map(cell.date, _CLOSING[ended.ended[:9]]) if at is not None), placed)
    confirmed = cell.date("confirmed")
    return PastOrder(
        order_id=fields.id,
        placed_at=placed,
        closed_at=max(closed_at, placed),
        ended=ended.ended,
        fault=ended.fault,
        amount_minor=fields.total.minor,
        currency=fields.total.currency,
        confirmed_at=confirmed,
        attempts=max(1, whole(cell.text("attempts"), _MOST_COUNT)),
        unreachable=ended.unreachable,
        complaints=whole(cell.text("complaints"), _MOST_COUNT),
        refunds=whole(cell.text("refunds"), _MOST_COUNT) or int(cell.text("refunded").strip(" 0.,-") != ""),
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


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)


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
