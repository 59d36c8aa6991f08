"""A new encryption_key: both are read while it goes on, it may be broken off, and afterwards the old one opens nothing."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner

import run
from engine.people_data import Named, erased
from engine.settings import build
from engine.settings.document import parse
from engine.tokens import Tokens
from flows import pointers
from storage import sqlite_keys
from storage.sealing import Sealer, WrongKey
from storage.sqlite import SqliteStore
from storage.sqlite_backup import back_up, examine
from storage.sqlite_keys import rotate_file
from tests.flows.test_tokens import holding
from tests.stories.customers import lived
from tests.town import ANA_PHONE, Town, town
from tests.town_settings import ENV

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
OTHER = bytes(range(2, 34))


def _opened(path: Path, key: bytes, *old: bytes) -> SqliteStore:
    store = SqliteStore(str(path), key, old_keys=old)
    store.open()
    return store


async def _new_key(t: Town) -> None:
    """Restart with the new key and the old one beside it, as the page on operations says."""
    await t.close_house()
    former = t.settings.storage
    env = ENV | {"KEY": base64.b64encode(NEW).decode(), "OLDKEY": base64.b64encode(OLD).decode()}
    text = t.text.replace('encryption_key: "${KEY}"', 'encryption_key: "${KEY}", old_keys: ["${OLDKEY}"]')
    t.settings = build(parse(text), env)
    assert former.key() == OLD
    assert t.settings.storage.former_keys() == (OLD,)
    await t.open_house()


async def test_life_goes_on_under_two_keys(tmp_path: Path) -> None:
    """Restarted with both keys: known customers are found, links work, answers count, old and new, before and after the rotation;
    then the new key alone opens the file and the old one does not."""
    path = tmp_path / "town.db"
    async with town(tmp_path) as t:
        closed = await lived(t)
        order = await t.order()
        await _new_key(t)
        assert await t.sms("1") == 200
        assert await t.state(order) == "confirmed"
        fresh = await t.order(phone="+34600000077", email="f@example.com")
        rotate_file(str(path), (NEW, OLD), lambda kind, many: None)
        await t.sms("CANCEL", "+34600000077")
        assert await t.state(fresh) == "cancelled"
        again = await t.order()
        assert (await t.conversation(again)).id == (await t.conversation(closed)).id
    store = _opened(path, NEW)
    assert await store.load(pointers.phone("demo", ANA_PHONE)) is not None
    await store.close()
    with pytest.raises(WrongKey):
        _opened(path, OLD)


async def test_a_rotation_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each page both keys still read everything, and the next run wraps only what is left."""
    path = tmp_path / "town.db"
    more = "limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}"
    async with town(tmp_path, more=more) as t:
        orders = [await t.order(phone=f"+346000{n:05d}", email=f"c{n}@example.com") for n in range(9)]
    monkeypatch.setattr(sqlite_keys, "PAGE", 4)

    class _Enough(Exception):
        pass

    def once(kind: str, many: int) -> None:
        raise _Enough

    with pytest.raises(_Enough):
        rotate_file(str(path), (NEW, OLD), once)
    store = _opened(path, NEW, OLD)
    assert all([await store.load(pointers.order("demo", order)) is not None for order in orders])
    await store.close()
    assert rotate_file(str(path), (NEW, OLD), lambda kind, many: None) == 10 - 4 + 0
    assert rotate_file(str(path), (NEW, OLD), lambda kind, many: None) == 0


async def test_a_stop_of_an_erased_person_outlives_two_keys(tmp_path: Path) -> None:
    """Nothing but a hash is left of them, and it is found under each later key."""
    path = tmp_path / "town.db"
    async with town(tmp_path) as t:
        await lived(t)
        await t.sms("STOP")
        await erased(t.house.store, t.house.policies, Named(phone=ANA_PHONE), t.clock.now())  # type: ignore[arg-type]
    rotate_file(str(path), (NEW, OLD), lambda kind, many: None)
    rotate_file(str(path), (OTHER, NEW), lambda kind, many: None)
    store = _opened(path, OTHER)
    assert await store.load(pointers.phone("demo", ANA_PHONE)) is not None
    await store.close()


async def test_backups_open_with_the_key_of_their_time(tmp_path: Path) -> None:
    """One made before the change opens while the old key is known; one made after it, with the new key alone."""
    path, before, after = tmp_path / "town.db", str(tmp_path / "before.db"), str(tmp_path / "after.db")
    async with town(tmp_path) as t:
        await t.order()
        back_up(str(path), (OLD,), before, t.clock.now())
        rotate_at = t.clock.now()
    rotate_file(str(path), (NEW, OLD), lambda kind, many: None)
    back_up(str(path), (NEW,), after, rotate_at)
    assert examine(after, (NEW,)).orders == examine(before, (NEW, OLD)).orders == 1
    with pytest.raises(WrongKey):
        examine(before, (NEW,))


async def test_a_serve_that_knows_only_the_old_key_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says to restart serve with both keys first; without old_keys it says what is missing."""
    config = tmp_path / "config.yaml"
    text = f"""
public_url: http://127.0.0.1:8080
storage: {{url: "sqlite:///{tmp_path}/town.db", encryption_key: "${{KEY}}"OLDKEYS}}
shops:
  - {{id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}}
"""
    monkeypatch.setenv("KEY", base64.b64encode(NEW).decode())
    monkeypatch.setenv("FORMER", base64.b64encode(OLD).decode())
    async with town(tmp_path) as t:
        await t.order()
        config.write_text(text.replace("OLDKEYS", ""))
        result = CliRunner().invoke(run.main, ["--config", str(config), "rotate-key"])
        assert result.exit_code == 1
        assert "old_keys is empty" in result.output
        config.write_text(text.replace("OLDKEYS", ', old_keys: ["${FORMER}"]'))
        result = CliRunner().invoke(run.main, ["--config", str(config), "rotate-key"])
        assert result.exit_code == 1
        assert "restart it with encryption_key and old_keys" in result.output
        assert await t.sms("1") == 200  # untouched
    result = CliRunner().invoke(run.main, ["--config", str(config), "rotate-key"])
    assert result.exit_code == 0, result.output
    assert "Wrapped anew: " in result.output


def test_wrapped_keys_tell_who_wrapped_them() -> None:
    """The same document key under the new one; what is wrapped by it already stays as it is."""
    old, both, new = Sealer(OLD), Sealer(NEW, (OLD,)), Sealer(NEW)
    wrapped = old.new_key()
    sealed = old.seal(wrapped, b"words")
    fresh = both.rewrapped(wrapped)
    assert fresh is not None
    assert new.open(fresh, sealed) == both.open(wrapped, sealed) == b"words"
    assert both.rewrapped(fresh) is None
    with pytest.raises(WrongKey):
        new.open(wrapped, sealed)


def test_links_of_the_old_key_lead_on() -> None:
    """A token made under the old key is recognised while that key is named, and not without it."""
    conversation = holding(("1001", 1))
    made = Tokens(OLD).make(conversation.id, "1001", 1, "sms")
    assert Tokens(NEW, (OLD,)).find(made, conversation) is not None
    assert Tokens(NEW).find(made, conversation) is None
