"""One import as the shop does it: the command itself, with all its processes' time and memory."""

from __future__ import annotations

import base64
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.keys import phone_us
from bench.made_up_past import write_export

ROOT = Path(__file__).parent.parent
CONFIG = """
public_url: https://orders.example.com
storage: {url: "sqlite:///HERE/history.db", encryption_key: "${DOORSTEP_KEY}"}
shops: [{id: demo, name: Demo, language: es, country: ES, currency: EUR, timezone: Europe/Madrid}]
"""


def importing(count: int) -> None:
    """One line for `run.py import-history` of so many rows: rows a second, CPU and memory of all its processes."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        path, config = Path(folder) / "orders.csv", Path(folder) / "config.yaml"
        config.write_text(CONFIG.replace("HERE", folder))
        maker = multiprocessing.get_context("spawn").Process(target=write_export, args=(path, count))
        maker.start()
        maker.join()
        began, used = time.perf_counter(), _children_s()
        running = subprocess.Popen(
            [sys.executable, "run.py", "--config", str(config), "import-history", str(path), "--yes"],
            cwd=ROOT, env={**os.environ, "DOORSTEP_KEY": base64.b64encode(bytes(range(32))).decode()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        peak = _Peak(running.pid)
        peak.start()
        output, _ = running.communicate()
        spent, cpu = time.perf_counter() - began, _children_s() - used
        peak.join()
    kept = re.search(r"new orders kept\D+([\d,]+)", output)
    assert running.returncode == 0, output
    assert kept is not None, output
    assert int(kept[1].replace(",", "")) == count, output
    print(
        f"import  {count:>10,} rows   | {count / spent:,.0f} rows/s wall on {os.cpu_count()} cores | "
        f"{cpu / count * 1e6:.0f} µs CPU a row (two idle cores: {2 * count / cpu:,.0f} rows/s), "
        f"a phone alone {phone_us():.0f} µs | memory of all processes {peak.most_mb:.0f} MB",
        flush=True,
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Peak(threading.Thread):
    """The highest sum of resident memory of a process and its children, looked at ten times a second. Pages that they share
    count for each."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most_mb = pid, 0.0

    def run(self) -> None:
        while now_mb := sum(map(_resident_mb, [self.pid, *_children(self.pid)])):
            self.most_mb = max(self.most_mb, now_mb)
            time.sleep(0.1)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
