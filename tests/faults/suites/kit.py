"""What a fault suite is: one property at two sizes, its figure, and the bugs that it has to catch."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from tests.town import Town

#: Nothing here is about ceilings or doubts: every order is asked about at once.
OPEN = """limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}
risk: {enabled: false}
"""
FAST = "sms_rate: 200"
#: Orders of one town: what grows with a town's age is not what a suite measures.
IN_ONE_TOWN = 50


class Figure(msgspec.Struct):
    """What one run came to."""

    said: str = ""  # the measured figure, in words
    failures: list[str] = []
    took_s: float = 0.0
    size: int = 0

    @property
    def good(self) -> bool:
        return bool(self.said) and not self.failures

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.failures.append(otherwise)


Run = Callable[[int, Path, random.Random], Awaitable[Figure]]
Bug = Callable[[], contextlib.AbstractContextManager[Any]]


class Suite(msgspec.Struct, frozen=True):
    """`short` and `long` count `unit`s; `faults` and `promises` are the F and P numbers of docs/faults.md."""

    name: str
    faults: tuple[str, ...]
    promises: tuple[str, ...]
    unit: str
    short: int
    long: int
    run: Run
    bugs: Mapping[str, Bug]
    #: at which size a bug has to show
    bug_at: int = 0


async def measured(suite: Suite, size: int, folder: Path, seed: int, bug: str = "") -> Figure:
    """One run, with a bug planted where one is named."""
    start = time.monotonic()
    with suite.bugs[bug]() if bug else contextlib.nullcontext():
        figure = await suite.run(size, folder, random.Random(seed))
    figure.took_s, figure.size = round(time.monotonic() - start, 1), size
    return figure


def patched(target: str, new: Any) -> Bug:
    """A bug that puts `new` where `target` (module.name) is."""
    return lambda: mock.patch(target, new)


def number(n: int) -> str:
    """A Spanish mobile of its own for each n below ten million."""
    return f"+346{n:08d}"


def an_order(t: Town, n: int, **more: Any) -> dict[str, Any]:
    """An order of somebody who has nothing in common with anybody else here: nobody becomes known by a neighbour's orders."""
    address = {"line1": f"Calle Mayor {n}", "city": "Madrid", "postcode": f"28{n % 1000:03d}", "country": "ES"}
    return t.an_order(**{"phone": number(n), "email": None, "name": f"Ana {n}", "address": address} | more)


def twice(t: Town) -> list[str]:
    """Texts that one phone or mailbox got more than once."""
    texts = Counter((r.to, r.channel, r.text) for r in t.world.ledger if r.provider != "telegram")
    return [f"{to} {channel} {n}x {text[:50]!r}" for (to, channel, text), n in texts.items() if n > 1]


def chunks(size: int, most: int = IN_ONE_TOWN) -> Iterator[range]:
    for start in range(0, size, most):
        yield range(start, min(start + most, size))


def folder_of(folder: Path, name: object) -> Path:
    made = folder / str(name)
    made.mkdir(parents=True, exist_ok=True)
    return made


def percentile(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] if ranked else 0.0
