"""SIGKILL at random, and the ledgers judge: the good build passes, deliberately broken ones are caught. See crash.py."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.crash import STORM_PACE, Storm
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


class Impatient(Storm):
    """It looks at the ledgers while questions still wait for their answers."""

    drain_pace, drain_most_s = STORM_PACE, 0.5


async def test_a_run_that_has_not_run_its_course_is_not_good(tmp_path: Path) -> None:
    """Nothing lost and nothing twice say little while orders still wait: the judge names them, and the run does not pass."""
    async with nursery() as lives:
        verdict = await Impatient(lives, tmp_path, 20, 3, "").run(1, EVERY_S)
    assert not verdict.found("lost", "twice", "adrift")
    assert any("is pending" in found for found in verdict.found("unfinished")), verdict
    assert not verdict.good


class Forgotten(Storm):
    """One customer's mailbox and phone are of no account: as if nothing had ever reached them."""

    async def _drain(self) -> None:
        await super()._drain()
        assert self.heard_of is not None
        self.heard_of.remove(7)


async def test_whom_nothing_reached_is_named(tmp_path: Path) -> None:
    """An order that is known and has run its course, while its customer never heard of it, does not pass either."""
    async with nursery() as lives:
        verdict = await Forgotten(lives, tmp_path, 10, 3, "").run(1, EVERY_S)
    assert [found.partition(": it is ")[0] for found in verdict.found()] == ["unasked: C00007"], verdict
    assert verdict.asked == 9
    assert not verdict.good


async def test_acknowledging_before_the_commit_is_caught(tmp_path: Path) -> None:
    """The judge sees the orders that a build loses which answers 2xx before the disk has them."""
    verdict = await storm(tmp_path, 1, "ack_before_commit")
    assert verdict.lost, verdict


@pytest.mark.long
async def test_a_build_that_forgets_what_was_on_the_wire_is_caught(tmp_path: Path) -> None:
    """The judge sees the texts that a phone gets twice from a build that does not store `sending` before it sends."""
    verdict = await storm(tmp_path, 1, "sending_not_committed")
    assert verdict.twice, verdict
