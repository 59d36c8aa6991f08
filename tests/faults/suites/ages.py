"""What is older than the program or the world: a file of an older program, and a backup that knows nothing of the last hour."""

from __future__ import annotations

import json
import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from storage import sqlite_schema
from storage.sqlite_backup import back_up
from tests.faults.suites.kit import FAST, OPEN, Figure, Suite, an_order, chunks, folder_of, number, patched, twice
from tests.town import Town, town
from tests.town_backup import KEYS, disk_dies, rounds

#: Written by the program of 21 November 2026 (the first schema) with its own town: nine orders in four states.
OLDER = Path(__file__).parents[1] / "older"
#: A backup is so old when it is restored, in hours.
OLD_HOURS = 1.0


async def older(size: int, folder: Path, dice: random.Random) -> Figure:
    """The file is opened, its orders are in their states, answers count, questions go on, and a new order finds its customer."""
    figure, seen = Figure(), 0
    facts = json.loads((OLDER / "schema1.json").read_text("utf-8"))
    for n in range(size):
        place = folder_of(folder, n)
        shutil.copy(OLDER / "schema1.db", place / "town.db")
        try:
            async with town(place, start=datetime.fromisoformat(facts["at"]), more=OPEN, twilio_more=FAST) as t:
                seen += await _lives_on(t, facts["states"], dice, figure)
        except Exception as error:  # noqa: BLE001 - whatever it is, the file is not usable
            figure.check(False, f"{type(error).__name__}: {error}")
    figure.said = (
        f"{size} times a file of the first schema opened by this program: {seen} of {size * len(facts['states'])} orders in their state, "
        "answered, asked on and settled"
    )
    return figure


async def _lives_on(t: Town, states: dict[str, str], dice: random.Random, figure: Figure) -> int:
    seen = 0
    for order_id, state in states.items():
        found = await t.house.engine.order("demo", order_id)
        order = found.order(order_id) if found is not None else None
        seen += order is not None and order.state == state
        figure.check(order is not None and order.state == state, f"{order_id} was {state}, is {order and order.state}")
    pending = [order_id for order_id, state in states.items() if state == "pending"]
    answering = dice.choice(pending)
    await t.sms("1", f"+3460100000{answering[-1]}")
    figure.check(await t.state(answering) == "confirmed", f"{answering}: the answer did not count")
    await t.skip(hours=48)
    for order_id in pending:
        state = await t.state(order_id)
        figure.check(state != "pending", f"{order_id} is still pending")
        if order_id != answering:
            asked = t.got(to=f"+3460100000{order_id[-1]}") + t.got("email", f"old{order_id[-1]}@example.com")
            figure.check(bool(asked), f"{order_id}: nobody was asked on")
    figure.failures += twice(t)
    again = await t.order(id="NEW1", phone="+34601000001", email="old1@example.com")
    figure.check(await t.state(again) == "pending", "a new order of a known customer is not asked about")
    return seen


async def restored(size: int, folder: Path, dice: random.Random) -> Figure:
    """A backup, an hour of answers and of new orders, a disk that dies, the backup in its place; the shop tells its orders again."""
    figure, lost = Figure(), 0
    for part in chunks(size, 24):
        place = folder_of(folder, part.start)
        copy = place / "copy.db"
        async with town(place, more=OPEN, twilio_more=FAST) as t:
            await rounds(t, 2)
            old = {n: an_order(t, n) for n in part if n % 2}
            for body in old.values():
                await t.api("POST", "/orders", body)
            await t.skip(hours=3, minutes=30)  # their next question falls into the hour that is lost
            back_up(str(place / "town.db"), KEYS, str(copy), t.clock.now())
            new = {n: an_order(t, n) for n in part if not n % 2}
            for body in new.values():
                await t.api("POST", "/orders", body)
            answered = {n: dice.choice(("1", "3")) for n in old if dice.random() < 0.5}
            for n, text in answered.items():
                await t.sms(text, number(n))
            await rounds(t, round(OLD_HOURS * 60))
            before = {n: await t.state(body["id"]) for n, body in old.items()}
            await disk_dies(t, place, copy)
            lost += len(new)
            for body in new.values():
                status, _ = await t.api("POST", "/orders", body)
                figure.check(status in (200, 202), f"{body['id']} was answered {status}")
            await rounds(t, 40)
            figure.failures += twice(t)
            for n, body in old.items():
                state = await t.state(body["id"])
                figure.check(state == before[n], f"{body['id']} was {before[n]}, is {state}")
            for n, body in new.items():
                texts = len(t.got("sms", number(n)))
                figure.check(texts == 1, f"{body['id']} was asked {texts} times")
                figure.check(await t.state(body["id"]) == "pending", f"{body['id']} is not asked about")
    figure.said = (
        f"{size} orders, a backup of an hour ago restored: no message a second time, every answer of the lost hour found at the provider, "
        f"{lost} orders placed by the API after it told again and not asked twice"
    )
    return figure


async def _no_doubt(*_: Any) -> None:
    """Nobody asks the provider first."""


SUITES = (
    Suite(
        "older file", ("F23",), ("P13",), "openings", 1, 20, older,
        {"the upgrade makes the tables anew": lambda: mock.patch(
            "storage.sqlite_schema.SCHEMA", sqlite_schema.SCHEMA + "DELETE FROM conversation;")},
    ),
    Suite(
        "restored backup", ("F24",), ("P1", "P4"), "orders", 8, 240, restored,
        {"nobody asks what went out before": patched("engine.restored.Doubt.outcome", _no_doubt)},
    ),
)  # fmt: skip
