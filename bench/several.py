"""What one answer costs a process on MongoDB and Redis, alone and as one of two: CPU of the processes, without HTTP.

    python -m bench.several            needs the servers of `make services`, or MONGODB_URL and REDIS_URL

The server's own time is not in it: against FerretDB only the processes' CPU says anything, not how many answers a second.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta

import msgspec

from tests import servers

ANSWERS = 800
PHONES = 25
#: So long the processes are looked at while nothing comes in.
IDLE_S = 4.0


class Cost(msgspec.Struct):
    answers: int
    cpu_us: float  # of one answer, without what a process costs that only lives
    idle_us: float  # of a second in which nothing comes in: beats, looks
    spent_s: float
    races: int


async def answers(url: str, redis: str, first: int, count: int) -> Cost:
    """`count` customers' texts, each into a conversation with an order, decided and committed."""
    from engine.clock import RunningClock
    from engine.engine import Engine
    from storage.mongo import MongoStore
    from storage.several import Several
    from tests.contracts.test_store import decider, told, wrote
    from tests.contracts.tiny import KEY

    store = MongoStore(url, KEY)
    decide = decider()
    engine = Engine(store, decide, RunningClock(), decide.tokens)
    several = Several(engine, store, f"bench-{first}", redis, KEY, lambda why: None)
    await several.start(on_lead=lambda: None)
    now = engine.now()
    phones = [f"+3461{n:07}" for n in range(first, first + PHONES)]
    await asyncio.gather(*(store.transact(told(first + n, p), decide, now) for n, p in enumerate(phones)))
    await asyncio.sleep(2)  # everybody has entered
    begin, cpu = time.perf_counter(), time.process_time()
    for start in range(0, count, 32):
        batch = range(start, min(start + 32, count))
        events = [wrote(f"{first}/{n}", phones[n % PHONES]) for n in batch]
        await asyncio.gather(*(store.transact(e, decide, now + timedelta(seconds=1)) for e in events))
    cpu, spent = time.process_time() - cpu, time.perf_counter() - begin
    idle = time.process_time()
    await asyncio.sleep(IDLE_S)
    idle = (time.process_time() - idle) / IDLE_S
    await several.stop()
    await store.close()
    return Cost(count, round((cpu - idle * spent) / count * 1e6, 1), round(idle * 1e6), round(spent, 2), store.races)


def children(url: str, redis: str, many: int) -> list[Cost]:
    """`many` processes share the answers."""
    share = ANSWERS // many
    commands = [
        [sys.executable, "-m", "bench.several", url, redis, str(n * 10 * PHONES), str(share)] for n in range(many)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    return [msgspec.json.decode(child.communicate()[0], type=Cost) for child in running]


def main() -> None:
    if len(sys.argv) > 1:
        url, redis, first, count = sys.argv[1:]
        print(msgspec.json.encode(asyncio.run(answers(url, redis, int(first), int(count)))).decode())
        return
    with ExitStack() as stack:
        server = stack.enter_context(servers.mongodb())
        redis = os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{stack.enter_context(servers.redis_server()).port}"
        costs = {}
        for many in (1, 2):
            with servers.database(server) as url:
                costs[many] = children(url, redis, many)
        for many, each in costs.items():
            cpu = sum(c.cpu_us * c.answers for c in each) / sum(c.answers for c in each)
            idle = max(c.idle_us for c in each) / 10_000
            print(
                f"{many} process(es): {cpu:5.0f} us CPU an answer, {idle:.1f} % of a core to live, races {sum(c.races for c in each)}"
            )
        one, two = (sum(c.cpu_us * c.answers for c in costs[n]) for n in (1, 2))
        print(f"two against one: {two / one:.2f} x CPU an answer (to reach: <= 1.15)")


if __name__ == "__main__":
    main()
