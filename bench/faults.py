"""`make faults KILLS=200 ORDERS=1000`: the crash test at length, and the same storm over builds that are broken on purpose.

The good build has to come through clean, and each broken one has to be caught; else the exit code is 1. REPORT names a file for the
summary, SEED repeats a run's dice (not the machine's own timing).
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.crash import Storm
from tests.faults.lives import nursery
from tests.faults.verdict import Verdict

#: Machine seconds that a life serves, on average, before it dies.
EVERY_S = 0.4
#: Broken build -> the column in which it has to show.
BROKEN = {"ack_before_commit": "lost", "sending_not_committed": "twice", "blind_resend": "twice"}
ROW = "| {name} | {orders} | {kills} | {posts} | {messages} | {lost} | {twice} | {unheard} | {adrift} | {took} s | {judged} |"


async def storms(kills: int, orders: int, seed: int) -> dict[str, Verdict]:
    """The good build ("") and the broken ones, one after another."""
    found: dict[str, Verdict] = {}
    async with nursery() as lives:
        for bug in ("", *BROKEN):
            with tempfile.TemporaryDirectory() as folder:
                found[bug] = await Storm(lives, Path(folder), orders, seed, bug).run(kills, EVERY_S, drain=not bug)
            print(row(bug, found[bug]), flush=True)
            if not bug:
                print(
                    *(f for kind in ("lost", "twice", "unheard", "adrift") for f in getattr(found[""], kind)),
                    sep="\n",
                    flush=True,
                )
    return found


def judged(bug: str, verdict: Verdict) -> bool:
    return bool(getattr(verdict, BROKEN[bug])) if bug else verdict.good


def row(bug: str, verdict: Verdict) -> str:
    return ROW.format(
        name=bug.replace("_", " ") or "as it is", orders=verdict.orders, kills=verdict.kills, posts=verdict.posts,
        messages=verdict.messages, lost=len(verdict.lost), twice=len(verdict.twice), unheard=len(verdict.unheard),
        adrift=len(verdict.adrift), took=round(verdict.took_s),
        judged=("caught" if bug else "good") if judged(bug, verdict) else "FAILED",
    )  # fmt: skip


HEAD = """\
| build | orders | kills | webhooks and calls | messages received | lost | twice | unheard | adrift | took | verdict |
|---|---|---|---|---|---|---|---|---|---|---|"""

PAGE = """\
# What crashes do

The last long run of the crash test, kept as it came out: `make faults KILLS={kills} ORDERS={orders} SEED={seed} REPORT=docs/faults.md`
on {at:%d %B %Y}, Python {python}, {system}.

The real service runs on an SQLite file and is ended with SIGKILL again and again, while a shop posts orders until it gets a 2xx (some
twice and three times), customers answer by SMS and WhatsApp (each webhook posted one to three times), and delivery reports come
late, repeated and in another order. The pretend providers live in another process and outlive every kill. Afterwards time
runs fast until every question has run its course, and their ledgers judge:

- **lost**: orders that were acknowledged and are not known;
- **twice**: messages that the same phone or mailbox got twice;
- **unheard**: answers that were acknowledged and neither counted nor lie before a person;
- **adrift**: open orders without a timer, and messages of unknown fate after which nobody asks.

{head}
{rows}

States of the orders after the run of the build as it is: {states}.

The other rows are the same storm over builds that are broken on purpose (tests/faults/nursery.py): one acknowledges before it
commits, one does not store `sending` before it uses the wire, one sends again what was on the wire at a crash. A judge that
passed one of them would prove nothing. No failure in {kills} kills bounds the rate at {bound:.1f} % of kills with 95 % confidence.
"""


def page(found: dict[str, Verdict]) -> str:
    good = found[""]
    return PAGE.format(
        kills=good.kills - 1,  # the drain begins with one more
        orders=good.orders,
        seed=good.seed,
        at=datetime.now(UTC),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        head=HEAD,
        rows="\n".join(row(bug, verdict) for bug, verdict in found.items()),
        states=", ".join(f"{n} {state}" for state, n in sorted(good.states.items())),
        bound=300 / good.kills,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    print(f"{wanted.kills} kills over {wanted.orders} orders, seed {wanted.seed}\n{HEAD}", flush=True)
    found = asyncio.run(storms(wanted.kills, wanted.orders, wanted.seed))
    if wanted.report:
        wanted.report.write_text(page(found))
        print(f"Written: {wanted.report}")
    return 0 if all(judged(bug, verdict) for bug, verdict in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
