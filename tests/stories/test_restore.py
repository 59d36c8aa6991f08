"""A backup made while serving, an hour of life, a crash, a restore: nobody hears anything twice, and what providers know is found."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from storage.sqlite_backup import back_up, restore
from tests.town import ANA_PHONE, Town, town
from tests.town_backup import KEYS, disk_dies, rounds

OPEN = "risk: {enabled: false}\nlimits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"


def _phone(n: int) -> str:
    return f"+346000{n:05d}"


def _twice(t: Town) -> list[tuple[str, str]]:
    """(address, text) that somebody got more than once."""
    return [
        said for said, n in Counter((r.to, r.text) for r in t.world.ledger if r.provider in ("twilio", "smtp")).items()
        if n > 1
    ]  # fmt: skip


async def test_the_rehearsal(tmp_path: Path) -> None:
    """Questions, answers, changes of mind and rungs of the lost hour: no text comes twice, every answer counts in the end."""
    copy = tmp_path / "copy.db"
    async with town(tmp_path, more=OPEN) as t:
        await rounds(t, 2)
        orders = {n: await t.order(phone=_phone(n), email=f"c{n}@example.com") for n in range(12)}
        await t.sms("1", _phone(0))
        await t.skip(hours=3, minutes=30)
        back_up(str(tmp_path / "town.db"), KEYS, str(copy), t.clock.now())
        bodies = []
        for n in range(1, 5):  # answers after the backup
            await t.sms("1" if n < 3 else "CANCEL", _phone(n))
        for n in range(12, 16):  # orders after the backup
            bodies.append(t.an_order(phone=_phone(n), email=f"c{n}@example.com"))
            assert (await t.api("POST", "/orders", bodies[-1]))[0] == 202
            await t.settle()
        await rounds(t, 60)  # the WhatsApp rung of those who were silent falls into this hour
        await t.sms("1", _phone(12))
        await t.whatsapp("yes", _phone(6))
        await rounds(t, 4)
        before = {n: await t.state(order) for n, order in orders.items()}
        got = Counter((r.to, r.channel) for r in t.world.ledger)
        assert "whatsapp" in {channel for _, channel in got}
        assert _twice(t) == []

        await disk_dies(t, tmp_path, copy)
        for body in bodies:  # the shop tells its orders again, as the command asks
            assert (await t.api("POST", "/orders", body))[0] in (200, 202)
        await rounds(t, 30)
        assert _twice(t) == []
        assert {n: await t.state(order) for n, order in orders.items()} == before
        assert {await t.state(body["id"]) for body in bodies} == {
            "pending"
        }  # an answer to a lost order is asked for again
        now = Counter(
            (r.to, r.channel) for r in t.world.ledger if r.to != _phone(12) and r.channel in ("sms", "whatsapp")
        )
        assert now == Counter({key: got[key] for key in now})
        fresh = await t.order(phone=_phone(50), email="c50@example.com")  # life goes on
        assert len(t.got("sms", _phone(50))) == 1
        assert await t.state(fresh) == "pending"


async def test_what_cannot_be_asked_about_is_not_sent_again(tmp_path: Path) -> None:
    """A mail server keeps no list: a mail that may have gone is left to the next rung, and mail for a new order goes out."""
    mail = OPEN + "\nconfirmation: {ladder: [{channel: email, wait: 1h}, {channel: staff, wait: 24h}]}"
    copy = tmp_path / "copy.db"
    async with town(tmp_path, more=mail) as t:
        await rounds(t, 2)
        back_up(str(tmp_path / "town.db"), KEYS, str(copy), t.clock.now())
        body = t.an_order()
        assert (await t.api("POST", "/orders", body))[0] == 202
        await t.settle()
        assert len(t.mails()) == 1
        await disk_dies(t, tmp_path, copy)
        assert (await t.api("POST", "/orders", body))[0] == 202
        await rounds(t, 120, 10)
        assert len(t.mails()) == 1
        assert await t.state(body["id"]) == "flagged"
        await t.skip(seconds=1)
        await t.order(email="new@example.com", phone=_phone(3))
        assert len(t.mails("new@example.com")) == 1


async def test_a_provider_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """While Twilio's list does not answer, nothing that may have been sent before goes out; afterwards it is found there."""
    copy = tmp_path / "copy.db"
    async with town(tmp_path, more=OPEN) as t:
        await rounds(t, 2)
        order = await t.order()
        back_up(str(tmp_path / "town.db"), KEYS, str(copy), t.clock.now())
        await t.sms("1")
        assert len(t.got("sms")) == 2
        await t.close_house()
        t.leap(minutes=5)
        restore(str(copy), KEYS, str(tmp_path / "town.db"), t.clock.now(), force=True)
        await t.open_house()
        for _ in range(3):  # the answer is fetched again, its thanks are in doubt
            await t.skip(minutes=1)
            await t.house.reconciler.sweep()
            t.breaks("twilio", "status", "Messages.json", times=1, status=503)
            await t.settle()
        t.world.mend("twilio")
        await rounds(t, 20)
        assert await t.state(order) == "confirmed"
        assert len(t.got("sms")) == 2


async def test_the_owner_hears_of_the_restore_once(tmp_path: Path) -> None:
    """In plain words, and not again after another start."""
    copy = tmp_path / "copy.db"
    async with town(tmp_path, telegram=True) as t:
        back_up(str(tmp_path / "town.db"), KEYS, str(copy), t.clock.now())
        await disk_dies(t, tmp_path, copy)
        await t.close_house()
        await t.open_house()
        told = [text for text in t.owner_texts() if "restored from a backup" in text]
        assert len(told) == 1
        assert ANA_PHONE not in told[0]


async def test_without_the_epoch_the_same_hour_sends_twice(tmp_path: Path) -> None:
    """The judge bites: the same copy put in place by hand repeats what was said."""
    copy = tmp_path / "copy.db"
    async with town(tmp_path, more=OPEN) as t:
        await rounds(t, 2)
        await t.order()
        back_up(str(tmp_path / "town.db"), KEYS, str(copy), t.clock.now())
        await t.sms("1")
        await t.close_house()
        for file in tmp_path.glob("town.db*"):
            file.unlink()
        await asyncio.to_thread(lambda: (tmp_path / "town.db").write_bytes(copy.read_bytes()))
        t.leap(timedelta(minutes=5).total_seconds() / 3600)
        await t.open_house()
        await rounds(t, 10)
        assert _twice(t)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")
