"""What was kept long enough goes, by kind and by the shop's wish; what is still of use stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.people_data import Named, exported
from engine.ports import Kept
from flows import pointers
from tests import servers
from tests.stories.customers import lived, past, remembered
from tests.town import ANA_PHONE, Town, town
from tests.town_settings import SETTINGS

KEEP = "privacy: {keep_conversations: 30d, keep_journal: 10d, keep_history: 90d, keep_bodies: 3d}\nlimits: {first_sms_per_number_day: null}"


@pytest.fixture(params=["sqlite", "mongodb"])
def settings(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield SETTINGS
        return
    with servers.mongodb() as server, servers.database(server) as url:
        yield SETTINGS.replace("sqlite:///{path}", url)


@pytest.fixture
async def t(tmp_path: Path, settings: str) -> AsyncIterator[Town]:
    async with town(tmp_path, more=KEEP, settings=settings) as here:
        here.house.retention._pause_s = 0
        yield here


async def test_a_conversation_goes_when_it_rested_long_enough(t: Town) -> None:
    """A day too early it stays; then it is blank, and its customer is a stranger who is served as any other."""
    order = await lived(t)
    conversation = (await t.conversation(order)).id
    await t.skip(hours=24 * 29)
    assert (await t.house.retention.run())["conversations"] == 0
    await t.skip(hours=48)
    assert (await t.house.retention.run())["conversations"] == 1
    assert (await t.house.retention.run())["conversations"] == 0  # once
    left = await t.house.store.load(pointers.conversation(conversation))
    assert b"Ana" not in repr(left).encode()
    assert await t.house.store.load(pointers.phone("demo", ANA_PHONE)) is None
    again = await t.order()
    assert await t.state(again) in ("pending", "confirmed")


async def test_whoever_waits_for_something_is_kept(t: Town) -> None:
    """An open order, however old, keeps its conversation."""
    order = await t.order()
    await t.skip(hours=24 * 40)
    assert (await t.house.retention.run())["conversations"] == 0
    assert await t.state(order) in ("flagged", "held")


async def test_a_stop_outlives_its_conversation(t: Town) -> None:
    """Who said STOP and was let go is not written to when they order again."""
    await lived(t)
    await t.sms("STOP")
    await t.skip(hours=24 * 31)
    assert (await t.house.retention.run())["conversations"] == 1
    got = len(t.got("sms"))
    await t.order()
    assert len(t.got("sms")) == got


async def test_old_orders_leave_the_history_and_its_counts(t: Town) -> None:
    """Past the time that the shop set; younger ones still tell who somebody is."""
    await remembered(t, past(t, "OLD", "paid", days_ago=91), past(t, "NEW", "refused", days_ago=89, fault="customer"))
    assert (await t.house.retention.run())["history"] == 1
    shown = await exported(t.house.store, t.house.policies, Named(phone=ANA_PHONE))
    assert [row["order"]["fields"]["id"] for row in shown["shops"]["demo"]["history"]] == ["NEW"]
    counts = await t.house.store.history_counts("demo")
    assert sum(counts.values()) == 1


async def test_unreadable_bodies_go_first(t: Town) -> None:
    """After three days, and not before."""
    for n, days in enumerate((2, 4)):
        at = t.clock.now() - timedelta(days=days)
        await t.house.store.keep(Kept(f"x{n}", "twilio/message", at, "torn", b"+34600000001", {}))
    assert (await t.house.retention.run())["bodies"] == 1
    assert [kept.id for kept in await t.house.store.kept()] == ["x0"]


async def test_old_lines_of_a_conversation_that_lives_on_go(t: Town) -> None:
    """The journal store keeps ten days of it here; the tail in the document stays."""
    for _ in range(8):
        order = await lived(t)
        await t.skip(hours=1)
    assert len(await t.story(order)) > 45
    await t.skip(hours=24 * 20)
    fresh = await lived(t)
    assert (await t.house.retention.run())["journal"] >= 1
    story = await t.story(fresh)
    assert len(story) <= 45
    assert "order.placed" in story


async def test_for_ever_is_for_ever(tmp_path: Path) -> None:
    """With null nothing goes."""
    never = "privacy: {keep_conversations: null, keep_journal: null, keep_history: null, keep_bodies: null}"
    async with town(tmp_path, more=never) as t:
        await lived(t)
        await t.skip(hours=24 * 800)
        assert not any((await t.house.retention.run()).values())


async def test_the_night_round_comes_by_itself(tmp_path: Path) -> None:
    """An hour after the start, and then once a day, without anybody asking."""
    async with town(tmp_path, more=KEEP) as t:
        await lived(t)
        await t.house.look_around()
        await t.skip(hours=24 * 31)
        await t.house.look_around()
        assert t.house.retention._running is not None
        await t.house.retention._running
        assert await t.house.store.load(pointers.phone("demo", ANA_PHONE)) is None
