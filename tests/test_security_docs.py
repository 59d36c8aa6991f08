"""docs/security.md tells the truth: every line is there, every test and file that it names exists; and proofs without another home."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import apsw
import pytest

from commands.numbers import _cells
from engine.ports import StoreUnavailable
from flows.numbers.tables import Row, Table
from storage.sqlite import SqliteStore
from storage.sqlite_file import SQLITE_LEAST
from tests.faults.suites import ALL

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
#: OWASP ASVS 5.0, the part that concerns us.
ASKED = """
1.1.1 1.2.1 1.2.2 1.2.4 1.2.9 1.2.10 1.3.3 1.3.6 1.3.7 1.3.11 1.3.12 1.5.2 1.5.3 2.1.1 2.1.2 2.1.3 2.2.1 2.2.2 2.2.3 2.3.1 2.3.2 2.3.3 2.3.4
2.3.5 2.4.1 2.4.2 3.2.1 3.2.2 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.8 3.5.1 3.5.3 3.7.2 4.1.1 4.1.2 4.1.3 4.1.4
4.1.5 4.2.1 6.3.8 6.5.1 6.5.3 6.5.5 6.6.2 6.6.3 7.2.3 7.4.2 8.1.1 8.2.1 8.2.2 8.2.3 8.3.1 8.3.2 8.3.3 8.4.1 11.1.2 11.2.3 11.2.4 11.3.2
11.3.3 11.4.1 11.5.1 12.1.1 12.2.1 12.2.2 12.3.1 12.3.2 13.1.1 13.1.3 13.2.2 13.2.3 13.2.4 13.2.5 13.2.6 13.3.1 13.3.2 13.3.4 13.4.1 13.4.2
13.4.3 13.4.4 13.4.5 13.4.6 14.1.1 14.1.2 14.2.1 14.2.2 14.2.4 14.2.6 14.2.7 14.3.2 15.1.2 15.1.3 15.2.2 15.3.1 15.3.2 15.3.3 15.3.4 15.3.5
15.3.7 15.4.2 15.4.3 15.4.4 16.1.1 16.2.1 16.2.2 16.2.5 16.3.2 16.3.3 16.4.1 16.5.2 16.5.3 16.5.4
""".split()


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    functions = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def gone(page: str) -> list[str]:
    """Tests that this page names and that are not there: the file is away, or holds no test of that name."""
    named = NODE.findall(page)
    return [f"{path}::{test}" for path, test in named if not (ROOT / path).exists() or test not in names_in(path)]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_test_that_is_named_exists() -> None:
    """No line is shown by a test that is not there."""
    assert len(NODE.findall(PAGE)) > 150
    assert gone(PAGE) == []


def test_a_test_that_vanishes_is_missed() -> None:
    """Renamed, moved with its file, or no test but a helper of one: the page is found to be wrong."""
    here = "tests/test_security_docs.py"
    for vanished in (f"{here}::test_of_yesterday", "tests/no_such_file.py::test_the_form", f"{here}::names_in"):
        assert gone(f"{PAGE} | `{vanished}` |") == [vanished]


def test_every_suite_that_is_named_exists_and_every_suite_is_named() -> None:
    """The faults' table and the registry agree."""
    named = set(re.findall(r"suite `([^`]+)`", PAGE))
    assert named <= {suite.name for suite in ALL}
    assert {suite.name for suite in ALL if suite.faults} <= named


@pytest.mark.parametrize(("title", "letter", "last"), [("Threats", "T", 34), ("Faults", "F", 26)])
def test_every_line_is_there_once_and_is_shown(title: str, letter: str, last: int) -> None:
    """T1 to T34 and F1 to F26, in order, each with a proof (F26 says that it has none)."""
    found = rows(title)
    assert [row[0] for row in found] == [f"{letter}{n}" for n in range(1, last + 1)]
    shown = [row[0] for row in found if NODE.search(row[-1]) or re.search(r"suite `[^`]+`", row[-1])]
    assert [row[0] for row in found if row[0] not in shown] == (["F26"] if letter == "F" else [])


def test_every_requirement_has_a_place_and_a_proof() -> None:
    """Each number once; a place that looks like a file is one."""
    found = rows("Requirements")
    assert sorted(number for row in found for number in row[0].split()) == sorted(ASKED)
    for numbers, where, shown in found:
        assert NODE.search(shown), numbers
        place = where.split(":")[0].split(";")[0].strip()
        if "/" in place or place.endswith(".lock"):
            assert (ROOT / place).exists(), place


def test_no_cell_of_the_report_is_a_formula() -> None:
    """A label that begins as a formula does is shown, never run; figures stay figures."""
    from bot.words import Words

    cells = _cells(Table("numbers.orders", ()), Row(figure=-5, plain="=HYPERLINK(1)"), Words("en"))
    assert cells[1:] == ["'=HYPERLINK(1)", "-5", ""]


@pytest.mark.parametrize(
    ("name", "least"), [("requirements.lock", 20), ("requirements-dev.lock", 20), ("requirements-fast.lock", 5)]
)
def test_every_locked_package_has_its_hashes(name: str, least: int) -> None:
    """Exact versions, each with a hash: what is installed is what was looked at."""
    text = (ROOT / name).read_text("utf-8")
    packages = re.split(r"\n(?=\S)", text.strip())
    packages = [p for p in packages if not p.startswith("#")]
    assert len(packages) > least
    assert [p.splitlines()[0] for p in packages if "==" not in p.splitlines()[0] or "--hash=sha256:" not in p] == []


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library with the WAL fault does not open the file; the one that is installed does."""
    store = SqliteStore(str(tmp_path / "old.db"), bytes(range(32)))
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(StoreUnavailable, match="too old"):
        store.open()
    assert not (tmp_path / "old.db").exists()
    assert SQLITE_LEAST > (3, 40, 1)
