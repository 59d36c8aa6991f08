"""Files that a stranger might hand to an import: what is no table is told in words, what is one is read whatever else is odd."""

from __future__ import annotations

import csv
import gzip
import io
import random
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.history_columns import MissingColumns
from engine.history_file import UnreadableFile, look
from engine.history_survey import survey
from storage.sqlite import SqliteStore
from tests.history import shop
from tests.history.shop import HEADER, SPAIN, bring, row, write


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = shop.opened(tmp_path)
    yield opened
    await opened.close()


def workbook() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    return made.getvalue()


NOISE = random.Random(7).randbytes(20_000)
FOREIGN = {
    "xlsx": (workbook(), "Excel workbook"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "old Excel workbook"),
    "pdf": (b"%PDF-1.4\n" + NOISE, "PDF"),
    "gzip": (gzip.compress(b"Order Number,Status\n1,Delivered\n"), "unpack"),
    "html": (b"\n<html><table><tr><td>Order</td></tr></table></html>", "web page"),
    "xml": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web page or XML"),
    "json": (b'[{"order": 1}]', "JSON"),
    "noise": (NOISE, "no text"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_csv_is_called_by_its_name(tmp_path: Path, kind: str) -> None:
    """A workbook, a PDF, a web page under the name of a CSV: one short line says what it is, and none of its bytes."""
    raw, told = FOREIGN[kind]
    path = tmp_path / "orders.csv"
    path.write_bytes(raw)
    with pytest.raises(UnreadableFile, match=told) as fault:
        look(path, "es")
    assert str(fault.value).isascii()
    assert len(str(fault.value)) < 150


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("words", ["Ana Núñez", "أحمد علي", "Анна Новак"])
async def test_wide_encodings_are_read(store: SqliteStore, tmp_path: Path, encoding: str, words: str) -> None:
    """Two and four bytes a character, with a mark or without, in any script."""
    path = write(tmp_path / "orders.csv", [row(n, name=words) for n in range(1, 6)])
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    assert (await bring(store, path)).new == 5
    assert {kept.fields.name for kept in store.replay_history("demo")} == {words}


async def test_a_stray_zero_is_no_other_encoding(store: SqliteStore, tmp_path: Path) -> None:
    """A program that left a zero byte in a cell has still written UTF-8; every row counts."""
    path = write(tmp_path / "orders.csv", [row(n, name="Ana Núñez") for n in range(1, 6)])
    path.write_bytes(path.read_bytes().replace("Ana Núñez".encode(), b"A\0na", 1))
    assert look(path).encoding == "utf-8"
    assert (await bring(store, path)).new == 5


async def test_a_million_characters_in_the_first_row(store: SqliteStore, tmp_path: Path) -> None:
    """The delimiter is found all the same, whatever the csv module thinks is too long; the row is refused with its reason."""
    csv.field_size_limit(131_072)  # as it is when a program starts
    path = write(tmp_path / "orders.csv", [row(1, name="x" * 1_000_000), row(2)])
    tally = await bring(store, path)
    assert (tally.new, tally.rejected) == (1, 1)


def test_a_header_alone_holds_no_order(tmp_path: Path) -> None:
    """An export of an empty month is told as that, before anybody is asked to say yes."""
    with pytest.raises(UnreadableFile, match="holds no order"):
        survey(write(tmp_path / "orders.csv", []), SPAIN)


def test_a_file_without_names_of_columns_is_told(tmp_path: Path) -> None:
    """An order in the first line is no header: the answer says what belongs there."""
    with pytest.raises(MissingColumns, match="first line has to name the columns"):
        survey(write(tmp_path / "orders.csv", [row(2)], row(1)), SPAIN)


def test_what_is_missing_is_in_the_hint(tmp_path: Path) -> None:
    """The option that would help names the field that is missing, not one that is there; long names are cut."""
    header = [name if name != "Status" else "y" * 500 for name in HEADER]
    with pytest.raises(MissingColumns, match=r"--map status='name of the column'") as fault:
        survey(write(tmp_path / "orders.csv", [row(1)], header), SPAIN)
    assert "y" * 50 not in str(fault.value)


@pytest.mark.parametrize("repeated", [("1001", "2025-03-31", "wc-completed", "600000001", "49.90"), ("",) * 5])
async def test_woocommerces_lines_of_one_order_are_one_order(
    store: SqliteStore, tmp_path: Path, repeated: tuple[str, ...]
) -> None:
    """One line for each product, the order's columns filled in each or in the first alone: one order with all its items."""
    header = ("Order Number", "Order Date", "Order Status", "Phone (Billing)", "Order Total Amount", "Item Name", "SKU")
    first = ("1001", "2025-03-31", "wc-completed", "600000001", "49.90", "Lamp", "L1")
    other = ("1002", "2025-04-01", "wc-completed", "600000002", "9.90", "Rug", "R1")
    rows = [first, (*repeated, "Bulb", "B1"), (*repeated, "Rug", "R1"), other]
    tally = await bring(store, write(tmp_path / "orders.csv", rows, header))
    assert (tally.records, tally.new, tally.item_lines, tally.rejected) == (4, 2, 2, 0)
    kept = {order.fields.id: order.outcome.skus for order in store.replay_history("demo")}
    assert kept == {"1001": ("L1", "B1", "R1"), "1002": ("R1",)}


async def test_a_line_that_says_nothing_of_an_item_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    """Without a number and without an item it belongs to nobody: told with its line, not swallowed by the order above."""
    header = (
        "Order Number",
        "Order Date",
        "Order Status",
        "Phone (Billing)",
        "Order Total Amount",
        "Item Name",
        "Note",
    )
    first = ("1001", "2025-03-31", "wc-completed", "600000001", "49.90", "Lamp", "")
    tally = await bring(store, write(tmp_path / "orders.csv", [first, ("", "", "", "", "", "", "sum")], header))
    assert (tally.new, tally.item_lines, tally.rejected) == (1, 0, 1)
