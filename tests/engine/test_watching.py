"""What the watchdog sees of this machine: its clock and its disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import JUMP, STEADY_AFTER_S, SteadyClock
from engine.watching import DiskWatch
from tests.town import town


class _Machine:
    """A wall clock that somebody sets, and the time since boot, which nobody does."""

    def __init__(self) -> None:
        self.boot, self.off = 1000.0, 1.7e9
        self.clock = SteadyClock(lambda: self.boot + self.off, lambda: self.boot)


@given(st.floats(-7 * 86400, 7 * 86400), st.floats(0, STEADY_AFTER_S * 3))
def test_a_jump_is_seen_told_once_and_waited_out(jump: float, later: float) -> None:
    """Beyond five minutes, forward or back, timers wait two even minutes; smaller corrections are taken as they are."""
    machine = _Machine()
    machine.off += jump
    far = abs(jump) > JUMP.total_seconds() + 0.001
    near = abs(jump) < JUMP.total_seconds() - 0.001
    if far:
        assert not machine.clock.steady()
        assert abs(machine.clock.jumped().total_seconds() - jump) < 0.001
        assert not machine.clock.jumped()
        machine.boot += later
        assert machine.clock.steady() is (later >= STEADY_AFTER_S)
    if near:
        assert machine.clock.steady()
        assert not machine.clock.jumped()


def test_small_steps_add_up() -> None:
    """A clock that creeps away is a jump too, once it is five minutes off."""
    machine = _Machine()
    seen = []
    for _ in range(10):
        machine.off += 60
        machine.boot += 1
        seen.append(machine.clock.steady())
    assert seen == [True] * 5 + [False] * 5


def test_a_machine_that_slept_did_not_jump() -> None:
    """Time since boot counts the sleep, so both clocks went on alike."""
    machine = _Machine()
    machine.boot += 8 * 3600
    assert machine.clock.steady()


async def test_no_timer_fires_while_the_clock_is_not_trusted(tmp_path: Path) -> None:
    """The next rung waits for the clock, and goes out once it is steady."""
    async with town(tmp_path) as t:
        await t.order()
        trusted = False
        t.house.timers.trusted = lambda: trusted
        t.leap(hours=4, minutes=1)
        await asyncio.sleep(0.3)
        assert t.got("whatsapp") == []
        trusted = True
        await asyncio.sleep(1.1)
        await t.settle()
        assert len(t.got("whatsapp")) == 1


@pytest.mark.parametrize(("free", "told"), [(499, 1), (501, 0)])
async def test_a_full_disk_is_told_in_time(tmp_path: Path, free: int, told: int) -> None:
    """Below half a gigabyte the owner of each house hears of it."""
    async with town(tmp_path) as t:
        watch = DiskWatch(t.house.engine, str(tmp_path / "town.db"), lambda folder: free)
        assert [trouble.values for trouble in await watch.look()] == [{"free_mb": free}] * told
