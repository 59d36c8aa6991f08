"""Which column of a shop's file is what. Names are compared without case, accents and signs; the words stand in
history_columns.txt.

`map_columns(header)` gives each field the columns it may be taken from, best first: the shipping address before the
customer's before the billing address. The order exports of Shopify and WooCommerce are known by their headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from msgspec import Struct

from engine.ports import TheirFault
from flows.matching.scripts import fold

#: Fields of which a file may have one for the parcel and one for the bill.
OF_A_PERSON = frozenset(
    {
        "name",
        "first_name",
        "last_name",
        "phone",
        "email",
        "line1",
        "line2",
        "house",
        "city",
        "region",
        "postcode",
        "country",
    }
)
#: The word for a part of a country and for how an order stands is the same in some languages.
_STATE = frozenset({"estado", "state", "stan"})
_JOINING = frozenset("de del da do dos di du des d of the to la le el s der per".split())

_SIGNS = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

#: Shopify's export: `Name` is the order's number there, `Id` a number that nobody sees.
#: Source: help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders, read 2026-11.
_SHOPIFY_MARKS = frozenset({"name", "financial status", "fulfillment status", "lineitem name"})
_SHOPIFY = {
    "name": "id",
    "id": None,
    "paid at": "paid_at",
    "fulfilled at": "fulfilled",
    "created at": "placed",
    "cancelled at": "cancelled",
    "lineitem sku": "sku",
    "lineitem name": "item",
    "shipping": None,
    "shipping street": None,
    "billing street": None,
    "payment reference": None,
    "source": None,
}
#: WooCommerce: Analytics > Orders (`Order #`, `N. Revenue`), and the export plugins' `Order Number` … `(Billing)`.
_WOO_MARKS = (
    frozenset({"order", "n revenue", "customer type"}),
    frozenset({"order number", "order status", "order date"}),
)


class MissingColumns(TheirFault):
    """The file does not say what a history needs; the message lists it."""


class Columns(Struct, frozen=True):
    """`columns`: field -> positions, best first; `ranks`: 0 the parcel's, 1 plain, 3 the bill's. `form`: whose export it is."""

    columns: dict[str, tuple[int, ...]]
    ranks: dict[int, int] = {}
    form: str = ""


def normal(text: str) -> str:
    """The name as it is compared: `Shipping_Phone No.` is `shipping phone no`."""
    return _SIGNS.sub(" ", fold(_CAMEL.sub(" ", text[:200]))).strip()


class _Words(Struct, frozen=True):
    fields: dict[str, str]
    qualifiers: tuple[tuple[str, str], ...]  # (word, shipping | billing | any), longest first


@cache
def _words() -> _Words:
    fields: dict[str, str] = {}
    qualifiers: dict[str, str] = {}
    for line in resources.files("engine").joinpath("history_columns.txt").read_text("utf-8").splitlines():
        head, _, names = line.partition(":")
        if not names or line.startswith("#"):
            continue
        kind, _, value = head.partition(" ")
        for name in (normal(n) for n in names.split(",")):
            if value:
                qualifiers.setdefault(name, value)
            else:
                fields.setdefault(name, kind)
    return _Words(fields, tuple(sorted(qualifiers.items(), key=lambda item: -len(item[0]))))


_RANK = {"shipping": 0, "": 1, "any": 1, "billing": 3}


def field_of(name: str) -> tuple[str, str]:
    """(field, qualifier) of a column's name; ("", "") for one that says nothing to us."""
    words = _words()
    plain = _bare(normal(name))
    if plain in words.fields:
        return words.fields[plain], ""
    padded = f" {plain} "
    for word, kind in words.qualifiers:
        if f" {word} " not in padded:
            continue
        core = _bare(padded.replace(f" {word} ", " ", 1).strip())
        if core == plain:
            continue
        field, other = field_of(core)
        if field and (kind == "any" or field in OF_A_PERSON):
            return field, other if kind == "any" else kind  # two of them: `customer shipping phone`
    return "", ""


def _bare(plain: str) -> str:
    words = plain.split()
    while len(words) > 1 and words[-1] in _JOINING:
        words.pop()
    while len(words) > 1 and words[0] in _JOINING:
        words.pop(0)
    return " ".join(words)


def map_columns(header: Sequence[str], told: Mapping[str, str] | None = None) -> Columns:
    """The mapping of a file with this header; `told` (field -> column name) goes before what the names say.

    Raises MissingColumns where a column that was told does not exist or is no field of ours.
    """
    plain = [normal(name) for name in header]
    form, known = _form(frozenset(plain))
    ranks: dict[int, int] = {}
    found: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        field, kind = (known[plain[at]] or "", "") if plain[at] in known else field_of(name)
        if field:
            ranks[at] = _RANK[kind]
            found.setdefault(field, []).append(at)
    _settle(found, plain)
    columns = {field: tuple(sorted(places, key=lambda at: (ranks[at], at))) for field, places in found.items()}
    for field, name in (told or {}).items():
        columns[_known(field)] = _told(header, plain, name)
    return Columns({field: places for field, places in columns.items() if places}, ranks, form)


def _settle(found: dict[str, list[int]], plain: Sequence[str]) -> None:
    """Words of two meanings: `Estado`, where nothing else tells how it ended; the number that people see before the id."""
    if "status" not in found and "financial" not in found:
        for at in [at for at in found.get("region", ()) if plain[at] in _STATE][-1:]:
            found["region"].remove(at)
            found["status"] = [at]
    seen = [at for at in found.get("id", ()) if re.search(r"\b(?:number|no|nr|name|numero)\b", plain[at])]
    if seen:
        found["id"] = seen


def missing(columns: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """What the file lacks for a history: a field that would do, and what it is in words; empty where it can be imported."""
    lacks = {}
    if "placed" not in columns:
        lacks["placed"] = "the date of the order"
    if not {"status", "financial", "fulfilment"}.intersection(columns):
        lacks["status"] = "how it ended (a status)"
    if not {"phone", "email", "line1"}.intersection(columns):
        lacks["phone"] = "who ordered (a phone, an e-mail or an address)"
    return lacks


def fields() -> tuple[str, ...]:
    """Every field a column can be mapped to, for --map."""
    return tuple(sorted(set(_words().fields.values())))


def _known(field: str) -> str:
    if field not in fields():
        raise MissingColumns(f"--map {field}=…: there is no field {field}. Fields: {', '.join(fields())}")
    return field


def _told(header: Sequence[str], plain: Sequence[str], name: str) -> tuple[int, ...]:
    if name and name in header:
        return (header.index(name),)
    if name and normal(name) in plain:
        return (plain.index(normal(name)),)
    if not name:  # --map total= : none of them
        return ()
    raise MissingColumns(f"--map: the file has no column {name!r}. Columns: {', '.join(header)}")


def _form(plain: frozenset[str]) -> tuple[str, dict[str, str | None]]:
    if plain >= _SHOPIFY_MARKS:
        return "Shopify", dict(_SHOPIFY)
    if any(plain >= marks for marks in _WOO_MARKS):
        return "WooCommerce", {}
    return "", {}
