"""CSV in any encoding and delimiter, whole or damaged: every record comes out once, or with a reason."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.history_file import MOST_LINES, Record, UnreadableFile, look, records

SPANISH = "Pedido;Nombre;Población\n1;José Núñez;Logroño\n2;Íñigo;Cádiz\n"
RUSSIAN = "Заказ;Имя;Город\n1;Иван Петров;Москва\n2;Ольга;Ростов\n"
ARABIC = "الطلب;الاسم;المدينة\n1;محمد علي;القاهرة\n2;فاطمة;الرياض\n"
POLISH = "Zamówienie;Imię;Miasto\n1;Łukasz Śliwa;Łódź\n2;Żaneta;Kraków\n"
GREEK = "Παραγγελία;Όνομα;Πόλη\n1;Γιώργος;Αθήνα\n2;Ελένη;Πάτρα\n"
TURKISH = "Sipariş;İsim;Şehir\n1;Gülşen Yıldız;İzmir\n2;Çağrı;Eskişehir\n"
HEBREW = "הזמנה;שם;עיר\n1;דוד כהן;חיפה\n2;רות;ירושלים\n"
THAI = "คำสั่งซื้อ;ชื่อ;เมือง\n1;สมชาย;กรุงเทพ\n2;มาลี;เชียงใหม่\n"


@pytest.mark.parametrize(
    ("text", "encoding", "language"),
    [
        (SPANISH, "utf-8", "es"),
        (SPANISH, "utf-8-sig", "es"),
        (SPANISH, "utf-16", "es"),
        (RUSSIAN, "utf-16-le", "ru"),
        (RUSSIAN, "utf-16-be", "en"),
        (SPANISH, "utf-32", "es"),
        (SPANISH, "cp1252", "es"),
        (SPANISH, "cp1252", ""),
        (RUSSIAN, "cp1251", "ru"),
        (RUSSIAN, "cp1251", "en"),
        (ARABIC, "cp1256", "ar"),
        (ARABIC, "cp1256", "en"),
        (POLISH, "cp1250", "pl"),
        (GREEK, "cp1253", "el"),
        (GREEK, "cp1253", "en"),
        (TURKISH, "cp1254", "tr"),
        (HEBREW, "cp1255", "he"),
        (THAI, "cp874", "th"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_common_encoding_and_delimiter_is_found(
    tmp_path: Path, text: str, encoding: str, language: str, delimiter: str
) -> None:
    """The same cells come out, whatever program wrote the file."""
    path = tmp_path / "orders.csv"
    bom = {"utf-16-le": b"", "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    path.write_bytes(bom + text.replace(";", delimiter).encode(encoding))
    sheet = look(path, language)
    expected = [line.split(";") for line in text.splitlines()]
    assert list(sheet.header) == expected[0]
    assert [record.cells for record in records(path, sheet)] == expected[1:]


def read(path: Path, text: str) -> list[Record]:
    path.write_text(text, encoding="utf-8", newline="")
    return list(records(path, look(path)))


def test_quoted_line_breaks_belong_to_their_cell(tmp_path: Path) -> None:
    """A note of several lines, with delimiters and doubled quotation marks, is one cell; lines are counted in the file."""
    found = read(tmp_path / "a.csv", 'id,note,city\r\n1,"two\r\nlines, and ""more""",Madrid\r\n2,x,Vigo\r\n')
    assert [record.cells for record in found] == [["1", 'two\r\nlines, and "more"', "Madrid"], ["2", "x", "Vigo"]]
    assert [record.line for record in found] == [2, 4]


@pytest.mark.parametrize("after", [3, MOST_LINES + 50])
def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path, after: int) -> None:
    """The row is named, and every later row of the file is read, however long the file goes on."""
    rows = "".join(f"{n},Ana,Vigo\n" for n in range(2, after + 2))
    found = read(tmp_path / "a.csv", f'id,name,city\n1,"Eva,Madrid\n{rows}')
    assert "never closed" in found[0].fault
    assert [record.cells[0] for record in found[1:]] == [str(n) for n in range(2, after + 2)]
    assert not any(record.fault for record in found[1:])


@pytest.mark.parametrize("end", ["3,Ev", '3,"Ev'])
def test_a_file_that_is_cut_names_its_last_row(tmp_path: Path, end: str) -> None:
    """What the cut left of the last row is no order; those before it are."""
    found = read(tmp_path / "a.csv", f"id,name,city\n1,Ana,Vigo\n2,Eva,Vigo\n{end}")
    assert [bool(record.fault) for record in found] == [False, False, True]
    assert "the file ends in the middle" in found[-1].fault


def test_a_file_without_a_last_line_break_is_whole(tmp_path: Path) -> None:
    """The last row counts where all its cells are there."""
    assert not any(record.fault for record in read(tmp_path / "a.csv", "id,name\n1,Ana\n2,Eva"))


def test_a_delimiter_without_quotation_marks_is_told(tmp_path: Path) -> None:
    """A row that has more cells than the header is refused rather than shifted; empty ones at the end are nothing."""
    found = read(tmp_path / "a.csv", "id,name,city\n1,Ruiz, Ana,Vigo\n2,Eva,Vigo,,\n3,Eva\n")
    assert "4 cells where the header has 3" in found[0].fault
    assert [record.fault for record in found[1:]] == ["", ""]


def test_a_cell_of_a_million_characters_is_a_cell(tmp_path: Path) -> None:
    """It neither stops the reader nor swallows its neighbours."""
    found = read(tmp_path / "a.csv", f'id,note\n1,"{"x" * 1_000_000}"\n2,y\n')
    assert [len(record.cells[1]) for record in found] == [1_000_000, 1]


def test_excels_hint_is_taken(tmp_path: Path) -> None:
    """`sep=;` above the header tells the delimiter and is no header."""
    path = tmp_path / "a.csv"
    path.write_text("sep=;\nid;name\n1;Ana\n")
    sheet = look(path)
    assert (sheet.delimiter, sheet.header) == (";", ("id", "name"))
    assert [(r.line, r.cells) for r in records(path, sheet)] == [(3, ["1", "Ana"])]


@pytest.mark.parametrize(("raw", "why"), [(b"", "empty"), (b"\n\n ;;\n", "empty"), (b"PK\x03\x04rest", "workbook")])
def test_what_is_no_table_is_told(tmp_path: Path, raw: bytes, why: str) -> None:
    """An empty file and a workbook get a plain word."""
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    with pytest.raises(UnreadableFile, match=why):
        look(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """No file makes the reader fail in any other way, or never end."""
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(raw)
    try:
        found = list(records(path, look(path)))
    except UnreadableFile:
        return
    assert len(found) <= raw.count(b"\n") + raw.count(b"\r") + 1
