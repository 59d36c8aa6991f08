"""The privacy notice: made from the settings, in the customer's language, linked from their page, showing nothing of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.page import HEADERS
from adapters.privacy import notice
from adapters.privacy_texts import LINK, NOTICES
from flows.keeping import Keep
from flows.wording import languages
from tests.adapters.shop_front import demo_policy
from tests.town import town


@dataclass
class _Case:
    lang: str
    words: str


@pytest.mark.parametrize(
    "case",
    [_Case("en", "1095 days"), _Case("es", "1095 días"), _Case("ar", "1095 يومًا"), _Case("zz", "1095 days")],
    ids=lambda case: case.lang,
)
def test_the_notice_says_what_the_settings_say(case: _Case) -> None:
    """Times, contact and who answers for the data; English where nobody wrote it in that language."""
    keep = Keep(contact="privacy@example.com", controller="Demo S.L., Madrid & <Sons>", bodies=None)
    html = notice(replace(demo_policy(), keep=keep), case.lang)
    assert case.words in html
    assert "privacy@example.com" in html
    assert "Demo S.L., Madrid &amp; &lt;Sons&gt;" in html
    assert "{" not in html
    said = NOTICES.get(case.lang, NOTICES["en"])
    assert said.ever in unescape(html)
    assert ('dir="rtl"' in html) is (case.lang == "ar")


def test_other_times_other_words() -> None:
    """The shop's own wish is what customers read."""
    html = notice(replace(demo_policy(), keep=Keep(history=timedelta(days=17))), "en")
    assert "17 days" in html
    assert "Answer any of our messages" in html


def test_every_language_has_the_word_for_the_link() -> None:
    """A customer who reads Thai finds it."""
    assert {lang.split("_")[0] for lang in languages()} <= set(LINK)


async def test_the_customers_page_leads_there(tmp_path: Path) -> None:
    """From /c/{token} in the customer's language; any shop's notice is open to all, with the page's strict headers."""
    async with town(tmp_path, more="privacy: {contact: privacy@example.com}") as t:
        await t.order(language="es", email="ana@example.com")
        await t.skip(hours=9)
        _, html = await t.page(t.link_in_mail())
        assert '<a href="/privacy/demo?lang=es">Tus datos</a>' in html
        async with t.http.get(f"{t.url}/privacy/demo?lang=es") as answer:
            assert answer.status == 200
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            text = unescape(await answer.text())
        assert "Tus datos en Demo Shop" in text
        assert "privacy@example.com" in text
        assert "Twilio, e-mail" in text
        assert "Ana" not in text
        async with t.http.get(f"{t.url}/privacy/nobody") as answer:
            assert answer.status == 404
