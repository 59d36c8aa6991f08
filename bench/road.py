"""The one road over HTTP, each figure as a ratio to a bare handler measured in the same run: `python -m bench.road`."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp

from bench import store_lines
from bench.served import ACCOUNT, PUBLIC, SENDER, TOKEN, phone
from bench.wire import drive, post
from commands import compiled
from storage.sqlite_rows import KNOWN

PATH = "/hooks/twilio/message"


def answer(n: int, text: str, run: str) -> bytes:
    """A signed inbound SMS as Twilio sends it."""
    sid = f"SM{run}{n:08d}"
    form = {
        "ToCountry": "ES", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "",
        "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": text, "FromCountry": "ES",
        "To": SENDER, "ToZip": "", "NumSegments": "1", "MessageSid": sid, "AccountSid": ACCOUNT, "From": phone(n),
        "ApiVersion": "2010-04-01",
    }  # fmt: skip
    signed = PUBLIC + PATH + "".join(k + v for k, v in sorted(form.items()))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return post(PATH, urlencode(form).encode(), headers)


#: The bare handler and the road take so many turns: a minute's other tenants are then both's.
TURNS = 8
#: What runs the bench's own modules.
PYTHON = (sys.executable, "-m")


class Served:
    """A module of the bench, or that of the checkout `where`, in a process of its own; ready when it says so."""

    def __init__(self, module: str, *arguments: str, where: str = ".", runs: Sequence[str] = PYTHON) -> None:
        command = [*runs, module, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=where
        )
        said = self._process.stdout.readline()  # type: ignore[union-attr]
        assert said.strip() == "ready", f"{module} did not start"

    def cpu_ns(self) -> int:
        """What its threads have used so far."""
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)

    def end(self) -> str:
        """What it used: cpu seconds, peak memory, commits."""
        said, _ = self._process.communicate("\n", timeout=60)
        return said.strip()


def percentiles(took: list[float]) -> str:
    took = sorted(took)
    return f"p50 {took[len(took) // 2] * 1000:.1f} ms, p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms"


class Measured(NamedTuple):
    """Units a second, CPU microseconds of one in the process that serves, and what else there is to say. `turns`: units a second in
    each turn, where it was measured by turns with its base."""

    per_s: float
    cpu_us: float
    more: str
    turns: tuple[float, ...] = ()


def measured(count: int, spent: float, took: list[float], said: str, warm_s: float = 0.0) -> Measured:
    """From what a served process said at its end. `warm_s`: CPU seconds it had used before the `count` units."""
    cpu, rss, commits = (float(said.split()[at]) for at in (1, 3, 5))
    fsyncs = f", {commits:.0f} commits" if commits else ""
    return Measured(
        count / spent, (cpu - warm_s) / count * 1e6, f"{percentiles(took)}, {rss / 1024:.0f} MB at most{fsyncs}"
    )


class Door:
    """A served process that is asked, a part of its `requests` at each turn."""

    def __init__(self, served: Served, port: int, requests: list[bytes]) -> None:
        self._served = served
        self._port = port
        self._requests = requests
        self._took: list[float] = []
        self._per_s: list[float] = []

    async def take(self, turn: int) -> None:
        part = self._requests[turn::TURNS]
        spent, took = await drive(f"http://127.0.0.1:{self._port}", part)
        self._took += took
        self._per_s.append(len(part) / spent)

    def measured(self) -> Measured:
        """The median turn's rate; the CPU of all."""
        found = measured(len(self._took), 1.0, self._took, self._served.end())
        return found._replace(per_s=statistics.median(self._per_s), turns=tuple(self._per_s))


async def answers(directory: str, count: int) -> list[tuple[str, Measured]]:
    """Answers over HTTP by turns, each from the first byte sent to the last 200: the bare handler, the road to customers whose
    conversation the store still knows, and to others, whose conversation it reads from the file."""
    known = min(count, KNOWN)
    requests = [answer(n, "1", "a" * 22) for n in range(count)]

    def road(port: int, customers: int) -> Served:
        return Served("bench.served", "road", str(port), sub(directory, f"road{port}"), str(customers))

    doors = {
        "bare handler": Door(Served("bench.served", "bare", "18801", directory, "0"), 18801, requests),
        "YES to committed 200": Door(road(18802, known), 18802, requests[:known]),
        "the same, read from the file": Door(road(18805, count + KNOWN), 18805, requests),
    }
    for turn in range(TURNS):
        for door in doors.values():
            await door.take(turn)
    return [(name, door.measured()) for name, door in doors.items()]


async def acknowledged(directory: str, count: int, port: int, warm: int = 0) -> Measured:
    """Acknowledgements that a loopback provider accepted, from the first YES sent."""
    seeded = str(warm + count)
    return await accepted(
        lambda provider: Served("bench.served", "road", str(port), directory, seeded, provider, "5000"),
        count, port, warm,
    )  # fmt: skip


async def accepted(serve: Callable[[str], Served], count: int, port: int, warm: int = 0) -> Measured:
    """The same of whatever `serve` starts on `port`; it is given the provider's address, and takes Twilio's webhooks.

    The first `warm` customers' answers are not counted, but for memory and commits.
    """
    provider = Served("bench.provider", str(port + 1))
    served = serve(f"http://127.0.0.1:{port + 1}")
    requests = [answer(n, "1", "b" * 22) for n in range(warm + count)]
    before = served.cpu_ns()
    await _taken(requests[:warm], port, warm)
    warm_s = (served.cpu_ns() - before) / 1e9
    begin = time.perf_counter()
    took = await _taken(requests[warm:], port, warm + count)
    spent = time.perf_counter() - begin
    found = measured(count, spent, took, served.end(), warm_s)
    provider.end()
    return found


async def _taken(requests: list[bytes], port: int, count: int) -> list[float]:
    """Seconds that each request took; the provider has accepted `count` in all when it is back."""
    if not requests:
        return []
    begin = time.perf_counter()
    _, took = await drive(f"http://127.0.0.1:{port}", requests)
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"http://127.0.0.1:{port + 1}/count") as got:
                if int(await got.text()) >= count:
                    return took
            assert time.perf_counter() - begin < 120, "the acknowledgements do not arrive"
            await asyncio.sleep(0.01)


def line(what: str, found: Measured, base: Measured) -> None:
    """One row; the ratios are to the base of its block: of the rates (the median turn's, where both took turns), and of the CPU."""
    rate = found.per_s / base.per_s
    if found.turns and base.turns:
        rate = statistics.median(mine / its for mine, its in zip(found.turns, base.turns, strict=True))
    ratios = f"{rate:5.2f} {base.cpu_us / found.cpu_us:5.2f}" if found is not base else f"{'base':>11}"
    print(f"{what:<34} {found.per_s:8.0f}/s {ratios} {found.cpu_us:6.0f} us  {found.more}", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--count", type=int, default=4000, help="answers, and timers")
    parser.add_argument("--data", default=str(Path.cwd() / "data"), help="a directory on a real disk")
    options = parser.parse_args()
    if options.count < TURNS:
        parser.error(f"--count {options.count}: at least {TURNS}, one for each turn")
    Path(options.data).mkdir(exist_ok=True)
    count = options.count
    print(f"{machine(options.data)}; {count} units each, 32 keep-alive connections")
    print("ratios to the base of the block: of the rates, and of the CPU that one unit costs")
    print(f"{'':<34} {'a second':>10} {'rate  CPU':>11} {'CPU each':>9}")
    with tempfile.TemporaryDirectory(dir=options.data) as d:
        by_turns = await answers(d, count)
        bare = by_turns[0][1]
        for what, found in by_turns:
            line(what, found, bare)
        line("YES to accepted acknowledgement", await acknowledged(sub(d, "acks"), count, 18803), bare)
        raw = Measured(*store_lines.raw_group_commit(d, count), f"{store_lines.BATCH} rows to a commit")
        line("raw SQLite group commit", raw, raw)
        done, cpu, commits = await store_lines.commits(sub(d, "commits"), count)
        line("answers committed, no HTTP", Measured(done, cpu, f"{commits} commits (fsyncs)"), raw)
        due, cpu, commits = await store_lines.timers(sub(d, "timers"), count)
        line("due timers stepped and committed", Measured(due, cpu, f"{commits} commits (fsyncs)"), raw)


def sub(directory: str, name: str) -> str:
    path = Path(directory) / name
    path.mkdir()
    return str(path)


def machine(directory: str) -> str:
    """What the figures were measured on: the file system must be a disk's, not memory."""
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T", directory], capture_output=True, text=True, check=False
    ).stdout.strip()
    assert kind not in ("tmpfs", "ramfs"), f"{directory} is memory ({kind}): give --data on a disk"
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {kind}, {code()}"


def code() -> str:
    """Whether compiled modules are measured, and how many."""
    return f"{compiled.in_use()} compiled modules" if compiled.in_use() else "from the sources"


if __name__ == "__main__":
    asyncio.run(main())
