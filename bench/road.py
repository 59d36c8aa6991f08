"""The one road over HTTP, each figure as a ratio to a bare handler measured in the same run: `python -m bench.road`."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from bench.served import ACCOUNT, PUBLIC, SENDER, TOKEN, phone
from bench.wire import drive, post

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


class Served:
    """A server of bench.served in a process of its own."""

    def __init__(self, kind: str, port: int, directory: str, count: int, *more: str) -> None:
        command = [sys.executable, "-m", "bench.served", kind, str(port), directory, str(count), *more]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        assert line.strip() == "ready", line

    def end(self) -> str:
        """What it used: cpu seconds, peak memory, commits."""
        said, _ = self._process.communicate("\n", timeout=60)
        return said.strip()


def percentiles(took: list[float]) -> str:
    took = sorted(took)
    return f"p50 {took[len(took) // 2] * 1000:.1f} ms, p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms"


async def rate(kind: str, directory: str, count: int, port: int) -> float:
    served = Served(kind, port, directory, count)
    requests = [answer(n, "1", "a" * 22) for n in range(count)]
    spent, took = await drive(f"http://127.0.0.1:{port}", requests)
    print(f"{kind:<6} {count / spent:8.0f}/s  {percentiles(took)}  {served.end()}")
    return count / spent


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--data", default=str(Path.cwd() / "data"))
    options = parser.parse_args()
    Path(options.data).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.data) as directory:
        bare = await rate("bare", directory, options.count, 18801)
        road = await rate("road", directory, options.count, 18802)
    print(f"ratio road / bare: {road / bare:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
