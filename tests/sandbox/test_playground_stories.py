"""Whole stories through the playground's page, in a real browser, with the whole service behind it.

`--pictures FOLDER` also saves what is seen on the way, for the docs (`make pictures`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from browsing import SMALL, TEST_S, card, opened, order_of, plays
from picturing import Pictures
from playwright.async_api import Browser, Page, expect
from whole_playground import Playground

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TEST_S), pytest.mark.long]

#: What people with a keyboard, a screen reader or weak eyes need: the rules of WCAG 2.1, levels A and AA.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
#: By night only the colours are others.
BY_NIGHT = ["color-contrast"]


@pytest_asyncio.fixture(loop_scope="module")
async def page(ground: Playground, browser: Browser) -> AsyncIterator[Page]:
    """The page, with stories that are told quickly."""
    async with opened(browser, ground.url + "/?pace=150") as page:
        yield page


async def test_the_story_of_a_complaint(ground: Playground, page: Page, pictures: Pictures) -> None:
    """In Arabic, from right to left: the owner has it in the private chat and answers by replying; she reads it on WhatsApp."""
    await plays(page, "A complaint in Arabic")
    assert await page.locator("#app").get_attribute("dir") == "rtl"
    await pictures.of(page, "complaint")
    order_id = await order_of(page)
    ping = (
        page.locator(f"article.tg:has-text('complains about order {order_id}')").filter(has=page.locator(".keys")).first
    )
    await ping.get_by_role("button", name="Reply to").click()
    await page.fill("#say-text", "نعتذر منك، نرسل لك قطعة جديدة غدا")
    await page.keyboard.press("Enter")
    await expect(page.locator("#bubbles")).to_contain_text("نعتذر منك")
    await ping.get_by_role("button", name="Solved").click()
    await expect(page.locator("#tale")).to_contain_text("Olga solved the complaint")
    assert any("نعتذر" in bubble["text"] for bubble in (await ground.phone("مريم الكعبي"))["whatsapp"])


async def test_the_story_of_a_phantom(ground: Playground, page: Page, pictures: Pictures) -> None:
    """Nobody answers SMS, WhatsApp and mail; two unanswered calls, pressed on the card, cancel; the customer and the shop hear it."""
    await plays(page, "A phantom")
    order_id = await order_of(page)
    phone = await ground.phone("Hugo Sanz")
    assert [len(phone[app]) for app in ("sms", "whatsapp", "mail")] == [1, 1, 1]
    await expect(page.locator("#tale")).to_contain_text("Shown to staff: no answer")
    await pictures.of(page, "playground")
    await pictures.of(card(page, order_id), "card")
    await page.select_option("#who", label="Ana, staff")
    await card(page, order_id).get_by_role("button", name="No answer").click()
    await expect(card(page, order_id)).to_contain_text("Call 1: no answer · Ana")
    await page.click("text=Skip 4 hours")
    await expect(page.locator("#toast")).to_contain_text("It is")
    await card(page, order_id).get_by_role("button", name="No answer").click()
    await expect(page.locator("#placed .state")).to_have_text("cancelled")
    await expect(page.locator("#tale")).to_contain_text("Ana called; nobody answered (2)")
    await page.click("#tab-heard")
    await expect(page.locator("#heard")).to_contain_text("order cancelled")
    assert (await ground.order(order_id))["state"] == "cancelled"
    assert "order.cancelled" in await ground.heard(order_id)


async def test_the_story_of_a_good_customer(ground: Playground, page: Page) -> None:
    """One key confirms; shop and customer hear it; what the shop reports from the page ends as delivered."""
    await plays(page, "A good customer")
    order_id = await order_of(page)
    assert "order.confirmed" in await ground.heard(order_id)
    await expect(page.locator("#heard")).to_contain_text("order confirmed")
    assert any("confirmed" in bubble["text"] for bubble in (await ground.phone("Alba Nieto"))["sms"])
    await page.click("#tab-happened")
    await page.select_option(f"#placed select[aria-label*='{order_id}']", "delivered")
    await page.click("#placed >> text=Shop reports")
    await expect(page.locator("#placed .state")).to_have_text("delivered")
    await expect(page.locator("#tale")).to_contain_text("The parcel was handed over")


@pytest.mark.parametrize(
    ("title", "where", "what"),
    [
        ("A haggler", "#bubbles", "we can make it 42.56 EUR"),
        ("A wrong number", "#messages", "Says it is not their order"),
        ("Not on WhatsApp", "#bubbles", "Please look at your order"),
        ("The courier failed", "#bubbles", "When shall it come again?"),
        ("A provider is down", "#bubbles", "Is everything right?"),
    ],
)
async def test_every_story_shows_its_point(page: Page, title: str, where: str, what: str) -> None:
    """After the scripted beginning the onlooker reads what the story is about, without doing anything."""
    await plays(page, title)
    await expect(page.locator(where)).to_contain_text(what)


async def test_the_first_message_is_shown_wherever_it_comes(page: Page) -> None:
    """Texts to Mexico cannot be answered: the order's question is on WhatsApp, and that app opens by itself."""
    await page.click("#tab-orders")
    await page.click("#gallery >> text=Mexico")
    await expect(page.locator("#customer option:checked")).to_contain_text("Diego")
    await expect(page.locator("#tab-whatsapp")).to_have_attribute("aria-selected", "true")
    await expect(page.locator("#bubbles .bubble:not(.mine)").first).to_be_visible()


async def test_what_is_sent_without_words(page: Page) -> None:
    """A voice message, a picture and a place stand on the phone with a name, and staff hear that something came."""
    await plays(page, "A complaint in Arabic")
    for name in ("Voice message", "Picture", "Place"):
        await page.locator("#attach").get_by_role("button", name=name).click()
        await expect(page.locator("#bubbles").get_by_role("img", name=name)).to_be_visible()
    await page.click("#tab-group")
    await expect(page.locator("#messages")).to_contain_text("🎤 Voice note")


async def test_a_private_chat(page: Page, pictures: Pictures) -> None:
    """Ana writes /help to the bot in private and reads the answer there; the owner's chat is another one."""
    await page.select_option("#who", label="Ana, staff")
    await page.click("#tab-private")
    await page.fill("#say-text", "/help")
    await page.keyboard.press("Enter")
    answer = page.locator("article.tg:not(.mine)").last
    await expect(answer).to_contain_text("/find")
    await page.set_viewport_size({"width": 1440, "height": 1300})  # the whole answer is seen
    await pictures.of(answer, "help")
    await page.click("#tab-owner")
    await expect(page.locator("#messages")).not_to_contain_text("/help")


async def test_the_language_of_the_customers(page: Page) -> None:
    """The switch decides what the next customers read, in which script and in which direction."""
    for tag, direction, text in (("ur", "rtl", "آرڈر"), ("hi-Latn", "ltr", "Sahi hai"), ("es", "ltr", "pedido")):
        await page.select_option("#lang", tag)
        await plays(page, "A haggler")
        await expect(page.locator("#bubbles .bubble").first).to_contain_text(text)
        assert await page.locator("#app").get_attribute("dir") == direction


async def test_by_keyboard_alone(page: Page) -> None:
    """A story is begun, the customer answers, and staff press, without a mouse; the focus can always be seen."""

    async def to(selector: str) -> None:
        for _ in range(150):
            await page.keyboard.press("Tab")
            if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
                outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", selector
                return
        pytest.fail(f"Tab does not lead to {selector}")

    await to("#scenes li:nth-child(5) button")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#caption.done:not([hidden])")
    await to("#stop")
    await page.keyboard.press("Space")
    await to("#reply-text")
    await page.keyboard.type("Sorry, it is mine")
    await page.keyboard.press("Enter")
    await expect(page.locator("#bubbles")).to_contain_text("Sorry, it is mine")
    await to("#tab-group")
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate("document.activeElement.id") == "tab-owner"
    await page.keyboard.press("ArrowLeft")
    await to("#messages article:last-child .keys button, #messages .keys button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toast")).not_to_be_empty()


async def wrongs(page: Page, rules: list[str]) -> list[str]:
    """What axe finds: rule and place."""
    found = await Axe().run(page, options={"runOnly": rules})
    return [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found.response["violations"]
        for node in v["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "rules"), [("light", RULES), ("dark", BY_NIGHT)], ids=["light", "dark"])
async def test_axe_finds_nothing(page: Page, scheme: str, rules: list[str]) -> None:
    """Names, roles and contrast of every chat, app, list and dialog, by day and by night."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    assert await wrongs(page, rules) == []
    await plays(page, "A complaint in Arabic")
    await page.click("#tab-whatsapp")
    await page.locator("#attach").get_by_role("button", name="Picture").click()
    for tab in ("sms", "mail", "whatsapp", "group", "private", "owner", "heard", "real", "happened", "orders"):
        await page.click(f"#tab-{tab}")
        assert await wrongs(page, rules) == [], tab
    for dialog in ("own", "trouble", "afresh"):
        await page.click(f"[data-opens={dialog}]")
        assert await wrongs(page, rules) == [], dialog
        await page.keyboard.press("Escape")
    await page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    for view in ("phone", "telegram", "story"):
        await page.click(f".views [data-view={view}]")
        assert await wrongs(page, rules) == [], view


async def test_a_story_on_a_small_phone(page: Page, pictures: Pictures) -> None:
    """At 360 px the story leads to the column it talks of, nothing is wider than the window, and it can be answered there."""
    await page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    await plays(page, "A haggler")
    assert await page.locator(".column:visible").get_attribute("id") == "phone"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await pictures.of(page, "small")
    await page.fill("#reply-text", "1")
    await page.click("#reply button")
    await page.click(".views [data-view=story]")
    await expect(page.locator("#placed .state")).to_have_text("confirmed")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_way_to_real_use(page: Page, pictures: Pictures) -> None:
    """The last tab is what `check` says of the settings: each step with what to do, open ones open."""
    await page.click("#tab-real")
    await expect(page.locator("#left")).to_contain_text(re.compile(r"\d+ of \d+ steps are left"))
    steps = page.locator("#steps li")
    assert await steps.count() >= 8
    await expect(steps.filter(has_text="Shopify")).to_contain_text("/hooks/shopify/demo")
    await expect(page.locator("#steps li details[open]").first).to_contain_text("public_url")
    await pictures.of(page.locator("#story"), "for-real")
