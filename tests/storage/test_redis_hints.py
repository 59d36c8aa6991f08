"""Hints between processes through Redis: they arrive, they may all be lost, and they tell nobody a phone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from engine.bursts_shared import SharedBursts
from engine.lanes import Lane
from storage.redis_hints import CHANNEL, RedisHints
from tests import servers
from tests.contracts.tiny import KEY

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if os.environ.get("REDIS_URL"):
        yield os.environ["REDIS_URL"]
        return
    with servers.redis_server() as server:
        yield f"redis://127.0.0.1:{server.port}"


@contextlib.asynccontextmanager
async def hints(url: str, *names: str) -> AsyncIterator[list[RedisHints]]:
    made = [RedisHints(url, KEY, name) for name in names]
    for one in made:
        await one.start()
    await servers.until(lambda: all(all(one._up[part] for part in ("hear", "tell", "pace")) for one in made))
    yield made
    for one in made:
        await one.stop()


async def test_a_timer_set_here_wakes_the_others(url: str) -> None:
    """Everybody but the one who told hears of a moment."""
    async with hints(url, "a", "b", "c") as (a, b, c):
        heard: list[str] = []
        for name, one in (("a", a), ("b", b), ("c", c)):
            one.on_wake = lambda at, name=name: heard.append(name) if at == NOW else None  # type: ignore[misc]
        a.wake(NOW)
        await servers.until(lambda: len(heard) == 2)
        await asyncio.sleep(0.05)
        assert sorted(heard) == ["b", "c"]


async def test_one_pace_for_all(url: str) -> None:
    """Two processes that send as fast as they may keep one sender's pace between them: 10 a second in sum, not 20."""
    async with hints(url, "a", "b") as both:
        lanes = [Lane("sms:+34911000001", 10.0) for _ in both]
        for lane, one in zip(lanes, both, strict=True):
            lane.on_charge = one.charge
        start, sent = datetime.now(UTC), 0
        while (now := datetime.now(UTC)) - start < timedelta(seconds=1.5):
            for lane in lanes:
                if lane.next_permit(now) <= now:
                    lane.charge(1.0, now)
                    sent += 1
            await asyncio.sleep(0.005)
        assert 11 <= sent <= 19, sent


async def test_bursts_are_counted_together(url: str) -> None:
    """What one process counted, the others count too."""
    async with hints(url, "a", "b") as (a, b):
        counts = [SharedBursts(timedelta(hours=1), "prefixes", one) for one in (a, b)]
        a.on_burst, b.on_burst = counts[0].heard, counts[1].heard
        for _ in range(3):
            counts[0].add("demo|+3460000", NOW)
        assert counts[1].add("demo|+3460000", NOW) >= 1
        await servers.until(lambda: all(c.count("demo|+3460000", NOW) == 4 for c in counts))
        assert counts[0].count("demo|+3460001", NOW) == 0


async def test_no_name_goes_through_redis(url: str) -> None:
    """Neither keys nor messages hold a phone number."""
    async with hints(url, "a") as (a,), Redis.from_url(url) as redis, redis.pubsub() as listening:
        await listening.subscribe(CHANNEL)
        lane = Lane("sms:+34911000001", 10.0)
        lane.on_charge = a.charge
        lane.charge(1.0, NOW)
        SharedBursts(timedelta(hours=1), "prefixes", a).add("demo|+3460000", NOW)
        await servers.until(lambda: redis.keys("doorstep:pace:*"))
        said = repr(await redis.keys("*"))
        while (message := await listening.get_message(timeout=0.5)) is not None:
            said += repr(message["data"])
        assert "prefixes" in said
        assert "911000001" not in said
        assert "3460000" not in said


async def test_redis_may_lose_everything_and_die_and_come_back() -> None:
    """FLUSHALL goes unnoticed; a dead server is said to be down, costs no error, and is found again by itself."""
    with servers.redis_server() as server:
        url = f"redis://127.0.0.1:{server.port}"
        async with hints(url, "a", "b") as (a, b):
            heard: list[datetime] = []
            b.on_wake = heard.append
            lane = Lane("sms:x", 10.0)
            lane.on_charge = a.charge
            async with Redis.from_url(url) as redis:
                await redis.flushall()
            lane.charge(1.0, NOW)
            a.wake(NOW)
            await servers.until(lambda: len(heard) == 1)
            assert a.up
            server.kill()
            lane.charge(1.0, NOW)
            a.wake(NOW)
            await servers.until(lambda: not a.up)
            lane.charge(1.0, NOW)
            server.start()
            await servers.until(lambda: a.up and a._up["tell"] and b._up["hear"])
            a.wake(NOW)
            await servers.until(lambda: len(heard) >= 2)


async def test_no_redis_at_all_is_only_slower() -> None:
    """Nothing to connect to: every call returns at once and does nothing."""
    one = RedisHints(f"redis://127.0.0.1:{servers.free_port()}", KEY, "a")
    await one.start()
    one.wake(NOW)
    one.burst("prefixes", one.blur("x"), NOW)
    lane = Lane("sms:x", 10.0)
    one.charge(lane, 1.0, NOW)
    await asyncio.sleep(0.1)
    assert not one.up
    await one.stop()
