"""What one answer costs a process on MongoDB and Redis, alone and as one of two: CPU of the processes, without HTTP.

    python -m bench.several [--answers 800] [--rounds 5]     needs the servers of `make services`, or MONGODB_URL and REDIS_URL

Alone or as one of two, a process has as many customers of its own as make EACH answers for each, so that documents are equally
long; it warms up, waits for the other, and counts the median batch. One process and two take turns, and the ratio is the median
round's: one round alone says 0.9 or 1.3 on a machine with other tenants. The server's own time is not in it: against FerretDB only
the processes' CPU says anything, not how many answers a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta

import msgspec

from tests import servers

#: Answers of one customer.
EACH = 8
#: Answers that come together.
BATCH = 32
#: Batches before anything is counted: connections, plans and caches are made in them.
WARM = 8
#: So long the processes are looked at while nothing comes in.
IDLE_S = 4.0


class Cost(msgspec.Struct):
    answers: int
    cpu_us: float  # of one answer in the median batch, without what a process costs that only lives
    idle_us: float  # of a second in which nothing comes in: beats, looks
    races: int


async def answers(url: str, redis: str, first: int, count: int) -> Cost:
    """`count` texts of customers, each into a conversation with an order, decided and committed."""
    from engine.clock import RunningClock
    from engine.engine import Engine
    from engine.tokens import Tokens
    from storage.mongo import MongoStore
    from storage.several import Several
    from tests.contracts.test_store import decider, told, wrote
    from tests.contracts.tiny import KEY

    store = MongoStore(url, KEY)
    decide = decider()
    engine = Engine(store, decide, RunningClock(), Tokens(KEY))
    several = Several(engine, store, f"bench-{first}", redis, KEY, lambda why: None)
    await several.start(on_lead=lambda: None)
    now = engine.now()
    batches = WARM + count // BATCH
    phones = [f"+3461{n:07}" for n in range(first, first + batches * BATCH // EACH)]
    for start in range(0, len(phones), BATCH):
        orders = [told(first + n, phone) for n, phone in list(enumerate(phones))[start : start + BATCH]]
        await asyncio.gather(*(store.transact(order, decide, now) for order in orders))

    async def batch(n: int) -> float:
        """CPU seconds of the n-th batch: one answer of each of the next customers."""
        events = [wrote(f"{first}/{k}", phones[k % len(phones)]) for k in range(n * BATCH, (n + 1) * BATCH)]
        cpu = time.process_time()
        await asyncio.gather(*(store.transact(e, decide, now + timedelta(seconds=1)) for e in events))
        return time.process_time() - cpu

    for n in range(WARM):
        await batch(n)
    idle = time.process_time()
    await asyncio.sleep(IDLE_S)
    idle = (time.process_time() - idle) / IDLE_S
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    begin, costs = time.perf_counter(), []
    for n in range(WARM, batches):
        costs.append(await batch(n))
    alive = idle * (time.perf_counter() - begin) / len(costs)
    await several.stop()
    await store.close()
    cpu_us = (statistics.median(costs) - alive) / BATCH * 1e6
    return Cost(len(costs) * BATCH, round(cpu_us, 1), round(idle * 1e6), store.races)


def children(url: str, redis: str, many: int, count: int) -> list[Cost]:
    """`many` processes share `count` answers; they begin together."""
    share = str(count // many)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.several", "--child", url, redis, str(n * 100_000), share],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for n in range(many)
    ]
    for child in running:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n", "a process did not start"
    for child in running:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
    return [msgspec.json.decode(child.communicate()[0], type=Cost) for child in running]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.several")
    parser.add_argument("--answers", type=int, default=800, help="answers in all, shared by the processes")
    parser.add_argument("--rounds", type=int, default=5, help="turns of one process and of two")
    parser.add_argument("--child", nargs=4, metavar=("URL", "REDIS", "FIRST", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        url, redis, first, count = options.child
        print(msgspec.json.encode(asyncio.run(answers(url, redis, int(first), int(count)))).decode())
        return
    with ExitStack() as stack:
        server = stack.enter_context(servers.mongodb())
        redis = os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{stack.enter_context(servers.redis_server()).port}"
        costs: dict[int, list[list[Cost]]] = {1: [], 2: []}
        for at in range(options.rounds):
            for many in (1, 2) if at % 2 else (2, 1):
                with servers.database(server) as url:
                    costs[many].append(children(url, redis, many, options.answers))
    cpu = {many: [statistics.mean(c.cpu_us for c in each) for each in rounds] for many, rounds in costs.items()}
    for many, rounds in costs.items():
        every = [cost for each in rounds for cost in each]
        idle, races = max(c.idle_us for c in every) / 10_000, sum(c.races for c in every)
        print(
            f"{many} process(es): {statistics.median(cpu[many]):5.0f} us CPU an answer, {idle:.1f} % of a core to live, races {races}"
        )
    ratios = [two / one for one, two in zip(cpu[1], cpu[2], strict=True)]
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"two against one: {shown}; median {statistics.median(ratios):.2f} x CPU an answer (to reach: <= 1.15)")


if __name__ == "__main__":
    main()
