"""The customer's own page says why the shop looks twice, with no more of any detail than it shows elsewhere, and takes an objection."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from flows.wording import render
from tests.stories.customers import past, remembered
from tests.stories.test_customer_rulings import LET_OFF, refuser
from tests.town import ANA, OLGA, Town, town

ONE_WAY = "{ES: {two_way_sms: false, links_allowed: true}}"
STRANGER = "+34655218403"


async def asked(t: Town, path: str) -> str:
    """The page after a press on "Why am I asked?"."""
    status, html = await t.page(path, "why")
    assert status == 200
    return unescape(html)


def told(html: str) -> str:
    found = re.search(r'<p id="reasons">(.*?)</p>', html, re.DOTALL)
    return found[1] if found else ""


async def test_the_page_says_why(tmp_path: Path) -> None:
    """After a press the reasons stand there with the number masked; the order is as it was, and the journal has that she asked."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        await refuser(t)
        order = await t.order()
        before = await t.get(order)
        _, html = await t.page(t.link())
        assert 'value="why" class="quiet small">Why am I asked?</button>' in html
        assert told(html) == "", "nobody who only opens the link is told"
        shown = await asked(t, t.link())
        assert told(shown) == (
            f"Order {order}: why we look twice. Parcels that came back: R0, R1."
            " Unusual or incomplete: Phone number •••••01. Such signs can be wrong and cancel nothing."
            " Write here what is not right: a person at Demo Shop looks at it. Hours: Mon-Fri 09:00-18:00."
        )
        assert 'value="confirm" class="chief"' in shown, "the question is still open"
        for hidden in ("+34600000001", "600000001", "Calle Mayor", "ana@example.com", "Ruiz"):
            assert hidden not in shown
        assert await t.get(order) == before
        assert [note for note in await t.story(order) if note in ("explained", "objected")] == ["explained"]


@pytest.mark.parametrize("lang", ["en", "es", "ar"])
async def test_what_she_writes_there_is_read_by_a_person(tmp_path: Path, lang: str) -> None:
    """Her words against the reasons stand on the card as an objection; she reads who looks at it; Let off settles it."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        await refuser(t)
        order = await t.order(language=lang)
        path = t.link()
        assert "R0, R1" in told(await asked(t, path))
        status, html = await t.page(path, "object", text="I was in\r\nhospital <b>those weeks</b>")
        assert status == 200
        answer = render("handed_over", "whatsapp", lang, {"shop": "Demo Shop", "hours": "mon-fri 09:00-18:00"}).text
        assert answer.partition("\n")[0] in unescape(html)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Says that the reasons told are not right" in card.text
        assert "I was in hospital" in card.text
        assert await t.state(order) == "flagged"
        await t.staff(ANA, LET_OFF, order)
        assert "R0" not in told(await asked(t, path)), "let off: it is not held up to her again"


async def test_nothing_written_is_no_objection(tmp_path: Path) -> None:
    """Spaces alone change nothing and ring nobody."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        await refuser(t)
        order = await t.order()
        group = len(t.group_texts())
        status, _ = await t.page(t.link(), "object", text="  \r\n ")
        assert status == 200
        await t.skip(seconds=5)
        assert "objected" not in await t.story(order)
        assert len(t.group_texts()) == group


async def test_most_hear_that_nothing_speaks_against_them(tmp_path: Path) -> None:
    """Whom nothing is known of reads that everybody is asked."""
    async with town(tmp_path, countries=ONE_WAY) as t:
        await t.order(phone=STRANGER)
        shown = told(await asked(t, t.link("sms", STRANGER)))
        assert shown.startswith("Nothing speaks against you: order ")
        assert "asks everybody who pays at the door" in shown


async def test_a_strangers_mailbox_is_not_shown_there(tmp_path: Path) -> None:
    """Of orders that only the typed e-mail finds, the page says that there is something with it: the mailbox masked, no order named."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        await remembered(
            t, *(past(t, f"B{n}", "refused", fault="customer", phone="+34677310482", days_ago=9 + n) for n in range(4))
        )
        away = {"line1": "Calle Luna 40", "city": "Sevilla", "postcode": "41001", "country": "ES"}
        order = await t.order(phone=STRANGER, address=away, name="Luis Gil")
        assert (await t.get(order)).verdict in ("watch", "review")
        shown = told(await asked(t, t.link("sms", STRANGER)))
        assert "Earlier orders with a•••••@example.com." in shown
        assert "B0" not in shown


async def test_a_link_from_an_email_tells_nothing(tmp_path: Path) -> None:
    """Whoever reads the mailbox need not be who has the number: the button is not there, and a press made by hand is refused."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(hours=12)
        path = t.link_in_mail()
        _, html = await t.page(path)
        assert 'value="cancel"' in html
        assert 'value="why"' not in html
        for action in ("why", "object"):
            status, html = await t.page(path, action, text="let me see")
            assert status == 409
            assert "R0" not in html
        assert not {"explained", "objected"}.intersection(await t.story(order))


async def test_a_blocked_customer_reads_that_a_person_decided(tmp_path: Path) -> None:
    """Not who, but that somebody of the shop did."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        order = await t.order()
        path = t.link()
        await t.tg.says(OLGA, t.group, f"/block {order}")
        await t.skip(seconds=5)
        shown = told(await asked(t, path))
        assert "A person at Demo Shop decided so." in shown
        assert "Olga" not in shown
