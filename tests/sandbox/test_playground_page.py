"""The playground's page in a real browser: what a visitor does in the first two minutes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from browsing import TEST_S, opened
from playing_service import GROUP, Play, playing, texts
from playwright.async_api import Browser, Page, Route, expect

from sandbox.telegram_params import Params

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TEST_S)]

PHONE = "+34600000101"
HOSTILE = '<img src=x onerror="document.title=1"> & <b>not bold</b>'


@pytest_asyncio.fixture(loop_scope="module")
async def play() -> AsyncIterator[Play]:
    async with playing() as play:
        yield play


@pytest_asyncio.fixture(loop_scope="module")
async def page(play: Play, browser: Browser) -> AsyncIterator[Page]:
    async with opened(browser, play.url + "/") as page:
        yield page


async def test_an_order_a_text_an_answer_and_a_skip(play: Play, page: Page) -> None:
    """A sample order is pressed, its text appears by itself, the answer reaches the service, the next timer comes."""
    await page.click("#tab-orders")
    await page.click("text=A good order in Spain")
    await page.wait_for_selector("#customer option:checked:has-text('Ana Ruiz')", state="attached")
    texts(play, PHONE, f"Is it right? {HOSTILE} See http://127.0.0.1:1/c/abc.")
    bubble = page.locator(".bubble:not(.mine)")
    await bubble.wait_for()
    assert HOSTILE in await bubble.inner_text()
    assert await bubble.locator("a").get_attribute("href") == "http://127.0.0.1:1/c/abc"
    assert await page.locator("img[src=x]").count() == 0
    await page.fill("#reply-text", "YES")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".bubble.mine:has-text('YES')")
    play.service.at(
        play.service.now() + timedelta(hours=4), lambda: texts(play, PHONE, "Hello again", "whatsapp", True)
    )
    await page.click("text=To the next timer")
    await page.wait_for_selector("#tab-whatsapp .count:not([hidden])")
    await page.focus("#tab-sms")
    await page.keyboard.press("ArrowRight")
    await page.click("text=Yes, it is right")
    await page.wait_for_selector(".bubble.mine:has-text('Yes, it is right')")
    assert b"ButtonPayload=yes%3A1" in play.service.heard[-1].body


async def test_the_customer_of_a_new_order_is_looked_at(play: Play, browser: Browser) -> None:
    """A picture of the state that was asked for before the order, and comes after it, does not lead back to an older customer."""
    texts(play, "+34600000199", "An older customer")
    asked, comes = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        if not asked.is_set():
            asked.set()
            await comes.wait()
        await route.fulfill(response=answer)

    async with opened(browser, play.url + "/") as page:
        await expect(page.locator("#customer option:checked")).to_contain_text("+34600000199")
        await page.route("**/sandbox/state", hold)
        texts(play, "+34600000199", "Something new")
        await asked.wait()
        async with page.expect_response("**/sandbox/order"):
            await page.click("#tab-orders")
            await page.click("text=A good order in Spain")
        comes.set()
        await expect(page.locator("#customer option:checked")).to_contain_text("Ana Ruiz")
        await page.unroute_all(behavior="wait")


async def test_a_card_is_shown_live_and_pressed(play: Play, page: Page) -> None:
    """A card appears with its markup, an edit replaces it in place, and a button under it can be reached by keyboard."""
    keys = {
        "inline_keyboard": [
            [{"text": "Confirm", "callback_data": "c:1"}, {"text": "Order", "url": "https://t.me/c/1/1"}]
        ]
    }
    sent = {"chat_id": GROUP, "parse_mode": "HTML", "text": "<b>Order 1001</b>\n&lt;b&gt;", "reply_markup": keys}
    message = play.telegram.carry_out("sendMessage", Params(sent))["result"]["message_id"]
    await page.wait_for_selector(".tg b:has-text('Order 1001')")
    assert "<b>" in await page.locator(".tg .text").inner_text()
    await page.focus(".tg .keys button")
    edited = {**sent, "text": "<i>taken</i>", "message_id": message}
    assert play.telegram.carry_out("editMessageText", Params(edited))["ok"]
    await page.wait_for_selector(".tg i:has-text('taken')")
    assert await page.locator(".tg").count() == 1
    assert await page.evaluate("document.activeElement.closest('.tg') !== null")
    await page.click("#tab-owner")
    await page.click("#tab-group")
    await page.click(".tg .keys button >> nth=1")
    assert await page.evaluate("document.activeElement.matches('.tg')")
    play.telegram.press_wait_s = 0.05
    await page.click(".tg .keys button")
    await page.wait_for_selector("#toast:has-text('did not answer')")
    assert [press.data for press in play.telegram.state.presses.values()] == ["c:1"]


@pytest.mark.parametrize(("width", "views"), [(1440, 3), (360, 1)])
async def test_it_fits_every_screen(play: Play, page: Page, width: int, views: int) -> None:
    """Nothing is wider than the window; a small one shows one of the three columns at a time, each of which can be chosen."""
    await page.set_viewport_size({"width": width, "height": 740})
    texts(play, PHONE, "W" * 300)
    await page.wait_for_selector(".bubble", state="attached")
    assert await page.locator(".column:visible").count() == views
    for name in ("phone", "telegram", "story"):
        if views == 1:
            await page.click(f".views [data-view={name}]")
        assert await page.locator(f"#{name}").is_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate("document.querySelector('main').getBoundingClientRect().bottom >= innerHeight - 1")


async def test_every_control_has_a_name(page: Page) -> None:
    """Whatever can be focused says to a screen reader what it is."""
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [tabindex='0']")].filter((e) =>
          !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML)"""
    )
    assert nameless == []
