"""Several processes on one store, killed in turn: see crowd.py. Needs the servers of `make services`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.crowd import Crowd
from tests.faults.lives import nursery

PROCESSES, KILLS, ORDERS, EVERY_S = 3, 3, 12, 0.5
pytestmark = pytest.mark.timeout(600)


@pytest.mark.long
async def test_processes_killed_in_turn_lose_nothing_and_say_nothing_twice(tmp_path: Path) -> None:
    """Three processes without Redis, killed in turn: nothing is lost, nothing said twice, all counted. (With Redis: suites/several.py.)"""
    async with nursery() as lives:
        crowd = Crowd(lives, tmp_path, ORDERS, random.randrange(10**6), PROCESSES, redis=False)
        verdict = await crowd.run(KILLS, EVERY_S)
    assert verdict.good, verdict
    assert sum(verdict.states.values()) == ORDERS
    assert verdict.states["confirmed"] > ORDERS / 4
    assert "pending" not in verdict.states, "the ladder has not run its course"
