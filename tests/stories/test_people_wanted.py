"""Wishes that a person decides, in three languages, one from right to left: the customer hears at once, the desk has the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import town

WISHES = {
    "discount": {"en": "too expensive, can you do it for 30?", "es": "es muy caro, ¿me haces un descuento?", "ar": "غالي جدا في خصم؟"},
    "human": {"en": "I want to talk to a real person", "es": "quiero hablar con una persona", "ar": "أريد التحدث مع موظف"},
    "complaint": {"en": "this is terrible service, nobody answers", "es": "pésimo servicio, nadie contesta", "ar": "خدمة سيئة جدا"},
    "threat": {"en": "I will report you to the police", "es": "os voy a denunciar a la policía", "ar": "سأبلغ عنكم الشرطة"},
    "call_me": {"en": "call me at 5", "es": "llámame a las 5", "ar": "اتصل بي الساعة 5"},
    "change_items": {"en": "I want two instead of one", "es": "quiero dos en vez de uno", "ar": "أريد قطعتين بدل واحدة"},
}  # fmt: skip
ARABIC = range(0x0600, 0x06FF)
EVERY = pytest.mark.parametrize(
    ("wish", "lang"), [(wish, lang) for wish, words in WISHES.items() for lang in words], ids=str
)
#: What the owner hears as well as the group.
OWNERS = ("discount", "human", "complaint", "threat")


@EVERY
async def test_a_wish_for_a_person_is_heard_and_decides_nothing(tmp_path: Path, wish: str, lang: str) -> None:
    """One short answer at once in their language, their words where staff see them, no yes made of it, and no second answer."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=lang)
        before = len(t.got())
        words = WISHES[wish][lang]
        await t.sms(words)
        await t.skip(seconds=10)
        answers = t.got()[before:]
        assert len(answers) == 1, answers
        assert any(ord(letter) in ARABIC for letter in answers[0]) == (lang == "ar"), answers
        assert await t.state(order) in ("pending", "flagged", "held")
        seen = [*t.group_texts(), *t.owner_texts()]
        assert any(words in text for text in seen), seen
        if wish in OWNERS:
            assert any(words in text for text in t.owner_texts()), t.owner_texts()
        await t.sms("yes" if lang == "en" else "sí" if lang == "es" else "نعم")
        await t.skip(seconds=10)
        assert await t.state(order) in ("confirmed", "flagged"), "the question stayed open, or a person has it"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "call me at 5"), ("es", "llámame a las 5"), ("ar", "اتصل بي الساعة 5")]
)
async def test_a_call_that_is_wished_for_stands_on_the_card(tmp_path: Path, lang: str, words: str) -> None:
    """ "Call me at 5" is no delivery time and no yes: the card waits with the words, and the question is not repeated meanwhile."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=lang)
        await t.sms(words)
        await t.skip(seconds=10)
        found = await t.get(order)
        assert (found.state, found.fields.courier_note) == ("flagged", "")
        assert any(words in text for text in t.group_texts())
        before = len(t.got())
        await t.skip(hours=3)
        assert len(t.got()) == before
