"""Backups of a SQLite store: made while it is written, checked, and put back only where nothing is lost."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner

import run
from engine.ports import OurFault, StoreUnavailable
from storage.serving_lock import ServingLock
from storage.sqlite_backup import NewerData, NoBackup, back_up, examine, restore
from tests.town import ENV, town

SECRET = (bytes(range(32)),)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_a_copy_made_under_load_is_whole(tmp_path: Path) -> None:
    """While orders come in, a copy holds every order that was acknowledged before it began, and passes the check."""
    more = "limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
    async with town(tmp_path, more=more) as t:
        for n in range(10):
            await t.order(phone=f"+3460000{n:04d}")
        busy = asyncio.gather(*(t.api("POST", "/orders", t.an_order(phone=f"+3461000{n:04d}")) for n in range(30)))
        copy = tmp_path / "copy.db"
        made = await asyncio.to_thread(back_up, str(tmp_path / "town.db"), SECRET, str(copy), t.clock.now())
        await busy
        assert 10 <= made.orders <= 40
        assert examine(str(copy), SECRET) == made
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert not list(tmp_path.glob("*.part"))


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The database, its log and its index are mode 0600 from their first byte, whatever the umask."""
    import os

    before = os.umask(0)
    try:
        async with town(tmp_path) as t:
            await t.order()
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("town.db*")}
    finally:
        os.umask(before)
    assert {"town.db", "town.db-wal", "town.db-shm", "town.db.serving"} <= set(modes)
    assert set(modes.values()) == {0o600}


async def test_what_was_erased_is_not_in_a_later_copy(tmp_path: Path) -> None:
    """A copy has no free pages, so no byte of a row that was overwritten or deleted before."""
    async with town(tmp_path) as t:
        await t.order()
        db = apsw.Connection(str(tmp_path / "town.db"))
        (doc,) = next(iter(db.execute("SELECT doc FROM conversation ORDER BY n DESC LIMIT 1")))
        await t.sms("1")
        back_up(str(tmp_path / "town.db"), SECRET, str(tmp_path / "copy.db"), t.clock.now())
        assert doc not in (tmp_path / "copy.db").read_bytes()
        db.close()


async def test_data_that_changed_no_order_is_not_replaced_unasked_either(tmp_path: Path) -> None:
    """What a customer wrote within the same minute as the backup, without any order's state changing."""
    target, copy = str(tmp_path / "town.db"), str(tmp_path / "copy.db")
    async with town(tmp_path) as t:
        await t.order()
        back_up(target, SECRET, copy, t.clock.now() + timedelta(hours=1))
        await t.sms("who is this?")
        at = t.clock.now()
    with pytest.raises(NewerData, match="--force"):
        restore(copy, SECRET, target, at)
    back_up(target, SECRET, copy, at + timedelta(hours=1))
    made, _ = restore(copy, SECRET, target, at)
    assert made.orders == 1


async def test_newer_data_is_not_replaced_unasked(tmp_path: Path) -> None:
    """Refused with both times; with force it is replaced, and kept beside."""
    target, copy = str(tmp_path / "town.db"), str(tmp_path / "copy.db")
    async with town(tmp_path) as t:
        await t.order()
        back_up(target, SECRET, copy, t.clock.now())
        await t.skip(minutes=10)
        await t.order(phone="+34600000009")
        at = t.clock.now()
    before = Path(target).read_bytes()
    with pytest.raises(NewerData, match="--force"):
        restore(copy, SECRET, target, at)
    assert Path(target).read_bytes() == before
    made, kept = restore(copy, SECRET, target, at, force=True)
    assert made.orders == 1
    assert kept is not None
    assert kept.read_bytes() == before
    (mark,) = next(iter(apsw.Connection(target).execute("SELECT value FROM mark WHERE name = 'restored'")))
    assert '"epoch":1' in mark
    restore(copy, SECRET, target, at + timedelta(hours=1))
    (mark,) = next(iter(apsw.Connection(target).execute("SELECT value FROM mark WHERE name = 'restored'")))
    assert '"epoch":2' in mark


async def test_a_served_database_is_not_replaced(tmp_path: Path) -> None:
    """While a process serves the file a restore is refused, in plain words."""
    async with town(tmp_path) as t:
        back_up(str(tmp_path / "town.db"), SECRET, str(tmp_path / "copy.db"), t.clock.now())
        with pytest.raises(StoreUnavailable, match="serves"):
            restore(str(tmp_path / "copy.db"), SECRET, str(tmp_path / "town.db"), t.clock.now())


async def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    """A damaged copy, another installation's, the live file itself, something else, nothing: each is told apart."""
    target, copy = tmp_path / "town.db", tmp_path / "copy.db"
    async with town(tmp_path) as t:
        await t.order()
        back_up(str(target), SECRET, str(copy), t.clock.now())
    with pytest.raises(OurFault, match="encryption_key"):
        examine(str(copy), (bytes(32),))
    with pytest.raises(NoBackup, match="no backup"):
        examine(str(target), SECRET)
    with pytest.raises(NoBackup, match="no file"):
        examine(str(tmp_path / "nothing.db"), SECRET)
    text = tmp_path / "text.db"
    text.write_text("hello" * 1000)
    with pytest.raises(NoBackup):
        examine(str(text), SECRET)
    raw = bytearray(copy.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 4096] = bytes(4096)
    copy.write_bytes(raw)
    with pytest.raises(NoBackup):
        restore(str(copy), SECRET, str(target), NOW, force=True)
    lock = ServingLock(str(target))
    lock.take()  # a refused restore lets go of it
    lock.release()


async def test_the_commands_speak_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """backup and restore say what they did; a fault is one line and exit 1."""
    async with town(tmp_path) as t:
        await t.order()
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
public_url: http://127.0.0.1:8080
storage: {{url: "sqlite:///{tmp_path}/town.db", encryption_key: "${{KEY}}"}}
shops:
  - {{id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}}
""",
        encoding="utf-8",
    )
    monkeypatch.setenv("KEY", ENV["KEY"])

    def called(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(run.main, ["--config", str(config), *words])
        return result.exit_code, result.output

    copy = str(tmp_path / "copy.db")
    assert called("backup", copy) == (0, f"{copy}: 1 orders, 0.1 MB. Checked.\n")
    code, said = called("restore", copy)  # the town's time is ahead of the machine's
    assert code == 1
    assert said.count("\n") == 1
    assert "With --force" in said
    code, said = called("restore", copy, "--force")
    assert code == 0, said
    assert "Restored: 1 orders" in said
    code, said = called("restore", str(tmp_path / "none.db"))
    assert code == 1
    assert said.count("\n") == 1
    assert "there is no file" in said
