"""The shop's past at size:  python -m bench.history [--orders 10000,100000,1000000] [--import-rows 100000]

For each number of orders: bytes on disk for one, and how long an incoming order waits for its customer's past and the verdict
(reading phone, e-mail and address included). Then: rows a second of an import with every validation on. Ten million orders take
about half an hour and 4 GB:  --orders 10000,10000000

Latency is wall time; on a machine that does other things, look at the CPU column, which counts this process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import gc
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from bench.keys import phone_us
from engine.history_import import import_file
from engine.history_record import Closed, closed
from engine.history_survey import Told, survey
from flows.emails import read_email
from flows.matching.reading import Reading, read_address
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.postal import PostalAddress
from flows.risk import Around, PastOrder, RiskPolicy, assess, describe
from flows.risk.backtest import Replayed
from flows.risk.identity import Identity, identity
from storage.sqlite import SqliteStore

SEED = 20261121
NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY = bytes(range(32))
BATCH = 5000
LOOKUPS = 2000
#: Of the made-up shop. A customer has ordered so often on average; towns grow with the shop, as its customers do.
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

    def town(self, number: int) -> str:
        """A name that no other town sounds like."""
        name = ""
        for _ in range(4):
            number, part = divmod(number, len(_PARTS))
            name += _PARTS[part]
        return name

    def closed(self, order: int) -> Closed:
        """The order as it is kept. The identity is made, not read: reading ten million addresses takes 15 minutes."""
        customer = (order * 2_654_435_761) % self.customers
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
        return closed(Replayed(fields, outcome), "service", who=self._identity(fields))

    def _identity(self, fields: OrderFields) -> Identity:
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


def hash_of(town: str) -> int:
    """A postcode's last digits: the same for the same town, on any machine."""
    return sum(ord(letter) * pow(31, at, 40_000) for at, letter in enumerate(town)) % 40_000


async def fill(store: SqliteStore, town: Town, orders: int) -> None:
    """Keep those that the file has not yet: a filling that was cut goes on where it stood."""
    for sample in range(0, orders, max(1, orders // 50)):  # the shortcut of Town._identity gives what reading gives
        fields = town.fields(sample, (sample * 2_654_435_761) % town.customers)
        assert town._identity(fields) == identity(fields), fields.address
    kept = sum((await store.history_counts("demo")).values())
    for begin in range(kept - kept % BATCH, orders, BATCH):
        await store.append_history("demo", [town.closed(n) for n in range(begin, min(begin + BATCH, orders))])


async def lookups(store: SqliteStore, town: Town) -> tuple[list[float], list[float], int]:
    """(wall, CPU) seconds of each lookup with its verdict, and how many orders were found. Every second customer is new."""
    wall, cpu, found = [], [], 0
    dice = random.Random(SEED)
    gc.collect()
    gc.disable()
    for n in range(LOOKUPS):
        customer = dice.randrange(town.customers) if n % 2 else town.customers + dice.randrange(10**6)
        fields = replace(town.fields(n, customer), id=f"new-{n}", placed_at=NOW)
        began, used = time.perf_counter(), time.process_time()
        who = identity(fields)
        past = await store.history("demo", who)
        usual = await store.usual_amount("demo", "EUR")
        assess(describe(fields, Around(usual_minor=usual), reading=who.address), past, RiskPolicy(), NOW)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
        found += len(past)
    gc.enable()
    return sorted(wall), sorted(cpu), found


async def at_size(orders: int, keep: Path | None = None) -> None:
    """One line for a shop of so many past orders, which stays in the folder `keep` and is found there by the next run."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-")))
        path, filled = folder / f"history-{orders}.db", folder / f"history-{orders}.filled"
        store = SqliteStore(str(path), KEY)
        store.open()
        town = Town(orders)
        began = time.perf_counter()
        if not filled.exists():
            await fill(store, town, orders)
            filled.touch()
        spent = time.perf_counter() - began
        wall, cpu, found = await lookups(store, town)
        await store.close()
        size = path.stat().st_size
    print(
        f"history {orders:>10,} orders | {size / orders:6.1f} bytes an order | lookup and verdict p50 {_at(wall, 0.5)} "
        f"p99 {_at(wall, 0.99)} ms (CPU p50 {_at(cpu, 0.5)} p99 {_at(cpu, 0.99)} ms) | "
        f"{found / LOOKUPS:.1f} found | filled in {spent:,.0f} s",
        flush=True,
    )


def _at(sorted_s: list[float], share: float) -> str:
    return f"{sorted_s[int(share * len(sorted_s))] * 1000:.2f}"


def _rows(count: int) -> Iterator[list[str]]:
    town = Town(count)
    for n in range(count):
        fields = town.fields(n, (n * 2_654_435_761) % town.customers)
        digits = (fields.phone or "")[3:]
        yield [
            fields.id, f"{fields.placed_at:%d/%m/%Y %H:%M}", fields.name, f"{digits[:3]} {digits[3:6]} {digits[6:]}",
            fields.email or "", fields.address.line1, fields.address.city, fields.address.postcode,
            f"{fields.total.minor // 100},{fields.total.minor % 100:02d}", "Devuelto" if n % 11 == 0 else "Entregado",
            "rechazado por el cliente" if n % 22 == 0 else "",
        ]  # fmt: skip


async def importing(count: int) -> None:
    """One line for an import: rows a second, CPU of all processes, memory of all processes."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        path = Path(folder) / "orders.csv"
        with path.open("w", newline="", encoding="cp1252") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(
                "Pedido;Fecha;Cliente;Teléfono;Correo;Dirección;Ciudad;C.P.;Importe;Estado;Motivo".split(";")
            )
            writer.writerows(_rows(count))
        store = SqliteStore(str(Path(folder) / "history.db"), KEY)
        store.open()
        began, used = time.perf_counter(), _cpu_s()
        found = survey(path, Told(language="es", country="ES", currency="EUR", zone="Europe/Madrid", now=NOW))
        watch = asyncio.create_task(_most_memory())
        tally = await import_file(path, "demo", found, store)
        spent = time.perf_counter() - began
        watch.cancel()
        await store.close()
        await asyncio.sleep(0.5)  # the workers end, and their CPU time is counted
        cpu = _cpu_s() - used
    assert tally.new == count, tally
    phone = phone_us()
    print(
        f"import  {count:>10,} rows   | {count / spent:,.0f} rows/s on {os.cpu_count()} cores, {cpu / count * 1e6:.0f} µs CPU a row, "
        f"a phone alone {phone:.0f}"
        f" (two idle cores: {2 * count / cpu:,.0f} rows/s) | memory of all processes {_peak_mb:.0f} MB",
        flush=True,
    )


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


_peak_mb = 0.0


async def _most_memory() -> None:
    """Keeps the highest sum of resident memory of this process and its children, looked at four times a second."""
    global _peak_mb
    me = os.getpid()
    while True:
        _peak_mb = max(_peak_mb, sum(map(_resident_mb, [me, *_children(me)])))
        await asyncio.sleep(0.25)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", default="10000,100000,1000000", help="sizes of the past, with commas")
    parser.add_argument("--import-rows", type=int, default=100_000, help="0: no import")
    parser.add_argument("--keep", type=Path, help="a folder where the filled files stay for the next run")
    asked = parser.parse_args()
    for orders in (int(n) for n in asked.orders.split(",") if n):
        asyncio.run(at_size(orders, asked.keep))
    if asked.import_rows:
        asyncio.run(importing(asked.import_rows))


if __name__ == "__main__":
    main()
