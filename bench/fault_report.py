"""The page of `make faults REPORT=docs/faults.md`: promise, test, figure, as each suite's last run found them, and what was not run."""

from __future__ import annotations

from msgspec import Struct

from bench.fault_record import Fuzzed, Kills, Record, Row
from tests.faults.suites import ALL, Suite

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
    """What a test run of its own proves: pytest's nodes, and what they hold. `env`: how it is made longer than in every run."""

    name: str
    promises: tuple[str, ...]
    faults: tuple[str, ...]
    says: str
    nodes: tuple[str, ...]
    env: dict[str, str] = {}


LONG = {"HYPOTHESIS_PROFILE": "long"}
PROOFS = (
    Proof("answers", ("P7",), (), "labelled answers in 27 languages and spellings, and adversarial ones; no wrong decision",
          ("tests/flows/understand",)),
    Proof("rights", ("P9",), (), "role x action x chat x state, forged data: every cell",
          ("tests/bot/test_rights.py", "tests/bot/test_inbound.py")),
    Proof("machine", ("P4", "P5"), (), "any event at any time, the promises after each step; hours in every zone",
          ("tests/flows/test_machine.py", "tests/flows/test_hours.py"), LONG),
    Proof("floods", ("P3",), ("F19",), "200 complaints and 500 flags at once: each is named within seconds, each is told",
          ("tests/stories/test_digests.py",), {"FLOOD": "500", "COMPLAINTS": "200"}),
    Proof("notices", ("P4", "P5"), (), "one notice to 5,000 customers, by pace and hours", ("tests/stories/test_notices.py",),
          {"NOTICE": "5000"}),
    Proof("sweeps", ("P2", "P1"), ("F21",), "every message and order that no webhook told is found by the sweeps",
          ("tests/stories/test_reconciling.py", "tests/stories/test_shop_sweeps.py")),
    Proof("escalation", ("P3",), ("F20",), "reminded, escalated, by SMS or mail where Telegram is away",
          ("tests/stories/test_promises.py", "tests/stories/test_telegram_weather.py")),
    Proof("restore", ("P4",), ("F24",), "an old backup resends nothing", ("tests/stories/test_restore.py",)),
    Proof("storage", ("P13",), ("F14", "F15", "F16", "F17"), "processes killed in turn on the MongoDB protocol, Redis flushed or away",
          ("tests/faults/test_several.py", "tests/engine/test_leases.py", "tests/storage/test_sqlite.py")),
    Proof("canaries", ("P15",), (), "1,000 marked values looked for in all that is written; export and erase",
          ("tests/faults/test_canaries.py", "tests/people/test_people_data.py")),
)  # fmt: skip
#: The build as it is, and the broken ones that have to be caught.
STORM = "kills at random"

PAGE = """\
# What faults do

Written by `make faults REPORT=docs/faults.md`; with `ONLY="zones; poison"` a run replaces those rows alone, so each row says when it ran
and at what size. Machine of the last run: {machine}. It is the same code as the tests of every run (tests/faults/suites), at greater
sizes. The pretend providers' ledgers judge, never our own database. Every suite is also run with bugs planted in it, and has to catch them.

## Promise, test, figure

| promise | test | figure |
|---|---|---|
{promises}

## Suites

`F` numbers are the faults that are listed in [security.md](security.md). {verdict}

| suite | faults | size | found | ran | planted bugs |
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
- **adrift**: open orders without a timer, and messages of unknown fate after which nobody asks;
- **unasked**: orders of which nothing reached the customer, unless a person has them because a question was on the wire at a death and
  nobody can know what became of it;
- **unfinished**: what still waited when the patience with the drain ended. A run that has not run its course is not good.

{storms}

## Parsers under libFuzzer

`make fuzz SECONDS=60 REPORT=docs/faults.md` (atheris, guided by what the bytes reach; no requirement of the project).

{fuzzed}

## What was not run

- Hours of soak (F26): nothing here says what 72 hours do. `bench.scale` measures an idle day's cost with many open timers.
- A file system that drops what was not synced (F3): none is to be had without FUSE. Instead every write and sync of SQLite is filmed
  at its own file layer (a VFS), the film is cut anywhere, and what a disk would then hold is opened. A disk that lies about its syncs,
  and a directory entry that is lost, are not in it.
- Three MongoDB nodes with elections (F15): the MongoDB protocol was tried against one FerretDB; its crashes and cut lines are tests.
- Errors of fsync itself (EIO): planted at the commit (tests/storage/test_sqlite.py), not made by a device.
- Coverage-guided fuzzing of anything but the pure parsers above; whole requests are drawn by schemathesis and hypothesis.
- No failure in n trials bounds the rate at 3/n with 95 % confidence: 1,000 trials say 0.3 %, not zero.
"""
STORM_HEAD = """\
| build | orders | kills | webhooks and calls | messages received | lost | twice | unheard | adrift | ran | verdict |
|---|---|---|---|---|---|---|---|---|---|---|"""


def storm_row(bug: str, k: Kills) -> str:
    judged = ("caught" if bug else "good") if k.good else "FAILED"
    counts = f"{k.posts} | {k.messages} | {k.lost} | {k.twice} | {k.unheard} | {k.adrift}"
    ran = f"{k.at:%Y-%m-%d}, {k.took_s:.0f} s, seed {k.seed}"
    return f"| {bug.replace('_', ' ') or 'as it is'} | {k.orders} | {k.kills} | {counts} | {ran} | {judged} |"


FUZZ_HEAD = """\
| parser | cases | found | ran |
|---|---|---|---|"""


def fuzz_row(name: str, row: Fuzzed) -> str:
    found = (
        ("caught" if row.good else "NOT CAUGHT")
        if row.planted
        else (f"FAILED: {row.found}" if not row.good else "nothing")
    )
    return f"| {name} | {row.cases} | {found.replace('|', '/')} | {row.at:%Y-%m-%d}, {row.took_s:.0f} s |"


def suite_row(suite: Suite, row: Row) -> str:
    bugs = "; ".join(f"{bug}: {'caught' if ok else 'NOT CAUGHT'}" for bug, ok in row.caught.items())
    ran = f"{row.at:%Y-%m-%d}, {row.took_s:.0f} s, seed {row.seed}"
    return (
        f"| {suite.name} | {' '.join(suite.faults) or '-'} | {row.size} {suite.unit} | {_found(row)} | {ran} | {bugs} |"
    )


def _found(row: Row) -> str:
    return f"FAILED: {row.failures[:2]}".replace("|", "/") if row.failures or not row.said else row.said


def _promise_row(key: str, record: Record) -> str:
    tests, said = [], []
    for suite in ALL:
        if key in suite.promises and suite.name in record.suites:
            tests.append(suite.name)
            row = record.suites[suite.name]
            said.append("FAILED" if row.failures else row.said)
    for proof in PROOFS:
        if key in proof.promises and proof.name in record.proofs:
            tests += [f"`{node}`" for node in proof.nodes]
            said.append(f"{proof.says}: {_outcome(record, proof)}")
    storm = record.storms.get("")
    if key in ("P1", "P2", "P4") and storm is not None:
        tests.append(STORM)
        wrong = {"P1": storm.lost, "P2": storm.unheard, "P4": storm.twice}[key]
        said.append(f"{wrong} in {storm.kills} kills over {storm.orders} orders ({storm.messages} messages)")
    return f"| {key} {PROMISES[key]} | {', '.join(tests) or '-'} | {'; '.join(said) or 'not measured yet'} |"


def _outcome(record: Record, proof: Proof) -> str:
    outcome = record.proofs[proof.name]
    how = "".join(f", {name}={value}" for name, value in proof.env.items())
    return f"{outcome.passed} tests passed ({outcome.at:%Y-%m-%d}{how})" if outcome.good else "FAILED"


def missing(record: Record) -> list[str]:
    """What no run has filled in yet."""
    wanted = [*(suite.name for suite in ALL), *(proof.name for proof in PROOFS)]
    return [name for name in wanted if name not in record.suites and name not in record.proofs]


def page(record: Record) -> str:
    left = missing(record)
    verdict = "All held, and every planted bug was caught." if record.good else "NOT ALL HELD: see below."
    storms = [storm_row(bug, kills) for bug, kills in record.storms.items()]
    return PAGE.format(
        machine=record.machine or "unknown",
        promises="\n".join(_promise_row(key, record) for key in PROMISES),
        verdict=verdict + (f" Not run yet: {', '.join(left)}." if left else ""),
        suites="\n".join(suite_row(s, record.suites[s.name]) for s in ALL if s.name in record.suites),
        proofs="\n".join(
            f"| {p.says} | {' '.join(p.faults) or '-'} | {', '.join(f'`{n}`' for n in p.nodes)} | {_outcome(record, p)} |"
            for p in PROOFS if p.name in record.proofs
        ),
        storms="\n".join([STORM_HEAD, *storms]) if storms else "Not run yet.",
        fuzzed="\n".join([FUZZ_HEAD, *(fuzz_row(name, row) for name, row in record.fuzzed.items())]) if record.fuzzed else "Not run yet.",
    )  # fmt: skip
