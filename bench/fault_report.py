"""The page of `make faults REPORT=docs/faults.md`: promise, test, figure, as the run found them, and what was not run."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

from msgspec import Struct

from tests.faults.suites import ALL, Figure, Suite
from tests.faults.verdict import Verdict

#: What each promise says.
PROMISES = {
    "P1": "No accepted order is lost",
    "P2": "No reply is lost",
    "P3": "No complaint is lost, the owner is pinged",
    "P4": "Never the same message twice",
    "P5": "At the right time",
    "P6": "Nothing is decided by forged input",
    "P7": "Nothing is decided by misread input",
    "P8": "Links: only a person's POST decides",
    "P9": "Only staff can act",
    "P10": "STOP stops",
    "P11": "Cannot be used to burn money for texts",
    "P12": "Fast answers",
    "P13": "Survives trouble of the storage",
    "P14": "No shop sees another's data",
    "P15": "People's data stays inside",
}


class Proof(Struct, frozen=True):
    """What a test run of its own proves: pytest's nodes, and what they hold."""

    promises: tuple[str, ...]
    faults: tuple[str, ...]
    says: str
    nodes: tuple[str, ...]


PROOFS = (
    Proof(("P7",), (), "labelled answers in 27 languages and spellings, and adversarial ones; no wrong decision",
          ("tests/flows/understand",)),
    Proof(("P9",), (), "role x action x chat x state, forged data: every cell", ("tests/bot/test_rights.py", "tests/bot/test_inbound.py")),
    Proof(("P2", "P1"), ("F21",), "every message and order that no webhook told is found by the sweeps",
          ("tests/stories/test_reconciling.py", "tests/stories/test_shop_sweeps.py")),
    Proof(("P3",), ("F20",), "reminded, escalated, by SMS or mail where Telegram is away",
          ("tests/stories/test_promises.py", "tests/stories/test_telegram_weather.py", "tests/stories/test_digests.py")),
    Proof(("P4",), ("F24",), "an old backup resends nothing", ("tests/stories/test_restore.py",)),
    Proof(("P13",), ("F14", "F15", "F16", "F17"), "processes killed in turn on the MongoDB protocol, Redis flushed or absent; locks",
          ("tests/faults/test_several.py", "tests/engine/test_leases.py", "tests/storage/test_sqlite.py")),
    Proof(("P15",), (), "1,000 marked values looked for in all that is written; export and erase",
          ("tests/faults/test_canaries.py", "tests/people/test_people_data.py")),
)  # fmt: skip

PAGE = """\
# What faults do

The last long run, kept as it came out: `make faults SIZE={scale:g} KILLS={kills} ORDERS={orders} SEED={seed} REPORT=docs/faults.md`
on {at:%d %B %Y}, Python {python}, {system}. It takes the same code as the tests of every run (tests/faults/suites), at greater sizes.
The pretend providers' ledgers judge, never our own database. Every suite is also run with bugs planted in it, and has to catch them.

## Promise, test, figure

| promise | test | figure |
|---|---|---|
{promises}

## Suites

`F` numbers are the faults that are listed in [security.md](security.md). {verdict}

| suite | faults | size | found | seconds | planted bugs |
|---|---|---|---|---|---|
{suites}

## Tests that stand for themselves

| what | faults | tests | outcome |
|---|---|---|---|
{proofs}

## Kills at random

The real service runs on an SQLite file and is ended with SIGKILL again and again, while a shop posts orders until it gets a 2xx (some
twice and three times), customers answer by SMS and WhatsApp (each webhook posted one to three times), and delivery reports come
late, repeated and in another order. Afterwards time runs fast until every question has run its course:

- **lost**: orders that were acknowledged and are not known;
- **twice**: messages that the same phone or mailbox got twice;
- **unheard**: answers that were acknowledged and neither counted nor lie before a person;
- **adrift**: open orders without a timer, and messages of unknown fate after which nobody asks.

{storms}

## What was not run

- Hours of soak (F26): nothing here says what 72 hours do. `bench.scale` measures an idle day's cost with many open timers.
- A file system that drops what was not synced (F3): none is to be had without FUSE. Instead every write and sync of SQLite is filmed
  at its own file layer (a VFS), the film is cut anywhere, and what a disk would then hold is opened. A disk that lies about its syncs,
  and a directory entry that is lost, are not in it.
- Three MongoDB nodes with elections (F15): the MongoDB protocol was tried against one FerretDB; its crashes and cut lines are tests.
- Errors of fsync itself (EIO): planted at the commit (tests/storage/test_sqlite.py), not made by a device.
- Coverage-guided fuzzing (atheris): it is not among the locked requirements; hypothesis and schemathesis drive the same parsers.
- No failure in n trials bounds the rate at 3/n with 95 % confidence: 1,000 trials say 0.3 %, not zero.
"""


def suite_row(suite: Suite, figure: Figure, caught: dict[str, bool]) -> str:
    bugs = "; ".join(f"{bug}: {'caught' if ok else 'NOT CAUGHT'}" for bug, ok in caught.items())
    found = figure.said if figure.good else f"FAILED: {figure.failures[:2]}"
    name = f"{suite.name} (`tests/faults/suites`)"
    return f"| {name} | {' '.join(suite.faults) or '-'} | {figure.size} {suite.unit} | {found} | {figure.took_s:.0f} | {bugs} |"


def _promise_row(key: str, figures: dict[str, Figure], outcomes: dict[int, str], storm: Verdict | None) -> str:
    tests, said = [], []
    for suite in ALL:
        if key in suite.promises and suite.name in figures:
            tests.append(suite.name)
            figure = figures[suite.name]
            said.append(figure.said if figure.good else "FAILED")
    for n, proof in enumerate(PROOFS):
        if key in proof.promises and n in outcomes:
            tests += [f"`{node}`" for node in proof.nodes]
            said.append(f"{proof.says}: {outcomes[n]}")
    if key in ("P1", "P2", "P4") and storm is not None:
        tests.append("kills at random")
        wrong = {"P1": storm.lost, "P2": storm.unheard, "P4": storm.twice}[key]
        said.append(f"{len(wrong)} in {storm.kills} kills over {storm.orders} orders ({storm.messages} messages)")
    return f"| {key} {PROMISES[key]} | {', '.join(tests) or '-'} | {'; '.join(said) or 'not measured in this run'} |"


def page(
    *,
    scale: float,
    seed: int,
    kills: int,
    orders: int,
    figures: dict[str, Figure],
    caught: dict[str, dict[str, bool]],
    outcomes: dict[int, str],
    storms: str,
    storm: Verdict | None,
) -> str:
    good = all(figure.good for figure in figures.values()) and all(all(c.values()) for c in caught.values())
    return PAGE.format(
        scale=scale, seed=seed, kills=kills, orders=orders, at=datetime.now(UTC), python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        promises="\n".join(_promise_row(key, figures, outcomes, storm) for key in PROMISES),
        verdict="All held, and every planted bug was caught." if good else "NOT ALL HELD: see below.",
        suites="\n".join(suite_row(s, figures[s.name], caught.get(s.name, {})) for s in ALL if s.name in figures),
        proofs="\n".join(
            f"| {p.says} | {' '.join(p.faults) or '-'} | {', '.join(f'`{n}`' for n in p.nodes)} | {outcomes[i]} |"
            for i, p in enumerate(PROOFS) if i in outcomes
        ),
        storms=storms or "Not in this run.",
    )  # fmt: skip
