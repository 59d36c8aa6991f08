"""A real browser for the tests of the playground's page; whatever its console says of errors fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Milliseconds that whatever is waited for may take on a busy machine.
PATIENCE_MS = 120_000
#: Seconds for a whole test of the page there.
TEST_S = 1200
WIDE, SMALL = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Skips where none is installed, fails where it has to be (REQUIRE_SERVICES=1)."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGS, timeout=PATIENCE_MS)
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, address: str, *, begins_afresh: bool = False) -> AsyncIterator[Page]:
    """The playground's page at `address`, 1440 px wide, ready to be pressed. Any error or warning on its console fails the test.

    `begins_afresh`: the playground ends and begins again meanwhile. What the browser itself says of a request that was cut there is no
    fault of the page, which has to find its way back.
    """
    wrong: list[str] = []
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto(address)
    await page.wait_for_selector("#scenes button")
    yield page
    await page.close()
    if begins_afresh:
        wrong = [said for said in wrong if "net::ERR_" not in said]
    assert not wrong, wrong


async def plays(page: Page, title: str) -> None:
    """The story is pressed and watched to its end."""
    await page.click(f"#scenes button:has-text('{title}')")
    await page.wait_for_selector("#caption.done:not([hidden])")
    said = await page.inner_text("#caption")
    assert "It stopped here" not in said, said


async def order_of(page: Page) -> str:
    """The order of the customer who is looked at."""
    text = await page.locator("#placed .order b").first.inner_text()
    return text.removeprefix("Order ")


def card(page: Page, order_id: str) -> Locator:
    """The order's card in the chat that is shown."""
    return page.locator(f"article.tg:has-text('Order {order_id} ')").filter(has=page.locator(".keys")).first
