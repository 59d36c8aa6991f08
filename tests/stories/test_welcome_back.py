"""A customer who comes back, as they and the staff live it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.polls import results
from tests.town import ANA_PHONE, Town, town

WELCOME = "polls: {welcome: true}"
LAMPS = (
    '[{bought: [lamp], text: {en: "10% off lampshades: CODE10", es: "10% en pantallas: CODE10"}, until: 2026-12-31}]'
)
BOTH = WELCOME + "\noffers: {returning: " + LAMPS + "}"


async def came(t: Town, **fields: object) -> str:
    order = await t.order(**fields)
    await t.sms("1")
    for kind in ("shipped", "delivered"):
        await t.report(order, kind)
    return order


@pytest.mark.parametrize(
    ("lang", "greeting", "offer"),
    [("en", "Good to have you back, Ana!", "For you: 10% off lampshades"), ("es", "de vuelta, Ana!", "Para ti: 10%")],
)
async def test_a_returning_customer_is_greeted_asked_once_and_shown_the_offer(
    tmp_path: Path, lang: str, greeting: str, offer: str
) -> None:
    """After the yes, in one message: the greeting, how the last order went, and the offer for what they bought."""
    async with town(tmp_path, more=BOTH) as t:
        first = await came(t, language=lang)
        assert not any(greeting in text for text in t.got()), "a first order is no return"
        second = await t.order(language=lang)
        await t.sms("1")
        await t.skip(minutes=3)
        said = t.last("sms")
        assert greeting in said, t.read_aloud()
        assert first in said
        assert offer in said
        await t.sms("5")
        notes = await t.house.store.journal((await t.conversation(second)).id)
        assert results(notes).by["kind"] == {"welcome": (1, 5)}
        for kind in ("shipped", "delivered"):
            await t.report(second, kind)
        third = await t.order(language=lang)
        await t.sms("1")
        await t.skip(minutes=3)
        assert first not in t.last("sms"), "asked about one order once"
        assert third


async def test_a_one_typed_twice_is_no_score(tmp_path: Path) -> None:
    """The second 1 comes before the greeting has left: it is the yes again."""
    async with town(tmp_path, more=WELCOME) as t:
        await came(t)
        second = await t.order()
        await t.sms("1")
        await t.sms("1")
        await t.skip(minutes=5)
        notes = await t.house.store.journal((await t.conversation(second)).id)
        assert results(notes).scores == {}
        assert "How was your last order" in t.last("sms")


async def test_a_bad_answer_to_how_was_it_reaches_the_owner(tmp_path: Path) -> None:
    """A low score about the last order is a complaint about that order, and the new one goes on."""
    async with town(tmp_path, more=WELCOME, telegram=True) as t:
        first = await came(t)
        second = await t.order()
        await t.sms("1")
        await t.skip(minutes=3)
        await t.sms("2")
        assert any("2/5" in text for text in t.owner_texts()), t.owner_texts()
        assert await t.state(second) == "confirmed"
        assert (await t.conversation(second)).complaints[0].order_id == first


async def test_the_card_says_what_they_are_entitled_to_and_an_ended_offer_is_none(tmp_path: Path) -> None:
    """Staff see it too; after its last day nobody is shown it."""
    async with town(tmp_path, more=BOTH, telegram=True) as t:
        await came(t)
        second = await t.order()
        await t.sms("can somebody explain how the lamp is mounted on the wall please, I really cannot tell")
        assert "entitled to: 10% off lampshades" in t.cards(second)[0].text, t.cards(second)[0].text
        await t.sms("1")
        await t.skip(24 * 40)
        await t.report(second, "shipped")
        await t.report(second, "delivered")
        before = len(t.got("sms"))
        await t.order()
        await t.sms("1")
        await t.skip(minutes=3)
        assert not any("lampshades" in text for text in t.got("sms")[before:]), t.got("sms", ANA_PHONE)[before:]


async def test_nothing_is_said_where_the_settings_say_nothing(tmp_path: Path) -> None:
    """Off by default."""
    async with town(tmp_path) as t:
        await came(t)
        await t.order()
        await t.sms("1")
        await t.skip(minutes=5)
        assert "have you back" not in t.last("sms")
