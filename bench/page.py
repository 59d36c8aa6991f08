"""The playground's page: its weight, the first paint on loopback, and what fifty open pages cost of a core.

    python -m bench.page --pages 50 --seconds 20

The sandbox runs in a process of its own, whose processor time is read from /proc; each page is what a browser keeps open, an event
stream and a fetch of state and story after each of its ticks. One order is placed before, so that there is something to show.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import statistics
import sys
from pathlib import Path

import aiohttp

HOUSE = Path(__file__).parents[1]
#: What is promised: bytes of the page, milliseconds to the first paint, share of one core.
MOST_BYTES, MOST_PAINT_MS, MOST_SHARE = 150_000, 300, 0.05
PAINTS = 5


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _open_page(session: aiohttp.ClientSession, url: str) -> None:
    """A page that stays open: it hears of changes and fetches what it shows."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with session.get(f"{url}/sandbox/events", timeout=timeout) as stream:
        async for line in stream.content:
            if line.startswith(b"data:"):
                for name in ("state", "story"):
                    async with session.get(f"{url}/sandbox/{name}") as answer:
                        await answer.read()


async def _paint_ms(url: str) -> float | None:
    """The median first contentful paint of fresh visits; None without Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    from playwright.async_api import async_playwright

    found = []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(PAINTS):
            page = await (await browser.new_context()).new_page()
            await page.goto(url + "/")
            await page.wait_for_selector("#scenes button")
            script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            found.append(float(await page.evaluate(script)))
            await page.context.close()
        await browser.close()
    return statistics.median(found)


async def measure(pages: int, seconds: float) -> bool:
    """Prints a line for each promise; whether all are kept."""
    port = _port()
    url = f"http://127.0.0.1:{port}"
    command = [str(HOUSE / "run.py"), "--config", str(HOUSE / "config.yaml"), "sandbox", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=asyncio.subprocess.DEVNULL)
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            async with asyncio.timeout(60):
                while True:
                    try:
                        async with session.get(f"{url}/healthz"):
                            break
                    except aiohttp.ClientError:
                        await asyncio.sleep(0.1)
            async with session.post(f"{url}/sandbox/order", json={"sample": "good-spain"}):
                pass
            paint = await _paint_ms(url)
            before = _cpu_s(process.pid)
            await asyncio.sleep(seconds)
            alone = (_cpu_s(process.pid) - before) / seconds
            opened = [asyncio.create_task(_open_page(session, url)) for _ in range(pages)]
            await asyncio.sleep(2)  # they have opened, and fetched once
            before = _cpu_s(process.pid)
            await asyncio.sleep(seconds)
            share = (_cpu_s(process.pid) - before) / seconds
            for task in opened:
                task.cancel()
            await asyncio.gather(*opened, return_exceptions=True)
    finally:
        process.terminate()
        await process.wait()
    weight = sum(path.stat().st_size for path in (HOUSE / "sandbox" / "page").iterdir())
    print(f"page weight: {weight / 1000:.1f} kB (at most {MOST_BYTES // 1000})")
    print(
        f"first paint: {'not measured, no Chromium' if paint is None else f'{paint:.0f} ms'} (at most {MOST_PAINT_MS})"
    )
    print(f"{pages} open pages: {share:.1%} of a core (at most {MOST_SHARE:.0%}); without any: {alone:.1%}")
    return weight < MOST_BYTES and (paint is None or paint < MOST_PAINT_MS) and share < MOST_SHARE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    raise SystemExit(0 if asyncio.run(measure(asked.pages, asked.seconds)) else 1)


if __name__ == "__main__":
    main()
