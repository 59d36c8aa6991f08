"""The page of `make faults`: a run of a few suites replaces their rows alone, and what fails or hangs is a row that says so."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import fault_record as kept
from bench import faults
from bench.fault_report import PROMISES, PROOFS, page
from tests.faults.suites import ALL
from tests.faults.verdict import Verdict

EARLIER = datetime(2026, 1, 2, tzinfo=UTC)


def run(report: Path, only: str) -> faults.Run:
    wanted = argparse.Namespace(only=only, report=report, seed=7, size=0.001, fuzz=0, kills=0, orders=0, proofs="all")
    return faults.Run(wanted)


def old(name: str) -> kept.Record:
    row = kept.Row(at=EARLIER, seed=3, size=12, said=f"the old figure of {name}", took_s=1.0, caught={"a bug": True})
    return kept.Record(suites={name: row}, storms={"": kept.kills_of(Verdict(orders=5, kills=4), True)})


def test_a_run_of_one_suite_replaces_its_row_alone(tmp_path: Path) -> None:
    """The other rows keep their figure, size, seed and day; the new row has its own; what never ran is named."""
    report = tmp_path / "faults.md"
    kept.write(report, old("poison"), "")
    run(report, "zones").suites()
    record, text = kept.read(report), report.read_text("utf-8")
    assert set(record.suites) == {"poison", "zones"}
    assert record.suites["zones"].seed == 7
    assert "| 12 bodies | the old figure of poison | 2026-01-02, 1 s, seed 3 | a bug: caught |" in text
    assert "0 in 4 kills over 5 orders" in text
    assert "Not run yet: duplicates" in text


def test_a_suite_that_raises_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What falls over stands in the table as failed, the suites behind it still run, and the whole run is not good."""

    async def falls(*_: object) -> kept.Figure:
        raise RuntimeError("the roof came down")

    report, real = tmp_path / "faults.md", faults.measured
    monkeypatch.setattr(
        faults, "measured", lambda suite, *more: falls() if suite.name == "strangers" else real(suite, *more)
    )
    one = run(report, "zones; strangers")
    one.suites()
    text = report.read_text("utf-8")
    assert not one.good
    assert "NOT ALL HELD" in text
    assert "FAILED: ['RuntimeError: the roof came down (" in text
    assert kept.read(report).suites["zones"].good


def test_a_bug_that_is_not_caught_is_told() -> None:
    """A page with a planted bug that nobody caught does not say that all held."""
    record = old("poison")
    assert "All held, and every planted bug was caught." in page(record)
    record.suites["poison"].caught["a bug"] = False
    assert "a bug: NOT CAUGHT" in page(record)
    assert "All held" not in page(record)


def test_a_parser_that_breaks_and_a_planted_one_that_does_not_are_told() -> None:
    """Under libFuzzer a real parser holds when nothing was found, the planted one when something was, and none without a case."""
    assert kept.fuzzed_of(10, 1, "", planted=False).good
    assert kept.fuzzed_of(10, 1, "ZeroDivisionError", planted=True).good
    for cases, found, planted in ((10, "IndexError", False), (10, "", True), (0, "", False)):
        record = kept.merged(old("poison"), "mail", kept.fuzzed_of(cases, 1, found, planted=planted))
        assert "NOT ALL HELD" in page(record)
    record = kept.merged(old("poison"), "mail", kept.fuzzed_of(1234, 60, "", planted=False))
    assert "| mail | 1234 | nothing |" in page(record)


def test_every_proof_is_there() -> None:
    """What the page's rows name as their tests exists, and each promise has a suite, a proof or the storm."""
    root = Path(__file__).parents[2]
    assert [node for proof in PROOFS for node in proof.nodes if not (root / node).exists()] == []
    shown = {promise for each in (*ALL, *PROOFS) for promise in each.promises}
    assert shown == set(PROMISES)


def test_names_are_told_apart() -> None:
    """Suites, proofs and the storm share one list of names for ONLY; none has the sign that stands between names."""
    assert len(set(faults.names())) == len(ALL) + len(PROOFS) + 2
    assert not any(";" in name for name in faults.names())
