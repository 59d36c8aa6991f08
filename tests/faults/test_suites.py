"""Every fault suite at its short size, and every bug that it has to catch. The long ones: make faults."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.suites import ALL, Suite, measured

#: Machine seconds for one suite on a machine that does much else: some of them start dozens of processes.
pytestmark = [pytest.mark.timeout(600), pytest.mark.long]
BUGS = [(suite, bug) for suite in ALL for bug in suite.bugs]


@pytest.mark.parametrize("suite", ALL, ids=lambda suite: suite.name)
async def test_it_holds(suite: Suite, tmp_path: Path) -> None:
    """At its short size the suite finds nothing, and says a figure."""
    figure = await measured(suite, suite.short, tmp_path, random.randrange(10**6))
    assert figure.good, figure.failures[:10]


@pytest.mark.parametrize(("suite", "bug"), BUGS, ids=[f"{suite.name}: {bug}" for suite, bug in BUGS])
async def test_it_bites(suite: Suite, bug: str, tmp_path: Path) -> None:
    """With the bug planted the same suite finds something."""
    figure = await measured(suite, suite.bug_at or suite.short, tmp_path, 1, bug)
    assert figure.failures


def test_every_suite_has_a_bug_to_catch() -> None:
    """A suite that never failed would prove nothing; names are unique, and a long run is longer than a short one."""
    assert [suite.name for suite in ALL if not suite.bugs] == []
    assert len({suite.name for suite in ALL}) == len(ALL)
    assert all(suite.long >= suite.short for suite in ALL)
