"""Polls as customers, staff and the owner live them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import pointers
from flows.conversation import Conversation
from flows.polls import results
from tests.town import ANA_PHONE, Town, town

AFTER = "polls: {after_delivery: 2d}"
REVIEW = 'polls: {after_delivery: 2d, review_link: "https://reviews.example.com/demo"}'
AGREED = {"whatsapp": True, "polls": True}


async def an_order_that_came(t: Town, **fields: object) -> str:
    """Confirmed by "1", sent and delivered."""
    order = await t.order(**{"consent": AGREED, **fields})
    await t.sms("1", str(fields.get("phone", ANA_PHONE)).replace(" ", ""))
    for kind in ("shipped", "delivered"):
        await t.report(order, kind)
    return order


async def scores(t: Town, order: str) -> dict[int, int]:
    return results(await t.house.store.journal((await t.conversation(order)).id)).scores


@pytest.mark.parametrize(
    ("lang", "asks", "thanks"),
    [("en", "How was your order", "Would you say so here"), ("es", "pedido", "¿Lo dirias")],
)
async def test_who_agreed_is_asked_two_days_later_and_praise_is_asked_for_a_review(
    tmp_path: Path, lang: str, asks: str, thanks: str
) -> None:
    """One digit is the score; a good one is thanked for with the review link, once in a customer's life."""
    async with town(tmp_path, more=REVIEW) as t:
        order = await an_order_that_came(t, language=lang)
        before = len(t.got("sms"))
        await t.skip(47)
        assert len(t.got("sms")) == before, "too soon"
        await t.skip(2)
        assert asks in t.last("sms"), t.read_aloud()
        await t.sms("5")
        assert thanks in t.last("sms"), t.read_aloud()
        assert "https://reviews.example.com/demo" in t.last("sms")
        assert await scores(t, order) == {5: 1}


async def test_a_low_score_is_a_complaint_that_the_owner_hears_with_the_reason(tmp_path: Path) -> None:
    """The owner's ping comes with the score, the why joins it, and the customer is promised an answer."""
    async with town(tmp_path, more=AFTER, telegram=True) as t:
        order = await an_order_that_came(t)
        await t.skip(49)
        await t.sms("1")
        assert "What could we do better?" in t.last("sms"), t.read_aloud()
        assert any("1/5" in text for text in t.owner_texts()), t.owner_texts()
        assert any("will answer you by" in text for text in t.got())
        await t.sms("the lamp was scratched and nobody helped me")
        assert any("scratched" in text for text in t.owner_texts())
        assert await scores(t, order) == {1: 1}
        assert await t.state(order) == "delivered"


@pytest.mark.parametrize(
    ("why", "promised"),
    [
        ("slower than I hoped", False),
        ("the lamp came broken", True),
        ("lampunya rusak", True),
        ("la lámpara se descompuso al segundo día", True),
    ],
)
async def test_the_words_after_a_middling_score_are_a_complaint_where_they_say_so(
    tmp_path: Path, why: str, promised: bool
) -> None:
    """The owner reads them either way; a promise is given, and kept by a timer, where something went wrong."""
    async with town(tmp_path, more=AFTER, telegram=True) as t:
        await an_order_that_came(t)
        await t.skip(49)
        await t.sms("3")
        await t.sms(why)
        assert any(why in text for text in t.owner_texts()), t.owner_texts()
        document = await t.house.store.load(pointers.phone("demo", ANA_PHONE))
        assert isinstance(document, Conversation)
        assert bool(document.complaints) is promised, t.read_aloud()


async def test_nobody_is_asked_who_did_not_agree_or_said_stop_or_was_asked_lately(tmp_path: Path) -> None:
    """Consent, STOP and the pause between two polls hold, and by default nobody is asked anything."""
    async with town(tmp_path, more=AFTER) as t:
        await an_order_that_came(t, consent={"whatsapp": True})
        await t.skip(60)
        assert not any("How was" in text for text in t.got())
        first = await an_order_that_came(t)
        await t.skip(60)
        assert sum("How was" in text for text in t.got("sms")) == 1
        await t.sms("4")
        second = await an_order_that_came(t)
        await t.skip(60)
        assert sum("How was" in text for text in t.got("sms")) == 1, "asked again within thirty days"
        assert await scores(t, first) == {4: 1}
        other = await an_order_that_came(t, phone="600 000 002")
        await t.sms("STOP", "+34600000002")
        await t.skip(60)
        assert not any("How was" in text for text in t.got("sms", "+34600000002"))
        assert second != other


async def test_quiet_hours_hold_a_poll(tmp_path: Path) -> None:
    """A poll that falls due at night comes in the morning."""
    async with town(tmp_path, more="polls: {after_delivery: 12h}") as t:
        await an_order_that_came(t)  # 11:00 in Madrid: due at 23:00
        await t.skip(13)
        assert not any("How was" in text for text in t.got())
        await t.skip(10)
        asked = [r for r in t.world.texts(ANA_PHONE, "sms") if "How was" in r.text]
        assert [r.at.hour for r in asked] == [8], "nine in the morning in Madrid"


async def test_a_score_a_month_late_counts_and_a_one_to_a_new_order_is_a_yes(tmp_path: Path) -> None:
    """What was asked last is what a digit answers: 1 confirms the new order, 5 is still a score, each just once."""
    async with town(tmp_path, more=AFTER) as t:
        old = await an_order_that_came(t)
        await t.skip(49)
        await t.skip(24 * 30)
        new = await t.order(consent=AGREED)
        await t.sms("1")
        assert await t.state(new) == "confirmed"
        assert await scores(t, old) == {}
        await t.sms("5")
        assert await scores(t, old) == {5: 1}
        await t.sms("5")
        assert await scores(t, old) == {5: 1}


async def test_a_poll_waits_while_another_order_is_asked_about(tmp_path: Path) -> None:
    """Two questions for a digit are never open at once."""
    async with town(tmp_path, more=AFTER + "\nconfirmation: {ladder: [{channel: sms, wait: 60h}]}") as t:
        await an_order_that_came(t)
        await t.skip(40)
        new = await t.order(consent=AGREED)
        await t.skip(12)
        assert not any("How was" in text for text in t.got())
        await t.sms("1")
        assert await t.state(new) == "confirmed"
        await t.skip(24)
        assert any("How was" in text for text in t.got("sms"))


async def test_one_tap_on_the_page_where_no_answer_arrives(tmp_path: Path) -> None:
    """In a one-way country the poll carries the page, whose five buttons are pressed by a person and never by a scanner."""
    async with town(
        tmp_path,
        more="polls: {after_delivery: 2d, to: everybody}",
        countries="{ES: {two_way_sms: false, links_allowed: true}}",
    ) as t:
        order = await t.order(consent={"whatsapp": False})
        await t.report(order, "confirmed")
        for kind in ("shipped", "delivered"):
            await t.report(order, kind)
        await t.skip(49)
        path = t.link()
        status, html = await t.page(path)
        assert (status, "score_5" in html) == (200, True)
        assert await scores(t, order) == {}
        status, html = await t.page(path, "score_4")
        assert (status, "Thank you for telling us!" in html) == (200, True)
        assert await scores(t, order) == {4: 1}


async def test_the_yearly_question_goes_to_who_agreed_and_comes_again(tmp_path: Path) -> None:
    """Every quarter, as set, and its scores are told apart from those of deliveries."""
    async with town(tmp_path, more="polls: {every: quarter}") as t:
        order = await an_order_that_came(t)
        await t.skip(24 * 95)
        assert "How do you like shopping with us?" in t.last("sms"), t.read_aloud()
        await t.sms("3")
        await t.sms("slower than I hoped")
        assert "Thank you for telling us!" in t.last("sms")
        await t.skip(24 * 95)
        assert sum("How do you like" in text for text in t.got("sms")) == 2
        got = results(await t.house.store.journal((await t.conversation(order)).id))
        assert got.by["kind"] == {"shop": (1, 3)}
        assert got.by["channel"] == {"sms": (1, 3)}
        assert got.by["language"] == {"en": (1, 3)}
