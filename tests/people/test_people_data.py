"""One person's data: shown whole, erased for good, and a stop that outlives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

import run
from engine.people_data import Named, Unfinished, Unreadable, erased, exported
from engine.ports import Kept
from flows import pointers
from tests.stories.customers import lived, past, remembered
from tests.town import ANA, ANA_PHONE, ENV, Town, town

WHO = Named(phone="600 000 001")


async def told(t: Town, named: Named = WHO) -> dict[str, Any]:
    return await exported(t.house.store, t.house.policies, named)  # type: ignore[arg-type]  # the town's store is SQLite


async def test_everything_is_shown(tmp_path: Path) -> None:
    """Conversation, orders, words, verdict with reasons, journal and history, whichever way the number is written."""
    async with town(tmp_path, telegram=True) as t:
        await remembered(t, past(t, "R1", "refused", fault="customer"))
        order = await t.order()
        await t.sms("where is my order?")
        await t.skip(seconds=5)
        for named in (WHO, Named(phone="+34 600-000-001"), Named(email="Ana@Example.com")):
            shown = (await told(t, named))["shops"]["demo"]
            assert [row["order"]["fields"]["id"] for row in shown["history"]] == ["R1"]
            (conversation,) = shown["conversations"]
            assert conversation["orders"][0]["fields"]["address"]["line1"] == "Calle Mayor 1"
            assert conversation["orders"][0]["verdict_reasons"][0].startswith("Parcels refused at the door: 1 (R1)")
            assert {"order.placed", "assessed"} <= {note["what"] for note in conversation["journal"]}
        assert (await told(t))["shops"]["demo"]["also_known_as"] == ["ana@example.com"]
        msgspec.json.encode(await told(t))
        assert order


async def test_a_stranger_is_unknown(tmp_path: Path) -> None:
    """Nothing is held: empty, and no error. What is no number or mailbox is said so."""
    async with town(tmp_path) as t:
        await t.order()
        assert (await told(t, Named(phone="+34655218403"))) == {"shops": {}, "unreadable_bodies": []}
        with pytest.raises(Unreadable, match="country code"):
            await told(t, Named(phone="12"))
        with pytest.raises(Unreadable, match="no e-mail"):
            await told(t, Named(email="ana"))


async def test_who_is_owed_a_parcel_is_not_erased(tmp_path: Path) -> None:
    """An open order is named, and nothing at all is erased."""
    async with town(tmp_path) as t:
        await remembered(t, past(t, "R1", "refused", fault="customer"))
        order = await t.order()
        with pytest.raises(Unfinished, match=order):
            await erased(t.house.store, t.house.policies, WHO, t.clock.now())  # type: ignore[arg-type]
        shown = (await told(t))["shops"]["demo"]
        assert len(shown["history"]) == len(shown["conversations"]) == 1


async def test_an_erased_person_is_gone(tmp_path: Path) -> None:
    """No name, number, mailbox, street or word of theirs is left in the export or in the file's rows; others keep theirs, and a
    late echo of the shop brings nobody back."""
    async with town(tmp_path, telegram=True) as t:
        order = await lived(t, reason="customer_refused")
        other = await lived(t, phone="+34655218403", email="luis@example.com", name="Luis Gil")
        await t.sms("please call my sister Carmen")
        await t.skip(hours=1)
        store = t.house.store
        body = b'{"phone": "+34 600 000 001", "broken'
        await store.keep(Kept("x1", "shopify/demo", t.clock.now(), "torn", body, {}))
        done = await erased(store, t.house.policies, WHO, t.clock.now())  # type: ignore[arg-type]
        assert (done.conversations, done.history, done.bodies) == (1, 1, 1)
        assert (await told(t)) == {"shops": {}, "unreadable_bodies": []}
        left = await store.load(pointers.order("demo", order))
        assert left is not None
        raw = msgspec.json.encode(left).decode()
        for secret in ("Ana", "600000001", "ana@example.com", "Mayor", "Carmen"):
            assert secret not in raw, secret
        assert [note.what for note in await store.journal(left.id)] == ["erased"]
        assert await store.load(pointers.phone("demo", ANA_PHONE)) is None
        assert (await t.get(other)).fields.name == "Luis Gil"
        await t.report(order, "delivered")
        await t.api("POST", "/orders", t.an_order(id=order))
        assert await store.load(pointers.phone("demo", ANA_PHONE)) is None
        again = await t.order()
        assert (await t.get(again)).verdict == "normal"
        assert "back" not in t.last("sms")


async def test_a_stop_outlives_the_person(tmp_path: Path) -> None:
    """Erased after STOP: found again by the number's hash alone, no text goes there; the ladder takes another channel."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("STOP")
        await t.report(order, "cancelled")
        await t.skip(hours=1)
        await erased(t.house.store, t.house.policies, WHO, t.clock.now())  # type: ignore[arg-type]
        left = await t.house.store.load(pointers.phone("demo", ANA_PHONE))
        assert left is not None
        assert "600000001" not in msgspec.json.encode(left).decode()
        await t.close_house()
        await t.open_house()
        before = len(t.got("sms"))
        again = await t.order()
        await t.skip(hours=20)
        assert len(t.got("sms")) == before
        assert [s.why for s in (await t.get(again)).skipped][:1] == ["opted_out"]
        assert len([x for x in t.got("whatsapp") if again in x]) == 1


async def test_the_old_key_opens_nothing(tmp_path: Path) -> None:
    """The row has a new key, and neither the old key nor the old content stands anywhere in the file."""
    async with town(tmp_path) as t:
        order = await lived(t)
        store = t.house.store
        (key, doc) = _row(tmp_path, 0)
        await erased(store, t.house.policies, WHO, t.clock.now())  # type: ignore[arg-type]
        assert _row(tmp_path, 0)[0] != key
        await t.close_house()
        raw = (tmp_path / "town.db").read_bytes()
        assert key not in raw
        assert doc not in raw
        await t.open_house()
        assert order


def _row(folder: Path, at: int) -> tuple[bytes, bytes]:
    """Key and document of the first conversation that is no desk, as they stand in the file."""
    import apsw

    db = apsw.Connection(str(folder / "town.db"), flags=apsw.SQLITE_OPEN_READONLY)
    sql = "SELECT c.key, c.doc FROM shop_order o JOIN conversation c ON c.n = o.conversation"
    rows = [(bytes(key), bytes(doc)) for key, doc in db.execute(sql)]
    db.close()
    return rows[at]


async def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """export-customer prints JSON, erase-customer asks first, and a person has to be named; all in plain words."""
    async with town(tmp_path) as t:
        await lived(t)
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
    called = lambda *words: CliRunner().invoke(run.main, ["--config", str(config), *words])  # noqa: E731 -- three times the same
    import asyncio

    shown = await asyncio.to_thread(called, "export-customer", "--phone", "600000001")
    assert shown.exit_code == 0, shown.output
    assert msgspec.json.decode(shown.output)["shops"]["demo"]["history"]
    assert (await asyncio.to_thread(called, "export-customer")).exit_code == 2
    refused = await asyncio.to_thread(called, "erase-customer", "--phone", "600000001")
    assert refused.exit_code == 1
    done = await asyncio.to_thread(called, "erase-customer", "--phone", "600000001", "--yes")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Erased: 1 conversation(s), 1 past order(s)")
    shown = await asyncio.to_thread(called, "export-customer", "--phone", "600000001")
    assert msgspec.json.decode(shown.output)["shops"] == {}
    assert ANA
