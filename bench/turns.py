"""CPU of one answer where other jobs run: the bare handler and the road take turns, over sockets and a disk: `python -m bench.turns`.

Rates say nothing on a machine that is not ours alone, and CPU says little when one is measured after the other. Here each round
brings so many answers to each in turn; told are the lower tenth and the median of the rounds. `--beside DIRECTORY`: another checkout of
Doorstep takes its turns, too.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.road import Served, answer, machine, sub
from bench.wire import drive, fetch

#: Rounds that are not counted: connections, caches.
WARM = 5
#: What a round leaves to be done (a commit's checkpoint, a receipt) belongs to it.
SETTLED_S = 0.02


class Turn:
    """One service that is driven. `provider`: the port of the loopback provider whose acceptances end a round; 0: the 200s do."""

    def __init__(self, name: str, served: Served, port: int, provider: int) -> None:
        self.name = name
        self.served = served
        self._port = port
        self._provider = provider
        self._accepted = 0
        self.us: list[float] = []  # CPU of one answer, by round

    async def take(self, requests: list[bytes]) -> None:
        before = self.served.cpu_ns()
        await drive(f"http://127.0.0.1:{self._port}", requests)
        self._accepted += len(requests)
        if self._provider:
            begin = time.perf_counter()
            while int(await fetch("127.0.0.1", self._provider, "/count")) < self._accepted:
                assert time.perf_counter() - begin < 60, "the acknowledgements do not arrive"
                await asyncio.sleep(SETTLED_S)
        await asyncio.sleep(SETTLED_S)
        self.us.append((self.served.cpu_ns() - before) / len(requests) / 1000)

    def row(self, base: Turn) -> str:
        low, middle = (_part(self.us, p) for p in (10, 50))
        ratios = f"{_part(base.us, 10) / low:5.2f} {_part(base.us, 50) / middle:5.2f}"
        return f"{self.name:<40} {low:5.0f} us {middle:5.0f} us  of bare {ratios}  {self.served.end()}"


def _part(us: list[float], percent: int) -> float:
    return statistics.quantiles(us[WARM:], n=100)[percent - 1]


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.turns")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--each", type=int, default=96, help="answers of one turn")
    parser.add_argument("--data", default=str(Path.cwd() / "data"), help="a directory on a real disk")
    parser.add_argument("--beside", default="", metavar="DIRECTORY", help="another checkout, which takes its turns too")
    options = parser.parse_args()
    Path(options.data).mkdir(exist_ok=True)
    rounds, each = options.rounds + WARM, options.each
    print(f"{machine(options.data)}; {options.rounds} rounds of {each} answers, lower tenth and median", flush=True)
    with tempfile.TemporaryDirectory(dir=options.data) as d:
        turns, providers, port = (
            [Turn("bare handler", Served("bench.served", "bare", "18851", d, "0"), 18851, 0)],
            [],
            18852,
        )
        for where in [".", *filter(None, [options.beside])]:
            for name, acks in (("YES to committed 200", False), ("YES to accepted acknowledgement", True)):
                more = []
                if acks:
                    providers.append(Served("bench.provider", str(port + 1)))
                    more = [f"http://127.0.0.1:{port + 1}", "5000"]
                path = sub(d, str(port))
                served = Served("bench.served", "road", str(port), path, str(rounds * each), *more, where=where)
                turns.append(Turn(f"{name} {'' if where == '.' else 'beside'}", served, port, acks and port + 1))
                port += 2
        for n in range(rounds):
            for turn in turns:
                await turn.take([answer(k, "1", "a" * 22) for k in range(n * each, (n + 1) * each)])
        for turn in turns:
            print(turn.row(turns[0]), flush=True)
        for provider in providers:
            provider.end()


if __name__ == "__main__":
    asyncio.run(main())
