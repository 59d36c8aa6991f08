"""Webhooks that never come: texts to Twilio, orders at Shopify and WooCommerce. The sweeps find each, within minutes and once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.faults.suites.kit import FAST, OPEN, Figure, Suite, an_order, chunks, folder_of, number, patched, twice
from tests.stories.test_shop_sweeps import TELLS, _sells
from tests.town import SMS_FROM, Town, town

#: Minutes after which everything has to be found.
FOUND_WITHIN = 5
KINDS = ("texts", *TELLS)


async def silent(size: int, folder: Path, dice: random.Random) -> Figure:
    """Of each kind `size`: while webhooks are dropped, answers are given and orders placed; nobody posts them again."""
    figure, found = Figure(), dict.fromkeys(KINDS, 0)
    for kind in KINDS:
        for part in chunks(size, 100):
            async with town(folder_of(folder, f"{kind}{part.start}"), more=OPEN, twilio_more=FAST, tells=TELLS) as t:
                await _rounds(t, 1)
                lose = _texts if kind == "texts" else _orders
                found[kind] += await lose(t, kind, part, figure)
                await _rounds(t, 15)  # looked at again and again
                figure.failures += twice(t)
    told = ", ".join(f"{n} {kind if kind == 'texts' else f'{kind} orders'}" for kind, n in found.items())
    figure.said = f"{told} that no webhook told: each found within {FOUND_WITHIN} minutes of the sweeps, and each once"
    return figure


async def _texts(t: Town, kind: str, people: range, figure: Figure) -> int:
    bodies = {n: an_order(t, n) for n in people}
    for body in bodies.values():
        await t.api("POST", "/orders", body)
    await t.skip(minutes=1)
    t.twilio.hooks.dropping = True
    for n in people:
        await t.twilio.reply(number(n), "1", SMS_FROM, "sms")
    t.twilio.hooks.dropping = False
    await _rounds(t, FOUND_WITHIN)
    found = 0
    for n, body in bodies.items():
        state = await t.state(body["id"])
        found += state == "confirmed"
        figure.check(state == "confirmed", f"{body['id']}: the answer is lost, it is {state}")
        figure.check(len(t.got("sms", number(n))) == 2, f"{number(n)} got {len(t.got('sms', number(n)))} texts")
    return found


async def _orders(t: Town, kind: str, people: range, figure: Figure) -> int:
    for n in people:
        body: dict[str, Any] = _sells(t, kind, 100_000 + n, number(n))
        assert body
    await _rounds(t, FOUND_WITHIN)
    found = 0
    for n in people:
        known = await t.house.engine.order("demo", str(100_000 + n))
        found += known is not None
        figure.check(known is not None, f"{kind} order {100_000 + n} is lost")
    await t.skip(minutes=2)
    for n in people:
        asked = len(t.got("sms", number(n)))
        figure.check(asked == 1, f"{number(n)} was asked {asked} times")
    return found


async def _rounds(t: Town, minutes: int) -> None:
    for _ in range(minutes):
        await t.skip(minutes=1)
        await t.house.look_around()
        await t.settle()


async def _looks_away(_self: object) -> None:
    """Nobody asks the providers."""


SUITES = (
    Suite(
        "webhooks that never came", ("F21",), ("P1", "P2"), "of each kind", 8, 1000, silent,
        {"nobody asks the providers": patched("engine.reconciling.Reconciler.look", _looks_away)},
    ),
)  # fmt: skip
