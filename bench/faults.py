"""`make faults`: every fault suite at length, then the storm of kills, and all of them over builds that are broken on purpose.

    SIZE=0.1        every suite at a tenth of its long size (never below its short one)
    ONLY="zones; kills at random"   some of it: names of suites, of proofs (`--list` tells them), or "proofs"
    REPORT=FILE     the page with promise, test and figure: the rows of what ran are replaced, the others stay
    FUZZ=10000      cases for the API; KILLS=0 leaves the storm out; PROOFS=needed leaves out what a suite measures too
    SEED            repeats a run's dice (not the machine's own timing)

The good build has to come through clean, and each broken one has to be caught; else the exit code is 1. What fails or hangs is a
row that says so: the others still run.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest

from bench import fault_record as kept
from bench.fault_report import PROOFS, STORM, STORM_HEAD, Proof, page, storm_row, suite_row
from commands import compiled
from tests.faults.crash import Storm
from tests.faults.lives import nursery
from tests.faults.suites import ALL, Figure, Suite, measured
from tests.faults.verdict import Verdict

#: Machine seconds that a life serves, on average, before it dies.
EVERY_S = 0.4
#: Broken build -> the column in which it has to show.
BROKEN = {"ack_before_commit": "lost", "sending_not_committed": "twice", "blind_resend": "twice"}
#: What a broken build is given: enough to be caught.
BROKEN_KILLS, BROKEN_ORDERS = 20, 150
#: A suite that is not through by then hangs.
SUITE_MOST_S = 3600.0


class Run:
    """One run: what is asked for, and where its rows go."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        self.wanted = wanted
        self.only = {name.strip() for name in wanted.only.split(";") if name.strip()}
        self.good = True

    def asked(self, name: str) -> bool:
        return not self.only or name in self.only

    def keep(self, name: str, row: kept.AnyRow, told: str) -> None:
        """One row, onto what stands in the report by now: several runs may fill one page."""
        self.good &= row.good
        print(told, flush=True)
        if self.wanted.report:
            record = kept.merged(kept.read(self.wanted.report), name, row)
            kept.write(self.wanted.report, record, page(record))

    # -- the suites

    def suites(self) -> None:
        for suite in filter(lambda one: self.asked(one.name), ALL):
            try:
                figure = self._one(suite, self._size(suite), self.wanted.seed)
                caught = {
                    bug: bool(self._one(suite, suite.bug_at or suite.short, 1, bug).failures) for bug in suite.bugs
                }
            except pytest.skip.Exception as missing:
                print(f"| {suite.name} | not run: {missing} |", flush=True)
                continue
            row = kept.row_of(figure, caught, self.wanted.seed)
            self.keep(suite.name, row, "\n".join([suite_row(suite, row), *figure.failures[:20]]))

    def _size(self, suite: Suite) -> int:
        if suite.name == "API fuzz" and self.wanted.fuzz:
            return int(self.wanted.fuzz)
        return max(suite.short, round(suite.long * self.wanted.size))

    def _one(self, suite: Suite, size: int, seed: int, bug: str = "") -> Figure:
        """Whatever goes wrong is this suite's finding, and not the end of the run."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                return asyncio.run(asyncio.wait_for(measured(suite, size, Path(folder), seed, bug), SUITE_MOST_S))
            except Exception as error:  # noqa: BLE001
                if bug:
                    return Figure()  # falling over is not catching
                return Figure(failures=[_told(error)], size=size)

    # -- the tests that stand for themselves

    def proofs(self) -> None:
        measured_here = {promise for suite in ALL for promise in suite.promises}
        for proof in PROOFS:
            named = "proofs" in self.only or self.asked(proof.name)
            if not named or (self.wanted.proofs == "needed" and measured_here.issuperset(proof.promises)):
                continue
            outcome = _proved(proof)
            verdict = "passed" if outcome.good else "passed, FAILED"
            self.keep(proof.name, outcome, f"| {proof.says} | {outcome.passed} {verdict}, {outcome.took_s:.0f} s |")

    # -- the storm

    def storms(self) -> None:
        if not self.asked(STORM) or not self.wanted.kills:
            return
        print(f"{self.wanted.kills} kills over {self.wanted.orders} orders, seed {self.wanted.seed}\n{STORM_HEAD}")
        for bug in ("", *BROKEN):
            try:
                verdict = asyncio.run(asyncio.wait_for(self._storm(bug), SUITE_MOST_S))
            except Exception as error:  # noqa: BLE001 - told, and the next build runs
                verdict = Verdict(seed=self.wanted.seed, lost=[f"{type(error).__name__}: {error}"] if not bug else [])
            row = kept.kills_of(verdict, _judged(bug, verdict))
            self.keep(bug, row, "\n".join([storm_row(bug, row), *([] if bug else verdict.found())[:20]]))

    async def _storm(self, bug: str) -> Verdict:
        kills, orders = self.wanted.kills, self.wanted.orders
        if bug:
            kills, orders = min(kills, BROKEN_KILLS), min(orders, BROKEN_ORDERS)
        async with nursery() as lives:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                return await Storm(lives, Path(folder), orders, self.wanted.seed, bug).run(
                    kills, EVERY_S, drain=not bug
                )


def _told(error: BaseException) -> str:
    """What went wrong first, and where."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"


def _judged(bug: str, verdict: Verdict) -> bool:
    return bool(getattr(verdict, BROKEN[bug])) if bug else verdict.good


def _proved(proof: Proof) -> kept.Outcome:
    """One run of pytest for each proof."""
    start = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--timeout", "1800", "-p", "no:cacheprovider", *proof.nodes],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | proof.env,
    )
    counted = re.search(r"(\d+) passed", ran.stdout)
    dots = sum(line.split("[")[0].count(".") for line in ran.stdout.splitlines() if line.rstrip().endswith("%]"))
    passed = int(counted[1]) if counted else dots
    if ran.returncode:
        print("\n".join(ran.stdout.splitlines()[-15:]), flush=True)
    return kept.outcome_of(passed, ran.returncode == 0 and passed > 0, time.monotonic() - start)


def names() -> list[str]:
    return [*(suite.name for suite in ALL), *(proof.name for proof in PROOFS), "proofs", STORM]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--orders", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--only", default="", help="names, with ; between them")
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--proofs", default="all", choices=["all", "needed"])
    parser.add_argument("--list", action="store_true", help="the names of everything that can be run")
    run = Run(parser.parse_args())
    if run.wanted.list:
        print("\n".join(names()))
        return 0
    if compiled.in_use():
        parser.error(
            "faults are planted into the sources, which compiled modules do not read: make faults, or DOORSTEP_COMPILED=0"
        )
    if run.only - set(names()):
        parser.error(f"unknown: {', '.join(sorted(run.only - set(names())))}; known: {'; '.join(names())}")
    logging.disable(logging.CRITICAL)  # thousands of faults would be told one by one
    run.suites()
    run.storms()
    run.proofs()
    if run.wanted.report:
        print(f"Written: {run.wanted.report}")
    return 0 if run.good else 1


if __name__ == "__main__":
    sys.exit(main())
