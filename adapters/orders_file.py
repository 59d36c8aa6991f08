"""New orders from a shop's sheet: each row becomes the body of a POST /orders, and is read and checked as one.

The file is read as import-history reads it (encoding, delimiter, columns by their names in many languages, dates and amounts by
what the whole column says). Further rows with the same order number are further items of that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters import order_reading
from adapters.order_model import OrderBody, fields_of, read_body
from engine.history_columns import OF_A_PERSON, MissingColumns, map_columns, normal
from engine.history_file import Record, Sheet, look, records
from engine.history_values import DateStyle, Evidence, amount, comma_decimal, date_style, moment
from engine.ports import BadPayload, TheirFault
from flows.events import OrderTold
from flows.hours import zone
from flows.money import decimal_text
from flows.policy import Policy

#: Columns that only an open order needs, beside those of engine/history_columns.txt. Own selection.
_MORE = {
    "quantity": "quantity, qty, pieces, pcs, cantidad, unidades, quantidade, quantité, menge, anzahl, количество, кол-во, "
    "الكمية, adet, jumlah, मात्रा",
    "payment": "payment, payment method, payment type, método de pago, forma de pago, pago, mode de paiement, paiement, "
    "método de pagamento, forma de pagamento, zahlungsart, способ оплаты, оплата, طريقة الدفع, ödeme yöntemi, "
    "metode pembayaran, भुगतान",
    "note": "note, notes, comment, comments, remark, remarks, nota, notas, observaciones, comentario, remarque, commentaire, "
    "observação, bemerkung, комментарий, примечание, ملاحظات, ملاحظة, not, catatan, टिप्पणी",
    "language": "language, lang, idioma, langue, sprache, язык, اللغة, dil, bahasa, भाषा",
}
_NAMED = {normal(name): field for field, names in _MORE.items() for name in names.split(",")}
#: What a row may say of its order; the rest of the columns is not used.
USED = OF_A_PERSON | {"id", "placed", "total", "currency", "item", "sku", *_MORE}
_FIRST = 50
_CODE = re.compile(r"[A-Za-z]{2}")


class Refused(TheirFault):
    """The row is no order; the message says why."""


class Found(Struct, frozen=True):
    """How the file will be read."""

    sheet: Sheet
    columns: dict[str, tuple[int, ...]]
    records: int
    comma: bool | None
    dates: DateStyle
    evidence: Evidence
    first: list[list[str]]


class Order(Struct, frozen=True):
    """One order of the file: its first line, and the cells of each of its rows."""

    line: int
    rows: list[list[str]]
    fault: str = ""


def find(path: Path, policy: Policy, told: Mapping[str, str], now: datetime, dates: DateStyle | None = None) -> Found:
    """Look through the whole file. Raises UnreadableFile, MissingColumns."""
    sheet = look(path, policy.language)
    more = {at: field for at, name in enumerate(sheet.header) if (field := _NAMED.get(normal(name)))}
    known = map_columns(sheet.header, {field: name for field, name in told.items() if field not in _MORE})
    columns = {
        field: kept
        for field, places in known.columns.items()
        if field in USED and (kept := tuple(at for at in places if at not in more))
    }
    for at, field in more.items():
        columns[field] = (*columns.get(field, ()), at)
    for field in _MORE.keys() & told.keys():
        columns[field] = (_place(sheet, told[field]),)
    lacks = [words for words, any_of in _NEEDED if not any_of & columns.keys()]
    if lacks:
        raise MissingColumns(
            f"the file does not say {', nor '.join(lacks)}. Its columns: {', '.join(sheet.header[:60])}. "
            "Name them with --map, for example --map total='Importe'"
        )
    count, amounts, days = 0, set[str](), set[str]()
    first: list[list[str]] = []
    for record in records(path, sheet):
        count += 1
        if record.fault:
            continue
        if len(first) < _FIRST:
            first.append(record.cells)
        amounts.add(_cell(columns, record.cells, "total")[:40])
        days.add(_cell(columns, record.cells, "placed")[:10])
    evidence = date_style(days - {""}, now)
    style = dates or evidence.style or ("mdy" if policy.country == "US" else "dmy")
    return Found(sheet, columns, count, comma_decimal(amounts), style, evidence, first)


_NEEDED = (
    ("the order's number", {"id"}),
    ("the total", {"total"}),
    ("how to reach the customer (a phone or an e-mail)", {"phone", "email"}),
)


def _place(sheet: Sheet, name: str) -> int:
    for at, column in enumerate(sheet.header):
        if column == name or normal(column) == normal(name):
            return at
    raise MissingColumns(f"--map: the file has no column {name!r}. Columns: {', '.join(sheet.header)}")


def orders(path: Path, found: Found) -> Iterator[tuple[int, Order]]:
    """(records so far, an order) in the file's order; a faulty row is an order with `fault`."""
    held: Order | None = None
    count = 0
    for record in records(path, found.sheet):
        if held is not None and not record.fault and _same(found, held, record):
            held.rows.append(record.cells)
            count += 1
            continue
        if held is not None:
            yield count, held
        count += 1
        held = Order(record.line, [record.cells], record.fault)
    if held is not None:
        yield count, held


def _same(found: Found, held: Order, record: Record) -> bool:
    number = _cell(found.columns, record.cells, "id")
    return not held.fault and bool(number) and number == _cell(found.columns, held.rows[0], "id")


def event_of(order: Order, found: Found, policy: Policy, now: datetime) -> OrderTold:
    """The order as the event that POST /orders would make of it. Raises Refused with the reason."""
    if order.fault:
        raise Refused(order.fault)
    body = _body(order, found, policy, now)
    try:
        read = read_body(OrderBody, msgspec.json.encode(body), policy)
        fields = fields_of(read, read.id, policy, now)
    except BadPayload as error:
        raise Refused(str(error)) from error
    if not fields.phone and not fields.email and not fields.phone_raw:
        raise Refused("nobody to ask: no phone and no e-mail")
    event_id = f"csv:{policy.shop}:{fields.id}:{order_reading.fingerprint(fields)}"
    return order_reading.told(policy.shop, fields, now, event_id=event_id, source="csv", mode="new")


def _body(order: Order, found: Found, policy: Policy, now: datetime) -> dict[str, object]:
    def cell(field: str, row: int = 0) -> str:
        return _cell(found.columns, order.rows[row], field)

    if not cell("id"):
        raise Refused("no order number")
    if not cell("total"):
        raise Refused("no total")
    currency = cell("currency").upper() if re.fullmatch(r"[A-Za-z]{3}", cell("currency")) else policy.currency
    total = amount(cell("total"), currency, comma=found.comma)
    street = " ".join(part for part in (cell("line1"), cell("house")) if part)
    country = cell("country")
    body: dict[str, object] = {
        "id": cell("id").lstrip("#").strip(),
        "total": decimal_text(total),
        "currency": currency,
        "name": cell("name") or " ".join(p for p in (cell("first_name"), cell("last_name")) if p),
        "phone": cell("phone") or None,
        "email": cell("email") or None,
        "address": {
            "line1": street,
            "line2": cell("line2"),
            "city": cell("city"),
            "region": cell("region"),
            "postcode": cell("postcode")[:20],
            "country": country.upper() if _CODE.fullmatch(country) else "",
        },
        "items": [item for row in range(len(order.rows)) if (item := _item(found, order.rows[row]))],
        "payment": cell("payment") or "cod",
        "note": cell("note"),
    }
    if re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z]{2})?", cell("language")):
        body["language"] = cell("language")
    if cell("placed"):
        placed = moment(cell("placed"), found.dates, zone(policy.zone), now)
        body["placed_at"] = min(placed, now).isoformat()
    return body


def _item(found: Found, row: list[str]) -> dict[str, object]:
    title, sku = _cell(found.columns, row, "item"), _cell(found.columns, row, "sku")
    quantity = _cell(found.columns, row, "quantity").split(".")[0]
    count = int(quantity) if quantity.isascii() and quantity.isdigit() and 0 < int(quantity) < 1000 else 1
    return {"title": title[:200], "sku": sku[:200], "quantity": count} if title or sku else {}


def _cell(columns: Mapping[str, tuple[int, ...]], row: list[str], field: str) -> str:
    for at in columns.get(field, ()):
        text = row[at].strip() if at < len(row) else ""
        if text[:1] == "'" and text[1:2] in "=+-@":
            text = text[1:]  # as our own rejects file, and spreadsheets, guard a formula
        if text:
            return text
    return ""
