"""What customers do that no flow chart has: an address in two messages, "both", a yes with an impossible condition, a second "hello?"."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import town


@pytest.mark.parametrize(
    ("rest", "address"),
    [
        ("28004 Madrid", "calle Luna 5, 28004, Madrid"),
        ("28004", "calle Luna 5, 28004, Madrid"),
        ("piso 3 izquierda", "calle Luna 5, piso 3 izquierda, 28013, Madrid"),
    ],
)
async def test_an_address_in_two_messages_is_one(tmp_path: Path, rest: str, address: str) -> None:
    """What follows a noted address within minutes belongs to it, is said back whole, and NO brings back what stood before both."""
    async with town(tmp_path) as t:
        order = await t.order(language="es")
        for words in ("2", "2", "calle Luna 5", rest):
            await t.sms(words)
        assert f": {address}. " in t.got("sms")[-2]
        assert (await t.get(order)).fields.address.line1 == "calle Luna 5"
        await t.sms("no")
        assert (await t.get(order)).fields.address.line1 == "Calle Mayor 1"
        assert (await t.get(order)).fields.address.postcode == "28013"


@pytest.mark.parametrize("words", ["it should be 39", "who is this?", "thanks", "2 of them please", "600000009"])
async def test_other_words_after_an_address_are_no_part_of_it(tmp_path: Path, words: str) -> None:
    """The noted address stays as it was said back, whatever else is written next."""
    async with town(tmp_path) as t:
        order = await t.order(language="en")
        await t.sms("my address is Calle Luna 4, 28004 Madrid")
        noted = (await t.get(order)).fields.address
        await t.sms(words)
        held = await t.house.engine.order("demo", order)
        assert held is None or held.order(order) is None or (await t.get(order)).fields.address == noted


async def test_words_of_another_hour_are_no_part_of_an_address(tmp_path: Path) -> None:
    """Half an hour later a postcode alone is for a person."""
    async with town(tmp_path) as t:
        order = await t.order(language="es")
        for words in ("2", "2", "calle Luna 5"):
            await t.sms(words)
        await t.skip(minutes=30)
        await t.sms("28004 Madrid")
        assert (await t.get(order)).fields.address.postcode == "28013"
        assert await t.state(order) == "flagged"


@pytest.mark.parametrize(
    ("lang", "words", "both", "state"),
    [
        ("en", "yes", "both", "confirmed"),
        ("es", "sí", "los dos", "confirmed"),
        ("ar", "نعم", "كلاهما", "confirmed"),
        ("hi", "haan", "dono", "confirmed"),
        ("fr", "annuler", "les deux", "cancelled"),
    ],
)
async def test_both_is_an_answer_to_which_one(tmp_path: Path, lang: str, words: str, both: str, state: str) -> None:
    """Asked which of two orders is meant, "both" decides both, and each is told once."""
    async with town(tmp_path) as t:
        orders = [await t.order(language=lang), await t.order(language=lang, total="20.00")]
        await t.sms(words)
        before = len(t.got("sms"))
        await t.sms(both)
        assert [await t.state(order) for order in orders] == [state, state]
        told = t.got("sms")[before:]
        assert len(told) == 2
        assert all(order in text for order, text in zip(orders, told, strict=True))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", "oui mais seulement demain après 22h"),
        ("en", "yes but only tomorrow after 10 pm"),
        ("es", "sí pero solo mañana después de las 22"),
    ],
)
async def test_a_yes_on_an_impossible_condition_is_none(tmp_path: Path, lang: str, words: str) -> None:
    """ "Only then", when the shop never delivers then, confirms nothing; with a time that it has, the yes is asked again and counts."""
    async with town(tmp_path) as t:
        order = await t.order(language=lang)
        await t.sms(words)
        assert await t.state(order) == "pending"
        assert len(t.got("sms")) == 2  # the question, and that this time cannot be
        await t.sms({"fr": "demain à 10h", "en": "tomorrow at 10 am", "es": "mañana a las 10"}[lang])
        assert (await t.get(order)).wish
        await t.sms({"fr": "oui", "en": "yes", "es": "sí"}[lang])
        assert await t.state(order) == "confirmed"


async def test_a_yes_with_a_wish_that_can_be_kept_is_one(tmp_path: Path) -> None:
    """ "Yes, but only tomorrow after 4" is confirmed with that time."""
    async with town(tmp_path) as t:
        order = await t.order(language="en")
        await t.sms("yes but only tomorrow after 4")
        assert await t.state(order) == "confirmed"
        assert (await t.get(order)).wish


async def test_hello_of_somebody_who_was_promised_an_answer_is_not_pressed_for_a_yes(tmp_path: Path) -> None:
    """Who waits for a promised answer and asks "hello??" hears of a person, not "reply YES"; staff see the words."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language="en")
        await t.sms("the last lamp was broken and nobody answered me")
        await t.skip(30)
        await t.sms("hello??")
        assert "A person at Demo Shop" in t.last("sms")
        assert "YES" not in t.last("sms")
        assert any("hello??" in text for text in t.group_texts())
        assert (await t.get(order)).promise_by is not None


async def test_a_question_after_a_greeting_is_a_question(tmp_path: Path) -> None:
    """ "Hello, do you take cards?" reaches a person as a question, and is not answered with a greeting."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language="es")
        await t.sms("buenas, reciben tarjeta?")
        assert await t.state(order) == "flagged"
        assert "reply.question" in {reason.key for reason in (await t.get(order)).reasons}


@pytest.mark.parametrize(("lang", "yes"), [("en", "yes"), ("ar", "نعم"), ("es", "vale, sí")])
async def test_a_yes_from_the_old_number_hears_where_the_order_is(tmp_path: Path, lang: str, yes: str) -> None:
    """Who gave a new number and says yes is told again that it is asked there, not that no order of theirs is known."""
    async with town(tmp_path) as t:
        order = await t.order(language=lang)
        await t.sms(
            {"en": "my number is 600000009", "ar": "رقمي تغير 0600000009", "es": "mi número es 600000009"}[lang]
        )
        first = t.last("sms")
        assert "+34600000009" in first
        heard = len(t.got("sms"))
        await t.sms(yes)
        assert t.got("sms")[heard:] == [first]
        assert await t.state(order) == "pending"
