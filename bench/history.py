"""The shop's past at size:  python -m bench.history [--orders 10000,100000,1000000] [--import-rows 100000]

For each number of orders: bytes on disk for one, and how long an incoming order waits for its customer's past and the verdict
(reading phone, e-mail and address included). Then: rows a second of an import with every validation on. Ten million orders take
some ten minutes, 5 GB of disk and 3 GB of memory, once:  --orders 10000,1000000,10000000 --keep FOLDER

Latency is wall time; on a machine that does other things, look at the CPU column, which counts this process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import random
import tempfile
import time
from pathlib import Path

from msgspec.structs import replace

from bench.filling_apart import fill_apart
from bench.importing import importing
from bench.made_up_past import NOW, SEED, Town
from flows.risk import Around, RiskPolicy, assess, describe
from flows.risk.identity import identity
from storage.sqlite import SqliteStore

KEY = bytes(range(32))
LOOKUPS = 2000


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


async def at_size(orders: int, keep: Path | None = None) -> float:
    """One line for a shop of so many past orders, which stays in the folder `keep` and is found there by the next run. Gives the
    CPU time in ms that one look-up in a hundred takes longer than."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-")))
        path, filled = folder / f"history-{orders}.db", folder / f"history-{orders}.filled"
        folder.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        if not filled.exists():
            fill_apart(str(path), KEY, orders)
            filled.touch()
        spent = time.perf_counter() - began
        store = SqliteStore(str(path), KEY)
        store.open()
        wall, cpu, found = await lookups(store, Town(orders))
        await store.close()
        size = path.stat().st_size
    print(
        f"history {orders:>10,} orders | {size / orders:6.1f} bytes an order | lookup and verdict p50 {_at(wall, 0.5)} "
        f"p99 {_at(wall, 0.99)} ms (CPU p50 {_at(cpu, 0.5)} p99 {_at(cpu, 0.99)} ms) | "
        f"{found / LOOKUPS:.1f} found | filled in {spent:,.0f} s",
        flush=True,
    )
    return cpu[int(0.99 * len(cpu))] * 1000


def _at(sorted_s: list[float], share: float) -> str:
    return f"{sorted_s[int(share * len(sorted_s))] * 1000:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", default="10000,100000,1000000", help="sizes of the past, with commas")
    parser.add_argument("--import-rows", type=int, default=100_000, help="0: no import")
    parser.add_argument("--keep", type=Path, help="a folder where the filled files stay for the next run")
    asked = parser.parse_args()
    sizes = [int(n) for n in asked.orders.split(",") if n]
    p99 = [asyncio.run(at_size(orders, asked.keep)) for orders in sizes]
    if len(sizes) > 1:
        print(
            f"flat    {sizes[0]:,} -> {sizes[-1]:,} orders: CPU p99 {p99[0]:.2f} -> {p99[-1]:.2f} ms, {p99[-1] / p99[0]:.2f} times"
        )
    if asked.import_rows:
        importing(asked.import_rows)


if __name__ == "__main__":
    main()
