"""A courier's CSV file as events, for couriers without an API: order, event, reason, at, tracking.

    survey(path, told)   -> Survey      which column is what, which of the courier's words mean what, before anything is told
    read(survey)         -> Lines       every row once: told in the order of their time, or refused with a reason

Columns and words are known in some languages; what is not known is told by the person who imports (--map, --event).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.history_columns import normal
from engine.history_file import Record, Sheet, look, records
from engine.history_rows import Rejected
from engine.history_values import BadValue, DateStyle, date_style, digits, moment
from engine.ports import TheirFault

FIELDS = ("order", "event", "reason", "at", "tracking")
_NEEDED = ("order", "event", "at")
#: What couriers call their columns; as engine.history_columns.normal writes them.
_COLUMNS = {
    "order": "order|order id|order number|order no|reference|ref|pedido|referencia|commande|siparis|bestellung",
    "event": "event|status|state|estado|evento|statut|durum|result|resultado",
    "reason": "reason|motivo|razon|raison|cause|causa|grund|sebep|incidencia|remark",
    "at": "at|date|time|datetime|date time|timestamp|event time|fecha|fecha hora|data|datum|tarih",
    "tracking": "tracking|tracking number|tracking no|awb|waybill|seguimiento|suivi|takip|consignment",
}
#: Our event ("event:reason" where the word says why) -> the courier's words for it.
_EVENTS = {
    "shipped": "shipped|picked up|in transit|dispatched|enviado|recogido|expedie",
    "out_for_delivery": "out for delivery|ofd|en reparto|en livraison|dagitimda",
    "attempt_failed": "attempt failed|failed|delivery failed|undelivered|ndr|no entregado|fallido|intento fallido|echec",
    "attempt_failed:not_home": "not home|absent|customer not available|ausente|absente",
    "delivered": "delivered|entregado|entregue|livre|teslim edildi|zugestellt",
    "returned": "returned|rto|return to origin|devuelto|devolvido|retourne|iade",
    "lost": "lost|perdido|perdu|kayip",
    "paid": "paid|cod collected|cobrado|paye",
    "cancelled": "cancelled|canceled|cancelado|annule",
}
_REASONS = {
    "not_home": "not home|absent|not available|nobody home|unreachable|ausente|absente",
    "customer_refused": "customer refused|refused|rechazado|rehusado|refuse|reddetti",
    "no_money": "no money|no cash|cash not ready|cod not ready|sin dinero",
    "wrong_address": "wrong address|address not found|incomplete address|bad address|direccion incorrecta|adresse incorrecte",
    "courier_fault": "courier fault|delay|vehicle breakdown|not attempted|retraso",
    "damaged": "damaged|broken|danado|endommage",
    "other": "other|otro|autre",
}
_MEANS = {word: means for means, words in _EVENTS.items() for word in words.split("|")}
_WHY = {word: reason for reason, words in _REASONS.items() for word in words.split("|")}
_TYPES = frozenset(
    ("confirmed", "cancelled", "paid", "shipped", "out_for_delivery", "attempt_failed", "delivered", "returned", "lost")
)
_KINDS = frozenset(_REASONS)
#: Records whose dates tell the style of the column.
_LOOKED_AT = 5000
#: A day alone is taken for its noon: the same row is the same fact whenever the file is read.
_NOON = time(12)
_CLOCK = re.compile(r"\d[T ,]+\d{1,2}[:.h]\d{2}")


class Told(Struct, frozen=True, kw_only=True):
    """What the person who imports says, and the shop's usual."""

    zone: str
    now: datetime
    language: str = ""
    map: Mapping[str, str] = {}  # field -> column
    events: Mapping[str, str] = {}  # the courier's word -> event or event:reason
    encoding: str | None = None
    delimiter: str | None = None


class Survey(Struct, frozen=True):
    """How the file is read. `words`: (the courier's word, rows, what it means: "event" or "event:reason", "" where not known)."""

    path: Path
    sheet: Sheet
    columns: dict[str, int]
    style: DateStyle
    words: tuple[tuple[str, int, str], ...]
    rows: int
    first: tuple[Record, ...]
    told: Told


class Line(Struct, frozen=True):
    """One row, ready to be told. `body` is what POST /orders/{id}/events takes."""

    order_id: str
    at: datetime
    body: dict[str, str]
    row: Rejected  # the row itself, for the rejects should the service refuse it


class Lines(Struct, frozen=True):
    good: tuple[Line, ...]  # by time; rows of one moment as they stand in the file
    rejected: tuple[Rejected, ...]


class NoCourierFile(TheirFault):
    """A column that is needed cannot be found; the message says which, and how to tell."""


def survey(path: Path, told: Told) -> Survey:
    """Look through the file. Raises UnreadableFile, NoCourierFile."""
    sheet = look(path, told.language, told.encoding, told.delimiter)
    columns = _columns(sheet.header, told.map)
    words: Counter[str] = Counter()
    dates: list[str] = []
    first: list[Record] = []
    rows = 0
    for record in records(path, sheet):
        rows += 1
        if record.fault:
            continue
        words[_cell(record.cells, columns, "event")] += 1
        if rows <= _LOOKED_AT:
            dates.append(_cell(record.cells, columns, "at"))
        if len(first) < 3:
            first.append(record)
    style = date_style(dates, told.now).style or "dmy"
    seen = tuple((word, count, meaning(word, told.events)) for word, count in words.most_common())
    return Survey(path, sheet, columns, style, seen, rows, tuple(first), told)


def _columns(header: Sequence[str], told: Mapping[str, str]) -> dict[str, int]:
    plain = [normal(name) for name in header]
    found: dict[str, int] = {}
    for field in FIELDS:
        names = (normal(told[field]),) if field in told else tuple(_COLUMNS[field].split("|"))
        at = next((plain.index(name) for name in names if name in plain), None)
        if at is not None:
            found[field] = at
        elif field in told:
            raise NoCourierFile(f"there is no column {told[field]!r}; the file has {', '.join(header)}")
    wrong = [name for name in told if name not in FIELDS]
    if wrong:
        raise NoCourierFile(f"there is no field {wrong[0]!r}; the fields are {', '.join(FIELDS)}")
    missing = [field for field in _NEEDED if field not in found]
    if missing:
        raise NoCourierFile(
            f"no column tells the {missing[0]}; the file has {', '.join(header)}. Tell with --map {missing[0]}=COLUMN"
        )
    return found


def _cell(cells: Sequence[str], columns: Mapping[str, int], field: str) -> str:
    at = columns.get(field)
    return cells[at].strip() if at is not None and at < len(cells) else ""


def meaning(word: str, told: Mapping[str, str]) -> str:
    """ "event" or "event:reason"; "" where nobody has said."""
    for name, means in told.items():
        if normal(name) == normal(word):
            kind, _, reason = means.partition(":")
            return means if kind in _TYPES and reason in ("", *_KINDS) else ""
    plain = normal(word)
    exact = plain.replace(" ", "_")
    return exact if exact in _TYPES else _MEANS.get(plain, "")


def read(found: Survey) -> Lines:
    """Every row of the file. Small: couriers tell of days, not of years."""
    good: list[Line] = []
    rejected: list[Rejected] = []
    for record in records(found.path, found.sheet):
        try:
            good.append(_line(found, record))
        except BadValue as error:
            rejected.append(Rejected(record.line, str(error), record.cells))
    return Lines(tuple(sorted(good, key=lambda line: line.at)), tuple(rejected))


def _line(found: Survey, record: Record) -> Line:
    if record.fault:
        raise BadValue(record.fault)
    order_id = _cell(record.cells, found.columns, "order").lstrip("#").strip()
    if not order_id:
        raise BadValue("no order is named")
    word = _cell(record.cells, found.columns, "event")
    means = meaning(word, found.told.events)
    if not means:
        raise BadValue(f"{word[:40]!r} is no event that is known; tell with --event {word[:40]!r}=attempt_failed")
    kind, _, implied = means.partition(":")
    at = _at(_cell(record.cells, found.columns, "at"), found)
    body = {"type": kind, "at": at.isoformat()}
    reason = _reason(_cell(record.cells, found.columns, "reason"), kind) or implied
    tracking = _cell(record.cells, found.columns, "tracking")
    if reason:
        body["reason"] = reason
    if tracking:
        body["tracking"] = tracking
    return Line(order_id, at, body, Rejected(record.line, "", record.cells))


def _reason(word: str, kind: str) -> str:
    """Only failures have one; a word that is not known is "other"."""
    if not word or kind not in ("attempt_failed", "returned"):
        return ""
    plain = normal(word)
    exact = plain.replace(" ", "_")
    return exact if exact in _KINDS else _WHY.get(plain, "other")


def _at(text: str, found: Survey) -> datetime:
    if not text:
        raise BadValue("no time is told: when did it happen?")
    zone = ZoneInfo(found.told.zone)
    at = moment(text, found.style, zone, found.told.now + timedelta(days=1))
    if _CLOCK.search(digits(text)):
        return at
    return datetime.combine(at.astimezone(zone).date(), _NOON, zone).astimezone(at.tzinfo)
