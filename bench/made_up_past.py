"""A made-up shop's past, always the same for the same numbers: its customers, their orders, and the file that it would export."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from engine.history_record import Closed, closed
from flows.emails import read_email
from flows.matching.reading import Reading, read_address
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import PastOrder
from flows.risk.backtest import Replayed
from flows.risk.identity import Identity

SEED = 20261121
NOW = datetime(2026, 11, 21, tzinfo=UTC)
#: A customer has ordered so often on average; towns grow with the shop, as its customers do.
ORDERS_EACH, DOORS_EACH_TOWN = 2.5, 20_000
_STREETS = (
    "Mayor", "Alcalá", "Gran Vía", "Serrano", "del Prado", "San Juan", "Santa Ana", "Real", "Nueva", "de la Paz",
    "del Sol", "Cervantes", "Goya", "Velázquez", "Colón", "Toledo", "Sevilla", "Valencia", "Aragón", "Castilla",
)  # fmt: skip
_PARTS = ("mon", "ral", "ter", "vil", "cas", "sol", "bar", "fue", "gra", "lor", "pin", "zar", "del", "san")
_MAILS = ("gmail.com", "hotmail.es", "yahoo.es", "outlook.com", "telefonica.net")


class Town:
    """Customers by number, always the same for the same number."""

    def __init__(self, orders: int) -> None:
        self.customers = max(1, round(orders / ORDERS_EACH))
        self.towns = max(1, self.customers // DOORS_EACH_TOWN)
        self.read: dict[str, Reading] = {}

    def fields(self, order: int, customer: int) -> OrderFields:
        """One order, as a shop would tell it."""
        dice = random.Random(SEED * 31 + customer)
        town = self.town(dice.randrange(self.towns))
        street, house, flat = dice.choice(_STREETS), dice.randrange(1, 120), dice.randrange(1, 9)
        letter = dice.choice("ABCD")
        placed = NOW - timedelta(seconds=(order * 7919) % (900 * 86_400))
        return OrderFields(
            id=str(100_000 + order),
            total=Money(dice.randrange(900, 15_000), "EUR"),
            placed_at=placed,
            name="María del Carmen Ruiz",
            phone=f"+346{10_000_000 + customer % 90_000_000:08d}",
            email=f"maria.ruiz{customer}@{dice.choice(_MAILS)}",
            address=PostalAddress(
                f"Calle {street} {house}, {flat}º {letter}",
                "",
                town.capitalize(),
                "",
                f"{10_000 + hash_of(town):05d}",
                "ES",
            ),
            items=(Item("", sku=f"SKU-{order % 500:04d}"),),
        )

    def customer(self, order: int) -> int:
        """Who placed it."""
        return (order * 2_654_435_761) % self.customers

    def town(self, number: int) -> str:
        """A name that no other town sounds like."""
        return town_of(number)

    def closed(self, order: int) -> Closed:
        """The order as it is kept. The identity is made, not read: reading ten million addresses takes 15 minutes."""
        customer = self.customer(order)
        fields = self.fields(order, customer)
        outcome = PastOrder(
            order_id=fields.id,
            placed_at=fields.placed_at,
            closed_at=fields.placed_at + timedelta(days=5),
            ended="refused" if order % 11 == 0 else "paid",
            fault="customer" if order % 11 == 0 else "none",
            amount_minor=fields.total.minor,
            currency="EUR",
            confirmed_at=fields.placed_at + timedelta(hours=2),
        )
        return closed(Replayed(fields, outcome), "service", who=self.identity(fields))

    def identity(self, fields: OrderFields) -> Identity:
        """What `flows.risk.identity` reads of it, at a tenth of the price."""
        street, _, flat = fields.address.line1.partition(", ")
        name, _, house = street.rpartition(" ")
        floor, letter = flat.split("º ")
        known = self.read.get(name)
        if known is None:
            known = self.read[name] = read_address(replace(fields.address, line1=f"{name} 1, 1º A"))
        unit = tuple((label, {"floor": floor, "flat": letter.lower()}[label]) for label, _ in known.unit)
        address = replace(
            known, house=house, unit=unit, city=(fields.address.city.lower(),), postcode=fields.address.postcode
        )
        email = read_email(fields.email or "")
        return Identity(fields.phone or "", email.key if email else "", address)


@cache
def town_of(number: int) -> str:
    """Four syllables."""
    name = ""
    for _ in range(4):
        number, part = divmod(number, len(_PARTS))
        name += _PARTS[part]
    return name


@cache
def hash_of(town: str) -> int:
    """A postcode's last digits: the same for the same town, on any machine."""
    return sum(ord(letter) * pow(31, at, 40_000) for at, letter in enumerate(town)) % 40_000


HEADER = "Pedido;Fecha;Cliente;Teléfono;Correo;Dirección;Ciudad;C.P.;Importe;Estado;Motivo"


def write_export(path: Path, count: int) -> None:
    """The orders as a Spanish shop's program writes them: semicolons, cp1252, commas in amounts, its own words."""
    with path.open("w", newline="", encoding="cp1252") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER.split(";"))
        writer.writerows(_rows(count))


def _rows(count: int) -> Iterator[list[str]]:
    town = Town(count)
    for n in range(count):
        fields = town.fields(n, town.customer(n))
        digits = (fields.phone or "")[3:]
        yield [
            fields.id, f"{fields.placed_at:%d/%m/%Y %H:%M}", fields.name, f"{digits[:3]} {digits[3:6]} {digits[6:]}",
            fields.email or "", fields.address.line1, fields.address.city, fields.address.postcode,
            f"{fields.total.minor // 100},{fields.total.minor % 100:02d}", "Devuelto" if n % 11 == 0 else "Entregado",
            "rechazado por el cliente" if n % 22 == 0 else "",
        ]  # fmt: skip
