"""Promises to customers: reminded before they break, escalated beyond Telegram, and counted when they broke all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.world import Fault
from tests.stories.test_complaints import COMPLAINT, pings, press
from tests.town import OLGA, SETTINGS, Town, local, town

#: The owner with a phone and a mailbox of her own.
WITH_PHONE = SETTINGS.replace("role: owner}}", 'role: owner, phone: "+34600000111", email: olga@example.com}}')
OLGA_PHONE = "+34600000111"


def when(t: Town, part: str, to: str = str(OLGA)) -> list[timedelta]:
    """How long after the town's first moment texts with this part arrived there."""
    start = local("2026-11-23 11:00")
    return [r.at - start for r in t.world.texts(to) if part in r.text]


async def complained(t: Town) -> str:
    order = await t.order()
    await t.sms("yes")
    await t.sms(COMPLAINT)
    await t.skip(seconds=5)
    return order


async def test_nobody_takes_it(tmp_path: Path) -> None:
    """Pinged within seconds, again after 15 minutes, by SMS after 30, and again by SMS later; taken, it is quiet."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE) as t:
        await complained(t)
        assert when(t, "complains about order")[0] < timedelta(seconds=10)
        await t.skip(minutes=16)
        (again,) = when(t, "nobody has taken it")
        assert timedelta(minutes=15) <= again < timedelta(minutes=15, seconds=10)
        assert not t.got("sms", OLGA_PHONE)
        await t.skip(minutes=15)
        assert "complaints without an answer: 1 (order 1001)" in t.last("sms", OLGA_PHONE)
        await t.skip(1)
        assert len(t.got("sms", OLGA_PHONE)) == 2
        assert await press(t, "🙋 Take") == "Done."
        await t.skip(minutes=70)
        assert len(t.got("sms", OLGA_PHONE)) == 2, "whoever has taken it is reminded, not shouted at"


async def test_a_promise_is_reminded_and_escalated_before_it_breaks(tmp_path: Path) -> None:
    """Taken and forgotten: a reminder half an hour before the promised moment, an SMS ten minutes before, then it is broken and noted."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE) as t:
        order = await complained(t)
        await press(t, "🙋 Take")
        await t.skip(hours=4.2)
        due = timedelta(hours=4)  # a Monday, 11:00: answered by 15:00
        (soon,) = when(t, "it is due soon")
        (last,) = when(t, "complaints without an answer", OLGA_PHONE)
        (broken,) = when(t, "nobody has answered")
        assert due - timedelta(minutes=31) < soon < last < due <= broken
        assert any("is due soon" in x for x in t.group_texts())
        story = await t.story(order)
        assert story.index("promise.reminded") < story.index("promise.broken")
        assert "promise.kept" not in story


async def test_an_answer_in_time_is_a_promise_kept(tmp_path: Path) -> None:
    """A reply before the promised moment: kept, noted once, and no reminder comes."""
    async with town(tmp_path, telegram=True) as t:
        order = await complained(t)
        await t.tg.says(OLGA, None, "Sorry! We send another one.", pings(t)[-1])  # type: ignore[arg-type]
        await t.skip(hours=30)
        story = await t.story(order)
        assert story.count("promise.kept") == 1
        assert "promise.broken" not in story
        assert not when(t, "due soon")


async def test_a_weekend_is_no_broken_promise(tmp_path: Path) -> None:
    """Complained on Saturday, with the shop open from Monday: the answer is promised for Monday, inside the hours."""
    async with town(tmp_path, telegram=True, start=local("2026-11-28 12:00")) as t:
        order = await complained(t)
        (complaint,) = (await t.conversation(order)).complaints
        assert complaint.promise_by == local("2026-11-30 13:00")
        await t.skip(24)
        assert "promise.broken" not in await t.story(order)


async def test_telegram_is_down(tmp_path: Path) -> None:
    """Nobody's Telegram takes the ping: after two minutes the owner's phone rings; the customer was answered at once."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE) as t:
        t.world.break_it("telegram", Fault("status", status=502, times=-1))
        await complained(t)
        assert "will answer you by" in t.last("sms")
        await t.skip(minutes=3)
        assert "complaints without an answer: 1" in t.last("sms", OLGA_PHONE)
        t.world.mend("telegram")
        await t.skip(minutes=5)
        assert any("complain" in x for x in t.owner_texts()), "nothing is lost: the ping comes when Telegram is back"


@pytest.mark.parametrize("fact", ["invalid", "unknown"])
async def test_where_no_text_arrives_the_owner_gets_mail(tmp_path: Path, fact: str) -> None:
    """The owner's number is refused, at once or in a later receipt: the alert goes by mail."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE) as t:
        t.world.phones[OLGA_PHONE] = {fact}
        await complained(t)
        await t.skip(minutes=40)
        assert not t.got("sms", OLGA_PHONE)
        assert any("complaints without an answer" in r.text for r in t.mails("olga@example.com"))


async def test_a_busy_channel_is_passed_by(tmp_path: Path) -> None:
    """The SMS sender is an hour behind: within ten minutes the customer hears on another channel that a person will answer."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        await t.sms("yes")
        for n in range(700):
            await t.api("POST", "/orders", t.an_order(phone=f"6110{n:05d}"))
        await t.sms(COMPLAINT)
        at = t.clock.now()
        await t.skip(minutes=10)
        heard = [r for r in t.world.ledger if "will answer you by" in r.text]
        assert heard
        assert heard[0].at - at <= timedelta(minutes=10)
