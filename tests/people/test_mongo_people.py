"""One person's data on MongoDB: shown whole, erased for good, as on SQLite; and a change of the encryption_key.

Run against MONGODB_URL, else against FerretDB (see tests/servers.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

import run
from engine.people_data import Named, Unfinished, erased, exported
from engine.ports import Kept
from flows import pointers
from storage.mongo import MongoStore
from storage.sealing import WrongKey
from tests import servers
from tests.stories.customers import lived
from tests.town import ANA_PHONE, Town, town
from tests.town_settings import ENV, SETTINGS

WHO = Named(phone="600 000 001")
OLD, NEW = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with servers.mongodb() as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    with servers.database(server) as made:
        yield made


def settings_for(url: str) -> str:
    return SETTINGS.replace("sqlite:///{path}", url)


async def told(t: Town) -> Any:
    return await exported(t.house.store, t.house.policies, WHO)


def stored(url: str) -> dict[str, list[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](url) as client:
        db = client.get_default_database()
        return {name: list(db[name].find({})) for name in db.list_collection_names()}


async def test_an_erased_person_is_gone(tmp_path: Path, url: str) -> None:
    """Conversation, journal, history, unread bodies and look-up names go; others keep theirs, and late news brings nobody back."""
    async with town(tmp_path, settings=settings_for(url)) as t:
        order = await lived(t)
        other = await lived(t, phone="+34655218403", email="luis@example.com", name="Luis Gil")
        await t.house.store.keep(Kept("x1", "shopify/demo", t.clock.now(), "torn", b'{"phone": "+34 600 000 001"', {}))
        mine = await t.conversation(order)
        before = stored(url)
        shown = (await told(t))["shops"]["demo"]
        assert shown["conversations"][0]["journal"]
        assert shown["history"]
        old = next(row for row in before["conversation"] if row["_id"] == mine.id)
        done = await erased(t.house.store, t.house.policies, WHO, t.clock.now())
        assert (done.conversations, done.history, done.bodies) == (1, 1, 1)
        assert await told(t) == {"shops": {}, "unreadable_bodies": []}
        after = stored(url)
        fresh = next(row for row in after["conversation"] if row["_id"] == mine.id)
        assert fresh["key"] != old["key"]
        assert not [row for row in after.get("journal", []) if row["c"] == mine.id]
        assert after["kept"] == []
        led = {row["_id"] for row in after["pointer"] if row["c"] == mine.id}
        assert led == {t.house.store._hash(pointers.order("demo", order))}  # type: ignore[union-attr]
        assert await t.house.store.load(pointers.phone("demo", ANA_PHONE)) is None
        assert await t.state(other) == "delivered"
        await t.report(order, "delivered")
        assert await told(t) == {"shops": {}, "unreadable_bodies": []}


async def test_who_is_owed_a_parcel_is_not_erased(tmp_path: Path, url: str) -> None:
    """An open order is named, and nothing is erased."""
    async with town(tmp_path, settings=settings_for(url)) as t:
        order = await t.order()
        before = stored(url)
        with pytest.raises(Unfinished, match=order):
            await erased(t.house.store, t.house.policies, WHO, t.clock.now())
        after = stored(url)
        assert {k: after[k] for k in ("conversation", "pointer")} == {k: before[k] for k in ("conversation", "pointer")}


async def test_a_changed_key_reads_the_old_data_and_then_needs_no_old_key(tmp_path: Path, url: str) -> None:
    """Both are read meanwhile, every look-up finds, and afterwards the new key alone opens everything."""
    async with town(tmp_path, settings=settings_for(url)) as t:
        order = await t.order()
    with pytest.raises(WrongKey):
        await _loads(url, NEW, (), order)
    assert await _loads(url, NEW, (OLD,), order)
    with pytest.raises(WrongKey):  # taken over, not wrapped anew yet
        await _loads(url, NEW, (), order)
    store = MongoStore(url, NEW, old_keys=(OLD,))
    assert await store.rotate(lambda kind, many: None) >= 2
    assert await store.rotate(lambda kind, many: None) == 0
    await store.close()
    assert await _loads(url, NEW, (), order)
    with pytest.raises(WrongKey):
        await _loads(url, OLD, (), order)


async def _loads(url: str, key: bytes, old: tuple[bytes, ...], order: str) -> bool:
    store = MongoStore(url, key, old_keys=old)
    try:
        found = await store.load(pointers.order("demo", order))
        return found is not None and await store.load(pointers.phone("demo", ANA_PHONE)) == found
    finally:
        await store.close()


async def test_the_commands_speak_of_it_as_on_sqlite(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """export-customer and erase-customer work on MongoDB."""
    async with town(tmp_path, settings=settings_for(url)) as t:
        await lived(t)
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
public_url: http://127.0.0.1:8080
storage: {{url: "{url}", encryption_key: "${{KEY}}"}}
shops:
  - {{id: demo, name: Demo Shop, language: en, country: ES, currency: EUR, timezone: Europe/Madrid}}
""",
        encoding="utf-8",
    )
    monkeypatch.setenv("KEY", ENV["KEY"])

    def called(*words: str) -> Any:
        return CliRunner().invoke(run.main, ["--config", str(config), *words])

    shown = await asyncio.to_thread(called, "export-customer", "--phone", "600000001")
    assert shown.exit_code == 0, shown.output
    assert msgspec.json.decode(shown.output)["shops"]["demo"]["history"]
    done = await asyncio.to_thread(called, "erase-customer", "--phone", "600000001", "--yes")
    assert done.output.startswith("Erased: 1 conversation(s), 1 past order(s)")
    shown = await asyncio.to_thread(called, "export-customer", "--phone", "600000001")
    assert msgspec.json.decode(shown.output)["shops"] == {}
