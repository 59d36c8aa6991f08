"""`make faults`: every fault suite at length, then the storm of kills, and all of them over builds that are broken on purpose.

    SIZE=0.1        every suite at a tenth of its long size (never below its short one)
    ONLY=zones      one suite; FUZZ=10000 cases for the API; KILLS=0 leaves the storm out
    REPORT=FILE     the page with promise, test and figure; SEED repeats a run's dice (not the machine's own timing)

The good build has to come through clean, and each broken one has to be caught; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.fault_report import PROOFS, page, suite_row
from tests.faults.crash import Storm
from tests.faults.lives import nursery
from tests.faults.suites import ALL, Figure, Suite, measured
from tests.faults.verdict import Verdict

#: Machine seconds that a life serves, on average, before it dies.
EVERY_S = 0.4
#: Broken build -> the column in which it has to show.
BROKEN = {"ack_before_commit": "lost", "sending_not_committed": "twice", "blind_resend": "twice"}
ROW = "| {name} | {orders} | {kills} | {posts} | {messages} | {lost} | {twice} | {unheard} | {adrift} | {took} s | {judged} |"


async def storms(kills: int, orders: int, seed: int) -> dict[str, Verdict]:
    """The good build ("") and the broken ones, one after another."""
    found: dict[str, Verdict] = {}
    async with nursery() as lives:
        for bug in ("", *BROKEN):
            with tempfile.TemporaryDirectory() as folder:
                found[bug] = await Storm(lives, Path(folder), orders, seed, bug).run(kills, EVERY_S, drain=not bug)
            print(row(bug, found[bug]), flush=True)
            if not bug:
                print(
                    *(f for kind in ("lost", "twice", "unheard", "adrift") for f in getattr(found[""], kind)),
                    sep="\n",
                    flush=True,
                )
    return found


def judged(bug: str, verdict: Verdict) -> bool:
    return bool(getattr(verdict, BROKEN[bug])) if bug else verdict.good


def row(bug: str, verdict: Verdict) -> str:
    return ROW.format(
        name=bug.replace("_", " ") or "as it is", orders=verdict.orders, kills=verdict.kills, posts=verdict.posts,
        messages=verdict.messages, lost=len(verdict.lost), twice=len(verdict.twice), unheard=len(verdict.unheard),
        adrift=len(verdict.adrift), took=round(verdict.took_s),
        judged=("caught" if bug else "good") if judged(bug, verdict) else "FAILED",
    )  # fmt: skip


HEAD = """\
| build | orders | kills | webhooks and calls | messages received | lost | twice | unheard | adrift | took | verdict |
|---|---|---|---|---|---|---|---|---|---|---|"""


def sized(suite: Suite, scale: float, fuzz: int) -> int:
    return fuzz if suite.name == "API fuzz" and fuzz else max(suite.short, round(suite.long * scale))


async def suites(scale: float, only: str, fuzz: int, seed: int) -> tuple[dict[str, Figure], dict[str, dict[str, bool]]]:
    """Each suite at its size, and at its short size with each of its bugs."""
    figures: dict[str, Figure] = {}
    caught: dict[str, dict[str, bool]] = {}
    for suite in ALL:
        if only and only != suite.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures[suite.name] = await measured(suite, sized(suite, scale, fuzz), Path(folder), seed)
        caught[suite.name] = {}
        for bug in suite.bugs:
            with tempfile.TemporaryDirectory() as folder:
                broken = await measured(suite, suite.bug_at or suite.short, Path(folder), 1, bug)
            caught[suite.name][bug] = bool(broken.failures)
        print(suite_row(suite, figures[suite.name], caught[suite.name]), flush=True)
        print(
            *figures[suite.name].failures[:20], sep="\n", end="\n" if figures[suite.name].failures else "", flush=True
        )
    return figures, caught


def proved(which: str) -> dict[int, str]:
    """What the tests that stand for themselves say, one run of pytest for each proof; "needed": of promises that no suite measures."""
    outcomes = {}
    measured_here = {promise for suite in ALL for promise in suite.promises}
    for n, proof in enumerate(PROOFS):
        if which == "needed" and measured_here.issuperset(proof.promises):
            continue
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *proof.nodes],
            capture_output=True,
            text=True,
            check=False,
        )
        counted = re.search(r"(\d+) passed", ran.stdout) or re.search(r"\[100%\]", ran.stdout)
        dots = sum(line.split("[")[0].count(".") for line in ran.stdout.splitlines() if line.rstrip().endswith("%]"))
        outcomes[n] = f"{dots} tests passed" if ran.returncode == 0 and counted else "FAILED"
        print(f"| {proof.says} | {outcomes[n]} |", flush=True)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--only", default="", choices=["", *(suite.name for suite in ALL)])
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--proofs", default="all", choices=["all", "needed"])
    wanted = parser.parse_args()
    logging.disable(logging.CRITICAL)  # thousands of faults would be told one by one
    figures, caught = asyncio.run(suites(wanted.size, wanted.only, wanted.fuzz, wanted.seed))
    if wanted.only:
        return 0 if _clean(figures, caught) else 1
    outcomes = proved(wanted.proofs) if wanted.report else {}
    found: dict[str, Verdict] = {}
    if wanted.kills:
        print(f"{wanted.kills} kills over {wanted.orders} orders, seed {wanted.seed}\n{HEAD}", flush=True)
        found = asyncio.run(storms(wanted.kills, wanted.orders, wanted.seed))
    if wanted.report:
        rows = "\n".join(row(bug, verdict) for bug, verdict in found.items())
        wanted.report.write_text(
            page(
                scale=wanted.size, seed=wanted.seed, kills=wanted.kills, orders=wanted.orders, figures=figures, caught=caught,
                outcomes=outcomes, storms=f"{HEAD}\n{rows}" if rows else "", storm=found.get(""),
            )
        )  # fmt: skip
        print(f"Written: {wanted.report}")
    good = all(judged(bug, verdict) for bug, verdict in found.items()) and "FAILED" not in outcomes.values()
    return 0 if good and _clean(figures, caught) else 1


def _clean(figures: dict[str, Figure], caught: dict[str, dict[str, bool]]) -> bool:
    return all(figure.good for figure in figures.values()) and all(all(bugs.values()) for bugs in caught.values())


if __name__ == "__main__":
    sys.exit(main())
