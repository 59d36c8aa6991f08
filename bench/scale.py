"""What many open conversations cost: `python -m bench.scale --open 100000 --storm 20000`.

Per size from a thousand up to --open: CPU of an order taken in and of an answer (bench.cost), beside what it is among a thousand,
drawn as a curve (--chart). Each file holds --past conversations that are over, too, and those of the warm-up. Then, with all of them
open, a process of its own idles; then --storm of their timers are due at once while webhooks come in, as they did before with no
timer due. Of a million conversations the files take 5 GB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from bench import served
from bench.cost import WARM
from bench.road import PYTHON, Served, answer, machine, percentiles
from bench.served import FILE
from bench.wire import drive

#: Customers' numbers are told apart up to here.
MOST = 3_000_000
#: The sizes are measured so many times, one after the other.
TURNS = 3
IDLE_S = 15.0
#: Webhooks sent during the storm, over so many connections.
ANSWERS, CONNECTIONS = 1500, 8


class Cost(NamedTuple):
    """CPU microseconds with so many conversations open."""

    size: int
    order: int
    recent: int
    anyone: int


def grown(directory: str, sizes: list[int], storm: int, due: datetime, past: int) -> Iterator[tuple[int, str]]:
    """(how many are open, the directory of such a file): each is the one before it, filled up."""
    older = ""
    for before, size in pairwise([0, *sizes]):
        newer = Path(directory) / str(size)
        newer.mkdir()
        if older:
            shutil.copyfile(Path(older) / FILE, newer / FILE)
        _run("bench.crowd", str(newer), *map(str, (before, size, storm, round(due.timestamp()), past)))
        yield size, (older := str(newer))


def measured(directory: str, files: dict[int, str], past: int) -> list[Cost]:
    """The costs at each size, TURNS times by turns, so that a machine's bad minute meets all sizes. What others do on a machine makes
    a round dearer, never cheaper: the lower quarter of all rounds."""
    taken: dict[int, list[list[float]]] = {size: [] for size in files}
    for _ in range(TURNS):
        for size in files:
            # of a copy: the file itself keeps its crowd, and nothing else
            with tempfile.TemporaryDirectory(dir=directory) as copy:
                shutil.copyfile(Path(files[size]) / FILE, Path(copy) / FILE)
                os.sync()  # the disk is quiet again
                rounds = _run("bench.cost", copy, str(size)).splitlines()
                taken[size] += [[float(us) for us in line.split()] for line in rounds]
    curve = [Cost(size, *(round(quantiles(each, n=4)[0]) for each in zip(*taken[size], strict=True))) for size in files]
    for cost in curve:
        print(
            f"{cost.size:>9} open of {past + cost.size + WARM:>9} conversations: "
            f"an order {cost.order} us CPU ({cost.order / curve[0].order:.2f}), "
            f"its answer {cost.recent} ({cost.recent / curve[0].recent:.2f}), "
            f"an answer of anyone among all {cost.anyone} ({cost.anyone / curve[0].anyone:.2f})",
            flush=True,
        )
    return curve


def _run(module: str, *arguments: str) -> str:
    return subprocess.run([*PYTHON, module, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def chart(curve: list[Cost], past: int, path: str, said: str) -> None:
    """The curve as SVG or PNG, by the file's name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sizes = [cost.size for cost in curve]
    axes.plot(sizes, [cost.order for cost in curve], marker="o", label="an order taken in")
    axes.plot(sizes, [cost.recent for cost in curve], marker="o", label="its answer")
    axes.plot(sizes, [cost.anyone for cost in curve], marker="o", label="an answer of anyone among all")
    axes.set(
        xscale="log",
        ylim=(0, None),
        xlabel=f"open conversations, beside {past + WARM} others",
        ylabel="CPU, microseconds",
        title=said,
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


async def serve(port: int, directory: str, skip_to: float) -> None:
    """A process on the file: says ready, then what it used until its input ends, and how many timers are still due."""
    service = served.house(port, directory, "http://127.0.0.1:9", 0.001)
    if skip_to:
        service.clock.skip_to(datetime.fromtimestamp(skip_to, UTC))
    await service.start("127.0.0.1", port)
    print("ready", flush=True)
    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    spent, cpu = time.perf_counter() - begin, time.process_time() - cpu
    now = round(service.clock.now().timestamp() * 1000)
    ((left,),) = service.store._reader.execute("SELECT count(*) FROM conversation WHERE next_due <= ?", (now,))
    now_mb = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    print(f"{cpu / spent * 100:.2f} {now_mb:.0f} {left} {spent:.1f}", flush=True)
    os._exit(0)


async def webhooks(directory: str, skip_to: str, asked: list[int]) -> tuple[str, list[str]]:
    """An answer of each of these customers to a process on the file: how fast they were, and what the process said at its end."""
    serving = Served("bench.scale", "--serve", "18843", directory, skip_to)
    spent, took = await drive("http://127.0.0.1:18843", [answer(n, "1", "c" * 22) for n in asked], CONNECTIONS)
    return f"webhooks {len(took) / spent:.0f}/s, {percentiles(took)}", serving.end().split()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale")
    parser.add_argument("--open", type=int, default=100_000, help="open conversations, each with a timer")
    parser.add_argument("--past", type=int, default=20_000, help="conversations that are over, beside them")
    parser.add_argument("--storm", type=int, default=20_000, help="timers due at once")
    parser.add_argument("--data", default=str(Path.cwd() / "data"), help="a directory on a real disk")
    parser.add_argument("--chart", default="", help="draw the curve into this file (.svg or .png)")
    parser.add_argument("--serve", nargs=3, metavar=("PORT", "DIRECTORY", "SKIP_TO"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        await serve(int(options.serve[0]), options.serve[1], float(options.serve[2]))
        return
    if options.open < options.storm + 2 * ANSWERS:
        parser.error(f"--open has to be {2 * ANSWERS} above --storm: so many customers answer")
    if options.open > MOST:
        parser.error(f"--open is {MOST} at most")
    Path(options.data).mkdir(exist_ok=True)
    sizes = [size for size in (1000, 10_000, 100_000, 1_000_000) if size < options.open] + [options.open]
    due = (datetime.now(UTC) + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)  # a waking hour
    where = machine(options.data)
    with tempfile.TemporaryDirectory(dir=options.data) as directory:
        files = dict(grown(directory, sizes, options.storm, due, options.past))
        curve = measured(directory, files, options.past)
        if options.chart:
            chart(curve, options.past, options.chart, f"Cost per order ({where})")
        largest = files[options.open]
        still = Served("bench.scale", "--serve", "18842", largest, "0")
        await asyncio.sleep(IDLE_S)
        cpu, rss, *_ = still.end().split()
        print(
            f"idle, {options.open} open timers{'':<10} {cpu} % of a core, {rss} MB (to reach: < 1 %, < 250 MB)",
            flush=True,
        )
        asked = list(range(options.storm, options.open))
        said, _ = await webhooks(largest, "0", asked[ANSWERS : 2 * ANSWERS])
        print(f"{'no timer due':<32} {said}: the base of the next line", flush=True)
        skip_to = str((due + timedelta(seconds=1)).timestamp())
        said, (_, rss, left, lasted) = await webhooks(largest, skip_to, asked[:ANSWERS])
        done = options.storm - int(left)
        print(
            f"{options.storm} timers due at once{'':<11} {said} (to reach: p99 <= 100 ms); "
            f"{done} timers done in these {lasted} s; {rss} MB"
        )


if __name__ == "__main__":
    asyncio.run(main())
