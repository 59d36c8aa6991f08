"""A shop whose past is imported: files written in any way, a store of its own, and an import in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.history_import import Tally, import_file
from engine.history_survey import Survey, Told, survey
from flows.orders import OrderFields
from flows.postal import PostalAddress
from flows.risk.identity import Identity, identity
from storage.sqlite import SqliteStore

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEADER = (
    "Order Number",
    "Order Date",
    "Name",
    "Phone",
    "Email",
    "Address",
    "City",
    "Postcode",
    "Total",
    "Status",
    "Reason",
)
SPAIN = Told(language="es", country="ES", currency="EUR", zone="Europe/Madrid", now=NOW)


def row(n: int, **cells: str) -> list[str]:
    """Order `n`, delivered unless told otherwise; cells by lower-case header."""
    usual = {
        "order number": str(n),
        "order date": "2025-03-31",
        "name": "Ana Ruiz",
        "phone": f"6{n:08d}",
        "email": f"ana{n}@gmail.com",
        "address": f"Calle Mayor {n}",
        "city": "Madrid",
        "postcode": "28013",
        "total": "49.90",
        "status": "Delivered",
        "reason": "",
    }
    return [{**usual, **cells}[name.lower()] for name in HEADER]


def write(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    """A file as our own rows need it: UTF-8, commas, quoted where they must."""
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def opened(folder: Path) -> SqliteStore:
    store = SqliteStore(str(folder / "history.db"), KEY)
    store.open()
    return store


async def bring(store: SqliteStore, path: Path, told: Told = SPAIN, shop: str = "demo") -> Tally:
    """Survey and import."""
    return await import_file(path, shop, survey(path, told), store)


def surveyed(path: Path, told: Told = SPAIN) -> Survey:
    return survey(path, told)


def who(phone: str = "", email: str = "", line1: str = "", city: str = "Madrid", postcode: str = "28013") -> Identity:
    from flows.money import Money

    address = PostalAddress(line1, city=city, postcode=postcode, country="ES") if line1 else PostalAddress(country="ES")
    return identity(
        OrderFields(id="x", total=Money(0, "EUR"), placed_at=NOW, phone_raw=phone, email=email or None, address=address)
    )
