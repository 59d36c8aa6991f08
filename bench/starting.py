"""From the command to /readyz 200, without Telegram and with it: `python -m bench.starting`. A fresh process and file each time."""

from __future__ import annotations

import base64
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.road import code
from bench.served import ACCOUNT, PUBLIC, SENDER, SETTINGS, TOKEN

#: The marks, in seconds.
PLAIN_S, TELEGRAM_S = 1.5, 5.0
TELEGRAM = 'telegram: {token: "${TELEGRAM}", base_url: "http://127.0.0.1:9", staff_group: -100123}\n'


def started(port: int, directory: str, more: str = "") -> tuple[float, float, float]:
    """(seconds to ready, CPU seconds, peak MB) of one start. Raises AssertionError where it is not ready within a minute."""
    config = Path(directory) / "config.yaml"
    text = SETTINGS.format(
        public=PUBLIC, port=port, path=Path(directory) / "start.db", account=ACCOUNT, sender=SENDER,
        twilio="http://127.0.0.1:9", rate=1,
    )  # fmt: skip
    config.write_text(text + more)
    env = os.environ | {"KEY": base64.b64encode(bytes(32)).decode(), "TWILIO": TOKEN, "TELEGRAM": "123456:" + "A" * 35}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "run.py", "--config", str(config), "serve"], env=env, stderr=subprocess.DEVNULL
    )
    try:
        while not _ready(port):
            assert process.poll() is None, "serve ended"
            assert time.perf_counter() - begin < 60, "not ready within a minute"
            time.sleep(0.01)
        spent = time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait(30)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, cpu, after.ru_maxrss / 1024


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    print(code())
    for what, more, mark in (("start to ready", "", PLAIN_S), ("start to ready, Telegram", TELEGRAM, TELEGRAM_S)):
        runs = []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as directory:
                runs.append(started(18840, directory, more))
        spent, cpu, most = min(runs)
        print(f"{what:<34} {spent:8.2f} s    best of 3; {cpu:.2f} s CPU, {most:.0f} MB at most (to reach: <= {mark} s)")


if __name__ == "__main__":
    main()
