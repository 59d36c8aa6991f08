"""Providers that fail in every way, and people's STOPs amid it. The ledgers say what really arrived."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from msgspec.structs import replace

from adapters.exchange import Exchange
from sandbox.world import Fault
from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    chunks,
    folder_of,
    number,
    patched,
    twice,
)
from tests.faults.verdict import adrift
from tests.town import Town, town

KINDS = (
    "timeout", "cut", "accept_cut", "accept_timeout", "status", "accept_status", "garbage", "empty", "accept_garbage", "accept_empty",
)  # fmt: skip
#: What a request waits for an answer here: the service's own 15 s are not lived through for each message.
PATIENCE_S = 0.2


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    """Requests are given up sooner; nothing else changes."""
    made = Exchange.__init__

    def sooner(self: Exchange, timeout_s: float) -> None:
        made(self, min(timeout_s, PATIENCE_S))

    with mock.patch.object(Exchange, "__init__", sooner):
        yield


async def providers(size: int, folder: Path, dice: random.Random) -> Figure:
    """Each way to fail strikes the first requests of a handful of orders, at Twilio and at the mail server; nobody answers."""
    figure, arrived, struck = Figure(), 0, 0
    with _impatient():
        for round_, part in enumerate(chunks(size, 4)):
            kind = KINDS[round_ % len(KINDS)]
            async with town(folder_of(folder, part.start), more=OPEN, twilio_more=FAST) as t:
                bodies = [an_order(t, n, email=f"customer{n}@example.com") for n in part]
                faults = [Fault(kind, "Messages.json", times=len(bodies), status=dice.choice((500, 502, 503)))]
                if kind in ("cut", "accept_cut"):  # a mail server that takes a mail and says 451 lies: nobody can know
                    faults.append(Fault(kind, times=len(bodies)))
                for provider, fault in zip(("twilio", "smtp"), faults, strict=False):
                    t.world.break_it(provider, fault)
                for body in bodies:
                    await t.api("POST", "/orders", body)
                await t.skip(hours=48)
                figure.failures += [f"{kind}: {found}" for found in twice(t)]
                struck += sum(len(bodies) - fault.times for fault in faults)
                arrived += len(t.got(to=None))
                for body in bodies:
                    figure.check(await t.state(body["id"]) != "pending", f"{kind}: {body['id']} is still pending")
                    found = await t.conversation(body["id"])
                    figure.failures += [f"{kind}: {what}" for what in adrift(found, await t.get(body["id"]))]
    figure.check(struck > 0, "no fault struck")
    figure.said = (
        f"{struck} faulted requests of {len(KINDS)} kinds over {size} orders: {arrived} messages arrived, none twice"
    )
    return figure


def _again(turn: Any, open_: Any, _reason: str) -> None:
    turn.settle(open_.id, replace(open_, status="planned", by="", since=None))


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
        "provider faults", ("F9", "F10"), ("P4",), "orders", 40, 400, providers,
        {"what is unknown is sent again": patched("flows.settling._unknown", _again)},
    ),
    Suite(
        "STOP against the timer", (), ("P10",), "customers", 20, 400, stops,
        {"STOP is noted and not obeyed": _noted},
    ),
)  # fmt: skip
