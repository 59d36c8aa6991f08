"""Acknowledgements beside a Node bot kit's, by turns on the same machine: `python -m bench.peer`.

The kit is Botkit with its Twilio SMS adapter and its store in memory (bench/peer/bot.js). Both get the same YESes over 32 keep-alive
connections, and the same provider accepts; the mark is twice the kit's rate. Without node or npm one sentence says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.road import Measured, Served, accepted, acknowledged, line, machine, sub

HOME = Path(__file__).with_name("peer")
#: To reach: so many times the kit's rate.
MARK = 2
RUNS = 3
#: Not counted: V8 makes machine code of what runs often; the kit's first two thousand take twice as long, after four it is done.
WARM = 4000
NODE_LEAST = 18
#: A young generation of 64 MB spares the kit some collections.
NODE = ("node", "--max-semi-space-size=64")
MISSING = "The Node bot kit was not measured: node and npm are missing."
OLD = "The Node bot kit was not measured: it needs Node 18 or newer."
REFUSED = "The Node bot kit was not measured: npm could not install it."
INSTALL_MOST_S = 300


def hindrance() -> str:
    """Why the kit cannot be measured; "" when it can. Installs it where it is not there as locked."""
    if not (shutil.which("node") and shutil.which("npm")):
        return MISSING
    if int(_node().partition(".")[0]) < NODE_LEAST:
        return OLD
    lock, installed = HOME / "package-lock.json", HOME / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    print("Installing the locked Node bot kit into bench/peer/node_modules ...", flush=True)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(npm, cwd=HOME, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=INSTALL_MOST_S)
    except subprocess.SubprocessError:
        return REFUSED
    return ""


def _node() -> str:
    """Its version, as 20.1.0."""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return said.strip().removeprefix("v")


def versions() -> str:
    pinned = json.loads((HOME / "package.json").read_text())["dependencies"]
    return f"Node {_node()}, " + ", ".join(f"{name} {pinned[name]}" for name in ("botkit", "twilio"))


async def kit(count: int, port: int, warm: int) -> Measured:
    """The kit's acknowledgements, driven and counted as ours."""
    bot, seeded = str(HOME / "bot.js"), str(warm + count)
    return await accepted(lambda provider: Served(bot, str(port), seeded, provider, runs=NODE), count, port, warm)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peer")
    parser.add_argument("--count", type=int, default=4000, help="answers of one run")
    parser.add_argument("--warm", type=int, default=WARM, help="answers before them that are not counted")
    parser.add_argument("--data", default=str(Path.cwd() / "data"), help="a directory on a real disk")
    options = parser.parse_args()
    if why := hindrance():
        print(why)
        return
    Path(options.data).mkdir(exist_ok=True)
    count, warm, ratios = options.count, options.warm, []
    print(f"{machine(options.data)}; {versions()}; by turns, {count} YESes each after {warm} that warm up")
    with tempfile.TemporaryDirectory(dir=options.data) as d:
        for n in range(RUNS):
            theirs = await kit(count, 18811, warm)
            ours = await acknowledged(sub(d, str(n)), count, 18813, warm)
            line("Node bot kit, store in memory", theirs, theirs)
            line("YES to accepted acknowledgement", ours, theirs)
            ratios.append(ours.per_s / theirs.per_s)
    pairs = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"times the kit's rate: {pairs}; median {statistics.median(ratios):.2f} (to reach: >= {MARK})")


if __name__ == "__main__":
    asyncio.run(main())
