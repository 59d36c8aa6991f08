"""Importing a file: every record accounted for, once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec.structs import replace

from engine.history_columns import MissingColumns
from engine.history_import import AlreadyRunning, Tally
from engine.history_rejects import rejects_path, safe
from storage.sqlite import SqliteStore
from tests.history import shop
from tests.history.shop import HEADER, SPAIN, bring, row, who, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = shop.opened(tmp_path)
    yield opened
    await opened.close()


def rejected(path: Path) -> list[dict[str, str]]:
    with rejects_path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_every_record_is_accounted_for(store: SqliteStore, tmp_path: Path) -> None:
    """New, refused with line and reason, known already: the numbers add up, twice, and nothing is doubled."""
    bad = [
        row(90, total="-5"),
        row(91, status="Quién sabe"),
        row(92, **{"order date": "31/02/2025"}),
        row(93, status="processing"),
        row(94, phone="", email="", address="", city="", postcode=""),
        row(95, phone="x" * 1_000_000),
        row(96, phone="no tengo", email="tampoco", address="", city="", postcode=""),
    ]
    path = write(tmp_path / "orders.csv", [row(n) for n in range(1, 40)] + bad + [row(n) for n in range(40, 51)])
    assert await bring(store, path) == Tally(records=57, new=50, rejected=7)
    reasons = {line["Order Number"]: line["why"] for line in rejected(path)}
    for number, why in (
        ("90", "negative"), ("91", "Quién sabe"), ("92", "no date"), ("93", "not closed"), ("94", "nobody to recognise"),
        ("95", "1,000,000 characters"), ("96", "'no tengo' is no number"),
    ):  # fmt: skip
        assert why in reasons[number]
    assert await bring(store, path) == Tally(records=57, same=50, rejected=7)
    assert len(rejected(path)) == 7
    assert await store.history_counts("demo") == {"delivered": 50}


async def test_a_million_characters_in_a_cell_that_is_not_needed_are_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    """The row counts; a note is no reason to lose an order."""
    path = write(tmp_path / "orders.csv", [[*row(1), "x" * 1_000_000]], (*HEADER, "Diary"))
    assert await bring(store, path) == Tally(records=1, new=1)


async def test_refused_rows_are_mended_and_imported_again(store: SqliteStore, tmp_path: Path) -> None:
    """The rejects file is itself a file of orders: mended in place and imported, its rows count, formulas and all."""
    path = write(tmp_path / "orders.csv", [row(1, total="-5", phone="+34600000001", name='=HYPERLINK("x")')])
    await bring(store, path)
    (line,) = rejected(path)
    assert (line["Name"], line["Phone"], line["Total"]) == ('\'=HYPERLINK("x")', "'+34600000001", "'-5")
    mended = write(
        tmp_path / "mended.csv", [["5" if name == "Total" else cell for name, cell in line.items()]], tuple(line)
    )
    assert await bring(store, mended) == Tally(records=1, new=1)
    (found,) = await store.history("demo", who(phone="600000001"))
    assert found.amount_minor == 500


@pytest.mark.parametrize("cell", ["=1+1", "+34", "-5", "@x", "\tx"])
def test_no_cell_of_the_rejects_is_a_formula(cell: str) -> None:
    """A spreadsheet shows what the customer typed and runs nothing."""
    assert safe(cell) == f"'{cell}"


async def test_dates_are_decided_over_the_whole_file(store: SqliteStore, tmp_path: Path) -> None:
    """The last row's 25/12 makes the first row's 03/04 the third of April; the same with the month first."""
    for number, dates in ((1, ("03/04/2025", "25/12/2024")), (3, ("04/03/2025", "12/25/2024"))):
        rows = [row(number + at, **{"order date": date}) for at, date in enumerate(dates)]
        await bring(store, write(tmp_path / f"{number}.csv", rows))
        (found,) = await store.history("demo", who(phone=f"6{number:08d}"))
        assert f"{found.placed_at:%m-%d}" == "04-02"  # midnight in Madrid is the evening before in UTC


@pytest.mark.parametrize("written", ["2025-03-31", "31/03/2025", "03/31/2025", "31.03.25", "2025/03/31"])
async def test_each_style_of_dates_means_one_day(store: SqliteStore, tmp_path: Path, written: str) -> None:
    """Whatever the shop writes, the thirty-first of March is the thirty-first of March."""
    await bring(store, write(tmp_path / "orders.csv", [row(7, **{"order date": written})]))
    (found,) = await store.history("demo", who(phone="600000007"))
    assert found.placed_at.isoformat() == "2025-03-30T22:00:00+00:00"


async def test_shopifys_lines_of_one_order_are_one_order(store: SqliteStore, tmp_path: Path) -> None:
    """Further items follow with most cells empty; the order is one row with all its items, and the lines are counted."""
    header = ("Name", "Email", "Financial Status", "Fulfillment Status", "Currency", "Total", "Created at", "Lineitem name",
              "Lineitem sku", "Shipping Name", "Shipping Address1", "Shipping City", "Shipping Zip", "Shipping Country",
              "Shipping Phone", "Id")  # fmt: skip
    first = ["#1001", "ana@gmail.com", "paid", "fulfilled", "EUR", "49.90", "2025-03-31 10:00:00 +0200", "Lamp", "L1",
             "Ana", "Calle Mayor 5", "Madrid", "28013", "ES", "600000001", "555"]  # fmt: skip
    second = ["#1001", "ana@gmail.com", "", "", "", "", "", "Rug", "R1", *[""] * 7]
    other = ["#1002", *first[1:14], "600000002", "556"]
    path = write(tmp_path / "orders.csv", [first, second, other], header)
    tally = await bring(store, path)
    assert (tally.new, tally.item_lines, tally.records) == (2, 1, 3)
    (kept,) = await store.export_history("demo", who(phone="600000001"))
    assert kept.order.fields.id == "1001"
    assert kept.order.outcome.skus == ("L1", "R1")


async def test_the_parcels_address_is_not_mixed_with_the_bills(store: SqliteStore, tmp_path: Path) -> None:
    """Where the parcel's street is given, town and postcode are the parcel's too; where it is not, all are the bill's."""
    header = ("Order Number", "Order Date", "Status", "Total", "Billing Address", "Billing City", "Billing Postcode",
              "Shipping Address", "Shipping City", "Shipping Postcode")  # fmt: skip
    bill = ["Calle Luna 9", "Vigo", "36201"]
    start = ["2025-03-31", "Delivered", "5", *bill]
    rows = [["1", *start, "Calle Mayor 5", "Madrid", ""], ["2", *start, "", "", ""]]
    await bring(store, write(tmp_path / "orders.csv", rows, header))
    orders = {replayed.fields.id: replayed.fields.address for replayed in store.replay_history("demo")}
    assert (orders["1"].line1, orders["1"].city, orders["1"].postcode) == ("Calle Mayor 5", "Madrid", "")
    assert (orders["2"].line1, orders["2"].postcode) == ("Calle Luna 9", "36201")


async def test_a_file_that_says_too_little_changes_nothing(store: SqliteStore, tmp_path: Path) -> None:
    """Missing columns are named before anything is kept."""
    path = write(tmp_path / "orders.csv", [["1", "Ana"]], ("Order Number", "Name"))
    with pytest.raises(MissingColumns, match=r"date of the order.*how it ended.*who ordered"):
        await bring(store, path)
    assert await store.history_counts("demo") == {}


async def test_rows_without_a_number_are_known_by_what_they_say(store: SqliteStore, tmp_path: Path) -> None:
    """Twice the same file without order numbers is still one row each."""
    path = write(tmp_path / "orders.csv", [row(n)[1:] for n in range(1, 6)], HEADER[1:])
    assert (await bring(store, path)).new == 5
    assert (await bring(store, path)).same == 5


async def test_one_file_is_imported_by_one_process(store: SqliteStore, tmp_path: Path) -> None:
    """While another process imports the file, this one says so and changes nothing."""
    path = write(tmp_path / "orders.csv", [row(1)])
    other = os.open(path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        with pytest.raises(AlreadyRunning, match="another process"):
            await bring(store, path)
    finally:
        os.close(other)
    assert (await bring(store, path)).new == 1


async def test_two_copies_at_once_keep_every_order_once(store: SqliteStore, tmp_path: Path) -> None:
    """Two imports of the same orders, interleaved: each order is new in exactly one of them."""
    rows = [row(n) for n in range(1, 2501)]
    a, b = write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", rows)
    second = SqliteStore(str(tmp_path / "history.db"), shop.KEY)
    second.open()
    try:
        one, two = await asyncio.gather(bring(store, a), bring(second, b))
    finally:
        await second.close()
    assert one.new + two.new == 2500
    assert one.same + two.same == 2500
    assert await store.history_counts("demo") == {"delivered": 2500}


async def test_workers_read_what_this_process_would(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A big file goes through other processes, with the same result."""
    monkeypatch.setattr("engine.history_import.SMALL_BYTES", 0)
    path = write(tmp_path / "orders.csv", [row(n, total="-1" if n % 100 == 0 else "5") for n in range(1, 2501)])
    assert await bring(store, path) == Tally(records=2500, new=2475, rejected=25)
    assert [line["line"] for line in rejected(path)] == [str(n * 100 + 1) for n in range(1, 26)]


CONFIG = """
public_url: https://orders.example.com
storage: {url: "sqlite:///HERE/history.db", encryption_key: "${DOORSTEP_KEY}"}
shops: [{id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}]
"""


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    """run.py with a configuration of its own."""
    config = folder / "config.yaml"
    config.write_text(CONFIG.replace("HERE", str(folder)))
    import base64

    env: dict[str, Any] = {**os.environ, "DOORSTEP_KEY": base64.b64encode(shop.KEY).decode(), "COLUMNS": "200"}
    # tests that are run in the background ignore Ctrl-C, and what they start would inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "run.py", "--config", str(config), *words],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)


#: So many that a busy machine finds the import amid its work, and not done.
ROWS = 45_000


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.long
def test_a_broken_off_import_goes_on_where_it_was(tmp_path: Path, how: signal.Signals) -> None:
    """Stopped in the middle and started again: no order is missing or doubled, no refused row told twice or lost."""
    path = write(tmp_path / "orders.csv", [row(n, total="-1" if n % 50 == 0 else "5") for n in range(1, ROWS + 1)])
    running = command(tmp_path, "import-history", str(path), "--yes")
    _wait_for_rows(tmp_path / "history.db", running)
    running.send_signal(how)
    _, errors = running.communicate(timeout=180)
    if how == signal.SIGINT:
        assert "run the same command again" in errors
        assert running.returncode == 130
    again = command(tmp_path, "import-history", str(path), "--yes")
    output, errors = again.communicate(timeout=180)
    assert again.returncode == 0, errors
    assert "done before" in output
    assert _count(tmp_path / "history.db") == ROWS - ROWS // 50
    assert [int(line["Order Number"]) for line in rejected(path)] == list(range(50, ROWS + 1, 50))


def test_two_commands_at_once_keep_every_order_once(tmp_path: Path) -> None:
    """Two processes import one file: the second says that the first is at it, or finds all done; no row is lost or doubled."""
    path = write(tmp_path / "orders.csv", [row(n, total="-1" if n % 50 == 0 else "5") for n in range(1, 2001)])
    both = [command(tmp_path, "import-history", str(path), "--yes") for _ in range(2)]
    said = [running.communicate(timeout=180) for running in both]
    for running, (_, errors) in zip(both, said, strict=True):
        assert running.returncode == 0 or "another process is importing" in errors, errors
    assert 0 in [running.returncode for running in both]
    assert _count(tmp_path / "history.db") == 2000 - 40
    assert [int(line["Order Number"]) for line in rejected(path)] == list(range(50, 2001, 50))


async def test_a_file_that_was_cut_and_then_came_whole(store: SqliteStore, tmp_path: Path) -> None:
    """Cut inside a row: its orders are kept, the cut row is refused by name; the whole file brings the rest, and no order twice."""
    whole = write(tmp_path / "orders.csv", [row(n) for n in range(1, 31)]).read_bytes()
    path = tmp_path / "orders.csv"
    path.write_bytes(whole[: whole.index(b"\r\n21,") + 12])
    assert await bring(store, path) == Tally(records=21, new=20, rejected=1)
    assert [line["line"] for line in rejected(path)] == ["22"]
    path.write_bytes(whole)
    assert await bring(store, path) == Tally(records=30, new=10, same=20)
    assert await store.history_counts("demo") == {"delivered": 30}


def _wait_for_rows(path: Path, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        if path.exists() and _count(path):
            return
        time.sleep(0.02)
    raise AssertionError(running.communicate())


def _count(path: Path) -> int:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(next(iter(db.execute("SELECT count(*) FROM history")))[0])
    except apsw.Error:  # the tables are not there yet
        return 0
    finally:
        db.close()


def test_nothing_is_imported_without_a_yes(tmp_path: Path) -> None:
    """Where nobody can be asked, the preview is shown, the way to say yes is told, and nothing is kept."""
    path = write(tmp_path / "orders.csv", [row(1), row(2, status="Zorp")])
    asked = command(tmp_path, "import-history", str(path))
    output, errors = asked.communicate(timeout=180)
    assert asked.returncode == 1
    assert "Order Number" in output
    assert "Zorp" in output
    assert "--yes" in errors
    assert _count(tmp_path / "history.db") == 0


async def test_map_and_outcome_explain_what_no_list_knows(store: SqliteStore, tmp_path: Path) -> None:
    """A column and a word of the shop's own are understood once they are told."""
    header = tuple("Fin" if name == "Status" else name for name in HEADER)
    path = write(tmp_path / "orders.csv", [row(1, status="Zorp")], header)
    told = replace(SPAIN, map={"status": "Fin"}, outcomes={"Zorp": "refused:customer"})
    assert (await bring(store, path, told)).new == 1
    assert await store.history_counts("demo") == {"refused": 1}
