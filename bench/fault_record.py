"""What is known of every fault suite: its last run, kept beside the page, so that a run of a few suites replaces their rows alone."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.faults.suites import Figure
from tests.faults.verdict import Verdict

#: Failures of one run that are kept: the first ones tell what is wrong.
TOLD_MOST = 3


class Row(Struct, kw_only=True, omit_defaults=True):
    """One suite's last run. `caught`: planted bug -> whether it was."""

    at: datetime
    seed: int
    size: int
    said: str
    took_s: float
    failures: list[str] = []
    caught: dict[str, bool] = {}

    @property
    def good(self) -> bool:
        return bool(self.said) and not self.failures and all(self.caught.values())


class Outcome(Struct, kw_only=True, omit_defaults=True):
    """One proof's last run."""

    at: datetime
    passed: int
    good: bool
    took_s: float


class Kills(Struct, kw_only=True, omit_defaults=True):
    """One storm's last run. `good`: the build as it is came through clean, or the broken one was caught."""

    at: datetime
    seed: int
    orders: int
    kills: int
    posts: int
    messages: int
    lost: int
    twice: int
    unheard: int
    adrift: int
    took_s: float
    good: bool


class Fuzzed(Struct, kw_only=True, omit_defaults=True):
    """One parser's last run under libFuzzer. `found`: the first thing that broke; `planted`: it had to."""

    at: datetime
    cases: int
    took_s: float
    found: str = ""
    planted: bool = False

    @property
    def good(self) -> bool:
        return self.cases > 0 and bool(self.found) == self.planted


AnyRow = Row | Outcome | Kills | Fuzzed


class Record(Struct, omit_defaults=True):
    """By suite, by proof, and by build ("" is the one as it is)."""

    suites: dict[str, Row] = {}
    proofs: dict[str, Outcome] = {}
    storms: dict[str, Kills] = {}
    fuzzed: dict[str, Fuzzed] = {}
    machine: str = ""

    @property
    def good(self) -> bool:
        rows = (*self.suites.values(), *self.proofs.values(), *self.storms.values(), *self.fuzzed.values())
        return all(row.good for row in rows)


def path_of(report: Path) -> Path:
    """The rows of docs/faults.md lie in docs/faults.json."""
    return report.with_suffix(".json")


def read(report: Path) -> Record:
    """What earlier runs came to; nothing where there was none."""
    path = path_of(report)
    return msgspec.json.decode(path.read_bytes(), type=Record) if path.exists() else Record()


def merged(record: Record, name: str, row: AnyRow) -> Record:
    """With this row in place of an older one; all others stay."""
    match row:
        case Row():
            return msgspec.structs.replace(record, suites={**record.suites, name: row})
        case Outcome():
            return msgspec.structs.replace(record, proofs={**record.proofs, name: row})
        case Kills():
            return msgspec.structs.replace(record, storms={**record.storms, name: row})
        case Fuzzed():
            return msgspec.structs.replace(record, fuzzed={**record.fuzzed, name: row})


def write(report: Path, record: Record, page: str) -> None:
    """After every suite: what ran is kept although a later one may not come to its end."""
    record.machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    path_of(report).write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    report.write_text(page, "utf-8")


def row_of(figure: Figure, caught: dict[str, bool], seed: int) -> Row:
    return Row(
        at=_now(), seed=seed, size=figure.size, said=figure.said, took_s=figure.took_s,
        failures=figure.failures[:TOLD_MOST], caught=caught,
    )  # fmt: skip


def outcome_of(passed: int, good: bool, took_s: float) -> Outcome:
    return Outcome(at=_now(), passed=passed, good=good, took_s=round(took_s, 1))


def fuzzed_of(cases: int, took_s: float, found: str, *, planted: bool) -> Fuzzed:
    return Fuzzed(at=_now(), cases=cases, took_s=round(took_s, 1), found=found, planted=planted)


def kills_of(verdict: Verdict, good: bool) -> Kills:
    return Kills(
        at=_now(), seed=verdict.seed, orders=verdict.orders, kills=verdict.kills, posts=verdict.posts,
        messages=verdict.messages, lost=len(verdict.lost), twice=len(verdict.twice), unheard=len(verdict.unheard),
        adrift=len(verdict.adrift), took_s=verdict.took_s, good=good,
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
