"""People's STOPs against the timer that is due in the same moment. The ledger says what really arrived."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    chunks,
    folder_of,
    number,
)
from tests.town import Town, town


async def stops(size: int, folder: Path, dice: random.Random) -> Figure:
    """STOP on WhatsApp races the WhatsApp question: both come due in the same moment, behind a slow sender."""
    figure, sent = Figure(), 0
    for part in chunks(size, 20):
        async with town(folder_of(folder, part.start), more=OPEN, twilio_more=f"{FAST}\n  whatsapp_rate: 2") as t:
            bodies = {n: an_order(t, n) for n in part}
            for n, body in bodies.items():
                await t.twilio.reply(number(n), "hi", "+34911000002", "whatsapp")
                await t.api("POST", "/orders", body)
            await t.skip(minutes=1)
            t.leap(hours=4)
            moment = t.clock.now()
            heard: dict[int, int] = {}

            async def stop(n: int, t: Town = t, heard: dict[int, int] = heard) -> None:
                await asyncio.sleep(dice.random() * 0.05)
                status = await t.twilio.reply(number(n), "STOP", "+34911000002", "whatsapp")
                heard[n] = status

            await asyncio.gather(*(stop(n) for n in part))
            await t.skip(hours=80)
            for n, body in bodies.items():
                asked = [
                    r for r in t.world.texts(number(n), "whatsapp") if "cash on delivery" in r.text and r.at >= moment
                ]
                late = [r.text for r in asked if r.at > moment]  # what left in that very moment was on the wire already
                story = await t.story(body["id"])
                sent += len(asked) - len(late)
                figure.check(heard[n] == 200, f"{number(n)}: STOP was answered {heard[n]}")
                figure.check(not late, f"{number(n)} got {late} after STOP was committed")
                figure.check("stopped" in story, f"{number(n)}: no STOP in {story}")
    figure.said = f"{size} STOPs against a timer due in the same moment: {sent} texts were on the wire before, 0 left after the commit"
    return figure


def _only_noted(turn: Any, event: Any, *, everything: bool) -> None:
    turn.note("stopped", by="customer", via=event.channel, everything="false")


@contextlib.contextmanager
def _noted() -> Iterator[None]:
    with (
        mock.patch("flows.answers.stop", _only_noted),
        mock.patch("flows.answers.go_on_elsewhere", return_value=None),
    ):
        yield


SUITES = (
    Suite(
        "STOP against the timer", (), ("P10",), "customers", 20, 400, stops,
        {"STOP is noted and not obeyed": _noted},
    ),
)  # fmt: skip
