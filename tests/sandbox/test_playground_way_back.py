"""The ways back on the playground's page: Undo, and beginning afresh. A whole sandbox of their own, for nobody else's cards to wait for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from browsing import TEST_S, card, opened, order_of, plays
from playwright.async_api import Browser, Page, expect
from whole_playground import Playground

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TEST_S), pytest.mark.long]


@pytest_asyncio.fixture(loop_scope="module")
async def page(ground: Playground, browser: Browser) -> AsyncIterator[Page]:
    async with opened(browser, ground.url + "/?pace=150") as page:
        yield page


async def test_a_press_and_trouble_are_taken_back(ground: Playground, page: Page) -> None:
    """Undo takes back a broken provider, a fact about a number and, through the card's own Undo, what staff decided."""
    await plays(page, "A wrong number")
    order_id = await order_of(page)
    await card(page, order_id).get_by_role("button", name="Confirm").click()
    await expect(page.locator("#placed .state")).to_have_text("confirmed")
    await expect(page.locator("#undo")).to_be_enabled()
    await page.click("#undo")
    await expect(page.locator("#placed .state")).to_have_text("flagged")
    await page.click("text=Make trouble")
    await page.click("text=Break it")
    await expect(page.locator("#faults li")).to_have_count(1)
    await page.get_by_role("checkbox", name="a landline").check()
    await expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: +34600000301: a landline")
    assert (await ground.phone("Inés Blanco"))["facts"] == ["landline"]
    await page.locator("#trouble [data-closes]").click()
    await page.click("#undo")
    await expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: twilio is broken")
    await expect(page.locator("#toast")).to_contain_text("landline")
    await page.keyboard.press("Control+z")
    await expect(page.locator("#faults li")).to_have_count(0)
    assert (await ground.phone("Inés Blanco"))["facts"] == []
    await expect(page.locator("#undo")).to_be_disabled()


async def test_two_facts_ticked_at_once_are_both_true(ground: Playground, page: Page) -> None:
    """What is ticked before the page has heard of the tick before it does not undo that one."""
    await plays(page, "A wrong number")
    await page.click("text=Make trouble")
    await page.evaluate("document.querySelectorAll('#facts input').forEach((box, n) => n < 2 && box.click())")
    await expect(page.locator("#facts input:checked")).to_have_count(2)
    await expect(page.locator("#undo")).to_be_enabled()
    assert len((await ground.phone("Inés Blanco"))["facts"]) == 2


async def test_what_the_shop_is_about_to_report_stays_chosen(page: Page) -> None:
    """The order changes under somebody's choice, and the choice stays."""
    await plays(page, "A haggler")
    order_id = await order_of(page)
    choice = page.locator(f"#placed select[aria-label*='{order_id}']")
    await choice.select_option("shipped")
    await page.fill("#reply-text", "1")
    await page.keyboard.press("Enter")
    await expect(page.locator("#placed .state")).to_have_text("confirmed")
    await expect(choice).to_have_value("shipped")


async def test_beginning_afresh(ground: Playground, browser: Browser) -> None:
    """After a yes everything is gone on every open page: customers, orders, cards, trouble, skipped hours; and one can go on at once."""
    async with opened(browser, ground.url + "/?pace=150", begins_afresh=True) as page:
        await plays(page, "A phantom")
        was = await ground.state()
        assert was["phones"]
        assert was["group"]["messages"]
        async with opened(browser, ground.url + "/", begins_afresh=True) as other:
            await page.click("text=Make trouble")
            await page.click("text=Break it")
            await expect(page.locator("#faults li")).to_have_count(1)
            await page.keyboard.press("Escape")
            await page.click("[data-opens=afresh]")
            await page.click("text=Keep it all")
            assert (await ground.state())["life"] == was["life"]
            await page.click("[data-opens=afresh]")
            await page.click("#afresh [type=submit]")
            for each in (page, other):
                await expect(each.locator("#customer")).to_have_text("nobody yet")
                await expect(each.locator("#now")).to_contain_text("16:0")
                await expect(each.locator("#messages article")).to_have_count(0)
        now = await ground.state()
        assert now["life"] != was["life"]
        assert [now["phones"], now["group"]["messages"], now["owner"]["messages"], now["shop"], now["faults"]] == [
            []
        ] * 5
        assert await ground.orders() == []
        await plays(page, "A good customer")
        assert await ground.heard(await order_of(page)) == ["order.confirmed"]
