"""Reports: figures that a second count confirms, intervals that the literature confirms, tables and pictures that can be read."""

from __future__ import annotations

import asyncio
import base64
import csv
import json
import struct
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import run
from bench.month import DAYS, FIRST, SHOP, Month
from engine.ports import Tale
from engine.reporting import PAGE, lately
from flows.conversation import Conversation
from flows.decision import Decision
from flows.events import CustomerWrote
from flows.numbers import Baseline, Costs, Report, Stories, report
from flows.numbers.sureness import fewer, share, wilson
from flows.numbers.tables import tables
from flows.pointers import phone
from flows.policy import Policy
from storage.opening import open_store
from tests.numbers.recount import Recount

UNTIL = FIRST + timedelta(days=DAYS)
ZONE = "Europe/Madrid"
PRICES = Costs("EUR", sms_segment=8.0, whatsapp_message=5.0, returned_parcel=900.0)
KEY = b"k" * 32


def counted(month: Month, baseline: Baseline = Baseline()) -> Report:  # noqa: B008 -- frozen
    read = Stories()
    for tale in month.tales():
        read.read(tale.conversation, tale.notes)
    return report(read, shop=SHOP, since=FIRST, until=UNTIL, zone=ZONE, costs=PRICES, baseline=baseline)


@pytest.fixture(scope="module")
def month() -> Month:
    return Month(20_000)


@pytest.mark.long
@pytest.mark.timeout(1800)  # a month takes half a minute of CPU, and machines of CI are shared
def test_a_second_independent_count_agrees(month: Month) -> None:
    """Every figure of a month of 20,000 orders is the same when SQL counts it from the journal lines."""
    found, again = counted(month), Recount(month.tales(), FIRST, UNTIL, ZONE)
    times = again.minutes_to_answer()
    assert found.orders == again.orders() > 19_000
    assert found.states == again.states()
    assert found.confirmed_by == again.confirmed_by()
    assert set(found.confirmed_by) >= {"customer", "staff"}
    assert found.confirmed == sum(again.confirmed_by().values())
    assert found.confirmed_via == again.confirmed_via()
    assert found.confirmed_after == again.confirmed_after()
    assert found.answered_at_hour == again.answered_at_hour()
    assert found.by_language == again.by_language()
    assert found.cancelled_why == again.cancelled_why()
    assert (found.returned.part, found.returned.whole) == again.returned()
    assert found.staff_acts == again.staff_acts() > 1000
    assert found.failed_attempts == again.failed_attempts() > 1000
    assert found.messages == again.messages()
    assert found.segments == {"sms": again.segments()}
    assert found.segments["sms"] > found.messages["sms"]  # Arabic texts have two
    assert found.time_to_answer.n == len(times)
    assert found.time_to_answer.median == pytest.approx(times[(len(times) + 1) // 2 - 1])
    assert sum(every for every, _ in found.by_day.values()) == found.orders
    assert found.spent == found.segments["sms"] * 8.0 + found.messages.get("whatsapp", 0) * 5.0


def test_a_wrong_count_would_be_noticed() -> None:
    """The second count bites: one journal line less, and the two disagree."""
    month = Month(300)
    tales = list(month.tales())
    lame = next(i for i, tale in enumerate(tales) if any(note.what == "decided" for note in tale.notes))
    kept = [note for note in tales[lame].notes if note.what != "decided"]
    again = Recount([*tales[:lame], Tale(tales[lame].conversation, kept), *tales[lame + 1 :]], FIRST, UNTIL, ZONE)
    assert counted(month).confirmed_by != again.confirmed_by() or counted(month).cancelled_why != again.cancelled_why()


def test_the_intervals_are_those_of_the_literature() -> None:
    """Wilson's and Newcombe's own examples. Source: Newcombe, Statistics in Medicine 17 (1998) 857 and 873."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert fewer(share(56, 70), share(48, 80)) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_saving_is_called_proven_only_when_chance_is_ruled_out(a: int, b: int, c: int, d: int) -> None:
    """The middle lies inside its interval, and equal shares are never a proof."""
    before, now = share(min(a, b), max(a, b)), share(min(c, d), max(c, d))
    middle, low, high = fewer(before, now)
    assert low <= middle <= high
    if before.value <= now.value:
        assert low <= 0


def test_savings_come_with_an_interval_or_not_at_all() -> None:
    """Without a time before there is no figure, with one there are three, and the table says what is not proven."""
    month = Month(400)
    assert counted(month).saved is None
    told = {row.label for table in tables(counted(month)) for row in table.rows}
    assert "numbers.no_before" in told
    saved = counted(month, Baseline(returned=300, ended=1000)).saved
    assert saved is not None
    assert saved.low < saved.parcels < saved.high
    assert saved.money_low is not None
    same = counted(month, Baseline(said=counted(month).returned.value))
    assert same.saved is not None
    assert not same.saved.proven
    assert "numbers.not_proven" in {row.label for table in tables(same) for row in table.rows}


def test_an_empty_period_is_a_report_too() -> None:
    """A shop that opened today gets zeros, not an error."""
    found = report(
        Stories(), shop=SHOP, since=FIRST, until=UNTIL, zone=ZONE, costs=Costs(), baseline=Baseline()
    )  # fmt: skip
    assert (found.orders, found.confirmed, found.spent, found.saved) == (0, 0, None, None)
    assert tables(found)[0].rows


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose store holds a small month."""
    monkeypatch.setenv("KEY", base64.b64encode(KEY).decode())
    monkeypatch.setenv("TOKEN", "t")
    written = tmp_path / "config.yaml"
    written.write_text(
        f"""
public_url: https://orders.example.com
storage: {{url: "sqlite:///{tmp_path}/shop.db", encryption_key: "${{KEY}}"}}
numbers: {{sms_segment: 0.08, returned_before: 0.3, returned_parcel: 9.0}}
shops:
  - {{id: demo, name: Demo, language: en, country: ES, currency: EUR, timezone: Europe/Madrid, api_token: "${{TOKEN}}"}}
"""
    )
    return written


async def fill(path: Path, month: Month) -> None:
    """Into the file as a service would have left it: documents with their journals."""
    store = open_store(str(path), KEY, lambda why: None)
    try:
        for n, tale in enumerate(month.tales()):
            moved = tale.notes[: len(tale.notes) - len(tale.conversation.notes)]

            def decide(
                known: object, new_id: str, event: object, now: datetime, tale: Tale = tale, moved: tuple = tuple(moved)
            ) -> Decision:
                kept: Conversation = replace(tale.conversation, id=new_id, open=(), timers={})
                return Decision(document=kept, spilled=moved)

            number = f"+3460{n:07d}"
            event = CustomerWrote(
                event_id=f"fill:{n}", to=(phone(SHOP, number),), at=FIRST, opens=True, channel="sms", address=number,
                sender="", text="", provider_id="",
            )  # fmt: skip
            await store.transact(event, decide, FIRST)
    finally:
        await store.close()


@pytest.mark.source_only  # it replaces a method of the store
async def test_the_days_numbers_are_made_beside_the_work(tmp_path: Path) -> None:
    """Between any two pages of the journals others have their turn, and what ended before that day is not read at all."""
    month = Month(400)
    await fill(tmp_path / "shop.db", month)
    store = open_store(str(tmp_path / "shop.db"), KEY, lambda why: None)
    read, turns, given = store.tales, [0], []

    async def tales(*asked: Any) -> tuple[list[Tale], str]:
        page, after = await read(*asked)
        given.append((turns[0], len(page)))
        return page, after

    async def others() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    store.tales = tales  # type: ignore[method-assign]
    working = asyncio.create_task(others())
    try:
        since = UNTIL - timedelta(days=1)
        policy = Policy(shop=SHOP, name="Demo", language="en", country="ES", currency="EUR", zone=ZONE)
        found = await lately(store, policy, since, UNTIL)
    finally:
        working.cancel()
        await store.close()
    assert len(given) > 10
    assert all(later[0] > earlier[0] for earlier, later in pairwise(given))
    assert max(n for _, n in given) <= PAGE
    assert 0 < sum(n for _, n in given) < 300, "most customers of a month have nothing to do with its last day"
    whole = Stories()
    for tale in month.tales():
        whole.read(tale.conversation, tale.notes)
    assert found == report(
        whole, shop=SHOP, since=since, until=UNTIL, zone=ZONE, costs=Costs("EUR"), baseline=Baseline()
    )
    assert found.orders > 0


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, from the picture's own header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("lang", ["en", "ar", "hi"])
@pytest.mark.long
async def test_the_command_writes_tables_and_pictures(config: Path, tmp_path: Path, lang: str) -> None:
    """`run.py report --out` gives the same figures as JSON, CSV and PNG, in the reader's language; a phone's chat can show them."""
    month = Month(120)
    await fill(tmp_path / "shop.db", month)
    words = ["--config", str(config), "report", "--since", "2026-10-01", "--until", "2026-11-01", "--lang", lang]
    result = await asyncio.to_thread(CliRunner().invoke, run.main, [*words, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert found["orders"] == counted(month).orders
    assert found["states"] == counted(month).states
    rows = list(csv.reader((tmp_path / "out" / "report.csv").read_text("utf-8-sig").splitlines()))
    assert [str(found["orders"])] in [row[2:3] for row in rows]
    for name in ("overview", "orders", "answers", "hours", "returns"):
        wide, high = size_of((tmp_path / "out" / f"{name}.png").read_bytes())
        assert 1000 <= wide <= 1280  # Telegram shows up to 1280 without making it smaller
        assert high < 10 * wide


def test_impossible_periods_are_refused_in_words(config: Path) -> None:
    """A day that is none, or an end before the beginning, is one plain line."""
    told = CliRunner().invoke(run.main, ["--config", str(config), "report", "--since", "yesterday"])
    assert told.exit_code == 2
    assert "Write it like 2026-11-21" in told.output
    told = CliRunner().invoke(
        run.main, ["--config", str(config), "report", "--since", "2026-11-02", "--until", "2026-11-01"]
    )
    assert told.exit_code == 2
    assert "--until has to be later" in told.output
