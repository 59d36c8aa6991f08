"""SIGKILL at random, and the ledgers judge: the good build passes, deliberately broken ones are caught. See crash.py."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.crash import Storm
from tests.faults.lives import nursery
from tests.faults.verdict import Verdict

KILLS, ORDERS, EVERY_S = 5, 100, 0.4
pytestmark = pytest.mark.timeout(600)


async def storm(folder: Path, seed: int, bug: str = "") -> Verdict:
    async with nursery() as lives:
        return await Storm(lives, folder, ORDERS, seed, bug).run(KILLS, EVERY_S, drain=not bug)


async def test_killed_at_random_nothing_is_lost_or_said_twice(tmp_path: Path) -> None:
    """5 kills over 100 orders with repeated and reordered webhooks: no order lost, no message twice, every open order has its timer."""
    verdict = await storm(tmp_path, random.randrange(10**6))
    assert verdict.good, verdict
    assert verdict.kills > KILLS
    assert sum(verdict.states.values()) == ORDERS
    assert verdict.states["confirmed"] > ORDERS / 3
    assert "pending" not in verdict.states, "the ladder has not run its course"


async def test_acknowledging_before_the_commit_is_caught(tmp_path: Path) -> None:
    """The judge sees the orders that a build loses which answers 2xx before the disk has them."""
    verdict = await storm(tmp_path, 1, "ack_before_commit")
    assert verdict.lost, verdict


@pytest.mark.long
async def test_a_build_that_forgets_what_was_on_the_wire_is_caught(tmp_path: Path) -> None:
    """The judge sees the texts that a phone gets twice from a build that does not store `sending` before it sends."""
    verdict = await storm(tmp_path, 1, "sending_not_committed")
    assert verdict.twice, verdict
